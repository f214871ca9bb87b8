"""How one server's data come to another host: a module a route, and which of them is taken."""
