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

# By one session, which may grow old: nobody's login is at stake.
# shellcheck disable=SC2034 # session.sh's
SESSION_SECONDS=3600
LOOK_SECONDS=1
QUESTION="SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'; SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'; SELECT ($CLOSED) AS closed"

# said NAME: sets `value` to what the master's answer has under one of these names.
said() {
    value=''
    [[ ! $answer =~ $'\n'$1$'\t'([^$'\n']*) ]] || value=${BASH_REMATCH[${#BASH_REMATCH[@]} - 1]}
}

# is_silent CODE: whether nobody answered within the time, or there is no connection.
is_silent() {
    [ "$1" = 124 ] || { [[ $answer =~ ERROR\ ([0-9]+) ]] && [[ ${BASH_REMATCH[1]} =~ $NOBODY_THERE ]]; }
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

# leave_word: written over what was there, and as long: who reads it meanwhile reads a whole one.
leave_word() {
    local word
    printf -v word 'good=%s\nsilent=%s\ntimeout_ms=%s\n' "$good" "$silent" "$timeout_ms"
    { printf '%-80s\n' "$word" 1<>"$WITNESSED"; } 2>/dev/null
}

witness() {
    local asked good='' silent='' timeout_ms='' pause
    exec {pause}<> <(:)
    while :; do
        read_configuration
        # It is the master that is asked here.
        CLIENT_OPTIONS=$PEER_OPTIONS
        if [ "$ROLE" = slave ]; then
            printf -v asked '%(%s)T' -1
            ask_session "$QUESTION"
            if is_silent $?; then
                [ -n "$silent" ] || say "the master $PEER is silent"
                : "${silent:=$(printf '%(%s)T' -1)}"
            elif in_force; then
                good=$asked silent=''
            elif [[ -n $answer && $answer != *$'\nclosed\n1\n'* ]]; then
                # One that is there, even if it refuses us, may acknowledge without the slave; not if it takes no writes.
                silent=''
            fi
            leave_word
        else
            close_session
            good='' silent=''
            [ ! -e "$WITNESSED" ] || rm -f "$WITNESSED"
        fi
        read -r -t "$LOOK_SECONDS" -u "$pause"
    done
}

witness
