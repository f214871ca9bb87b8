"""Drills: break the pair on purpose, look at it from outside as a client does, and account for every write."""
