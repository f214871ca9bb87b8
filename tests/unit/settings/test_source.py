"""MYSQL_SOURCE: what may stand there, what must be there, and that no other file than the one meant is installed."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.errors import BadInput, RunbookError
from runbook.settings.source import SUMS, Source, checked_files, fetched, file_sha256, missing, read_source

CONTENT = b"what the vendor ships"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("distribution", "distribution"),
        ("https://vendor.example/mysql80-community-release-el9-5.noarch.rpm", "release"),
        ("http://vendor.example/mysql-apt-config_0.8.33-1_all.deb", "release"),
        ("/srv/mysql-community-release-el7-5.noarch.rpm", "release"),
        ("/srv/mysql-5.7.44-linux-glibc2.12-x86_64.tar.gz", "tarball"),
        ("https://vendor.example/mysql-8.4.3-linux-glibc2.28-x86_64.tar.xz", "tarball"),
        ("/srv/packages", "folder"),
        ("./packages/", "folder"),
    ],
)
def test_the_kind_of_a_source_is_told_by_its_form(text: str, kind: str) -> None:
    assert read_source(text).kind == kind


@pytest.mark.parametrize(
    "text", ["packages", "ftp://vendor.example/a.rpm", "https://vendor.example/", "https://a b.rpm"]
)
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"distribution|http"):
        read_source(text)


def test_a_path_from_home_is_made_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_source("~/packages").place == str(tmp_path / "packages")


def test_what_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    assert "no such folder" in (missing(Source("folder", str(tmp_path / "none"))) or "")
    assert "no .rpm and no .deb" in (missing(Source("folder", str(tmp_path))) or "")
    assert "no file" in (missing(Source("tarball", str(tmp_path / "none.tar.gz"))) or "")
    (tmp_path / "a.rpm").touch()
    assert missing(Source("folder", str(tmp_path))) is None
    assert missing(Source("release", "https://vendor.example/a.rpm")) is None


def test_another_file_than_the_one_meant_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mysql.tar.gz"
    file.write_bytes(CONTENT)
    source = Source("tarball", str(file))
    assert fetched(source, SHA256) == fetched(source, None) == file
    with pytest.raises(BadInput, match=rf"MYSQL_SHA256 = {'0' * 64}.*{SHA256}"):
        fetched(source, "0" * 64)


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of the vendor's on this machine; its address."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "release.rpm").write_bytes(CONTENT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    class Shop(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(shop))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_url_is_fetched_once_checked_and_kept(vendor: str, tmp_path: Path) -> None:
    source = Source("release", f"{vendor}/release.rpm")
    file = fetched(source, SHA256)
    assert (file.name, file.read_bytes()) == ("release.rpm", CONTENT)
    (tmp_path / "shop" / "release.rpm").unlink()
    assert fetched(source, SHA256) == file


def test_a_url_that_is_not_there_is_named_with_the_way_out(vendor: str) -> None:
    with pytest.raises(RunbookError, match=r"MYSQL_SOURCE = http://.*/none\.rpm: .*404(.|\n)*give its path"):
        fetched(Source("release", f"{vendor}/none.rpm"), None)


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_a_folder_without_checksums_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "b.deb", "a.deb", "README")
    assert [file.name for file in checked_files(folder)] == ["a.deb", "b.deb"]


@pytest.mark.parametrize("style", ["{sum}  {name}", "{sum} *{name}", "{sum}  ./{name}"])
def test_a_folders_checksums_as_sha256sum_writes_them(tmp_path: Path, style: str) -> None:
    folder = folder_of(tmp_path, "a.deb", "b.deb")
    lines = [style.format(sum=file_sha256(folder / name), name=name) for name in ("a.deb", "b.deb")]
    (folder / SUMS).write_text("\n".join(lines) + "\n")
    assert len(checked_files(folder)) == 2


@pytest.mark.parametrize("wrong", ["changed", "not listed"])
def test_one_wrong_file_of_a_folder_stops_it_all(tmp_path: Path, wrong: str) -> None:
    folder = folder_of(tmp_path, "a.deb", "b.deb")
    lines = [f"{file_sha256(folder / name)}  {name}" for name in ("a.deb", "b.deb")]
    (folder / SUMS).write_text("\n".join(lines[: 1 if wrong == "not listed" else 2]))
    if wrong == "changed":
        (folder / "b.deb").write_bytes(b"another")
    with pytest.raises(BadInput, match=r"not as its SHA256SUMS says: b\.deb; nothing was installed"):
        checked_files(folder)


def test_a_home_that_nobody_has_is_said_so() -> None:
    with pytest.raises(ValueError, match="whose home directory this means is not known"):
        read_source("~nobody-of-this-name/mysql.tar.gz")
