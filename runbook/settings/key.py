"""What a key of hosts.env is: one row in the body of a class, from which all else about it comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Never, NoReturn, Self, TypeVar, overload

from runbook.settings.values import Reader, Secret, SecretUrl

T_co = TypeVar("T_co", covariant=True)
OnDisk = Callable[[T_co, Path, bool], T_co]
"""(value, folder of hosts.env, whether hosts.env has the key) -> the value to use; ValueError as a reader's."""


@dataclass(frozen=True)
class Rule:
    """What must not be between the key of this row and others.

    `broken` gets the value of the row, then those of the keys `beside` it. The row is blamed, and `why` says what is
    wrong and what to do.
    """

    broken: Callable[..., bool]
    why: str
    beside: tuple[str, ...] = ()


class Key(Generic[T_co]):
    """One key; its name in hosts.env is the name of the attribute in upper case, its group the docstring of the class.

    `read` makes a value of a text, and its type is the type of the attribute.
    `default` None: the key is required. `article` None: the article does not speak of it.
    `help` has one to three lines; the first alone tells the meaning.
    `on_disk` looks at the files that the value names; it runs after the rules.
    """

    def __init__(
        self,
        *,
        read: Reader[T_co],
        help: str,
        default: str | None = None,
        article: str | None = None,
        secret: bool = False,
        rules: tuple[Rule, ...] = (),
        on_disk: OnDisk[T_co] | None = None,
    ) -> None:
        self.read = read
        self.help = help
        self.default = default
        self.article = article
        self.secret = secret
        self.rules = rules
        self.on_disk = on_disk
        self.name = self.group = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.name = attribute.upper()
        self.group = owner.__doc__ or ""

    @overload
    def __get__(self, table: None, owner: type) -> Self: ...

    @overload
    def __get__(self, table: "KeyTable", owner: type) -> T_co: ...

    def __get__(self, table: "KeyTable | None", owner: type) -> Any:
        return self if table is None else table._values[self.name]

    def __set__(self, table: "KeyTable", value: Never) -> NoReturn:
        raise AttributeError(f"{self.name} is what hosts.env says; it is not changed here")

    def parse(self, text: str) -> T_co:
        """The typed value of `text`; ValueError says what is wrong and what to do."""
        if not text and self.default != "":
            remedy = "give it a value" if self.default is None else f"give a value or delete the line ({self.default})"
            raise ValueError(f"is empty; {remedy}")
        return self.read(text)


class KeyTable:
    """The values of one hosts.env; each row of the class, and of those it is made of, is a key."""

    def __init__(self, source: Path, values: Mapping[str, Any]) -> None:
        self._source = source
        self._values = dict(values)

    @classmethod
    def by_name(cls) -> dict[str, Key[object]]:
        """All rows by their names in hosts.env, in the order in which it has them."""
        rows = (row for each in cls.__mro__ for row in vars(each).values() if isinstance(row, Key))
        return {row.name: row for row in rows}

    @property
    def source(self) -> Path:
        """The hosts.env that was read."""
        return self._source

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every password and token there is, for whoever masks output."""
        found = [value for value in self._values.values() if isinstance(value, Secret)]
        tokens = [Secret(part) for url in found if isinstance(url, SecretUrl) for part in url.parts]
        return (*found, *tokens)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self._source, *self._values.values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"{type(self).__name__}(source={self._source!r}, {shown})"
