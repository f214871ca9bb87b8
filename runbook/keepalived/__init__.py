"""keepalived: its configuration by version, and the state it reports."""
