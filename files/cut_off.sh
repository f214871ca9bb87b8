# shellcheck shell=bash
# Made by the MySQL pair runbook. Whether this host is cut off from its network; a check asks each second.
set -u

SILENT_CHECKS=3

# hear: sets `arrived`: what the interface has received, but for what switches send of their own accord.
hear() {
    local packets multicasts
    { read -r packets <"/sys/class/net/$INTERFACE/statistics/rx_packets" &&
        read -r multicasts <"/sys/class/net/$INTERFACE/statistics/multicast"; } 2>/dev/null &&
        arrived=$((packets - multicasts))
}

# call_neighbours: the peer, and all whom this host spoke with lately; that they answer for their address is enough, so
# it is by a datagram for discard (port 9): a connection without a login would count against us at the peer's mysqld.
call_neighbours() {
    local neighbours address
    neighbours=$(timeout 1 ip -4 neighbour show dev "$INTERFACE" | awk 'NR <= 8 { print $1 }')
    timeout 1 ip -4 neighbour flush dev "$INTERFACE" 2>/dev/null
    for address in $PEER $neighbours; do
        timeout 0.5 bash -c "echo >/dev/udp/$address/9 && sleep 0.3" 2>/dev/null &
    done
    wait
}

# cut_off: at SILENT_CHECKS checks in a row this host had heard nobody since the last one, though it called. On a quiet
# network the peer's answer to the first call, which costs no process, comes before the next check. What cannot be known
# is not so.
cut_off() {
    local before='' silent=0 arrived='' now
    hear || return 1
    { read -r before silent <"$HEARD"; } 2>/dev/null
    now=$arrived
    if [ "$now" != "$before" ]; then
        silent=0
    elif [ "$silent" = 0 ]; then
        { echo >"/dev/udp/$PEER/9"; } 2>/dev/null
        silent=1
    else
        # By a process of its own: it waits for all that it starts, and this one may have others that last.
        (call_neighbours)
        if hear && [ "$arrived" = "$now" ]; then silent=$((silent + 1)); else silent=0; fi
    fi
    { echo "$arrived $silent" >"$HEARD"; } 2>/dev/null
    [ "$silent" -ge "$SILENT_CHECKS" ]
}
