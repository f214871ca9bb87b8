#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived calls it when this host becomes VRRP backup (at every start, too) or faulty.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

vrrp_is "${1:-BACKUP}"
serialised
settle
