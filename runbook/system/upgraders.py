"""What upgrades packages by itself, by night: whether it leaves the server and keepalived alone, and how it is told to.

An upgrade of either restarts it, and on the master that is a takeover which nobody watches.
"""

import configparser
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

LEFT_OUT_COMMENT = "Made by the MySQL pair runbook: an upgrade restarts them, so it is made by hand."
# The server's client packages are of its version, and are upgraded with it.
WATCHED = ("mysql-server", "mysql-community-server", "mariadb-server", "keepalived")


class Upgrader(Protocol):
    """One such program."""

    @property
    def name(self) -> str: ...
    @property
    def question(self) -> str:
        """Its settings; nothing where it is not installed."""
        ...

    def leaves_alone(self, said: str) -> bool: ...
    def told(self, said: str) -> tuple[str, str]:
        """The file by which it leaves them alone, and all that is to stand there."""
        ...

    def reboots(self, said: str) -> str:
        """By which setting it reboots the host; empty where it does not."""
        ...


@dataclass(frozen=True)
class Unattended:
    """unattended-upgrades: a list of regular expressions, to which each file adds (its README.md)."""

    name: str = "unattended-upgrades"
    file: str = "/etc/apt/apt.conf.d/90mysql-runbook"

    @property
    def question(self) -> str:
        return (
            "[ ! -e /usr/bin/unattended-upgrade ] || apt-config dump | "
            "grep -E '^Unattended-Upgrade::(Package-Blacklist|Automatic-Reboot) *(::[^ ]*)? ' || true"
        )

    def leaves_alone(self, said: str) -> bool:
        entries = re.findall(r'^Unattended-Upgrade::Package-Blacklist::\S* "(.*)";$', said, re.MULTILINE)
        return all(any(_matches(entry, package) for entry in entries) for package in WATCHED)

    def told(self, said: str) -> tuple[str, str]:
        entries = " ".join(f'"{entry}";' for entry in ("mysql-", "mariadb-", "keepalived$"))
        return self.file, f"// {LEFT_OUT_COMMENT}\nUnattended-Upgrade::Package-Blacklist {{ {entries} }};\n"

    def reboots(self, said: str) -> str:
        found = re.search(r'^Unattended-Upgrade::Automatic-Reboot "(true|yes|1|on|enable|with)";$', said, re.M | re.I)
        return found[0] if found else ""


@dataclass(frozen=True)
class NeedRestart:
    """needrestart: after an upgrade of a library it restarts who uses it (Ubuntu's default after unattended ones)."""

    name: str = "needrestart"
    file: str = "/etc/needrestart/conf.d/mysql-runbook.conf"
    line: str = r"$nrconf{override_rc}{qr(^(mysql|mysqld|mariadb|keepalived)\.service$)} = 0;"

    @property
    def question(self) -> str:
        return f"[ ! -e /usr/sbin/needrestart ] || {{ echo there; cat {self.file} 2>/dev/null; }} || true"

    def leaves_alone(self, said: str) -> bool:
        return self.line in said.splitlines()

    def told(self, said: str) -> tuple[str, str]:
        return self.file, f"# {LEFT_OUT_COMMENT}\n{self.line}\n"

    def reboots(self, said: str) -> str:
        return ""


@dataclass(frozen=True)
class Automatic:
    """dnf-automatic and yum-cron: their [base] overrides dnf's and yum's own settings (dnf-automatic(8), yum-cron(8)).

    `or_where` is a file by which it is installed though it has no configuration yet.
    """

    name: str
    file: str
    or_where: str = "/nonexistent"
    globs: str = "mysql* mariadb* MariaDB* keepalived*"

    @property
    def question(self) -> str:
        return f"[ ! -e {self.file} ] && [ ! -e {self.or_where} ] || {{ echo; cat {self.file} 2>/dev/null; }} || true"

    def leaves_alone(self, said: str) -> bool:
        words = self._excluded(said)
        return all(any(fnmatchcase(package, word) for word in words) for package in (*WATCHED, "MariaDB-server"))

    def told(self, said: str) -> tuple[str, str]:
        """With what was left out already."""
        lines, words = _without_exclusions(said.strip("\n").splitlines()), self._excluded(said)
        if "[base]" not in (line.strip() for line in lines):
            lines += ["", "[base]"]
        at = [line.strip() for line in lines].index("[base]") + 1
        wanted = " ".join(dict.fromkeys([*words, *self.globs.split()]))
        lines[at:at] = [f"# {LEFT_OUT_COMMENT}", f"exclude = {wanted}"]
        return self.file, "\n".join(lines).lstrip("\n") + "\n"

    def reboots(self, said: str) -> str:
        how = _ini(said).get("commands", "reboot", fallback="never").strip()
        return f"reboot = {how} in {self.file}" if how in ("when-changed", "when-needed") else ""

    @staticmethod
    def _excluded(said: str) -> list[str]:
        parsed = _ini(said)
        found = (parsed.get("base", key, fallback="") for key in EXCLUSIONS)
        return [word for words in found for word in re.split(r"[\s,]+", words) if word]


EXCLUSIONS = ("exclude", "excludepkgs")


def _ini(text: str) -> configparser.RawConfigParser:
    """As far as it can be read."""
    parsed = configparser.RawConfigParser(strict=False, allow_no_value=False)
    try:
        parsed.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parsed


def _without_exclusions(lines: list[str]) -> list[str]:
    """Without those of [base], and the lines that go on with them."""
    kept: list[str] = []
    section, skipping = "", False
    for line in lines:
        if header := re.fullmatch(r"\[(.+)\]", line.strip()):
            section, skipping = header[1], False
        elif re.match(r"\S", line):
            skipping = section == "base" and re.split(r"\s*[=:]", line)[0].strip() in EXCLUSIONS
            if LEFT_OUT_COMMENT in line:
                continue
        if not skipping:
            kept.append(line)
    return kept


def _matches(expression: str, package: str) -> bool:
    try:
        return bool(re.match(expression, package))
    except re.error:
        return False
