# shellcheck shell=bash
# Made by the MySQL pair runbook. A session with the server of this host that stays open, so that a question costs neither
# a login nor a process. It is never older than SESSION_SECONDS: whether the server lets anybody in is a part of the
# question.
set -u

SESSION_SECONDS=5
# Once it has begun to answer. What it does not say in this time can be asked again.
REST_SECONDS_OF_ANSWER=1
session='' session_from='' answers=0
# A client that has ended, as one that was refused, must not end who asks it.
trap : PIPE

# open_session OPTION...: a client that is told what to ask by its stdin. A question that it is refused ends it.
open_session() {
    local to from
    # Bash warns of one that has ended already, and that it has not heard of yet.
    {
        coproc SESSION {
            with_options "$CLIENT_OPTIONS" exec "$MYSQL" --defaults-file=/dev/fd/3 -B --column-names --unbuffered \
                --skip-reconnect "$@" 2>&1
        }
    } 2>/dev/null
    # Bash forgets the coproc's own names, and closes its ends, as soon as it has ended; it may have ended by now.
    session=$! session_from=$SECONDS to=${SESSION[1]:-} from=${SESSION[0]:-}
    if [ -z "$to" ] || [ -z "$from" ] || ! { exec {to_server}>&"$to" {from_server}<&"$from"; } 2>/dev/null; then
        close_session
    fi
}

# close_session: it may wait for a server that hangs.
close_session() {
    [ -n "$session" ] || return 0
    { kill -KILL "$session" && wait "$session"; } 2>/dev/null
    [ -z "${to_server:-}" ] || exec {to_server}>&- {from_server}<&-
    session='' to_server='' from_server=''
}

# ask_session STATEMENTS OPTION...: by a client with these options where one must be started; sets `answer` to what was
# said: of each statement the names, then the rows, with tabs between. Bash reads it byte by byte, so it had better be
# short. Fails with 124 when nothing more was said in time, else when the session has ended: then the answer is why.
ask_session() {
    local statements=$1 line code patience=$CHECK_SECONDS
    shift
    answer='' answers=$((answers + 1))
    [ $((SECONDS - session_from)) -lt "$SESSION_SECONDS" ] || close_session
    [ -n "$session" ] || open_session "$@"
    # It may have ended so soon that what it said is lost.
    [ -n "$session" ] || return 1
    { printf "%s; SELECT 'answer %s' AS ended;\n" "$statements" "$answers" >&"$to_server"; } 2>/dev/null
    while IFS= read -r -t "$patience" -u "$from_server" line || { code=$?; false; }; do
        [ "$line" != "answer $answers" ] || return 0
        answer+=$line$'\n'
        patience=$REST_SECONDS_OF_ANSWER
    done
    close_session
    [ "$code" -le 128 ] || return 124
    return 1
}

# status_in ANSWER: sets `status` to the replica status that stands there, as status prints it.
status_in() {
    local IFS=$'\x1f' at names values
    status=''
    [[ $1 =~ (^|$'\n')((Slave|Replica)_IO_State$'\t'[^$'\n']*)$'\n'([^$'\n']*) ]] || return 0
    names=${BASH_REMATCH[2]//Master/Source} values=${BASH_REMATCH[4]//\\n/}
    # Two tabs side by side would count as one.
    set -f
    # shellcheck disable=SC2206 # That they are split is meant.
    names=(${names//$'\t'/$IFS}) values=(${values//$'\t'/$IFS})
    set +f
    for at in "${!names[@]}"; do
        status+="${names[at]/Slave/Replica}: ${values[at]:-}"$'\n'
    done
}
