"""reseed: one host's data are replaced by the other's, while the other serves."""
