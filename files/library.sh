# shellcheck shell=bash
# Made by the MySQL pair runbook. What the scripts of keepalived and of its unit share.
# All of them bring the server to what must be true of the state that is there now (settle), so that none depends on
# another having run, nor on the order in which keepalived calls them.
set -u

export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
# What is set for the client program elsewhere has no say here: by MYSQL_HOST or MYSQL_UNIX_PORT it would ask another
# server, and ~/.mylogin.cnf is read after --defaults-file (both seen on 9.7).
unset "${!MYSQL_@}" "${!MARIADB_@}" "${!LIBMYSQL_@}"
export MYSQL_TEST_LOGIN_FILE=/nonexistent
# shellcheck source=/dev/null
. /usr/local/lib/mysql-runbook/paths.sh || exit 1
[ -d "$RUN" ] || mkdir -m 700 "$RUN" 2>/dev/null

say() {
    timeout 2 logger -t mysql-runbook -p daemon.notice -- "${0##*/}: $*"
}

# say_anew TEXT: what stays so is said once, not every second.
say_anew() {
    local said=''
    { IFS= read -r -d '' said || :; } 2>/dev/null <"$LAST_SAID"
    [ "$said" = "$*"$'\n' ] && return
    { echo "$*" >"$LAST_SAID"; } 2>/dev/null
    say "$*"
}

# alert KIND [DETAIL]: it is so now, and people should know; alert_over KIND: it is so no longer. Both may be called each
# second: what is known already costs a look at a file. Nothing is sent from here and nothing waited for: a unit of its
# own (alert.sh) tells people, a few seconds later. KIND is one of runbook/alerts/texts.py. DETAIL is one line; a change
# of it is told anew, so no figures that move.
alert() {
    local since='' known='' detail=${2:-}
    ! is_meant "$1" || return 0
    detail=${detail//[[:cntrl:]]/ }
    detail=${detail:0:500}
    { read -r since && IFS= read -r known; } 2>/dev/null <"$ALERTS/now/$1" && [ "$known" = "$detail" ] && return
    [ -n "$since" ] || printf -v since '%(%s)T' -1
    [ -d "$ALERTS/ended" ] || (umask 077 && mkdir -p "$ALERTS/now" "$ALERTS/ended" "$ALERTS/news") 2>/dev/null
    { printf '%s\n%s\n' "$since" "$detail" >"$ALERTS/now/$1" && : >"$ALERTS/news/$1"; } 2>/dev/null
    return 0
}

# is_meant KIND: a host in maintenance is stopped and started, and its peer sees it go.
is_meant() {
    [ -e "$MAINTENANCE" ] || return 1
    noted "$MAINTENANCE" quiet
    [[ " $noted " == *" $1 "* ]]
}

alert_over() {
    [ -e "$ALERTS/now/$1" ] || return 0
    { printf '%(%s)T\n' -1 >"$ALERTS/ended/$1" && rm -f "$ALERTS/now/$1" && : >"$ALERTS/news/$1"; } 2>/dev/null
    return 0
}

# noted FILE NAME: sets `noted` to what stands in a file of NAME=VALUE lines under this name, or to nothing.
noted() {
    local line
    noted=''
    while IFS= read -r line; do
        [[ $line != "$2="* ]] || noted=${line#*=}
    done 2>/dev/null <"$1"
}

# read_configuration: the one that is there or, when that is gone, empty or cut off in the middle, the last good one. Such
# an accident is no reason to do nothing. fence.sh keeps the copy, and all of it in its own memory besides. Fails when
# there is neither: then nothing of what was read before has changed.
read_configuration() {
    if read_whole "$CONFIG"; then
        alert_over configuration-lost
        return
    fi
    alert configuration-lost "$CONFIG"
    if read_whole "$LAST_CONFIG"; then
        say_anew "$CONFIG cannot be read: goes on with the last good one"
    else
        say_anew "$CONFIG cannot be read"
        return 1
    fi
}

# read_whole FILE: its last line says that nothing is cut off.
read_whole() {
    local text=''
    { IFS= read -r -d '' text || :; } 2>/dev/null <"$1"
    [[ $text == *$'\n'CONFIGURATION_ENDS=yes* ]] && eval "$text"
}

# vrrp_is STATE: what keepalived says this host is, for those who ask; nothing is decided by it here, but failback waits
# for BACKUP: a keepalived that is FAULT for some more good checks takes no VIP.
vrrp_is() {
    { echo "$1" >"$VRRP_STATE"; } 2>/dev/null
}

# vrrp_seems HOLDS: a word that was lost, as of a keepalived that started before our scripts came, is made up for by what
# holds_vip said.
vrrp_seems() {
    local word=''
    { read -r word; } 2>/dev/null <"$VRRP_STATE"
    case $1:$word in
        0: | 0:BACKUP) vrrp_is MASTER ;;
        1: | 1:MASTER) vrrp_is BACKUP ;;
    esac
}

# holds_vip: 0 yes, 1 no, 2 when the host could not even be asked. The kernel's list of this host's addresses costs no
# process. It does not name the interface: that is asked once the VIP is there, again when the list has changed, and every
# SURE_SECONDS.
SURE_SECONDS=5
LOCAL_ADDRESSES=/proc/net/fib_trie
sure_of='' sure_until=0

