"""Replication between the two servers: what it is, what it leaves out, and the step that starts it."""
