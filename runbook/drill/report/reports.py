"""The folder of all drills' reports: a JSON document and a page each, and an index that is made anew from them."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.drill.report import index, page
from runbook.drill.report.index import Entry
from runbook.drill.report.record import SCHEMA, Document
from runbook.errors import BadInput
from runbook.lab.identity import give_to_operator
from runbook.settings.values import path

INDEX = "index"
FILE_MODE = 0o644  # no secret is in it, and it is made to be shown


class Reports:
    """One folder; several runs may write to it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def found(cls, environ: Mapping[str, str], project: Path) -> "Reports":
        """The folder that REPORTS names, else `reports` of the project's folder."""
        named = environ.get("REPORTS", "")
        try:
            return cls(path(named).absolute() if named else project / "reports")
        except ValueError as error:
            raise BadInput(f"REPORTS = {named!a}: {error}") from None

    @property
    def index(self) -> Path:
        return self.folder / f"{INDEX}.html"

    def documents(self) -> dict[str, Document]:
        """Every readable record by its file's name without suffix, the oldest first."""
        found = {}
        for file in sorted(self.folder.glob("*.json")):
            if file.stem == INDEX:
                continue
            try:
                record = json.loads(file.read_text())
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(record, dict) and "schema" in record:
                found[file.stem] = record
        return dict(sorted(found.items(), key=lambda each: (str(each[1].get("started", "")), each[0])))

    def add(self, name: str, record: Document) -> Path:
        """Write a record and its page, or write them anew, and the index; the page's path."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            give_to_operator(self.folder)
        _write(self.folder / f"{name}.json", _compact(record))
        shown = self.folder / f"{name}.html"
        _write(shown, page.html(record, name))
        self.renew_index()
        return shown

    def renew_index(self) -> list[Entry]:
        """The index of what is there now, written and returned."""
        entries = index.entries(self.documents())
        if entries:
            drills = [each.as_dict() for each in entries]
            _write(self.folder / f"{INDEX}.json", _compact({"schema": SCHEMA, "drills": drills}))
            _write(self.index, index.html(entries))
        return entries

    def new_name(self, record: Document) -> str:
        """As in 20261122T194012Z-kill-master; with a number when that was taken within the same second."""
        base = f"{record['started'].replace('-', '').replace(':', '')}-{record['drill']}"
        names = (base, *(f"{base}-{number}" for number in range(2, 1000)))
        return next(name for name in names if not (self.folder / f"{name}.json").exists())


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, text: str) -> None:
    """All of it or nothing: readers see the old file or the new one; under sudo it is the operator's, not root's."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(FILE_MODE)
        give_to_operator(Path(temporary))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
