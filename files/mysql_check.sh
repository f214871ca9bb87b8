#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived asks it every second: exit 0 while mysqld serves. On the way it re-asserts what must be true.
set -u
UNDECIDED=0
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
{ printf '%(%s)T\n' -1 >"$CHECKED"; } 2>/dev/null
# shellcheck source=files/cut_off.sh
. /usr/local/lib/mysql-runbook/cut_off.sh
# shellcheck source=files/watch.sh
. /usr/local/lib/mysql-runbook/watch.sh

# While a script that keepalived started is settling things, that is left to it. Else what is found here stays so until
# it is settled, in the background: that may take longer than keepalived waits for an answer.
STUCK_SECONDS=$((LOCK_SECONDS + RELAY_SECONDS))
my_turn -n || [ ! -e "$SETTLED" ] || settled_within "$STUCK_SECONDS" ||
    stuck "the lock $LOCK could not be had for $STUCK_SECONDS s"

# answered: whether the server says anything of its own. A busy host is no dead one: it has CHECK_SECONDS for that.
# One client for both: the first answer comes alone when the second question hangs.
answered() {
    said=$(ANSWER_SECONDS=$CHECK_SECONDS query "SELECT 1; $CLOSED" --unbuffered)
    code=$?
    [ "$code" = 0 ] || [[ $said == 1* ]]
}

# gone: nobody answered within the time (124; 137 where timeout had to kill), the client's own errors say that there is no
# connection, or the server that it is on its way out. Anything else is an answer, or no question: whatever a login is
# refused with, mysqld is there; and a check that could not ask is no reason to move the VIP.
gone() {
    [ "$code" = 124 ] || [ "$code" = 137 ] || [[ $said =~ ERROR\ (2002|2003|2005|2006|2012|2013|2055|1053|1080) ]]
}

# One that is not there (2002), or is going (2013, 1053), may be on its way back, as under mysqld_safe: it has as long.
tries=1
until answered && serves=yes; do
    [[ $said == *"ERROR "* ]] && gone && [ "$((tries++))" -lt "$CHECK_TRIES" ] || break
    sleep 0.5
done

if [ -z "${serves:-}" ]; then
    if gone; then
        say "mysqld does not serve: ${said:=no answer}"
        alert mysqld-silent "$said"
        vrrp_is FAULT
        exit 1
    fi
    say_anew "mysqld answers, but not to us: ${said:=the client ended with $code}"
    alert_over mysqld-silent
    case $said in
        *"ERROR 1040"* | *"ERROR 1203"*) alert connections-used-up "$said" ;;
        # The second is all that MySQL's client says of an expired password [M on 9.7].
        *"ERROR "* | *expired-password*) alert login-refused "$said" ;;
        *) alert check-undecided "$said" ;;
    esac
    exit 0
fi

for kind in mysqld-silent login-refused check-undecided keepalived-stopped; do
    alert_over "$kind"
done

# A host that is cut off gives the VIP up: the slave has it by now, and by its higher priority the master would take it
# back unasked as soon as the two hear each other again.
code=0
if cut_off; then
    [ -e "$ALERTS/now/cut-off" ] || say "hears nobody on $INTERFACE, and $PEER does not answer: gives the VIP up"
    alert cut-off
    vrrp_is FAULT
    code=1
else
    alert_over cut-off
    holds_vip
    case $? in
        0) vrrp_is MASTER ;;
        1) vrrp_is BACKUP ;;
    esac
fi

if locked; then
    [[ $said != 1$'\n'[01] ]] || FOUND_CLOSED=${said#1$'\n'}
    { settle; ! watch_is_due || watch_state; } &
fi
exit $code
