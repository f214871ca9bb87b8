"""A local pair to rehearse on: two systemd-nspawn hosts on a bridge of this machine."""
