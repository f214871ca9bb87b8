# shellcheck shell=bash
# Made by the MySQL pair runbook. Whether the master may take writes, and how it is opened; a part of library.sh.
set -u

# open_writes: fails when it is not known to be open, but for another writer's sake.
open_writes() {
    local said
    case ${FOUND_CLOSED:-$(closed)} in
        1) ;;
        0) is_open; return ;;
        *) return 1 ;;
    esac
    is_newest_master || return 0
    # The question to the peer may have taken seconds.
    holds_vip || return 1
    if ! said=$(query 'SET GLOBAL read_only = OFF'); then
        say "could not open for writes: $said"
        alert not-opened "$said"
        return 1
    fi
    say "holds the VIP: open for writes"
    rm -f "$OPENED"
    is_open
}

# is_open: and which mysqld it is, for the case that it can no longer be asked: another one has started closed.
is_open() {
    [ -e "$OPENED" ] || { mysqld_pid >"$OPENED"; } 2>/dev/null
    alert_over not-closed
    nothing_keeps_it_closed
}

nothing_keeps_it_closed() {
    local kind
    for kind in master-closed peer-writes peer-unseen newer-master not-opened; do
        alert_over "$kind"
    done
}

# is_slave, is_master: what was told of this host while it was the other is so no longer.
is_slave() {
    nothing_keeps_it_closed
    alert_over slave-away
    alert_over master-alone
}

is_master() {
    local kind
    for kind in vip-on-slave replication-broken errant; do
        alert_over "$kind"
    done
}

# is_newest_master: the roles may have changed while this host was away. So it opens once it has seen that its peer takes
# no writes and knows of no newer change of roles; unseen by the operator's word only. The peer's word is in its data.
is_newest_master() {
    local peer_closed='' peer_epoch='' peer_master='' epoch
    known_epoch
    { read -r peer_closed && read -r peer_epoch peer_master; } < <(ask_peer "$CLOSED; $KNOWN_ROLES")
    # A newer master that takes writes is the only one: nobody may be told to close it.
    if is_older "$epoch" "$peer_epoch" "$peer_master"; then
        say_anew "holds the VIP and stays closed: $PEER is the master by a newer change of roles: stops keepalived"
        stays_closed newer-master "$PEER knows of change ${peer_epoch:-?}, this host of change $epoch"
        timeout 5 systemctl stop --no-block keepalived
    elif [ "$peer_closed" = 0 ]; then
        say_anew "holds the VIP and stays closed: $PEER takes writes; close that server first"
        stays_closed peer-writes
    elif [ -z "$peer_closed" ] && ! may_open_unseen "$epoch"; then
        say_anew "holds the VIP and stays closed: $PEER does not answer, and may be the master by now"
        stays_closed peer-unseen
    else
        return 0
    fi
    return 1
}

# stays_closed KIND [DETAIL]: for this, and for none of the other reasons any more.
stays_closed() {
    local kind
    for kind in peer-writes newer-master peer-unseen; do
        [ "$kind" = "$1" ] || alert_over "$kind"
    done
    alert "$@"
}

# known_epoch: sets `epoch`: the change of roles by which this host is the master, by its file or, if that is lost, by its
# data; as a slave's they may have come from its peer.
known_epoch() {
    local row_epoch='' row_master=''
    noted "$ROLE_RECORD" epoch
    epoch=${noted:-0}
    read -r row_epoch row_master < <(query "$KNOWN_ROLES")
    ! [[ $row_epoch =~ ^[0-9]+$ ]] || [ "$row_master" = "$PEER" ] || [ "$row_epoch" -le "$epoch" ] || epoch=$row_epoch
}

# is_older EPOCH PEERS_EPOCH PEERS_MASTER: whether this host is no master any more, by its own word or by its peer's.
is_older() {
    noted "$ROLE_RECORD" role
    [ "$noted" != slave ] || return 0
    [[ $2 =~ ^[0-9]+$ ]] || return 1
    [ "$2" -gt "$1" ] || { [ "$2" = "$1" ] && [ "$3" = "$PEER" ]; }
}

# may_open_unseen EPOCH: an operator has said that there is no peer. That it is in maintenance is no such word: it may have
# come back and been promoted while this host was away.
may_open_unseen() {
    noted "$ALONE" epoch
    [ "$noted" = "$1" ]
}
