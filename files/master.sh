#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived calls it when this host becomes VRRP master.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

vrrp_is MASTER
wait_for_vip
serialised
settle
