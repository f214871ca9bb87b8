"""How a server says things, one module an engine."""
