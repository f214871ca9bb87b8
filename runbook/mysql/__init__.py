"""MySQL: its dialects, a session through SSH, accounts, settings and replication."""
