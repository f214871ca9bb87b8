"""How far a server is, and how replication finds its place: by GTID or by file and position."""
