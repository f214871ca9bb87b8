#!/bin/bash
# Made by the MySQL pair runbook.
# A unit of its own runs it all the time: while keepalived calls mysql_check.sh, it looks at this host each second, by a
# session that stays open, and leaves word of what it found. A login and a dozen processes a second cost more than MySQL.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/check.sh
. /usr/local/lib/mysql-runbook/check.sh

CALLED_SECONDS=5

# called: release.sh takes the mark away when keepalived has ended.
called() {
    local at='' now
    { read -r at <"$CHECKED"; } 2>/dev/null
    printf -v now '%(%s)T' -1
    [ -n "$at" ] && [ "$((now - at))" -le $((CHECK_INTERVAL + CALLED_SECONDS)) ]
}

# found WORD SECONDS: for so long it holds. Written over what was there, and as long: who reads it meanwhile reads a whole
# line.
found() {
    local now
    printf -v now '%(%s)T' -1
    { printf '%s %-6s\n' $((now + $2)) "$1" 1<>"$FINDING"; } 2>/dev/null
}

looks() {
    local pause
    # Nobody ever writes there: reading from it is a nap that costs no process.
    exec {pause}<> <(:)
    while :; do
        if called; then
            found asks $((${CHECK_SECONDS%.*} + 2))
            # It goes on with what it has in its memory; that the file is lost must be said.
            read_configuration
            look
            if [ "$code" = 0 ]; then found serves $((CHECK_INTERVAL + 2)); else found fails $((CHECK_INTERVAL + 2)); fi
            act
        else
            close_session
        fi
        read -r -t "$CHECK_INTERVAL" -u "$pause"
    done
}

looks
