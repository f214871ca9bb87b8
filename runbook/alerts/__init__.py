"""Alerts: what they say, and what sends them from the hosts."""
