"""Facts about the cells of one column, gathered when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...base.locks import computed_once
from ...base.message import Message
from ...typing import Array
from ..columns import Column, Kind
from . import cells, names, profiles
from .levels import is_unknown

if TYPE_CHECKING:
    import polars

# Cells that are read to find out how a column is written; what holds for them is then tried on all.
MAX_SPELLINGS = 5_000
MOST = 0.9  # of the cells decide what a column is
MIN_ROWS_FOR_IDENTIFIERS = 20


class Facts:
    """The cells of a column, what they are as numbers and text, and notes on what looks wrong.

    The methods make columns of those kinds that several rules end in.
    """

    def __init__(self, series: polars.Series, decimal: str | None) -> None:
        self.name = series.name
        self.series = series = series.alias(cells.NAME)
        self.decimal = decimal
        self.rows = len(series)
        self.words = names.words(self.name)
        self.notes: list[str] = []
        self.plain = cells.numbers(series)  # what is a number without any mark
        rest = series.filter(self.plain.is_null() & series.is_not_null())
        left = cells.text(rest)
        self.notes += _spellings_of_missing(rest, left)
        infinite = cells.infinite(rest)
        if infinite.any():
            self.notes.append(
                Message(
                    "{count} cells are infinite: read as missing", count=f"{int(infinite.sum()):,}"
                )
            )
            left = left.filter(~infinite)
        self.all_numbers = left.null_count() == len(left)
        self.filled = self.rows - self.plain.null_count() + len(left) - left.null_count()

    @computed_once
    def text(self) -> polars.Series:
        """The cells as text; infinities among numbers are missing."""
        text = cells.text(self.series)
        return text.set(cells.infinite(self.series), None) if self.all_numbers else text

    @computed_once
    def _counted(self) -> tuple[list[str], Array]:
        counts = self.text.drop_nulls().value_counts(sort=True, name="count of cells")
        values = counts.get_column(cells.NAME).to_list()
        return values, counts.get_column("count of cells").to_numpy()

    @property
    def values(self) -> list[str]:
        """The different cells, most frequent first."""
        return self._counted[0]

    @property
    def counts(self) -> Array:
        """How often each of `values` occurs."""
        return self._counted[1]

    @property
    def distinct(self) -> int:
        """How many different cells there are, missing ones aside."""
        return len(self.values)

    def make(self, kind: Kind, reason: str, **facts: Any) -> Column:
        """A column of a kind; fields that are not given are those of all cells."""
        column = Column(
            name=self.name,
            kind=kind,
            reason=reason,
            rows=self.rows,
            missing=facts.pop("missing", self.rows - self.filled),
            distinct=facts.pop("distinct") if "distinct" in facts else self.distinct,
            notes=(*self.notes, *facts.pop("notes", ())),
            **facts,
        )
        return replace(column, profile=profiles.profile(self.series, column))

    def answers(self, no: str, yes: str) -> Column:
        """A column of two answers."""
        parsing = {"lower": True, "integers": True}
        levels = (no.removesuffix(".0"), yes.removesuffix(".0"))
        reason = Message("two answers: {no} and {yes}", no=levels[0], yes=levels[1])
        return self.make("yes/no", reason, parsing=parsing, levels=levels)

    def identifier(self, reason: str) -> Column:
        """A column that names its rows."""
        notes = []
        again = self.filled - self.distinct
        if again:
            notes.append(
                Message(
                    "{count} values occur again: rows of the same {column} can be kept on one side "
                    "of the split with --group {option}",
                    count=f"{again:,}",
                    column=repr(self.name),
                    option=self.name,
                )
            )
        return self.make("identifier", reason, notes=notes)

    def category(self, reason: str, integers: bool = False) -> Column:
        """A column of levels; those that differ in upper or lower case alone are one."""
        parsing: dict[str, Any] = {}
        merged: dict[str, int] = {}
        for value, count in zip(self.values, self.counts.tolist(), strict=True):
            merged[value.lower()] = merged.get(value.lower(), 0) + count
        levels = list(self.values)
        if len(merged) < len(levels):
            parsing["lower"] = True
            self.notes.append(
                Message(
                    "{count} levels differ from others in upper or lower case alone: read as the "
                    "same",
                    count=len(levels) - len(merged),
                )
            )
            levels = sorted(merged, key=lambda v: -merged[v])
        if integers or all(value.lstrip("+-").isdigit() for value in levels[:1000]):
            parsing["integers"] = True
        unknown = [value for value in levels if is_unknown(value)]
        for value in unknown:
            count = merged.get(value, merged.get(value.lower(), 0))
            self.notes.append(
                Message(
                    "{value} in {share} of the rows is a level of its own",
                    value=repr(value),
                    share=f"{count / self.rows:.0%}",
                )
            )
        levels_in_words = Message("1 level")
        if len(levels) > 1:
            levels_in_words = Message("{count} levels", count=f"{len(levels):,}")
        if reason:
            values = {"reason": reason, "levels": levels_in_words}
            levels_in_words = Message("{reason}, {levels}", **values)
        return self.make(
            "category",
            levels_in_words,
            parsing=parsing,
            levels=tuple(levels),
            distinct=len(levels),
        )


def _spellings_of_missing(rest: polars.Series, left: polars.Series) -> list[str]:
    """A note on cells with something in them that say that there is nothing."""
    import polars as pl

    if rest.dtype != pl.String:
        return []
    spelled = rest.filter(left.is_null()).str.strip_chars()
    spelled = spelled.filter(spelled != "")
    if not len(spelled):
        return []
    words = ", ".join(repr(word) for word in spelled.unique().sort().to_list()[:5])
    count = f"{len(spelled):,}"
    return [Message("{count} cells are {words}: read as missing", count=count, words=words)]


def unread(bad: polars.Series, what: str) -> str:
    """A note on cells that are not what the others are."""
    examples = ", ".join(short(v) for v in bad.unique(maintain_order=True)[:3].to_list())
    return Message(
        "{count} cells are no {what}, such as {examples}: read as missing",
        count=f"{len(bad):,}", what=what, examples=examples,
    )  # fmt: skip


def short(text: str) -> str:
    """A cell in quotes, cut where it is long."""
    return repr(text if len(text) <= 30 else text[:27] + "...")
