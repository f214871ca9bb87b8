"""What an alert is told by, in English and Chinese."""

from dataclasses import dataclass
from typing import NamedTuple

from runbook.settings.values import Language


class Text(NamedTuple):
    """The same in both languages."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Words:
    """What a kind of alert says when it begins, what the operator does then, and what it says when it is over."""

    begins: Text
    do_next: Text
    over: Text
