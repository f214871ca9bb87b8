#!/bin/bash
# Made by the MySQL pair runbook.
# keepalived asks it every second: exit 0 while mysqld serves. On the way it re-asserts what must be true.
set -u
# shellcheck source=files/library.sh
. /usr/local/lib/mysql-runbook/library.sh
# shellcheck source=files/cut_off.sh
. /usr/local/lib/mysql-runbook/cut_off.sh
# shellcheck source=files/watch.sh
. /usr/local/lib/mysql-runbook/watch.sh

# While a script that keepalived started is settling things, that is left to it. Else what is found here stays so until
# it is settled, in the background: that may take longer than keepalived waits for an answer.
exec 9>"$LOCK"
flock -n 9 && my_turn=yes

# answered: whether the server says anything of its own. A busy host is no dead one: it has CHECK_SECONDS for that.
# One client for both: the first answer comes alone when the second question hangs.
answered() {
    said=$(ANSWER_SECONDS=$CHECK_SECONDS query "SELECT 1; $CLOSED" --unbuffered) || [[ $said == 1* ]]
}

# One that is not there (2002), or is going (2013, 1053), may be on its way back, as under mysqld_safe: it has as long.
tries=1
until answered && serves=yes; do
    [[ $said == *"ERROR 20"* || $said == *"ERROR 1053"* ]] && [ "$((tries++))" -lt "$CHECK_TRIES" ] || break
    sleep 0.5
done

if [ -z "${serves:-}" ]; then
    case $said in
        # The server is there and answers, if only to say no: a full house or a wrong password is no reason to move.
        *"ERROR 1040"* | *"ERROR 1045"* | *"ERROR 1203"*)
            say_anew "mysqld answers, but not to us: $said"
            alert_over mysqld-silent
            case $said in
                *"ERROR 1045"*) alert login-refused "$said" ;;
                *) alert connections-used-up "$said" ;;
            esac
            exit 0
            ;;
    esac
    say "mysqld does not serve: ${said:=no answer}"
    alert mysqld-silent "$said"
    vrrp_is FAULT
    exit 1
fi

for kind in mysqld-silent login-refused keepalived-stopped; do
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

if [ -n "${my_turn:-}" ]; then
    [[ $said != 1$'\n'[01] ]] || FOUND_CLOSED=${said#1$'\n'}
    { settle; ! watch_is_due || watch_state; } &
fi
exit $code
