"""Invoke as `inv` runs it: the list in the article's order, no foreign configuration, no traceback at `| head`."""

import os
import sys
from collections.abc import Iterator
from typing import Any

from invoke.collection import Collection
from invoke.config import Config
from invoke.program import Program
from invoke.util import helpline

BROKEN_PIPE = 141  # what a shell says of a process that SIGPIPE ended


class OwnConfig(Config):
    """Flags alone: neither ~/.invoke.yaml, /etc/invoke.yaml, an invoke.yaml here nor INVOKE_* has a say."""

    @staticmethod
    def global_defaults() -> dict[str, Any]:
        """A command line such as `inv verify failback verify` runs each task as often as it is named."""
        defaults: dict[str, Any] = Config.global_defaults()
        defaults["tasks"]["dedupe"] = False
        return defaults

    def load_base_conf_files(self) -> None:
        pass

    def load_project(self, merge: bool = True) -> None:
        pass

    def load_runtime(self, merge: bool = True) -> None:
        pass

    def load_shell_env(self) -> None:
        pass


class Runbook(Program):
    """Invoke, with a list of tasks that reads in the article's order and not in the alphabet's."""

    def __init__(self) -> None:
        super().__init__(name="inv", binary="inv", version="0.1.0", config_class=OwnConfig)

    def parse_core(self, argv: list[str] | None) -> None:
        """As Invoke's, which would have nothing kept of what Python compiles."""
        super().parse_core(argv)
        sys.dont_write_bytecode = False

    def list_flat(self) -> None:
        self.display_with_columns(pairs=list(in_order(self.scoped_collection)))


def in_order(tasks: Collection, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Names and help lines as the namespace has them."""
    for name, each in tasks.tasks.items():
        yield prefix + name, helpline(each)
    for name, inner in tasks.collections.items():
        yield from in_order(inner, f"{prefix}{name}.")


def main() -> None:
    """Run what the command line says; a reader that has gone ends it without a word."""
    try:
        try:
            Runbook().run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whatever is still unsaid goes nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
