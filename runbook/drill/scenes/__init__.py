"""Drills of a pair's life: what is lost or exchanged, and how the pair is whole again."""
