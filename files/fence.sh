#!/bin/bash
# Made by the MySQL pair runbook.
# A unit of its own runs it all the time, whatever becomes of keepalived: while the scripts that keepalived calls do not
# bring this host to what it must be, it closes a server that must not be open, again and again until it is so. It needs
# no lock, and no file once it has started: what it needs of the configuration is in its memory.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh

LOOK_SECONDS=1
SETTLED_SECONDS=3
: "${CHECK_SILENT_SECONDS:=60}"

# Only a configuration that is whole is worth a copy.
keep_configuration() {
    [ ! -e "$ALERTS/now/configuration-lost" ] &&
        (umask 077 && cp "$CONFIG" "$LAST_CONFIG.new" && mv "$LAST_CONFIG.new" "$LAST_CONFIG") 2>/dev/null
}

# unguarded: keepalived has ended here, so that a VIP which is still on the interface is nobody's.
unguarded() {
    local state
    state=$(timeout 2 systemctl is-active keepalived)
    [ "$state" = inactive ] || [ "$state" = failed ]
}

# must_be_closed: what cannot be known is not so. A keepalived that was killed with all of its unit, and then stopped,
# leaves its VIP behind, and no release.sh is run for it.
must_be_closed() {
    ! unguarded || drop_vip
    [ "$ROLE" = slave ] && return
    holds_vip
    [ "$?" = 1 ]
}

# may_be_open: the server says so; or it says nothing and was open when it last spoke, for a new one starts closed.
may_be_open() {
    local found
    found=$(closed) && { [ "$found" = 0 ]; return; }
    [[ $found != *"ERROR 2002"* ]] && [ -e "$OPENED" ] && [ "$(mysqld_pid)" = "$(cat "$OPENED")" ]
}

# last_resort SECONDS: what was tried in vain for so long is ended. Nothing that was acknowledged is lost by it.
last_resort() {
    [ "$CLOSE_KILL_SECONDS" != 0 ] && [ "$1" -ge "$CLOSE_KILL_SECONDS" ] && may_be_open || return
    say "it could not be closed for $1 s: SIGKILL for $MYSQL_UNIT, which starts closed"
    timeout 5 systemctl kill -s KILL "$MYSQL_UNIT"
    alert mysqld-killed "not closed for $CLOSE_KILL_SECONDS s without the VIP"
}

# keepalived_hangs: it runs, and has not called its check for longer than that can take. What cannot be known is not so.
keepalived_hangs() {
    local at='' now
    { read -r at <"$CHECKED"; } 2>/dev/null
    printf -v now '%(%s)T' -1
    [ -n "$at" ] && [ $((now - at)) -gt "$CHECK_SILENT_SECONDS" ] &&
        [ "$(timeout 2 systemctl is-active keepalived)" = active ]
}

fence() {
    local failing_since='' pause
    # Nobody ever writes there: reading from it is a nap that costs no process.
    exec {pause}<> <(:)
    while :; do
        # A change of roles changes it under way; when it is lost, what was read before still stands.
        read_configuration
        [ ! "$CONFIG" -nt "$LAST_CONFIG" ] || keep_configuration
        if settled_within "$SETTLED_SECONDS" || ! must_be_closed; then
            failing_since=''
        else
            : "${failing_since:=$SECONDS}"
            if close_writes; then failing_since=''; else last_resort $((SECONDS - failing_since)); fi
        fi
        ! keepalived_hangs || stuck "keepalived hangs, and no takeover comes about: it has not called its check for \
$CHECK_SILENT_SECONDS s. systemctl kill -s KILL keepalived ends it, and its unit starts it anew"
        read -r -t "$LOOK_SECONDS" -u "$pause"
    done
}

fence
