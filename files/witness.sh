#!/bin/bash
# Made by the MySQL pair runbook.
# A unit of its own runs it all the time on both hosts. On the slave's it asks the master each second whether a commit
# waits for the slave, and for which none waits just now, and leaves word of when that was last so. If the master is lost
# within its time-out after that, nothing that it had acknowledged is missing here (promote's proof).
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/session.sh
. /usr/local/lib/mysql-runbook/session.sh

# It is the master that is asked here, by one session that may grow old: nobody's login is at stake.
CLIENT_OPTIONS=$PEER_OPTIONS
# shellcheck disable=SC2034 # session.sh's
SESSION_SECONDS=3600
LOOK_SECONDS=1
QUESTION="SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'; SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'; SELECT ($CLOSED) AS closed"

# said NAME: sets `value` to what the master's answer has under one of these names.
said() {
    value=''
    [[ ! $answer =~ $'\n'$1$'\t'([^$'\n']*) ]] || value=${BASH_REMATCH[${#BASH_REMATCH[@]} - 1]}
}

# in_force: whether what the master acknowledges is on its one slave, and nobody waits for that just now.
in_force() {
    local value
    said 'Rpl_semi_sync_(source|master)_status' && [ "$value" = ON ] || return 1
    said 'Rpl_semi_sync_(source|master)_wait_sessions' && [ "$value" = 0 ] || return 1
    said 'Rpl_semi_sync_(source|master)_clients' && [ "$value" = 1 ] || return 1
    # Else it stops to wait as soon as the slave is gone.
    said 'rpl_semi_sync_(source|master)_wait_(no_replica|no_slave)' && [ "$value" = ON ] || return 1
    said 'rpl_semi_sync_(source|master)_timeout' && timeout_ms=$value
}

witness() {
    local asked now good='' silent='' timeout_ms='' pause
    exec {pause}<> <(:)
    while :; do
        read_configuration
        CLIENT_OPTIONS=$PEER_OPTIONS
        if [ "$ROLE" = slave ]; then
            printf -v asked '%(%s)T' -1
            if ask_session "$QUESTION"; then
                # One that is back and takes no writes has acknowledged nothing since.
                [[ $answer == *$'\nclosed\n1\n' ]] || silent=''
                ! in_force || good=$asked silent=''
            elif [ -z "$silent" ]; then
                printf -v now '%(%s)T' -1
                silent=$now
                say "the master $PEER is silent"
            fi
            { printf 'good=%s\nsilent=%s\ntimeout_ms=%s\n' "$good" "$silent" "$timeout_ms" >"$WITNESSED"; } 2>/dev/null
        else
            close_session
            good='' silent=''
            [ ! -e "$WITNESSED" ] || rm -f "$WITNESSED"
        fi
        read -r -t "$LOOK_SECONDS" -u "$pause"
    done
}

witness
