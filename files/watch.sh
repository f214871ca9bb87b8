# shellcheck shell=bash
# Made by the MySQL pair runbook. What a check looks at beside its own question: states for which the VIP does not
# move, and which people should know of. Each is said when it begins, when it changes and when it is over.
set -u

WATCH_SECONDS=5
DISK_PERCENT=5
WORKERS=replication_applier_status_by_worker
FULL_KILOBYTES=4096
FACTS="SHOW GLOBAL STATUS WHERE variable_name = 'Threads_connected' OR variable_name LIKE 'Rpl_semi_sync_%';
    SHOW GLOBAL VARIABLES WHERE variable_name IN ('datadir', 'max_connections')"

# notice KIND DETAIL, notice_over KIND: as alert and alert_over, and said in the journal too.
notice() {
    local known='' detail=${2//[[:cntrl:]]/ }
    detail=${detail:0:500}
    { read -r _ && IFS= read -r known; } 2>/dev/null <"$ALERTS/now/$1"
    [ "$known" = "$detail" ] || say "$1: $detail"
    alert "$1" "$detail"
}

notice_over() {
    [ -e "$ALERTS/now/$1" ] || return 0
    say "$1: over"
    alert_over "$1"
}

# lasts NAME [SECONDS]: it was so at the last look already, and for so long; one look can fall into a restart or a
# handover. passes NAME.
lasts() {
    local since='' now
    printf -v now '%(%s)T' -1
    { read -r since <"$WATCH.$1"; } 2>/dev/null
    [ -n "$since" ] || { echo "$now" >"$WATCH.$1"; return 1; }
    [ $((now - since)) -ge "${2:-0}" ]
}

passes() {
    [ ! -e "$WATCH.$1" ] || rm -f "$WATCH.$1"
}

# watch_is_due: people can wait for this longer than a takeover can, and each look costs several processes.
watch_is_due() {
    is_due at "$WATCH_SECONDS"
}

# is_due NAME SECONDS: done NAME was that long ago, or by a clock that was set back since. done_now NAME.
is_due() {
    local now last=0
    printf -v now '%(%s)T' -1
    { read -r last <"$WATCH.$1"; } 2>/dev/null
    [ "$now" -lt "$last" ] || [ $((now - last)) -ge "$2" ]
}

done_now() {
    { printf '%(%s)T\n' -1 >"$WATCH.$1"; } 2>/dev/null
}

# What has happened once is told for so long.
TOLD_SECONDS=60

watch_killed() {
    local since=0 now
    { read -r since <"$ALERTS/now/mysqld-killed"; } 2>/dev/null
    printf -v now '%(%s)T' -1
    [ $((now - since)) -lt $TOLD_SECONDS ] || alert_over mysqld-killed
}

# fact VARIABLE NAME: what the server says of it goes into the variable.
fact() {
    [[ ! $FOUND_FACTS =~ (^|$'\n')$2$'\t'([^$'\n']*) ]] || printf -v "$1" %s "${BASH_REMATCH[${#BASH_REMATCH[@]} - 1]}"
}

watch_state() {
    done_now at
    watch_killed
    local datadir='' allowed='' connected='' semi_sync='' slaves=''
    : "${FOUND_FACTS=$(query "$FACTS")}"
    fact datadir datadir
    fact allowed max_connections
    fact connected Threads_connected
    fact semi_sync 'Rpl_semi_sync_(source|master)_status'
    fact slaves 'Rpl_semi_sync_(source|master)_clients'
    [ -z "$datadir" ] || watch_disk "$datadir"
    [ -z "$allowed" ] || [ -z "$connected" ] || watch_connections "$connected" "$allowed"
    if [ "$ROLE" = slave ]; then
        watch_replication
        watch_errant
    else
        watch_slave "$semi_sync" "$slaves"
    fi
    watch_peer
    watch_maintenance
}

watch_disk() {
    local free size least=$DISK_PERCENT
    { read -r _ && read -r free size; } < <(timeout 2 df -k --output=avail,size "$1" 2>/dev/null)
    [[ "${free:-}" =~ ^[0-9]+$ && "${size:-}" =~ ^[1-9][0-9]*$ ]] || return 0
    # What is nearly full counts as such until there is a little more room than that: else it comes and goes.
    [ ! -e "$ALERTS/now/disk-nearly-full" ] || least=$((DISK_PERCENT + 1))
    if [ "$free" -lt "$FULL_KILOBYTES" ]; then
        notice disk-nearly-full "$1 is full: reads go on, writes wait for room and go on within a minute of it. \
Do not KILL what waits: mysqld would end and could not start"
    elif [ $((free * 100)) -lt $((size * least)) ]; then
        notice disk-nearly-full "less than $DISK_PERCENT % of the disk with $1 are left"
    else
        notice_over disk-nearly-full
    fi
}

# One of the connections is our own, beyond those that clients may have.
watch_connections() {
    if [ $(($1 - 1)) -ge "$2" ]; then
        notice connections-used-up "all $2 connections (max_connections) are in use"
    elif [ $(($1 * 100)) -lt $(($2 * 95)) ]; then
        notice_over connections-used-up
    fi
}

# watch_slave STATUS SLAVES: on a master that takes writes, whether the slave acknowledges them. Where it is not asked to,
# whether its server answers; that its replication runs is watched on its own host.
watch_slave() {
    local why=''
    if [ -e "$ALONE" ]; then
        noted "$ALONE" since
        # shellcheck disable=SC2154 # library.sh's
        notice master-alone "since $noted"
        passes slave-away
        notice_over slave-away
        return
    fi
    notice_over master-alone
    if ! holds_vip || [ "${FOUND_CLOSED:-}" = 1 ] || { [ "$SEMI_SYNC_SECONDS" != 0 ] && [ -z "$1" ]; }; then
        passes slave-away
        return
    fi
    if [ "$SEMI_SYNC_SECONDS" != 0 ]; then
        [ "$1" = ON ] && [ "$2" != 0 ] || why="semi-synchronous replication is not in force"
    elif [ -z "$(peer_closed)" ]; then
        why="mysqld on $PEER does not answer"
    fi
    if [ -z "$why" ]; then
        passes slave-away
        notice_over slave-away
    elif lasts slave-away; then
        notice slave-away "$why: what is acknowledged now is on this host only"
    fi
}

# watch_maintenance: whether somebody has forgotten to end it.
watch_maintenance() {
    local until since by now
    noted "$MAINTENANCE" until
    until=$noted
    noted "$MAINTENANCE" since
    since=$noted
    noted "$MAINTENANCE" by
    by=$noted
    printf -v now '%(%s)T' -1
    if [[ $until =~ ^[0-9]+$ ]] && [ "$now" -gt "$until" ]; then
        notice maintenance-forgotten "since $since, by $by"
    else
        notice_over maintenance-forgotten
    fi
}

# watch_peer: whether the other server, which is there, lets us ask. The master does not open without its word where it
# does not, as after a restored host with certificates or accounts of its own: people know before that is needed.
PEER_SECONDS=60

watch_peer() {
    local said
    is_due peer $PEER_SECONDS || [ -e "$ALERTS/now/peer-refuses" ] || return 0
    if said=$(peer_says "$CLOSED" 2>&1); then
        passes peer-refuses
        notice_over peer-refuses
    elif ! [[ $said =~ ^ERROR\ ([0-9]+) ]] || [[ ${BASH_REMATCH[1]} =~ $NOBODY_THERE|^(1040|1203)$ ]]; then
        # Nobody there, or no room there for anybody: that is told elsewhere.
        :
    elif lasts peer-refuses; then
        notice peer-refuses "$said"
    else
        # A restart can look like it; it is asked again at once.
        return 0
    fi
    done_now peer
}

# watch_errant: whether this slave has made transactions that its master lacks: failback would refuse for them. Most slaves never made one: the master is asked about those that have.
watch_errant() {
    local has made
    [[ $FOUND_FACTS =~ made_itself$'\n'([^$'\n']*) ]] || return 0
    made=${BASH_REMATCH[1]}
    if [ -n "$made" ]; then
        has=$(ask_peer "$HAS") && made=$(query "${ERRANT//PEER/$has}") || return 0
    fi
    if [ -n "$made" ]; then notice errant "the master lacks $made"; else notice_over errant; fi
}

AWAY_SECONDS=30

# receiver_is_out ERRNO: whether the receiver has been without its master for too long. A master that restarts is away for
# some seconds, and whose host is gone the slave takes over from; one that says no goes on saying it.
receiver_is_out() {
    if [[ $1 =~ $NOBODY_THERE ]]; then lasts receiver $AWAY_SECONDS; else lasts receiver; fi
}

# watch_replication: on the slave. While it holds the VIP its receiver is stopped by us; its applier must be well.
watch_replication() {
    local name value receiver='' receiver_errno='' receiver_error='' applier='' applier_errno='' applier_error=''
    while IFS=': ' read -r name value; do
        case $name in
            Replica_IO_Running) receiver=$value ;;
            Last_IO_Errno) receiver_errno=$value ;;
            Last_IO_Error) receiver_error=$value ;;
            Replica_SQL_Running) applier=$value ;;
            Last_SQL_Errno) applier_errno=$value ;;
            Last_SQL_Error) applier_error=$value ;;
        esac
    done < <(printf '%s\n' "${FOUND_STATUS-$(status)}")
    [ -n "$receiver" ] || return 0
    if [ "$applier_errno" != 0 ]; then
        # With workers that line only says where to look.
        if [[ $applier_error == *"$WORKERS"* ]]; then
            value=$(query "SELECT last_error_message FROM performance_schema.$WORKERS WHERE last_error_number <> 0 LIMIT 1") &&
                applier_error=${value:-$applier_error}
        fi
        notice replication-broken "the applier stopped: error $applier_errno: $applier_error"
    elif [ "$receiver" = No ] && [ "$receiver_errno" != 0 ]; then
        notice replication-broken "the receiver stopped: error $receiver_errno: $receiver_error"
    elif [ "$receiver" != Yes ] && [ "$receiver_errno" != 0 ] && receiver_is_out "$receiver_errno"; then
        # What comes before the reason counts the tries, and would be news each time.
        notice replication-broken "the receiver does not get to the master: error $receiver_errno: \
${receiver_error##*[Mm]essage: }"
    elif [ "$applier" = Yes ] && { [ "$receiver" = Yes ] || holds_vip; }; then
        passes replication
        passes receiver
        notice_over replication-broken
    elif [ "$receiver" != Connecting ] && lasts replication; then
        notice replication-broken "receiver: $receiver, applier: $applier, without an error"
    fi
}
