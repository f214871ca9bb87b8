#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived's unit calls it after keepalived ended, however it ended: a killed one leaves its VIP on the interface.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

if holds_vip; then
    timeout 2 ip address delete "$VIP/$VIP_PREFIX" dev "$INTERFACE" && say "keepalived left the VIP behind: removed"
fi
vrrp_is STOPPED
serialised
give_way
