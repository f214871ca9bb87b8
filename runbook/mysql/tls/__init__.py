"""TLS with a server over the network: by which certificates it is known, and who else is turned away."""
