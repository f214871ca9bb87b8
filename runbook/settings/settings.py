"""hosts.env -> frozen Settings; every mistake at once, each naming its key and the way out."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any, Literal

from runbook.alerts.texts import Language
from runbook.errors import BadInput
from runbook.settings import hosts_env
from runbook.settings.hosts_env import mistake, render_hosts_env, write_new
from runbook.settings.key_rules import RULES
from runbook.settings.keys import BY_NAME, KEYS
from runbook.settings.source import Source, missing
from runbook.settings.values import Secret, SecretUrl

__all__ = ["Node", "Role", "Secret", "Settings", "find", "load", "render_hosts_env", "write_new"]

Role = Literal["master", "slave"]
WantedEngine = Literal["auto", "mysql", "mariadb"]


@dataclass(frozen=True)
class Node:
    """One host of the pair; `role` is what hosts.env makes it, whoever holds the VIP now."""

    role: Role
    address: IPv4Address
    ssh_host: str
    interface: str | None
    server_id: int
    priority: int
    auto_increment_offset: int


@dataclass(frozen=True)
class Settings:
    """What hosts.env says, its defaults filled in; each field is the key of the same name."""

    source: Path
    master: Node
    slave: Node
    vip: IPv4Interface
    ssh_user: str | None
    ssh_port: int | None
    ssh_key: Path | None
    ssh_config: Path | None
    ssh_known_hosts: Path
    ssh_jump: str | None
    selinux: Literal["disabled", "permissive", "keep"]
    firewall: Literal["off", "rules", "keep"]
    engine: WantedEngine
    mysql_source: Source
    mysql_version: str | None
    mysql_sha256: str | None
    mysql_port: int
    mysql_root_password: Secret
    root_remote: bool
    replica_user: str
    replica_password: Secret
    check_user: str
    check_password: Secret
    probe_user: str
    probe_password: Secret
    binlog_format: str
    sync_binlog: int
    innodb_flush_log_at_trx_commit: int
    character_set: str
    sql_mode: str | None
    auto_increment_increment: int
    slave_skip_errors: str
    skip_name_resolve: bool
    replication: Literal["auto", "gtid", "position"]
    semi_sync: Literal["auto", "on", "off"]
    semi_sync_timeout_ms: int
    router_id: str
    virtual_router_id: int
    vrrp_version: int
    auth_pass: Secret | None
    advert_int: Decimal
    check_interval: int
    check_timeout: Decimal
    check_fall: int
    check_rise: int
    close_kill_seconds: int
    alert_dingtalk_url: SecretUrl | None
    alert_dingtalk_secret: Secret | None
    alert_keyword: str | None
    alert_webhook_url: SecretUrl | None
    alert_lang: Language
    alert_retry_seconds: int

    def node(self, role: Role) -> Node:
        return self.master if role == "master" else self.slave

    def peer_of(self, role: Role) -> Node:
        return self.slave if role == "master" else self.master

    @property
    def alert_channels(self) -> tuple[str, ...]:
        """Where alerts go."""
        addresses = {"dingtalk": self.alert_dingtalk_url, "webhook": self.alert_webhook_url}
        return tuple(channel for channel, address in addresses.items() if address)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every password and token there is, for whoever masks output."""
        values = (getattr(self, field.name) for field in fields(self))
        found = [value for value in values if isinstance(value, Secret)]
        tokens = [Secret(part) for url in found if isinstance(url, SecretUrl) for part in url.parts]
        return (*found, *tokens)


def load(path: Path) -> Settings:
    """Read hosts.env; BadInput lists every mistake in it, one a line."""
    written = hosts_env.read(path)
    texts, values, mistakes = _typed(written.texts)
    for rule in RULES:
        if all(name in values for name in rule.needs) and rule.broken(*(values[name] for name in rule.needs)):
            mistakes.append(mistake(BY_NAME[rule.blamed], texts[rule.blamed], rule.why))
    for name, why in _path_mistakes(values, written.texts, path.parent):
        mistakes.append(mistake(BY_NAME[name], texts[name], why))
    mistakes = written.mistakes + mistakes
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise BadInput(f"{path}: {count}; nothing was done.", *(f"  {line}" for line in mistakes))
    return _settings(path, values)


