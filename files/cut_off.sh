# shellcheck shell=bash
# Made by the MySQL pair runbook. Whether this host is cut off from its network; mysql_check.sh asks each second.
set -u

SILENT_CHECKS=3

# packets_in: what the interface has received, but for what switches send of their own accord.
packets_in() {
    local packets multicasts
    { read -r packets <"/sys/class/net/$INTERFACE/statistics/rx_packets" &&
        read -r multicasts <"/sys/class/net/$INTERFACE/statistics/multicast"; } 2>/dev/null &&
        echo $((packets - multicasts))
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

# cut_off: at SILENT_CHECKS checks in a row this host had heard nobody since the last one, and nobody answered it. What
# cannot be known is not so.
cut_off() {
    local before='' silent='' now called=''
    now=$(packets_in) || return 1
    { read -r before silent <"$HEARD"; } 2>/dev/null
    if [ "$now" = "$before" ]; then
        call_neighbours
        called=$(packets_in)
    fi
    if [ "$called" = "$now" ]; then silent=$((silent + 1)); else silent=0; fi
    echo "${called:-$now} $silent" >"$HEARD"
    [ "$silent" -ge "$SILENT_CHECKS" ]
}
