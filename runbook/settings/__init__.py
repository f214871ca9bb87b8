"""hosts.env: the file, its keys and their values."""
