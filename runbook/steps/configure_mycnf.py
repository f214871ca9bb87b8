"""Step 3, configure-mycnf: our option file, and its values in force; the slave first, never both restarted at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runbook.core import templates
from runbook.core.host import Host
from runbook.core.step import BOTH, Condition, Gap, Item, State, Step
from runbook.errors import BadInput
from runbook.keepalived.configuration import UNIT
from runbook.mysql import program
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.variables import InForce, Manner, in_file, plugins, wanted
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.steps.contrary_lines import ContraryLines
from runbook.steps.phase import Phase, Restart
from runbook.system.resources import OURS, File

FILE_NAME = "zz-runbook.cnf"  # the last of the folder: what comes later wins
CLOSED_FILE_NAME = "zz-runbook-closed.cnf"
GTID_MODE = "SELECT @@GLOBAL.gtid_mode"


@dataclass(frozen=True)
class IncludeFolder(Step):
    """The server's main option file reads the folder that ours lies in."""

    my_cnf: str
    folder: str

    @property
    def name(self) -> str:
        return f"{self.my_cnf} includes {self.folder}"

    def questions(self) -> list[str]:
        return [
            f"grep -qE '^[[:space:]]*!includedir[[:space:]]+{self.folder}/?[[:space:]]*$' {self.my_cnf} "
            "&& echo yes || true"
        ]

    def want(self) -> State:
        return {"included": "yes"}

    def read(self, host: Host) -> State:
        return {"included": host.ask(self.questions()[0]).strip() or None}

    def fix(self, host: Host, gap: Gap) -> None:
        backup = f"{self.my_cnf}.before-runbook"
        host.do(
            f"[ ! -e {self.my_cnf} ] || [ -e {backup} ] || cp -pL {self.my_cnf} {backup}; mkdir -p {self.folder} && "
            f"printf '\\n!includedir {self.folder}/\\n' >> {self.my_cnf}"
        )


@dataclass(frozen=True)
class OptionFile(File):
    """Our option file; the server itself must accept it before it takes its place.

    `refusals` are the reasons why it would not, as far as they are known beforehand.
    """

    validation: Callable[[str], str] = field(default=lambda file: "false", repr=False)
    refusals: Sequence[str] = ()

    error = BadInput

    def refusal(self, host: Host, gap: Gap) -> str | None:
        return "\n".join(f"{host}: {reason}" for reason in self.refusals) or None

    def fix(self, host: Host, gap: Gap) -> None:
        candidate = f"{self.path}.candidate"
        host.put(candidate, self.content, mode=self.mode)
        try:
            host.do(self.validation(candidate))
        finally:
            host.do(f"rm -f {candidate}")
        super().fix(host, gap)


@dataclass(frozen=True)
class OneGtidMode(Condition):
    """A pair that replicates keeps its gtid_mode, which is changed with both servers stopped only.

    One after the other they would not replicate in between (error 1593), and by GTID the slave passes over what
    the master wrote without GTIDs meanwhile (manual of 5.6: Setting Up Replication Using GTIDs). A server that differs
    from its peer and from what is wanted has drifted, and is brought back.
    """

    pair: Pair
    wanted: str
    file: str

    name = "gtid_mode of a pair that replicates"
    servers = BOTH

    def reason(self, host: Host) -> str | None:
        slave, master = (side.server for side in (self.pair.slave, self.pair.master))
        mode = slave.value(GTID_MODE)
        if mode == self.wanted or replica_status(slave) is None or master.value(GTID_MODE) == self.wanted:
            return None
        return "\n".join(
            (
                f"{host}: the pair replicates with gtid_mode = {mode}; {self.wanted} takes both servers stopped",
                "Nothing was changed. Leave REPLICATION as it was, or, while nobody need write:",
                f"1. systemctl stop {UNIT}, on the slave first, then on the master, which closes it for writes",
                "2. with REPLICATION as it was, inv verify: nothing still to come to the slave",
                f"3. in {self.file} on both: gtid_mode = {self.wanted}, enforce_gtid_consistency = {self.wanted}",
                "4. stop mysqld on both, then start it on both",
                "5. with the new REPLICATION, inv bootstrap",
            )
        )


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The slave, then the master."""

    def items_of(side: Side) -> Sequence[Item]:
        manner = manner_of(side)
        variables = wanted(manner)
        items: list[Item] = [
            *files(side),
            InForce(side.server, variables, plugins(manner), lambda why: restart(side, why)),
        ]
        # Before the file: with another mode in it the next restart, for whatever reason, would end replication.
        if side.role == "slave" and "gtid_mode" in variables:
            items.insert(0, OneGtidMode(pair, variables["gtid_mode"], path_of(side)))
        return items

    return [Phase(items_of, roles=("slave",)), Phase(items_of, roles=("master",))]


def path_of(side: Side) -> str:
    """Where our option file lies."""
    return f"{side.names.include_folder}/{FILE_NAME}"


def files(side: Side) -> list[Step]:
    """Our option file, and what it takes that the server goes by it; of the server itself nothing is asked."""
    names, file = side.names, our_option_file(side)
    return [
        IncludeFolder(names.my_cnf, names.include_folder),
        ContraryLines.of(names.my_cnf, names.include_folder, file.path, wanted(manner_of(side))),
        file,
        closed_file(side),
    ]


def closed_file(side: Side) -> File:
    """A second one with nothing but that: a server whose option file was cut off started open (chaos, seed 501)."""
    text = templates.render("closed.cnf.j2", ours=OURS, super_read_only=side.dialect.has_super_read_only)
    return File(f"{side.names.include_folder}/{CLOSED_FILE_NAME}", text)


def our_option_file(side: Side) -> OptionFile:
    """The file with all that we want of the server."""
    manner = manner_of(side)
    return OptionFile(path_of(side), option_file(manner), validation=manner.dialect.validation, refusals=refusals(side))


def refusals(side: Side) -> list[str]:
    """Why the server would not start with what hosts.env wants of it, each reason by its key."""
    found = side.dialect.refusals(side.settings)
    if side.settings.semi_sync == "on":
        able = program.semi_sync(side.host, side.dialect)
        if able.value == "off":
            found.append(f"SEMI_SYNC: {able.why}; bring the plugin, or set SEMI_SYNC=auto")
    return found


def manner_of(side: Side) -> Manner:
    """What one side's option file follows from."""
    on = side.semi_sync.value == "on"
    return Manner(side.settings, side.node, side.dialect, side.tracking.by_gtid, on)


def option_file(manner: Manner) -> str:
    """The text of our option file for one side."""
    return templates.render(
        "my.cnf.j2",
        ours=OURS,
        node=manner.node,
        plugins=plugins(manner),
        variables=in_file(wanted(manner)),
        super_read_only=manner.dialect.has_super_read_only,
    )
