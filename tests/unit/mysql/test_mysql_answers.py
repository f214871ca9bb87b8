"""What servers print, many of which the lab cannot have: values, the slave's status, grants."""

from collections.abc import Callable

import pytest
from case_files import Case, cases
from fake import mysqld_of, pair_of
from variables_server import Variables

from runbook.core.step import ensure
from runbook.mysql.accounts import granted, stands
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.tracking.progress import GtidSet
from runbook.mysql.tracking.status import ReplicaStatus, parse_replica_status
from runbook.mysql.variables import InForce, Manner, wanted
from runbook.settings.settings import Settings


@cases("shown")
@pytest.mark.usefixtures("fake_mysql")
def test_what_a_server_shows_is_compared_by_its_meaning(settings_of: Callable[..., Settings], case: Case) -> None:
    settings = settings_of(**{case.given["key"]: case.given["value"]})
    pair = pair_of(settings, dry=True)
    values = wanted(Manner(settings, settings.slave, MySQL((8, 0, 25)), by_gtid=True, semi_sync=False))
    mysqld_of(pair.slave, Variables(values | {case.given["variable"]: case.said}, set()))
    step = InForce(pair.slave.server, values, (), lambda host, why: None)
    assert ensure(pair.slave.host, step).status == ("ok" if case.means else "would change")


@cases("replica_status")
def test_the_status_of_a_slave_is_read(case: Case) -> None:
    status = parse_replica_status(case.said)
    assert {fact: told(status, fact) for fact in case.means} == case.means


def told(status: ReplicaStatus, fact: str) -> object:
    """What it says under that name, or what follows from what it says."""
    if fact == "received and not applied":
        return str(GtidSet.parse(status.retrieved).minus(GtidSet.parse(status.executed)))
    return getattr(status, fact)


@cases("grants")
def test_grants_as_each_series_prints_them(case: Case) -> None:
    assert granted(case.said) == case.means


@cases("create_user")
def test_what_a_server_says_of_an_accounts_end_is_read(case: Case) -> None:
    assert stands(case.said) == case.means
