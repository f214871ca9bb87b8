"""Replication: how far each server is, what the slave says of itself, and the step that starts it."""
