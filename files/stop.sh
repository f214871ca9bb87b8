#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived calls it when it stops: nobody guards the VIP on this host any more, so nobody writes here.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

vrrp_is STOPPED
serialised
give_way
