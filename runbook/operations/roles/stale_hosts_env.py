"""sync-hosts-env: bring a stale hosts.env up to date with what the hosts remember of their roles."""

import os
from pathlib import Path

from runbook.errors import BadInput, Drift
from runbook.operations.roles import cut_off
from runbook.operations.run import Run
from runbook.pair.pair import Pair
from runbook.pair.roles import contradiction, newest
from runbook.settings.exchange import exchanged, rewritten
from runbook.settings.hosts_env import read, write_new


def sync(run: Run) -> None:
    """Exchange in hosts.env what describes the two hosts, if they remember that their roles are exchanged."""
    with run.on_pair("sync-hosts-env", lock=False) as (pair, report, _):
        records, settings = pair.records(), pair.settings
        last = newest(records)
        if last is None:
            report.say("Neither host has a record of its role, or could be asked for it: hosts.env stays as it is.")
            return
        if contradiction(settings, records) is None:
            report.say(
                f"hosts.env agrees with the hosts: master {settings.master.address}, {last}. Nothing to exchange."
            )
            return
        if any(record and record.epoch == last.epoch and role == record.role for role, record in records.items()):
            pair.refuse_stale()
        if why := cut_off.why_not_first(cut_off.came_about(records, cut_off.left(pair))):
            raise BadInput(why)
        changes = exchanged(read(settings.source).texts, last.epoch)
        report.say("\n".join(f"{'would write' if run.dry else 'writes'} {name}={to}" for name, to in changes.items()))
        if run.dry:
            raise Drift
        kept = write(settings.source, changes)
        report.say(f"{settings.source}: the two hosts are exchanged. As it was: {kept}. Next: inv verify")


def exchange_hosts_env(turned: Pair) -> Path:
    """Exchange the two hosts in hosts.env, as their roles are exchanged now; the copy of what stood there before."""
    path, last = turned.settings.source, newest(turned.records())
    return write(path, exchanged(read(path).texts, last.epoch if last else turned.settings.roles_epoch))


def refuse_unwritable(path: Path) -> None:
    """BadInput before anything is done where hosts.env could not be exchanged afterwards."""
    path = path.resolve()
    for each in (path, path.parent):
        if not os.access(each, os.W_OK):
            raise BadInput(
                f"{each}: cannot be written by you, and hosts.env must change with the roles", "Nothing was done."
            )


def write(path: Path, changes: dict[str, str]) -> Path:
    """Write the keys into hosts.env, whole or not at all; the copy of what stood there before."""
    path = path.resolve()
    before, status = path.read_bytes(), path.stat()
    text = before.decode("utf-8-sig")
    kept, new = (path.with_name(f"{path.name}.{word}") for word in ("before", "new"))
    for file, content in ((kept, text), (new, rewritten(text, changes))):
        file.unlink(missing_ok=True)
        write_new(file, content)
    try:
        for file in (kept, new):
            os.chown(file, status.st_uid, status.st_gid)
        new.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}); it is as it was.") from None
    return kept
