"""One automatic choice: what was chosen, why, and how to override it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..base.message import Message, config


@dataclass(frozen=True)
class Choice:
    """An automatic choice. `override` is the option of the command line that changes it, or "".

    What is chosen, its value and the reason are plain texts, or a `Message` where something is
    named in them. `warning` marks what is likely to spoil a result, such as a column that gives the
    answer away.

    >>> print(Choice("delimiter", "';'", "3 of them in each line", "--delimiter"))
    delimiter: ';' (3 of them in each line) [--delimiter]
    """

    what: str
    value: str
    reason: str
    override: str = ""
    warning: bool = False

    def __str__(self) -> str:
        mark = "! " if self.warning else ""
        hint = f" [{self.override}]" if self.override else ""
        value = f": {self.value}" if self.value else ""
        return f"{mark}{self.what}{value} ({self.reason}){hint}"

    def config(self) -> dict[str, object]:
        """The fields, for JSON."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: config(v) if isinstance(v, str) else v for name, v in values}

    @classmethod
    def restore(cls, described: Mapping[str, Any]) -> Choice:
        """The choice of a `config()`."""
        texts = {n: Message.restore(described[n]) for n in ("what", "value", "reason")}
        return cls(**{**described, **texts})


def lines(choices: Iterable[Choice]) -> str:
    """The choices, one on each line."""
    return "\n".join(map(str, choices))
