#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived's unit calls it after keepalived ended, however it ended: a killed one leaves its VIP on the interface.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

rm -f "$CHECKED" "$FINDING"
drop_vip
vrrp_is STOPPED
alert keepalived-stopped
defer
serialised
defer
