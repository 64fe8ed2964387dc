"""Columns: what each of a table holds, and the kinds there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal[
    "number", "category", "ordered", "yes/no", "date", "text", "identifier", "constant", "ignored"
]
KINDS: dict[str, str] = {
    "number": "a quantity; also text with units, percent signs or currency",
    "category": "one of a list of levels",
    "ordered": "one of a list of levels that have an order, from low to high",
    "yes/no": "one of two answers",
    "date": "a date, or a date and a time",
    "text": "free text",
    "identifier": "names the row; not used",
    "constant": "the same value in every row, or none; not used",
    "ignored": "not used, as asked",
}
UNUSED = ("identifier", "constant", "ignored")


@dataclass(frozen=True)
class Column:
    """What a column of a table holds, and why that is thought.

    `parsing` says how a cell becomes a value (JSON); `levels` are the levels of a category (most
    frequent first), of an ordered one (from low to high) or of yes/no (no, yes); `notes` say what
    looks wrong. `profile` holds what a report shows: quantiles and a histogram, or the most
    frequent values with their counts. `integer` is True where every number is one.
    """

    name: str
    kind: Kind
    reason: str
    rows: int
    missing: int
    distinct: int
    parsing: Mapping[str, Any] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)
    integer: bool = False

    @property
    def used(self) -> bool:
        """Whether a model reads the column."""
        return self.kind not in UNUSED

    @property
    def override(self) -> str:
        """The option of the command line that changes the kind."""
        return f"--as {self.name}=KIND"

    def config(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)

    @classmethod
    def restore(cls, config: Mapping[str, Any]) -> Column:
        """The column of a `config()`."""
        return cls(**{**config, "levels": tuple(config["levels"]), "notes": tuple(config["notes"])})

    def __str__(self) -> str:
        return f"{self.name}: {self.kind} ({self.reason})"
