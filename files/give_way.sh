#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived's unit calls it before keepalived starts. After a power cut of both hosts the first to start would take the
# VIP: so the master that had given it away, and the slave that had not taken it over, let the other have it first.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

GIVE_WAY_SECONDS=60

# let_go.sh does not run when the unit's whole control group was killed (tried with systemd 262).
if drop_vip || [ "$(closed)" = 0 ]; then
    give_way
    serialised
    give_way
fi

# Asked again and again: failback takes the master's mark away while this waits.
gives_way() {
    if [ "$ROLE" = master ]; then [ -e "$GAVE_WAY" ]; else [ ! -e "$TAKEOVER" ]; fi
}

while gives_way && ! timeout 1 bash -c "exec 3<>/dev/tcp/$VIP/$MYSQL_PORT" 2>/dev/null; do
    if [ "$SECONDS" -ge "$GIVE_WAY_SECONDS" ]; then
        say "nobody took the VIP in $GIVE_WAY_SECONDS s: competes for it now"
        exit 0
    fi
    sleep 0.5
done
