# shellcheck shell=bash
# Made by the MySQL pair runbook. How the scripts ask the server of this host, and the peer's, and end its sessions; a part
# of library.sh.
set -u

# The client's errors that say that there is no connection, and the server's that it is on its way out.
# shellcheck disable=SC2034 # watch.sh's and witness.sh's
NOBODY_THERE='^(2002|2003|2005|2006|2013|2055|1053|1080)$'

# query STATEMENTS [OPTION...]: tab-separated rows without names. When all connections are used up it comes in by the
# administrators' door, which mysqld has on loopback (admin_address): fencing must not wait for a client to leave.
query() {
    local said code by_admin
    said=$(ask "$@")
    code=$?
    if [[ $said == *"ERROR 1040"* && -n $ADMIN_PORT ]] &&
        by_admin=$(ask "$@" "${ADMIN[@]}"); then
        said=$by_admin code=0
    fi
    [ -z "$said" ] || printf '%s\n' "$said"
    return "$code"
}

# ask: one try of it; the password goes by a pipe, never by argv.
ask() {
    local statements=$1
    shift
    with_options "$CLIENT_OPTIONS" timeout -k 1 "${ANSWER_SECONDS:-2}" \
        "$MYSQL" --defaults-file=/dev/fd/3 -NB "$@" -e "$statements" 2>&1
}

# with_options TEXT COMMAND...: runs it with the text to read from fd 3. Before bash 5.1 a here-string is a file in
# $TMPDIR: a password on the disk, and none at all where that is full (bash's CHANGES, 5.1).
with_options() {
    local text=$1
    shift
    if here_strings_are_pipes; then
        "$@" 3<<<"$text"
    else
        "$@" 3< <(printf '%s\n' "$text")
    fi
}

here_strings_are_pipes() {
    [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -ge 501 ]
}

# query_all: every statement of stdin, whatever becomes of the others.
query_all() {
    local statements said
    statements=$(cat)
    said=$(printf '%s\n' "$statements" | ask_all)
    [[ $said != *"ERROR 1040"* || -z $ADMIN_PORT ]] || printf '%s\n' "$statements" | ask_all "${ADMIN[@]}" >/dev/null
}

ask_all() {
    with_options "$CLIENT_OPTIONS" timeout -k 1 2 "$MYSQL" --defaults-file=/dev/fd/3 --force "$@" 2>&1
}

# closed: 1 while the server refuses every write, 0 while it is open; fails with the reason when it does not answer.
closed() {
    query "$CLOSED"
}

# status: SHOW REPLICA STATUS as `Name: value` lines, in the words of MySQL 8; a GTID set, which comes in lines, in one.
status() {
    local shown
    shown=$(query "SHOW $REPLICA STATUS" -E --column-names) || { echo "$shown"; return 1; }
    printf '%s\n' "$shown" |
        sed -E -e ':joined' -e '/,$/{N;s/\n *//;bjoined' -e '}' -e 's/^ *//; s/Master/Source/; s/Slave/Replica/'
}

# values NAMES STATUS: what stands there under these names, with colons between as between the names.
values() {
    local name found=''
    for name in ${1//:/ }; do
        found+=:
        [[ $'\n'$2 =~ $'\n'"$name":\ *([^$'\n']*) ]] && found+=${BASH_REMATCH[1]}
    done
    echo "${found#:}"
}

# ask_peer STATEMENT: nothing of a server that does not answer within a second.
ask_peer() {
    peer_says "$1" 2>/dev/null
}

peer_says() {
    with_options "$PEER_OPTIONS" timeout -k 1 2 "$MYSQL" --defaults-file=/dev/fd/3 -NB -e "$1"
}

# peer_closed: 1 or 0 as of our own server.
peer_closed() {
    ask_peer "$CLOSED"
}

# end_vip_sessions: those that came by the VIP, once it has left this host. They read what is here and hold locks, at
# which a slave's applier would wait for hours. By the kernel's list of connections to the VIP: the server's has only the
# other end of each.
end_vip_sessions() {
    local ends sessions
    [ -e "$HELD" ] || return 0
    ends=$(timeout 2 ss -Htn state established src "$VIP" sport = ":$MYSQL_PORT" | awk '{ print $4 }') || return 0
    if [ -n "$ends" ]; then
        sessions=$(query 'SHOW PROCESSLIST') || return 0
        printf '%s\n' "$sessions" | awk -F '\t' -v ends="${ends//$'\n'/ }" '
            BEGIN { count = split(ends, list, " "); for (n = 1; n <= count; n++) { sub(/.*:/, "", list[n]); port[list[n]] } }
            { from = $3; sub(/.*:/, "", from) }
            from in port && $2 != "system user" && $5 !~ /^Binlog Dump/ { print "KILL " $1 ";" }
        ' | query_all
        say "the VIP has left: ended the sessions that came by it"
    fi
    rm -f "$HELD"
}

# kill_clients: by the list that a server without performance_schema has, too. By stdin and with --force: a session that
# has ended meanwhile (1094) does not spare the others.
kill_clients() {
    local sessions
    sessions=$(query 'SHOW PROCESSLIST') || return
    printf '%s\n' "$sessions" | awk -F '\t' '
        $2 != "system user" && $2 != "event_scheduler" && $5 !~ /^(Binlog Dump|Daemon)/ { print "KILL " $1 ";" }
    ' | query_all
}
