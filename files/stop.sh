#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived calls it when it stops: nobody guards the VIP on this host any more, so nobody writes here.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

vrrp_is STOPPED
# At once, whoever has the lock; and again with it, for a script that was just opening.
defer
serialised
defer
