# shellcheck shell=bash
# Made by the MySQL pair runbook. What the slave does when it gets the VIP, what it records of that, and how it follows the
# master again; a part of library.sh.
set -u

RELAY_SECONDS=60
LOCK_SINCE='' LOCK_ENDED=''

# take_over: the slave got the VIP. It serves reads as they are, applies what it has received, and stops there.
take_over() {
    local said received started applier="START $REPLICA SQL_THREAD;"
    started=$(date +%s%N)
    [ -e "$TAKEOVER" ] && return
    ! start_discards || applier=''
    if ! said=$(query "$applier STOP $REPLICA IO_THREAD") || ! said=$(status); then
        say_anew "holds the VIP; the receiver does not stop yet: $said"
        return 1
    fi
    received=$(values "$RECEIVED_IN" "$said")
    apply_received "$received"
    (umask 077 && mkdir -p "$STATE")
    record_takeover "$received" "$started" >"$TAKEOVER.new" && mv "$TAKEOVER.new" "$TAKEOVER" || return
    say "took the VIP over: reads are served, writes refused; $(tr '\n' ' ' <"$TAKEOVER")"
}

# start_discards: a start now would throw away what was received and not applied, as of MariaDB by GTID when both threads
# are stopped. So the applier is started before the receiver is stopped.
start_discards() {
    local shown
    [ -n "$START_DISCARDS" ] && shown=$(status) &&
        [ "$(values Replica_IO_Running:Replica_SQL_Running "$shown")" = No:No ]
}

# apply_received RECEIVED: until all is applied, RELAY_SECONDS have passed, or the applier has stopped on an error. By
# position that is when the applier has read all: of a transaction sent only in part it would wait for the rest. One of
# several appliers may still wait for a lock then.
apply_received() {
    local end=$((SECONDS + RELAY_SECONDS)) shown
    while [ "$SECONDS" -lt "$end" ]; do
        if [ -n "$WAIT_APPLIED" ]; then
            [ "$(query "${WAIT_APPLIED//RECEIVED/$1}")" = 1 ] && return
        elif shown=$(status) && [[ $shown == *"has read all relay log"* ]] && ! lock_holders >/dev/null; then
            return
        else
            sleep 0.2
        fi
        shown=$(status) && [ "$(values Replica_SQL_Running "$shown")" = Yes ] || return
        end_lock_holders
    done
}

# lock_holders: the sessions, and whose they are, that hold a lock for which the applier waits; fails where none does.
lock_holders() {
    local found
    [ -n "${LOCK_HOLDERS:-}" ] && found=$(query "$LOCK_HOLDERS") && [ -n "$found" ] && printf '%s\n' "$found"
}

# end_lock_holders: a client's open transaction on a table keeps a DROP or ALTER of it from being applied, for hours if it
# lasts as long. RELAY_LOCK_SECONDS after the first such wait of this takeover those who are in the way are ended.
end_lock_holders() {
    local holders
    [ "${RELAY_LOCK_SECONDS:-0}" != 0 ] && holders=$(lock_holders) || return 0
    : "${LOCK_SINCE:=$SECONDS}"
    [ $((SECONDS - LOCK_SINCE)) -ge "$RELAY_LOCK_SECONDS" ] || return 0
    printf '%s\n' "$holders" | awk -F '\t' '{ print "KILL " $1 ";" }' | query_all
    holders=$(printf '%s\n' "$holders" | awk -F '\t' '{ printf "%s%s (%s)", separator, $2, $1; separator = ", " }')
    [[ ", $LOCK_ENDED, " == *", $holders, "* ]] || LOCK_ENDED+=${LOCK_ENDED:+, }$holders
    say_anew "what was received waited for a lock for $RELAY_LOCK_SECONDS s: ended the sessions that held it: $holders"
}

# unapplied RECEIVED APPLIED STATUS: what of it is not, if anything.
unapplied() {
    if [ -n "$UNAPPLIED" ]; then
        query "${UNAPPLIED//RECEIVED/$1}"
    elif [ "$1" != "$2" ] && [[ $3 != *"has read all relay log"* ]]; then
        echo "what came after $2, up to $1"
    fi
}

# record_takeover RECEIVED STARTED: fails, and nothing is recorded, when the server cannot tell what it has.
record_takeover() {
    local shown own executed
    shown=$(status) && own=$(query "$BINARY_LOG_STATUS") || return
    date -u +at=%Y-%m-%dT%H:%M:%SZ
    broken_since
    echo "received=$1"
    executed=$(values "$EXECUTED_IN" "$shown")
    echo "executed=$executed"
    echo "unapplied=$(unapplied "$1" "$executed" "$shown")"
    echo "own=$(printf '%s\n' "$own" | awk '{ print $1 ":" $2 }')"
    [ -z "$LOCK_ENDED" ] || echo "ended=$LOCK_ENDED"
    echo "relay_milliseconds=$((($(date +%s%N) - $2) / 1000000))"
    echo "source_log_file=$(values Source_Log_File "$shown")"
    echo "read_source_log_pos=$(values Read_Source_Log_Pos "$shown")"
}

# broken_since: from when on nothing was replicated, where that had broken before: what is served is as old as that.
broken_since() {
    local since=''
    { read -r since; } 2>/dev/null <"$ALERTS/now/replication-broken"
    [ -z "$since" ] || TZ=UTC printf 'broken_since=%(%Y-%m-%dT%H:%M:%SZ)T\n' "$since"
}

# stale: why what the slave serves is older than the takeover, if it is: replication had broken before, or what it had
# received it could not apply.
stale() {
    local key value
    [ ! -e "$TAKEOVER" ] || while IFS='=' read -r key value; do
        case $key:$value in
            unapplied:?*) echo "reads are stale: received and not applied: $value" ;;
            broken_since:?*) echo "reads are stale: replication had broken at $value" ;;
        esac
    done <"$TAKEOVER"
}

# follow_master: without the VIP the slave replicates. One that stopped on an error is left for an operator to see.
follow_master() {
    local said
    if [ -e "$TAKEOVER" ]; then
        if [[ $(stale) == *"not applied"* ]] && start_discards && [ -z "$(peer_closed)" ]; then
            say_anew "keeps what it received and could not apply: $PEER does not answer"
            return
        fi
        mv "$TAKEOVER" "$TAKEOVER.last"
    else
        said=${FOUND_STATUS-$(status)}
        [[ $said =~ Replica_IO_Running:\ No$'\n' && $said =~ Last_IO_Errno:\ 0($'\n'|$) ]] || return 0
    fi
    if said=$(start_replica); then
        say "does not hold the VIP: replicates from the master"
    else
        say_anew "does not replicate: $said"
    fi
}

# start_replica: a power cut can leave MariaDB's relay-log.info empty (error 1201). By GTID its place is in a table, and
# the master has the rest.
start_replica() {
    local said
    said=$(query "START $REPLICA") && return
    if [[ $said == *"ERROR 1201"* && -n $START_DISCARDS && -n $(peer_closed) ]]; then
        said=$(query "RESET $REPLICA") && said=$(query "START $REPLICA") &&
            say "relay-log.info was torn: fetches from $PEER anew what it had received and not applied" && return
    fi
    echo "$said"
    return 1
}
