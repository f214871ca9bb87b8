#!/bin/bash
# Made by the MySQL pair runbook.
# Tells people what the scripts raised (alert and alert_over in library.sh), until each channel knows what is so now.
# mysql-runbook-alert.path starts it when there is news: in a unit of its own, for what keepalived's scripts start ends
# with keepalived. `alert.sh test` sends one to each channel at once and prints what became of it.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/alert_message.sh
. /usr/local/lib/mysql-runbook/alert_message.sh
# shellcheck source=files/alert_channels.sh
. /usr/local/lib/mysql-runbook/alert_channels.sh
# shellcheck source=/dev/null
. "$ALERT_CONFIG" || exit 1

HOLD_SECONDS=5 # what is over sooner is not told
REST_SECONDS=15 # between two messages of one kind: DingTalk shuts a robot out for ten minutes after 20 in a minute
FIRST_PAUSE=5
LONGEST_PAUSE=60
declare -A NEXT_TRY=() PAUSE=() TRIED_SINCE=() LAST_WORDS=() GIVEN_UP=()

# so KIND: since when and what, or "over"; told CHANNEL KIND: the same as the channel was told it.
so() {
    what_is_in "$ALERTS/now/$1"
}

told() {
    what_is_in "$ALERTS/told/$1/$2"
}

what_is_in() {
    local known=over
    { IFS= read -r -d '' known || :; } 2>/dev/null <"$1"
    printf '%s\n' "${known%$'\n'}"
}

# to_tell CHANNEL: the kinds of which the channel knows something else than is so.
to_tell() {
    local file kind
    for file in "$ALERTS"/now/* "$ALERTS/told/$1"/*; do
        kind=${file##*/}
        [ -e "$file" ] && [ "$(so "$kind")" != "$(told "$1" "$kind")" ] && echo "$kind"
    done | sort -u
}

# ripe CHANNEL KIND: it has been so for HOLD_SECONDS, and the last message of that kind is REST_SECONDS old.
ripe() {
    local since last=0 now
    printf -v now '%(%s)T' -1
    since=$(so "$2")
    since=${since%%$'\n'*}
    [ "$since" = over ] && since=0
    [ -e "$ALERTS/told/$1/$2" ] && last=$(stat -c %Y "$ALERTS/told/$1/$2")
    [ -n "$since" ] && [ "$((since + HOLD_SECONDS))" -le "$now" ] && [ "$((last + REST_SECONDS))" -le "$now" ]
}

remember() {
    mkdir -p "$ALERTS/told/$1" && printf '%s\n' "$3" >"$ALERTS/told/$1/$2"
}

# deliver CHANNEL KIND STATE TOLD: prints the server's words, and fails unless it said that it took the alert.
deliver() {
    compose "$2" "$3" "$4"
    case $1 in
        dingtalk) to_dingtalk "$(json_object content "$text")" ;;
        webhook) to_webhook "$(document "$2" "$3")" ;;
    esac | masked
    return "${PIPESTATUS[0]}"
}

# tell CHANNEL: what is ripe; fails while something is left to tell. After a failure the channel rests, ever longer.
tell() {
    local kind state words left=0
    [ "$SECONDS" -ge "${NEXT_TRY[$1]:-0}" ] || return 1
    for kind in $(to_tell "$1"); do
        left=1
        ripe "$1" "$kind" || continue
        state=$(so "$kind")
        if words=$(deliver "$1" "$kind" "$state" "$(told "$1" "$kind")"); then
            remember "$1" "$kind" "$state"
            delivered "$1" "$kind"
        else
            not_delivered "$1" "$words"
            return 1
        fi
    done
    return "$left"
}

delivered() {
    say "told $1: $2$([ -e "$ALERTS/now/$2" ] || echo ' is over')"
    rm -f "$ALERTS/unsent/$1"
    unset "NEXT_TRY[$1]" "PAUSE[$1]" "TRIED_SINCE[$1/$2]" "LAST_WORDS[$1]" "GIVEN_UP[$1]"
}

# not_delivered CHANNEL WORDS: what has waited for ALERT_RETRY_SECONDS is given up: it counts as told. verify shows unsent.
not_delivered() {
    local kind left='' given_up=''
    for kind in $(to_tell "$1"); do
        : "${TRIED_SINCE[$1/$kind]:=$SECONDS}"
        if [ "$((SECONDS - TRIED_SINCE[$1/$kind]))" -lt "$ALERT_RETRY_SECONDS" ]; then
            left+=" $kind"
        else
            given_up+=" $kind"
            remember "$1" "$kind" "$(so "$kind")"
            unset "TRIED_SINCE[$1/$kind]"
        fi
    done
    if [ -n "$given_up" ]; then
        say "gave up telling $1 of$given_up after $ALERT_RETRY_SECONDS s: $2"
        GIVEN_UP[$1]="${GIVEN_UP[$1]:-}$given_up"
    elif [ "${LAST_WORDS[$1]:-}" != "${2//[0-9]/}" ]; then
        say "could not tell $1 of$left, tries again: $2"
    fi
    LAST_WORDS[$1]=${2//[0-9]/} # curl counts milliseconds
    mkdir -p "$ALERTS/unsent"
    echo "${left:+not delivered yet:$left; }${GIVEN_UP[$1]:+given up:${GIVEN_UP[$1]}; }$2" >"$ALERTS/unsent/$1"
    rest "$1"
}

# rest CHANNEL: for twice as long as the last time.
rest() {
    PAUSE[$1]=$((${PAUSE[$1]:-0} * 2))
    [ "${PAUSE[$1]}" -ge "$FIRST_PAUSE" ] || PAUSE[$1]=$FIRST_PAUSE
    [ "${PAUSE[$1]}" -le "$LONGEST_PAUSE" ] || PAUSE[$1]=$LONGEST_PAUSE
    NEXT_TRY[$1]=$((SECONDS + PAUSE[$1]))
}

tell_all() {
    local channel left
    sleep "$HOLD_SECONDS"
    while :; do
        rm -f "$ALERTS"/news/*
        left=0
        for channel in $ALERT_CHANNELS; do
            tell "$channel" || left=1
        done
        # News of this moment is left in its folder, for which the path unit starts this again.
        [ "$left" = 1 ] || return 0
        sleep 1
    done
}

# try_all: one line a channel: its name, ok or failed, and the other side's words.
try_all() {
    local channel words now
    printf -v now '%(%s)T' -1
    for channel in $ALERT_CHANNELS; do
        if words=$(deliver "$channel" test "$now" over); then
            printf '%s\tok\t%s\n' "$channel" "$words"
            rm -f "$ALERTS/unsent/$channel"
        else
            printf '%s\tfailed\t%s\n' "$channel" "$words"
        fi
    done
}

if [ "${1:-}" = test ]; then try_all; else tell_all; fi
