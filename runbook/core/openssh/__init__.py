"""The way to a host as OpenSSH would go it: its configuration, known_hosts, keys and agent."""
