#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived asks it every second: exit 0 while mysqld serves. checker.sh has found it out by then; while that one is not
# heard, this one looks itself.
set -u
# shellcheck source=/dev/null
. /usr/local/lib/mysql-runbook/paths.sh || exit 1
LONGEST_SECONDS=60
{ printf '%(%s)T\n' -1 >"$CHECKED"; } 2>/dev/null

# heard: what was found lately, after the end of a look that has begun.
heard() {
    local until='' found='' now
    while { read -r until found <"$FINDING"; } 2>/dev/null && [[ $until =~ ^[0-9]+$ ]]; do
        printf -v now '%(%s)T' -1
        [ "$now" -le "$until" ] && [ $((until - now)) -le $LONGEST_SECONDS ] || return
        case $found in
            serves) exit 0 ;;
            fails) exit 1 ;;
        esac
        sleep 0.05
    done
}

heard
UNDECIDED=0
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/check.sh
. /usr/local/lib/mysql-runbook/check.sh
look
close_session
act
exit "$code"
