# shellcheck shell=bash
# Made by the MySQL pair runbook. What an alert says: as text for people, as JSON for machines.
# shellcheck source=/dev/null
. /usr/local/lib/mysql-runbook/alert_texts.sh

# served: who answers a client at the VIP now, and whether it takes writes: a key of SERVED.
served() {
    local said
    said=$(timeout -k 1 4 "$MYSQL" --defaults-file=/dev/fd/3 -NB --connect-timeout=2 \
        -e "SELECT IF(@@server_id = $MASTER_SERVER_ID, 'master', 'slave'),
            IF(@@GLOBAL.read_only, 'closed', 'open')" \
        3< <(printf '%s' "$VIP_OPTIONS") 2>&1)
    case $said in
        *"ERROR 1040"* | *"ERROR 1203"*) echo full ;;
        *"ERROR 20"* | '') echo nobody ;;
        master*open | master*closed | slave*open | slave*closed) echo "${said/[[:space:]]/-}" ;;
        *) echo unknown ;;
    esac
}

# at EPOCH: as people read it, in this host's time zone.
at() {
    date -d "@$1" '+%F %T %z'
}

# compose KIND STATE TOLD: sets title, text, since, ended, detail, now and todo; STATE and TOLD as so and told print them.
compose() {
    local known=$2
    ended='' now=$(served)
    if [ "$2" = over ]; then
        known=$3
        ended=$(cat "$ALERTS/ended/$1" 2>/dev/null || date +%s)
        title="${LABEL[over]}: ${OVER[$1]:-$1}" todo=${DO_NEXT[over]}
    else
        title="${LABEL[begins]}: ${BEGINS[$1]:-$1}" todo=${DO_NEXT[$1]:-}
    fi
    since=${known%%$'\n'*}
    detail=''
    [[ $known == *$'\n'* ]] && detail=${known#*$'\n'}
    title="${KEYWORD:+$KEYWORD }[$PAIR] $title"
    text=$(text_lines)
}

text_lines() {
    local role=${LABEL[$ROLE]}
    echo "$title"
    echo "${LABEL[host]}: $HOSTNAME, $role $ADDRESS; VIP $VIP"
    echo "${LABEL[since]}: $(at "$since")"
    [ -z "$ended" ] || echo "${LABEL[until]}: $(at "$ended")"
    [ -z "$detail" ] || echo "${LABEL[detail]}: $detail"
    echo "${LABEL[now]}: ${SERVED[$now]}"
    echo "${LABEL[next]}: $todo"
}

# escaped: stdin as the inside of a JSON string. What is no UTF-8, as a character that was cut in two, is left out.
escaped() {
    iconv -c -f UTF-8 -t UTF-8 2>/dev/null | tr '\000-\011\013-\037\177' ' ' | sed -e 's/[\\"]/\\&/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

json_string() {
    printf '"%s"' "$(printf '%s' "$1" | escaped)"
}

# document KIND STATE: what a machine wants to know, after compose.
document() {
    local state=begun
    [ "$2" = over ] && state=over
    printf '{"pair":%s,"kind":%s,"state":"%s"' "$(json_string "$PAIR")" "$(json_string "$1")" "$state"
    printf ',"host":%s,"role":"%s","address":"%s","vip":"%s"' "$(json_string "$HOSTNAME")" "$ROLE" "$ADDRESS" "$VIP"
    printf ',"since":"%s"' "$(date -u -d "@$since" +%FT%TZ)"
    [ -z "$ended" ] || printf ',"until":"%s"' "$(date -u -d "@$ended" +%FT%TZ)"
    printf ',"served":"%s"' "$now"
    printf ',"title":%s,"detail":%s,"next":%s,"text":%s}' \
        "$(json_string "$title")" "$(json_string "$detail")" "$(json_string "$todo")" "$(json_string "$text")"
}
