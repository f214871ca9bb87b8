"""Which keepalived a host has, and which pairs of versions are refused, with the reason."""

from pathlib import Path

import pytest
from case_files import Case, cases
from fake import LocalLink, host_of, link_of, pair_of

from runbook.core.step import ensure
from runbook.errors import BadInput
from runbook.keepalived.version import VERSION_QUESTION, Version, installed, parsed, reasons_against
from runbook.settings.settings import Settings
from runbook.steps.install_keepalived import FitsThePair


@cases("version_words")
def test_versions_as_keepalived_and_packages_tell_them(case: Case) -> None:
    assert parsed(case.text) == (tuple(case.means) if case.means else None)


@cases("keepalived_version")
def test_the_version_is_found_in_what_keepalived_prints(settings: Settings, tmp_path: Path, case: Case) -> None:
    (tmp_path / "said").write_text(case.text)
    (tmp_path / "keepalived").write_text(f'#!/bin/sh\n[ "$*" = --version ] && cat {tmp_path}/said >&2\n')
    (tmp_path / "keepalived").chmod(0o755)
    assert installed(host_of(settings, LocalLink(tmp_path))) == tuple(case.means)


@pytest.mark.parametrize(
    ("master", "slave", "vrrp", "reason"),
    [
        ((2, 3, 4), (2, 2, 7), 3, None),
        ((1, 3, 5), (1, 3, 5), 3, None),
        ((1, 3, 5), (2, 2, 7), 2, None),
        ((1, 3, 5), (2, 2, 7), 3, "1.3.5 on master and 2.2.7 on slave do not understand each other's VRRP 3"),
        ((2, 0, 4), (2, 0, 4), 3, "slave: keepalived 2.0.4 sends VRRP 3 that nobody accepts"),
        ((2, 0, 4), (2, 0, 4), 2, None),
        ((2, 0, 5), (2, 0, 5), 3, None),
        ((1, 2, 13), (1, 2, 13), 2, "slave: keepalived 1.2.13 is too old: 1.3.0 is the first"),
        ((1, 3, 6), (1, 3, 6), 3, "master: keepalived 1.3.6 does not run scripts that have arguments"),
    ],
)
def test_pairs_of_versions(master: Version, slave: Version, vrrp: int, reason: str | None) -> None:
    said = "; ".join(reasons_against({"master": master, "slave": slave}, vrrp))
    assert (reason in said) if reason else said == ""


def test_a_pair_that_does_not_fit_is_refused_before_its_configuration(settings: Settings) -> None:
    pair = pair_of(settings)
    link_of(pair.master).says(VERSION_QUESTION, "1.3.5 (03/19,2017)\n")
    link_of(pair.slave).says(VERSION_QUESTION, "2.2.7 (01/16,2022)\n")
    for side in pair.sides.values():
        link_of(side).says_where("/etc/os-release", "debian||Debian")
    assert installed(pair.master.host) == (1, 3, 5)
    with pytest.raises(BadInput, match="VRRP_VERSION=2"):
        ensure(pair.master.host, FitsThePair(pair))
    assert link_of(pair.master).changed == link_of(pair.slave).changed == []
