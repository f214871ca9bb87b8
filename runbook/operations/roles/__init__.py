"""What becomes of the roles: a switchover, its acts and what speaks against it; a hosts.env that has gone stale."""