def _typed(written: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Texts and typed values of all keys, defaults included, and what could not be read."""
    texts: dict[str, str] = {}
    values: dict[str, Any] = {}
    mistakes = []
    for key in KEYS:
        text = written.get(key.name, key.default)
        if key.name not in written and key.default is None:
            mistakes.append(f"{key.name}: is missing and has no default; add a line {key.name}=value")
        if text is None:
            continue
        try:
            values[key.name] = key.parse(text)
            texts[key.name] = text
        except ValueError as error:
            mistakes.append(mistake(key, text, str(error)))
    return texts, values, mistakes


def _path_mistakes(values: dict[str, Any], written: Mapping[str, str | None], folder: Path) -> list[tuple[str, str]]:
    """Make the paths absolute, relative ones from `folder` on, and ask for the files behind them."""
    for name in ("SSH_KEY", "SSH_CONFIG", "SSH_KNOWN_HOSTS"):
        if values.get(name) is not None:
            values[name] = folder.absolute() / values[name]
    found = []
    source = values.get("MYSQL_SOURCE")
    if source is not None and source.place and not source.is_url:
        values["MYSQL_SOURCE"] = source = replace(source, place=str(folder.absolute() / source.place))
        if why := missing(source):
            found.append(("MYSQL_SOURCE", why))
    key, config, known_hosts = (values.get(name) for name in ("SSH_KEY", "SSH_CONFIG", "SSH_KNOWN_HOSTS"))
    if key is not None and (why := _key_file_mistake(key)):
        found.append(("SSH_KEY", why))
    if config is not None and (config.is_dir() or not os.access(config, os.R_OK)):
        if "SSH_CONFIG" in written:
            found.append(("SSH_CONFIG", "no file that you can read; correct the path or delete the line"))
        values["SSH_CONFIG"] = None
    if known_hosts is not None and known_hosts.is_dir():
        found.append(("SSH_KNOWN_HOSTS", "is a folder; name the file in it"))
    return found


def _key_file_mistake(file: Path) -> str | None:
    if not file.is_file():
        return "no such file; correct the path, or make a key with ssh-keygen"
    if file.suffix == ".pub":
        return "is the public half; name the private key, the file without .pub"
    if not os.access(file, os.R_OK):
        return "you may not read it; run as the user it belongs to, or name another key"
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return f"others can read this private key (mode {mode:04o}); run: chmod 600 {file}"
    return None


def _settings(source: Path, values: Mapping[str, Any]) -> Settings:
    of_nodes = {"source", "master", "slave"}
    shared = {each.name: values[each.name.upper()] for each in fields(Settings) if each.name not in of_nodes}
    return Settings(source=source, master=_node("master", values), slave=_node("slave", values), **shared)


def _node(role: Role, values: Mapping[str, Any]) -> Node:
    prefix = role.upper()
    return Node(
        role=role,
        address=values[f"{prefix}_HOST"],
        ssh_host=values[f"{prefix}_SSH"] or str(values[f"{prefix}_HOST"]),
        interface=values[f"{prefix}_INTERFACE"],
        server_id=values[f"{prefix}_SERVER_ID"],
        priority=values[f"{prefix}_PRIORITY"],
        auto_increment_offset=values[f"{prefix}_AUTO_INCREMENT_OFFSET"],
    )


def find(environ: Mapping[str, str], folder: Path, labs: Sequence[Path]) -> Path:
    """The hosts.env to use: what HOSTS_ENV names, else the one in `folder`, else the only lab's, else BadInput."""
    named = environ.get("HOSTS_ENV", "")
    if named:
        path = Path(named).expanduser()
        if not path.exists():
            raise BadInput(
                f"HOSTS_ENV = {named}: no such file; nothing was done.",
                "Correct the variable, or unset it to use hosts.env here.",
            )
        return path
    own = folder / "hosts.env"
    if own.exists():
        return own
    if len(labs) == 1:
        return labs[0]
    if labs:
        raise BadInput(
            f"{own}: no such file, and {len(labs)} labs are up; nothing was done.",
            "Say which one you mean:",
            *(f"  HOSTS_ENV={lab} inv ..." for lab in labs),
        )
    raise BadInput(
        f"{own}: no such file, and no lab is up; nothing was done.",
        "Describe your hosts with `inv init`, or start a pair to rehearse on with `inv lab.up`.",
    )
