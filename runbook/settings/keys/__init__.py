"""The keys of hosts.env, a module a group; a key is one row there, and nothing else has to be changed for a new one."""
