"""One automatic choice: what was chosen, why, and how to override it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Choice:
    """An automatic choice. `override` is the option of the command line that changes it, or "".

    `warning` marks what is likely to spoil a result, such as a column that gives the answer away.

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
        return asdict(self)


def lines(choices: Iterable[Choice]) -> str:
    """The choices, one on each line."""
    return "\n".join(map(str, choices))
