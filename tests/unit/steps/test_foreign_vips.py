"""A live VIP of somebody else is never taken by the way."""

from ipaddress import IPv4Address

import pytest
from fake import FakeLink

from runbook.core.host import DryHost, Host
from runbook.core.step import ensure
from runbook.errors import BadInput
from runbook.steps.foreign_vips import QUESTION, NoForeignVips, kept
from runbook.system.resources import active_question

STEP = NoForeignVips(IPv4Address("192.168.152.130"))
THEIRS = """
! of the load balancers
vrrp_instance VI_WEB {
    state MASTER
    virtual_ipaddress {
        10.0.0.77/24 dev ens33 label ens33:1  # web
        # 10.0.0.78
        192.168.152.130
    }
    virtual_ipaddress_excluded {
        fe80::1/64
    }
}
"""


def test_the_addresses_of_a_configuration() -> None:
    assert kept(THEIRS) == ["10.0.0.77", "192.168.152.130", "fe80::1"]


@pytest.mark.parametrize("text", ["", "virtual_ipaddress", "virtual_ipaddress {", "virtual_ipaddress { }", "}{" * 50])
def test_a_configuration_without_addresses(text: str) -> None:
    assert kept(text) == []


def keepalived(link: FakeLink, configuration: str, state: str = "active") -> None:
    """One that is in this state, with a configuration that is not ours."""
    link.says(active_question("keepalived"), f"ActiveState={state}\n")
    link.says(QUESTION, configuration)


def test_a_keepalived_that_keeps_anothers_address_is_not_replaced(host: Host, link: FakeLink) -> None:
    keepalived(link, THEIRS)
    with pytest.raises(BadInput) as caught:
        ensure(host, STEP)
    told = str(caught.value)
    assert told.startswith("master 192.168.152.128: its keepalived runs and keeps 10.0.0.77, fe80::1 by ")
    assert "systemctl stop keepalived" in told


def test_a_plan_says_so(dry_host: DryHost, link: FakeLink) -> None:
    keepalived(link, THEIRS)
    outcome = ensure(dry_host, STEP)
    assert (outcome.status, "10.0.0.77" in outcome.note) == ("refused", True)


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_one_that_does_not_run_keeps_nothing(host: Host, link: FakeLink, state: str) -> None:
    keepalived(link, THEIRS, state)
    assert ensure(host, STEP).status == "ok"


@pytest.mark.parametrize(
    "said", ["", "virtual_ipaddress {\n 192.168.152.130/24 dev ens33\n}\n"], ids=["ours", "by hand"]
)
def test_the_pairs_own_vip_is_no_foreign_one(host: Host, link: FakeLink, said: str) -> None:
    """The question prints nothing of a configuration that is ours."""
    keepalived(link, said)
    assert ensure(host, STEP).status == "ok"
