"""No file of the operator's ends in a traceback: what is in it is taken, passed over, or refused by name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzzed import bounded, damaged, pieces
from hosts_env_text import lines
from hypothesis import given
from hypothesis import strategies as st

from runbook.core.openssh import config as ssh_config
from runbook.core.openssh import known_hosts
from runbook.core.openssh.login import Unusable, private_key, public_half
from runbook.core.openssh.way import way_to
from runbook.drill.report import index
from runbook.drill.report.reports import Reports
from runbook.errors import BadInput, RunbookError
from runbook.settings.load import find, load
from runbook.settings.settings import KEYS, Settings
from runbook.settings.source import checked_files

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHtUN/p5DFQ7sc/9G6+zKOc+UWxE4t/7Mm2ezVvAcLx5"


@pytest.fixture
def file(own_home: Path) -> Path:
    """A file of the operator's, which no other may read."""
    path = own_home / "file"
    path.touch(mode=0o600)
    return path


# ---- hosts.env ----


@bounded()
@given(
    text=pieces(*(f"{key.name}=" for key in KEYS), "export ", "#", "\\", "$", "~", "/", ".", "\r\n", "10.0.0.1", "/16")
)
def test_hosts_env(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(BadInput) as caught:
        load(file)
    assert str(file) in str(caught.value)


@bounded()
@given(
    name=st.sampled_from([key.name for key in KEYS]),
    value=pieces("/", "~", "~nobody-here", "https://", "a" * 300, "10.0.0.1", "/16", "@", ":", ".rpm", ".pub", "\\"),
)
def test_a_key_of_hosts_env(file: Path, name: str, value: str) -> None:
    """All others are right, so that what the files and the rules of keys do with it is seen, too."""
    file.write_text(lines(**{name: value.replace("\n", "")}), encoding="utf-8", errors="surrogatepass")
    try:
        load(file)
    except BadInput as error:
        assert str(file) in str(error)


@bounded()
@given(data=st.binary(max_size=80))
def test_bytes_as_hosts_env(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        load(file)
    assert str(file) in str(caught.value)


@bounded()
@given(named=pieces("~", "/", "~nobody-here", "a" * 300, "."))
def test_the_variable_hosts_env(own_home: Path, named: str) -> None:
    try:
        assert find({"HOSTS_ENV": named}, own_home, []) is not None
    except BadInput as error:
        assert "hosts.env" in str(error).lower() or "HOSTS_ENV" in str(error)


# ---- ssh's files ----

SSH_WORDS = (
    *("Host *\n", "Host 192.168.152.128\n", "Match all\n", "Match host ", "exec ", "Include ", "ProxyJump ", "none"),
    *("ProxyCommand ", "%h", "%p", "%%", "IdentityFile ", "~/.ssh/", "~nobody-here/x", "Port ", "22", "User ", "a,b"),
    *("HostName ", "HostKeyAlias ", "IdentityAgent ", "$NOSUCH", "UserKnownHostsFile ", "yes"),
)


def reads_the_way(settings_of: Callable[..., Settings], file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    settings = settings_of(SSH_CONFIG=str(file))
    try:
        assert way_to(settings.master, settings).host
    except BadInput as error:
        assert "ssh_config" in str(error).lower()


# Without `exec`: what it names would be run.
@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not here")
@bounded(40)
@given(text=pieces(*(word for word in SSH_WORDS if word != "exec ")).filter(lambda text: "exec" not in text.lower()))
def test_ssh_config_by_ssh(settings_of: Callable[..., Settings], file: Path, text: str) -> None:
    reads_the_way(settings_of, file, text)


@bounded()
@given(text=pieces(*SSH_WORDS))
def test_ssh_config_without_ssh(
    settings_of: Callable[..., Settings], file: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(ssh_config.shutil, "which", lambda name: None)
    monkeypatch.setattr("invoke.run", lambda *_, **__: pytest.fail("a command of the file was run"))
    reads_the_way(settings_of, file, text.replace("exec", ""))


@bounded()
@given(
    text=pieces("ssh-ed25519 ", ED25519, "host", "|1|", "@revoked ", "@cert-authority ", "*", "!", ",", "[h]:22 ", "#")
)
def test_known_hosts(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    found = known_hosts.read([file])
    for name in ("host", "[h]:22", "é", "["):
        assert all(line.key for line in found.of([name]))
        assert found.revoked([name], b"no such key") is None


@bounded()
@given(
    line=damaged(f"host,*.example.com,!x ssh-ed25519 {ED25519} comment")
    | damaged(f"|1|yvPCd+hLWqsRwhSIr8rnNvNaAWo=|hjBlm1aPhLfyw0aGTfbxD7Tu2ok= ssh-ed25519 {ED25519}")
)
def test_a_damaged_line_of_known_hosts(line: str) -> None:
    found = known_hosts.parsed(line.strip() or "x", "here")
    assert found is None or isinstance(found.is_of("host"), bool)


def armoured(word: str) -> str:
    body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACB7VDf6eQxUO7HP/Ruvsyjn"
    return f"-----BEGIN {word} PRIVATE KEY-----\n{body}\n-----END {word} PRIVATE KEY-----\n"


@bounded()
@given(
    text=damaged(armoured("OPENSSH"))
    | damaged(armoured("RSA"))
    | damaged(armoured("EC"))
    | damaged(armoured("ENCRYPTED")),
    public=damaged(f"ssh-ed25519 {ED25519} comment"),
)
def test_a_key_file(file: Path, text: str, public: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    file.with_name("file.pub").write_text(public, encoding="utf-8", errors="surrogatepass")
    assert isinstance(public_half(file), bytes | None)
    with pytest.raises(Unusable, match="file: "):
        private_key(file)


@bounded()
@given(data=st.binary(max_size=60))
def test_bytes_as_a_key_file(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    file.with_name("file.pub").write_bytes(data)
    assert isinstance(public_half(file), bytes | None)
    with pytest.raises(Unusable, match="file: "):
        private_key(file)


# ---- what a run left ----

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def replaced(document: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    """A document with one of its values another."""
    copy = json.loads(json.dumps(document))
    at: Any = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return copy


def paths(value: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(*so_far, name) for name, _ in inner]
    return found + [deeper for name, each in inner for deeper in paths(each, (*so_far, name))]


REPORT: dict[str, Any] = {
    "schema": 1,
    "drill": "kill-master",
    "started": "2026-11-22T19:40:12Z",
    "pair": {"name": "lab pair"},
    "by": "me",
    "verdict": "passed",
    "timeline": [{"kind": "takeover", "at": 0.1, "what": "x"}, {"kind": "reads", "at": 0.2, "what": "y"}],
    "scorecard": [{"promise": "reads again", "seconds": 0.2, "target_seconds": 0.5}],
    "ledger": {"acknowledged": 3, "lost": []},
}


@bounded()
@given(path=st.sampled_from([list(path) for path in paths(REPORT)]), value=VALUES)
def test_a_report_whose_values_are_others(file: Path, path: list[Any], value: Any) -> None:
    reports = Reports(file.parent / "reports")
    reports.folder.mkdir(exist_ok=True)
    for name, document in (("a", replaced(REPORT, path, value)), ("b", REPORT)):
        (reports.folder / f"{name}.json").write_text(json.dumps(document))
    found = reports.renew_index()
    assert "b" in [each.name for each in found]
    assert index.table(found).row_count == len(found)


@bounded()
@given(text=pieces("{", "}", '"schema"', ":", "1", "[" * 5000, "NaN", ","))
def test_a_text_as_a_report(file: Path, text: str) -> None:
    reports = Reports(file.parent)
    (file.parent / "a.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    assert reports.renew_index() == []


@bounded()
@given(data=st.binary(max_size=60))
def test_the_sums_beside_packages(file: Path, data: bytes) -> None:
    (file.parent / "SHA256SUMS").write_bytes(data)
    (file.parent / "one.deb").touch()
    with pytest.raises(RunbookError, match="SHA256SUMS"):
        checked_files(file.parent)
