#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived's unit calls it before keepalived starts. After a power cut of both hosts the first to start would take the
# VIP: so the master that had given it away, and the slave that had not taken it over, let the other have it first.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/session.sh
. /usr/local/lib/mysql-runbook/session.sh

DEFER_SECONDS=60
# A named lock in the slave's server, which needs no right and ends with the session, says that it waits.
WAITING=mysql-runbook-waits-for-the-master

# What an earlier keepalived did, and what was found for it, says nothing of the one that starts now.
rm -f "$CHECKED" "$FINDING"

# release.sh does not run when the unit's whole control group was killed (tried with systemd 262).
if drop_vip || [ "$(closed)" = 0 ]; then
    defer
    serialised
    defer
fi

# Asked again and again: failback takes the master's mark away while this waits. A slave that waits as well has not taken
# over since: it has nothing that the master lacks.
defers() {
    if [ "$ROLE" = slave ]; then
        [ ! -e "$TAKEOVER" ]
    elif [ -e "$DEFERRED" ] && [ "$(ask_peer "SELECT IS_USED_LOCK('$WAITING') IS NOT NULL")" = 1 ]; then
        say "the slave waits for the VIP as well, and has not taken over: competes for it now"
        return 1
    else
        [ -e "$DEFERRED" ]
    fi
}

[ "$ROLE" = master ] || [ -e "$TAKEOVER" ] || ask_session "SELECT GET_LOCK('$WAITING', 0)"
while defers && ! timeout 1 bash -c "exec 3<>/dev/tcp/$VIP/$MYSQL_PORT" 2>/dev/null; do
    if [ "$SECONDS" -ge "$DEFER_SECONDS" ]; then
        say "nobody took the VIP in $DEFER_SECONDS s: competes for it now"
        exit 0
    fi
    sleep 0.5
done
