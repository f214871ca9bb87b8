# shellcheck shell=bash
# Made by the MySQL pair runbook. One look at this host: whether mysqld serves, whether the network is there, and what of
# it people should know. checker.sh has one each second; mysql_check.sh has its own while that one is not heard.
set -u
# shellcheck source=files/session.sh
. /usr/local/lib/mysql-runbook/session.sh
# shellcheck source=files/cut_off.sh
. /usr/local/lib/mysql-runbook/cut_off.sh
# shellcheck source=files/watch.sh
. /usr/local/lib/mysql-runbook/watch.sh

CALM_SECONDS=2
acted_on='' holds=''
STUCK_SECONDS=$((LOCK_SECONDS + RELAY_SECONDS))

# look: sets `code`: 0 while this host may hold the VIP.
look() {
    local tries=1 said
    watched='' holds=''
    ! watch_is_due || watched=yes
    # One that is not there (2002), or is going (2013, 1053), may be on its way back, as under mysqld_safe: it has as long
    # as one that does not answer. So has a client that ended without a word.
    until answered; do
        [ "$code" = 1 ] && { [ -z "$said" ] || gone; } && [ "$((tries++))" -lt "$CHECK_TRIES" ] || break
        sleep 0.5
    done
    if [ -n "$serves" ]; then
        look_around
    elif gone; then
        say "mysqld does not serve: ${said:=no answer}"
        alert mysqld-silent "$said"
        code=1
    else
        undecided
        code=0
    fi
}

# answered: whether the server says anything of its own, and what. A busy host is no dead one: it has CHECK_SECONDS.
answered() {
    local aged=$session refused
    ask_server
    # A session that was open already may have been ended by anybody; one of now says how the server is.
    [ "$code" != 1 ] || [ -z "$aged" ] || [ -n "$serves" ] || ask_server
    if [[ $said == *"ERROR 1040"* && -n $ADMIN_PORT ]]; then
        refused=$said
        ask_server "${ADMIN[@]}"
        [ -n "$serves" ] || said=$refused code=1
    fi
    [ -n "$serves" ]
}

# ask_server OPTION...: the first answer comes alone when the next question hangs; what then is not known is asked again by
# who needs it. How replication is, which is long, is asked about as often as people are told of it.
# shellcheck disable=SC2034 # library.sh, takeover.sh and watch.sh act on what was found.
ask_server() {
    local question="SELECT 1 AS serves; SELECT ($CLOSED) AS closed"
    [ -z "$watched" ] || question+="; $FACTS"
    if [ -n "$watched" ] && [ "$ROLE" = slave ]; then
        question+="; SHOW $REPLICA STATUS${ERRANT:+; SELECT (${ERRANT//PEER/}) AS made_itself}"
    fi
    serves='' FOUND_CLOSED=''
    ask_session "$question" "$@"
    code=$? said=${answer%$'\n'}
    [[ $answer != $'serves\n1\n'* ]] || serves=yes
    [[ ! $answer =~ $'\nclosed\n'([01])$'\n' ]] || FOUND_CLOSED=${BASH_REMATCH[1]}
    if [ "$code" = 0 ]; then
        status_in "$answer"
        FOUND_STATUS=$status FOUND_FACTS=$answer
    else
        unset FOUND_STATUS FOUND_FACTS
    fi
}

# gone: nobody answered within the time, the client's own errors say that there is no connection, or the server that it is
# on its way out. Anything else is an answer, or no question: whatever a login is refused with, mysqld is there; and a
# check that could not ask is no reason to move the VIP.
gone() {
    [ "$code" = 124 ] || [[ $said =~ ERROR\ (2002|2003|2005|2006|2012|2013|2055|1053|1080) ]]
}

undecided() {
    say_anew "mysqld answers, but not to us: ${said:=the client said nothing}"
    alert_over mysqld-silent
    case $said in
        *"ERROR 1040"* | *"ERROR 1203"*) alert connections-used-up "$said" ;;
        # The second is all that MySQL's client says of an expired password [M on 9.7].
        *"ERROR "* | *expired-password*) alert login-refused "$said" ;;
        *) alert check-undecided "$said" ;;
    esac
}

# look_around: a host that is cut off gives the VIP up: the slave has it by now, and by its higher priority the master
# would take it back unasked as soon as the two hear each other again.
look_around() {
    local kind
    for kind in mysqld-silent login-refused check-undecided keepalived-stopped; do
        alert_over "$kind"
    done
    if cut_off; then
        [ -e "$ALERTS/now/cut-off" ] || say "hears nobody on $INTERFACE, and $PEER does not answer: gives the VIP up"
        alert cut-off
        code=1
        return
    fi
    code=0
    alert_over cut-off
    holds_vip
    holds=$?
    vrrp_seems "$holds"
}

# act: what was found stays so until it is settled: in the background, for that may take longer than anybody waits for an
# answer. While another script settles things, that is left to it. What has just been settled and has not changed is asked
# about as often, and acted on more seldom.
act() {
    [ -n "$serves" ] || return
    [ "$holds:$FOUND_CLOSED" != "$acted_on" ] || [ -n "$watched" ] || ! settled_within "$CALM_SECONDS" || return
    acted_on=$holds:$FOUND_CLOSED
    {
        if my_turn -n; then
            settle
            [ -z "$watched" ] || watch_state
        elif [ -e "$SETTLED" ] && ! settled_within "$STUCK_SECONDS"; then
            stuck "the lock $LOCK could not be had for $STUCK_SECONDS s"
        fi
    } &
}
