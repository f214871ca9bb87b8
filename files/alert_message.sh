# shellcheck shell=bash
# Made by the MySQL pair runbook. What an alert says: as text for people, as JSON for machines.
# shellcheck source=/dev/null
. /usr/local/lib/mysql-runbook/alert_texts.sh

# at_vip OPTIONS: who answers a client there now, by its role, and whether it takes writes.
at_vip() {
    with_options "$1" timeout -k 1 4 "$MYSQL" --defaults-file=/dev/fd/3 -NB --connect-timeout=2 \
        -e "SELECT IF(@@server_id = $MASTER_SERVER_ID, 'master', 'slave'),
            IF(@@GLOBAL.read_only, 'closed', 'open')" 2>&1
}

# served: the same as a key of SERVED. Each server is known by a CA of its own: by the other host's, or by this one's.
served() {
    local said
    said=$(at_vip "$VIP_OPTIONS")
    [[ $said != *"ERROR 2026"* ]] || said=$(at_vip "$VIP_OPTIONS_HERE")
    # Before it the client may complain of its option files.
    case ${said##*$'\n'} in
        *"ERROR 1040"* | *"ERROR 1203"*) echo full ;;
        *"ERROR 20"* | '') echo nobody ;;
        master*open | master*closed | slave*open | slave*closed)
            said=${said##*$'\n'}
            echo "${said/[[:space:]]/-}"
            ;;
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
    # What is no UTF-8, as a character that was cut in two, is left out.
    [[ $known == *$'\n'* ]] && detail=$(printf '%s\n' "${known#*$'\n'}" | iconv -c -f UTF-8 -t UTF-8 2>/dev/null)
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

# json_object NAME TEXT...: an object of strings. In the C locale, which library.sh sets, no byte of UTF-8 is a control.
json_object() {
    local json='' text
    while [ $# -ge 2 ]; do
        text=${2//\\/\\\\}
        text=${text//\"/\\\"}
        text=${text//$'\n'/\\n}
        json+=",\"$1\":\"${text//[[:cntrl:]]/ }\""
        shift 2
    done
    printf '{%s}' "${json#,}"
}

# document KIND STATE: what a machine wants to know, after compose.
document() {
    local state=begun ends=()
    if [ "$2" = over ]; then state=over; fi
    if [ -n "$ended" ]; then ends=(until "$(date -u -d "@$ended" +%FT%TZ)"); fi
    json_object pair "$PAIR" kind "$1" state "$state" host "$HOSTNAME" role "$ROLE" address "$ADDRESS" vip "$VIP" \
        since "$(date -u -d "@$since" +%FT%TZ)" ${ends[@]+"${ends[@]}"} served "$now" \
        title "$title" detail "$detail" next "$todo" text "$text"
}
