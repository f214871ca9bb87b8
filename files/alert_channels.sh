# shellcheck shell=bash
# Made by the MySQL pair runbook. How an alert gets out: by HTTP to a DingTalk robot, and to any server that takes JSON.
# The addresses hold tokens: they go to curl by a pipe, and what a server says is masked before anybody sees it.

CONNECT_SECONDS=5
ANSWER_SECONDS_OF_SERVERS=10
WORDS=300 # of a server's answer that are worth keeping

# Each prints the server's words and fails unless it said that it took the alert.

# to_dingtalk TEXT-OBJECT: a robot says no with HTTP 200 and an errcode.
to_dingtalk() {
    local said errcode='' errmsg='' url=$DINGTALK_URL
    [ -z "$DINGTALK_SECRET" ] || url+=$(signature "$DINGTALK_SECRET" "$(date +%s%3N)")
    said=$(post "$url" "{\"msgtype\":\"text\",\"text\":$1}") || { echo "$said"; return 1; }
    [[ $said =~ \"errcode\"[[:space:]]*:[[:space:]]*\"?(-?[0-9]+) ]] && errcode=${BASH_REMATCH[1]}
    [[ $said =~ \"errmsg\"[[:space:]]*:[[:space:]]*\"([^\"]*)\" ]] && errmsg=${BASH_REMATCH[1]}
    [ "$errcode" = 0 ] && return
    echo "DingTalk says no: ${errcode:+errcode $errcode: }${errmsg:-$said}"
    return 1
}

# to_webhook DOCUMENT
to_webhook() {
    post "$WEBHOOK_URL" "$1"
}

# post URL BODY: prints what the server said, or why there was no answer; fails unless it said so with a status of 2xx.
post() {
    local said status body=${2//\\/\\\\}
    said=$(printf 'url = "%s"\ndata-binary = "%s"\n' "$1" "${body//\"/\\\"}" |
        timeout -k 1 $((ANSWER_SECONDS_OF_SERVERS + 2)) curl -q --silent --show-error --globoff --proto =http,https \
            --connect-timeout "$CONNECT_SECONDS" --max-time "$ANSWER_SECONDS_OF_SERVERS" \
            --header 'Content-Type: application/json; charset=utf-8' --header Expect: \
            --write-out '\n%{http_code}' --config - 2>&1 | tail -c 4000 | tr '\000' ' ')
    status=${said##*$'\n'}
    said=$(printf '%s' "${said%$'\n'*}" | tr -s '[:space:]' ' ' | cut -c "1-$WORDS" | iconv -c -f UTF-8 -t UTF-8 2>/dev/null)
    case $status in
        2[0-9][0-9]) echo "$said" ;;
        000) echo "${said:-no answer}"; return 1 ;;
        [0-9][0-9][0-9]) echo "HTTP $status: $said"; return 1 ;;
        *) echo "curl failed: $said $status"; return 1 ;;
    esac
}

# masked: stdin without what of the addresses may be a token.
masked() {
    local said token
    said=$(cat)
    for token in "${TOKENS[@]}"; do
        said=${said//"$token"/***}
    done
    printf '%s\n' "$said"
}

# signature SECRET MILLISECONDS: what a robot with signatures wants at the end of its address.
signature() {
    local sign
    sign=$(bytes_of_hex "$(hmac_sha256 "$1" "$2"$'\n'"$1")" | base64 -w 0)
    sign=${sign//+/%2B}
    sign=${sign//\//%2F}
    printf '&timestamp=%s&sign=%s' "$2" "${sign//=/%3D}"
}

# hmac_sha256 KEY TEXT: in hex (RFC 2104). openssl would want the key as an argument, which every user can read.
hmac_sha256() {
    local key inner='' outer='' at
    if [ "${#1}" -le 64 ]; then
        key=$(printf '%s' "$1" | od -An -v -tx1)
        key=${key//[[:space:]]/}
    else
        key=$(printf '%s' "$1" | sha256_hex)
    fi
    printf -v key '%-128s' "$key"
    key=${key// /0}
    for ((at = 0; at < 128; at += 2)); do
        printf -v inner '%s\\x%02x' "$inner" $((16#${key:at:2} ^ 0x36))
        printf -v outer '%s\\x%02x' "$outer" $((16#${key:at:2} ^ 0x5c))
    done
    inner=$(printf '%b%s' "$inner" "$2" | sha256_hex)
    { printf '%b' "$outer"; bytes_of_hex "$inner"; } | sha256_hex
}

sha256_hex() {
    local sum
    sum=$(sha256sum)
    printf '%s' "${sum%% *}"
}

bytes_of_hex() {
    local bytes='' at
    for ((at = 0; at < ${#1}; at += 2)); do
        bytes+="\\x${1:at:2}"
    done
    printf '%b' "$bytes"
}
