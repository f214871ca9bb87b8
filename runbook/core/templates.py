"""Our own files: those with holes (templates/), rendered strictly, and those without (files/), as they are."""

import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket

ROOT = Path(__file__).parents[2]


class Kept(FileSystemBytecodeCache):
    """What Jinja compiles, beside what it is from, as Python's; where that cannot be, it is compiled anew."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # torn by a full disk, pickle and marshal raise whatever they like
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


_environment = Environment(
    bytecode_cache=Kept(str(ROOT / "templates" / "__pycache__")),
    loader=FileSystemLoader(ROOT / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=select_autoescape(["html.j2"], default=False),
)


def render(name: str, **values: object) -> str:
    """The text of a template; a hole that no value fills is an error."""
    return _environment.get_template(name).render(**values)


def source(name: str) -> str:
    """The text of a file in templates/ that has no holes."""
    return (ROOT / "templates" / name).read_text()


def shell_variables(values: Mapping[str, str]) -> str:
    """Assignments for a shell to read, each value quoted."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def static(name: str) -> str:
    """The text of a file that goes to the hosts as it is."""
    return (ROOT / "files" / name).read_text()