holds_vip() {
    local list='' found
    { IFS= read -r -d '' list || :; } 2>/dev/null <"$LOCAL_ADDRESSES"
    if [ -n "$list" ]; then
        [[ $list =~ "-- $VIP"$'\n'(\ +/[^$'\n']*$'\n')*\ +/32\ host\ LOCAL ]] || return 1
        [ "$list" != "$sure_of" ] || [ "$SECONDS" -ge "$sure_until" ] || return 0
    fi
    found=$(timeout 2 ip -o -4 address show dev "$INTERFACE" to "$VIP/32") || return 2
    [ -n "$found" ] || return 1
    sure_of=$list sure_until=$((SECONDS + SURE_SECONDS))
}

# wait_for_vip: keepalived calls master.sh while it is adding the address.
wait_for_vip() {
    local tries
    for tries in {1..20}; do
        holds_vip && return
        sleep 0.1
    done
    say "the VIP $VIP is not on $INTERFACE after $tries tries"
    return 1
}

# serialised: one script acts at a time; the others wait for it, bounded. Fails when the lock cannot be had: then nothing
# is opened or taken over, but whatever must be closed is closed all the same.
serialised() {
    my_turn -w "$LOCK_SECONDS" || { stuck "the lock $LOCK could not be had for $LOCK_SECONDS s"; return 1; }
}

# my_turn OPTION...: whether flock gives the lock by these.
my_turn() {
    { exec 9>"$LOCK"; } 2>/dev/null && flock "$@" 9 && LOCKED=yes
}

# stuck WHY: this host is not brought to what it must be.
stuck() {
    say_anew "$1"
    alert scripts-stuck "$1"
}

# settled_within SECONDS: whether the scripts have brought this host to what it must be so lately.
settled_within() {
    local at=0 now
    { read -r at <"$SETTLED"; } 2>/dev/null
    printf -v now '%(%s)T' -1
    [ "$at" -le "$now" ] && [ $((now - at)) -le "$1" ]
}

mysqld_pid() {
    timeout 2 systemctl show -p MainPID "$MYSQL_UNIT"
}

# set_closed SECONDS: a statement at work holds it up; while it waits, no other statement gets to write. That it was set
# is no proof: the server is asked.
set_closed() {
    local said
    said=$(ANSWER_SECONDS=$(($1 + 1)) query "SET SESSION lock_wait_timeout = $1; $CLOSE; $CLOSED") && [ "$said" = 1 ] || {
        echo "${said/#0/it was told to, and takes writes all the same}"
        return 1
    }
}

# close_writes: the sessions that hold it up are killed. One whose commit waits for the slave cannot be: it is waited for.
close_writes() {
    local said=${FOUND_CLOSED:-}
    if [ -z "$said" ] && ! said=$(closed); then
        case $said in
            *"ERROR 2002"*) say_anew "mysqld does not run: nobody writes" ;;
            *)
                say_anew "could not be closed: ${said:=mysqld does not answer}"
                alert not-closed "$said"
                return 1
                ;;
        esac
        alert_over not-closed
        return
    fi
    if [ "$said" = 1 ]; then
        is_closed
        return
    fi
    if ! said=$(set_closed 1); then
        kill_clients
        if ! said=$(set_closed $((SEMI_SYNC_SECONDS + 2))); then
            say "could not close: $said"
            alert not-closed "$said"
            return 1
        fi
        say "killed the sessions that were still writing"
    fi
    say "closed for writes"
    is_closed
}

is_closed() {
    [ ! -e "$OPENED" ] || rm -f "$OPENED"
    alert_over not-closed
}

# drop_vip: a keepalived that was killed leaves its VIP on the interface.
drop_vip() {
    holds_vip && timeout 2 ip address delete "$VIP/$VIP_PREFIX" dev "$INTERFACE" &&
        say "keepalived left the VIP behind: removed"
}

# defer: without the VIP nobody writes here; the master remembers that the slave may have it first.
defer() {
    [ "$ROLE" = slave ] || [ -e "$DEFERRED" ] || { (umask 077 && mkdir -p "$STATE") && touch "$DEFERRED"; }
    close_writes
}

# settle: the one decision, from what is true now. Only the master is ever opened, and only while it holds the VIP.
# Without the lock (serialised) this closes what must be closed, and does nothing else.
settle() {
    holds_vip
    case $ROLE:$? in
        master:0) is_master; locked && held && undefer && open_writes ;;
        master:1) is_master; defer && alert master-closed && end_vip_sessions ;;
        slave:0) is_slave; alert vip-on-slave "$(stale)" && close_writes && locked && held && take_over ;;
        slave:1) is_slave; alert_over vip-on-slave && close_writes && end_vip_sessions && locked && follow_master ;;
        *) say_anew "the addresses of $INTERFACE could not be read: nothing is changed"; return 1 ;;
    esac && locked && is_settled
}

undefer() {
    [ ! -e "$DEFERRED" ] || rm -f "$DEFERRED"
}

held() {
    [ -e "$HELD" ] || { : >"$HELD"; } 2>/dev/null
    return 0
}

locked() {
    [ -n "${LOCKED:-}" ]
}

is_settled() {
    { printf '%(%s)T\n' -1 >"$SETTLED"; } 2>/dev/null
    alert_over scripts-stuck
}

# Nothing can be decided without one: mysql_check.sh says by UNDECIDED that this is no failure of mysqld's.
read_configuration || exit "${UNDECIDED:-1}"
LOCK_SECONDS=$((SEMI_SYNC_SECONDS + 10))
ADMIN=(--protocol=tcp --host=127.0.0.1 --port="$ADMIN_PORT")
# shellcheck source=files/server.sh
. /usr/local/lib/mysql-runbook/server.sh
# shellcheck source=files/opening.sh
. /usr/local/lib/mysql-runbook/opening.sh
# shellcheck source=files/takeover.sh
. /usr/local/lib/mysql-runbook/takeover.sh
