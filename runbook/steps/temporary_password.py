"""The temporary root password that EL's packages of MySQL 5.7 and newer write to the error log, as a step."""

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.errors import RunbookError
from runbook.mysql.optionfile import client_section
from runbook.mysql.socket_login import CLIENT, logs_in
from runbook.mysql.terms import literal
from runbook.settings.settings import Secret
from runbook.system.server_names import ServerNames

# Until it is changed mysqld answers everything else with this error, and lets in who says that he knows it.
MUST_CHANGE = "ERROR 1820"
KNOWS_IT = "[mysql]\nloose-connect-expired-password\n"
LOG_OPTIONS = "MYSQLD_OPTS=--skip-log-bin"
START_SECONDS = 120


@dataclass(frozen=True)
class TemporaryPassword(Step):
    """It is root's no longer.

    The change must not be in the binary log, with a GTID on some servers, and `SET sql_log_bin` is not yet answered
    (seen with 9.7.4). So the server is started without its log for it; EL's units read MYSQLD_OPTS.
    """

    names: ServerNames
    password: Secret

    name = "temporary root password"

    def questions(self) -> Iterable[str]:
        yield (
            f"sed -n 's/.*[Aa] temporary password is generated for root@localhost: //p' {self.names.error_log} "
            "2>/dev/null | tail -n 1"
        )

    def want(self) -> State:
        return {"in force": "no"}

    def read(self, host: Host) -> State:
        return {"in force": "yes" if self._temporary(host) else "no"}

    def fix(self, host: Host, gap: Gap) -> None:
        options = self._temporary(host)
        if options is None:
            raise RunbookError(f"{host}: somebody has changed the temporary root password; run inv install-mysql again")
        unit = self.names.unit
        host.do(f"systemctl set-environment {LOG_OPTIONS} && systemctl restart {unit}", timeout=START_SECONDS)
        try:
            statement = f"ALTER USER USER() IDENTIFIED BY {literal(self.password.reveal())}"
            host.do(CLIENT, stdin=f"{options}\0{statement};\n")
        finally:
            host.do(f"systemctl unset-environment MYSQLD_OPTS && systemctl restart {unit}", timeout=START_SECONDS)

    def _temporary(self, host: Host) -> str | None:
        """Options that log root in with it, while that is still so."""
        (question,) = self.questions()
        found = host.ask(question).rstrip("\n")
        if not found or logs_in(host, "root", self.password):
            return None
        options = client_section("root", Secret(found)) + KNOWS_IT
        ran = host.link.run(CLIENT, timeout=10, stdin=f"{options}\0SELECT 1;\n")
        return options if MUST_CHANGE in ran.err + ran.out else None
