"""Recognition: what each column of a table holds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..base.missing import hint
from ..errors import ArgumentError, DataError
from ..typing import Array
from . import cells, dates, names, profiles
from .cells import YES_NO, number_format
from .columns import KINDS, Column, Kind
from .levels import is_unknown, known, ordered

if TYPE_CHECKING:
    import polars

# Cells that are read to find out how a column is written; what holds for them is then tried on all.
_MAX_SPELLINGS = 5_000
_MAX_EXACT_INTEGER = 2.0**53
_MOST = 0.9  # of the cells decide what a column is
_MIN_ROWS_FOR_IDENTIFIERS = 20
_MAX_ORDERED_LEVELS = 40
_MAX_MARKED_LEVELS = 30  # distinct cells such as ">4" that are levels rather than bounds
_WORDS_OF_TEXT = 3.0
_CHARACTERS_OF_TEXT = 60.0
_NAMES_OF_TIMES = {"timestamp", "time", "date", "datetime", "epoch", "ts"}


def recognize(
    frame: polars.DataFrame, kinds: Mapping[str, str] | None = None, decimal: str | None = None
) -> list[Column]:
    """What each column of a frame holds; `kinds` overrides: {"zipcode": "category"}.

    >>> from ranvier.tables import read_table
    >>> frame = read_table({"size": ["12 cm", "7 cm", "9 cm"], "paid": ["yes", "no", "yes"]}).frame
    >>> for column in recognize(frame):
    ...     print(column)
    size: number (numbers with the unit cm)
    paid: yes/no (two answers: no and yes)
    """
    kinds = dict(kinds or {})
    for name, kind in kinds.items():
        if name not in frame.columns:
            raise DataError(
                f"column {name!r} is not in the table{hint(name, frame.columns)}; its columns: "
                f"{', '.join(frame.columns[:30])}"
            )
        if kind.partition(":")[0] not in get_args(Kind):
            raise ArgumentError(
                f"column {name!r}: unknown kind {kind!r}; expected one of {', '.join(KINDS)}"
                f"{hint(kind, KINDS)}"
            )
    return [_Recognition(series, decimal).column(kinds.get(series.name)) for series in frame]


class _Recognition:
    """The facts about one column, gathered when they are asked for."""

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
            self.notes.append(f"{int(infinite.sum()):,} cells are infinite: read as missing")
            left = left.filter(~infinite)
        self.all_numbers = left.null_count() == len(left)
        self.filled = self.rows - self.plain.null_count() + len(left) - left.null_count()

    @functools.cached_property
    def text(self) -> polars.Series:
        """The cells as text; infinities among numbers are missing."""
        text = cells.text(self.series)
        return text.set(cells.infinite(self.series), None) if self.all_numbers else text

    @functools.cached_property
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

    def column(self, asked: str | None) -> Column:
        """The column; of the kind that was asked for, if any."""
        if asked is not None:
            return self._as(asked)
        if not self.filled:
            return self._make("constant", "every cell is missing", distinct=0)
        if self.all_numbers:
            return self._numbers_alone()
        rules = (self._constant, self._yes_no, self._date, self._ordered, self._number)
        for rule in rules:
            column = rule()
            if column is not None:
                return column
        return self._words()

    def _numbers_alone(self) -> Column:
        """Numbers without any mark, which most columns of numbers are: without text, for speed."""
        import polars as pl

        if self.series.dtype in (pl.Date, pl.Datetime, pl.Boolean):
            column = self._constant() or self._yes_no() or self._date()
            if column is not None:
                return column
        values = np.unique(self.plain.drop_nulls().to_numpy())
        if len(values) == 1:
            column = self._constant()
            if column is not None:
                return column
        if self._leading_zeros():
            return self._words("names such as '007', by their zeros")
        if len(values) == 2:
            if values.tolist() == [0.0, 1.0]:
                return self._answers("0", "1")
            if (values == np.floor(values)).all():
                return self._category("two integers", integers=True)
        if self.words & _NAMES_OF_TIMES:
            column = self._date()
            if column is not None:
                return column
        return self._numeric(self.plain, {"as": "number"}, "")

    def _make(self, kind: Kind, reason: str, **facts: Any) -> Column:
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

    # --- rules, in the order in which they are tried ---------------------------------------------

    def _constant(self) -> Column | None:
        if self.distinct == 1 and self.filled == self.rows:
            return self._make("constant", f"every cell is {_short(self.values[0])}")
        if self.distinct == 1:
            share = 1 - self.filled / self.rows
            return self._category(f"{_short(self.values[0])} or missing ({share:.0%})")
        return None

    def _yes_no(self) -> Column | None:
        lower = {value.lower() for value in self.values}
        if self.distinct > 6 or len(lower) != 2:
            return None
        for yes, no in YES_NO.items():
            if lower == {yes, no}:
                return self._answers(no, yes)
        return None

    def _answers(self, no: str, yes: str) -> Column:
        parsing = {"lower": True, "integers": True}
        levels = (no.removesuffix(".0"), yes.removesuffix(".0"))
        reason = f"two answers: {levels[0]} and {levels[1]}"
        return self._make("yes/no", reason, parsing=parsing, levels=levels)

    def _date(self, asked: str | None = None) -> Column | None:
        import polars as pl

        if self.series.dtype in (pl.Date, pl.Datetime):
            return self._make("date", "dates by their type", parsing={"as": "date"})
        sample = self.values[:_MAX_SPELLINGS]
        spellings, share = dates.spellings_of(sample)
        if not spellings or (share < _MOST and asked is None):
            return self._epoch()
        notes, reason = [], _spelled(spellings)
        if "dmy" in spellings:
            order, why, sure = dates.day_or_month_first(self.text)
            if asked in ("dmy", "mdy"):
                order, why, sure = asked, "as asked", True
            both = ["dmy", "mdy"] if order == "dmy" else ["mdy", "dmy"]
            spellings = [n for name in spellings for n in (both if name == "dmy" else [name])]
            words = "day/month" if order == "dmy" else "month/day"
            reason = f"dates, {words}: {why}"
            if not sure:
                notes.append(f"{why}; --as {self.name}=date:dmy or =date:mdy says it")
        when = dates.parse(self.text, spellings)
        read = len(when) - when.null_count()
        if read < _MOST * self.filled and asked is None:
            return None
        if spellings == ["compact"] and not _plausible(when) and asked is None:
            return None
        if read < self.filled:
            bad = self.text.filter(when.is_null() & self.text.is_not_null())
            notes.append(_unread(bad, "dates"))
        zones = dates.zones(self.values[:_MAX_SPELLINGS])
        if len(zones) > 1:
            notes.append(f"time zones {', '.join(zones[:4])} are left out: times are as written")
        return self._make(
            "date",
            reason,
            parsing={"as": "date", "spellings": spellings},
            missing=self.rows - read,
            notes=notes,
        )

    def _epoch(self) -> Column | None:
        """Seconds or milliseconds since 1970, where the name says that it is a time."""
        if not self.all_numbers or not self.words & _NAMES_OF_TIMES:
            return None
        values = self.plain.drop_nulls().to_numpy()
        for unit, scale in (("seconds", 1.0), ("milliseconds", 1e3)):
            if (values > 6.3e8 * scale).all() and (values < 2.5e9 * scale).all():
                reason = f"{unit} since 1970, by the name and the size of the numbers"
                return self._make("date", reason, parsing={"as": "epoch", "scale": scale})
        return None

    def _ordered(self) -> Column | None:
        if self.distinct > _MAX_ORDERED_LEVELS:
            return None
        result = ordered(known(self.values))
        if result is None:
            return None
        levels, reason = result
        unknown = [value for value in self.values if is_unknown(value)]
        notes = [f"{value!r} has no rank: read as missing" for value in unknown]
        parsing = {"integers": True, "missing": unknown} if unknown else {"integers": True}
        shown = " < ".join(levels if len(levels) < 8 else [*levels[:3], "...", levels[-1]])
        count = self.filled - sum(int(self.counts[self.values.index(u)]) for u in unknown)
        return self._make(
            "ordered",
            f"{reason}: {shown}",
            parsing=parsing,
            levels=tuple(levels),
            notes=notes,
            missing=self.rows - count,
            distinct=len(levels),
        )

    def _number(self, asked: bool = False) -> Column | None:
        """Numbers with marks: units, thousands, decimal commas, percent signs, currencies."""
        sample = self.values[:_MAX_SPELLINGS]
        import polars as pl

        if self.series.dtype != pl.String:
            return None
        if self._clock_share(sample) >= _MOST:
            return self._numeric(
                cells.numbers(self.series, {"as": "clock"}),
                {"as": "clock"},
                "times of day in hours",
            )
        numeric = [value for value in sample if cells.NUMBER.fullmatch(value)]
        if not numeric or not (asked or self._mostly_numbers(numeric, sample)):
            return None
        format_of = number_format(numeric, self.decimal)
        if format_of is None:
            units = [value for value in numeric if not value[-1:].isdigit()]
            self.notes.append(
                f"numbers in units or formats that do not go together, such as {_short(numeric[0])}"
                f" and {_short((units or numeric)[-1])}: read as they stand"
            )
            return None
        parsing, reason = format_of
        percent = sum("%" in value for value in numeric)
        if 0 < percent < len(numeric):
            plain = next(value for value in numeric if "%" not in value)
            self.notes.append(
                f"{percent:,} spellings have a percent sign, others do not, as {_short(plain)}: "
                "read alike"
            )
        values = cells.numbers(self.series, parsing)
        if len(values) - values.null_count() < _MOST * self.filled and not asked:
            return None
        return self._numeric(values, parsing, reason or "numbers")

    def _clock_share(self, sample: list[str]) -> float:
        import polars as pl

        if not sample or ":" not in sample[0]:
            return 0.0
        hours = cells.numbers(pl.Series("", sample), {"as": "clock"})
        return 1 - hours.null_count() / len(sample)

    def _mostly_numbers(self, numeric: list[str], sample: list[str]) -> bool:
        """Whether most rows hold numbers; a note where only some do."""
        good = set(numeric)
        other = next((value for value in sample if value not in good), None)
        if other is None:
            return True
        counted = zip(sample, self.counts, strict=False)
        rows = sum(int(count) for value, count in counted if value in good)
        if rows >= _MOST * self.filled and len(numeric) > 1:
            return True
        if rows > 0.3 * self.filled:
            self.notes.append(
                f"mixed: {rows / self.filled:.0%} of the cells are numbers, others are such as "
                f"{_short(other)}; --as {self.name}=number makes those missing"
            )
        return False

    # --- numbers ----------------------------------------------------------------------------------

    def _leading_zeros(self) -> bool:
        """Whether cells such as "007" say that these are no quantities."""
        import polars as pl

        if self.series.dtype != pl.String:
            return False
        zeros = self.series.filter(self.series.str.starts_with("0").fill_null(False))
        return bool(zeros.str.contains(r"^0\d+\s*$").any())

    def _numeric(self, values: polars.Series, written: cells.Parsing, how: str) -> Column:
        parsing = dict(written)
        if not self.all_numbers:
            lost = self.text.filter(values.is_null() & self.text.is_not_null())
            if len(lost):
                self.notes.append(_unread(lost, "finite numbers"))
        numbers = values.drop_nulls().to_numpy()
        integer = bool(len(numbers)) and bool((numbers == np.floor(numbers)).all())
        unique = np.unique(numbers)
        distinct = len(unique)
        if integer and distinct and max(-unique[0], unique[-1]) >= _MAX_EXACT_INTEGER:
            distinct = self.distinct  # float64 does not tell all of them apart
        if not how and integer and not _written_with_points(self.series):
            identifier = self._identifier(numbers, distinct)
            if identifier is not None:
                return identifier
            code = names.code(self.name, numbers, distinct)
            if code is not None:
                return self._category(code, integers=True)
        marks, notes = names.stand_ins(self.words, numbers)
        if marks:
            parsing["stand_for_missing"] = marks
            values = cells.numbers(self.series, parsing)
            numbers = values.drop_nulls().to_numpy()
        self.notes += notes
        self.notes += names.outliers(self.words, numbers)
        reason = how or ("integers" if integer else "numbers")
        return self._make(
            "number",
            reason,
            parsing=parsing,
            integer=integer,
            missing=values.null_count(),
            distinct=distinct - len(marks),
        )

    def _identifier(self, numbers: Array, distinct: int) -> Column | None:
        if self.rows < _MIN_ROWS_FOR_IDENTIFIERS or distinct < 0.9 * self.filled:
            return None
        unique = distinct / self.filled
        named = names.is_identifier(self.name)
        if named and unique > 0.95:
            return self._id(f"named like one, {unique:.1%} of its values differ")
        steps = np.diff(numbers)
        counts_up = distinct == self.filled and (steps == 1).all() and numbers[0] in (0, 1)
        if counts_up and not names.is_quantity(self.name):
            return self._id("it counts the rows")
        digits = np.char.str_len(np.array(self.values[:_MAX_SPELLINGS], dtype=str))
        if unique > 0.9 and digits.min() >= 9 and np.ptp(digits) <= 1:
            return self._id(f"numbers of {digits.max()} digits, {unique:.1%} of them differ")
        if distinct == self.filled and ((steps > 0).all() or (steps < 0).all()):
            self.notes.append(
                "all values differ and stand in order: if it only names the row, "
                f"--as {self.name}=identifier leaves it out"
            )
        return None

    def _id(self, reason: str) -> Column:
        notes = []
        again = self.filled - self.distinct
        if again:
            notes.append(
                f"{again:,} values occur again: rows of the same {self.name!r} can be kept "
                f"on one side of the split with --group {self.name}"
            )
        return self._make("identifier", reason, notes=notes)

    # --- words ------------------------------------------------------------------------------------

    def _words(self, reason: str = "") -> Column:
        lengths = self.text.str.len_chars().drop_nulls().cast(float)
        spaces = self.text.str.count_matches(r"\s+").drop_nulls().cast(float)
        mean_words, mean_length = float(spaces.mean() or 0) + 1, float(lengths.mean() or 0)  # type: ignore[arg-type]
        unique = self.distinct / self.filled
        many = self.distinct > max(20, 0.01 * self.filled)
        long = mean_length >= _CHARACTERS_OF_TEXT and mean_words > 1.5
        letters = self.text.str.contains(r"\p{L}").mean()
        text = isinstance(letters, float) and letters > _MOST
        if many and text and (mean_words >= _WORDS_OF_TEXT or long):
            reason = f"{mean_words:.1f} words in a cell, {unique:.0%} of the cells differ"
            return self._make("text", reason)
        if many and self._is_unspaced_text() and unique > 0.5:
            return self._make("text", f"{mean_length:.0f} characters in a cell without blanks")
        big = self.rows >= _MIN_ROWS_FOR_IDENTIFIERS
        if big and unique > 0.99:
            return self._id(f"words of which {unique:.1%} differ")
        if big and unique > 0.9 and names.is_identifier(self.name):
            return self._id(f"named like one, {unique:.1%} of its values differ")
        return self._category(reason)

    def _is_unspaced_text(self) -> bool:
        """Text of languages that put no blanks between words."""
        wide = self.text.str.count_matches(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]").mean()
        return isinstance(wide, float) and wide >= 8

    def _category(self, reason: str, integers: bool = False) -> Column:
        parsing: dict[str, Any] = {}
        merged: dict[str, int] = {}
        for value, count in zip(self.values, self.counts.tolist(), strict=True):
            merged[value.lower()] = merged.get(value.lower(), 0) + count
        levels = list(self.values)
        if len(merged) < len(levels):
            parsing["lower"] = True
            self.notes.append(
                f"{len(levels) - len(merged)} levels differ from others in upper or lower case "
                "alone: read as the same"
            )
            levels = sorted(merged, key=lambda v: -merged[v])
        if integers or all(value.lstrip("+-").isdigit() for value in levels[:1000]):
            parsing["integers"] = True
        unknown = [value for value in levels if is_unknown(value)]
        for value in unknown:
            count = merged.get(value, merged.get(value.lower(), 0))
            self.notes.append(
                f"{value!r} in {count / self.rows:.0%} of the rows is a level of its own"
            )
        levels_in_words = f"{len(levels):,} level{'s' if len(levels) > 1 else ''}"
        return self._make(
            "category",
            f"{reason}, {levels_in_words}" if reason else levels_in_words,
            parsing=parsing,
            levels=tuple(levels),
            distinct=len(levels),
        )

    # --- as asked ---------------------------------------------------------------------------------

    def _as(self, asked: str) -> Column:
        kind, _, detail = asked.partition(":")
        column = self._constant() if kind in ("category", "ordered") else None
        if kind in ("identifier", "constant", "ignored", "text"):
            column = self._make(kind, "as asked")  # type: ignore[arg-type]
        elif kind == "category":
            column = column or self._category("as asked")
        elif kind == "date":
            column = self._date(detail or "any")
        elif kind == "number":
            column = self._asked_number()
        elif kind == "ordered":
            column = self._asked_order(detail)
        elif kind == "yes/no":
            column = self._asked_answers()
        if column is None:
            raise DataError(
                f"column {self.name!r} cannot be read as {kind}: it holds cells such as "
                f"{', '.join(_short(v) for v in self.values[:3])}"
            )
        return (
            column
            if "as asked" in column.reason
            else replace(column, reason=f"{column.reason}, as asked")
        )

    def _asked_number(self) -> Column | None:
        values = cells.numbers(self.series)
        if values.null_count() == self.rows - self.filled:
            return self._numeric(values, {"as": "number"}, "as asked")
        return self._number(asked=True)

    def _asked_order(self, detail: str) -> Column | None:
        if detail:
            levels = [level.strip() for level in detail.split("<")]
            return self._make(
                "ordered", f"as asked: {detail}", levels=tuple(levels), distinct=len(levels)
            )
        column = self._ordered()
        if column is not None:
            return column
        values = cells.numbers(self.series)
        if values.null_count() == self.rows - self.filled and self.distinct <= 1000:
            levels = sorted({v.removesuffix(".0") for v in self.values}, key=float)
            return self._make(
                "ordered", "by number, as asked", parsing={"integers": True}, levels=tuple(levels)
            )
        return None

    def _asked_answers(self) -> Column | None:
        column = self._yes_no()
        if column is None and self.distinct == 2:
            return self._answers(*sorted(value.lower() for value in self.values))
        return column


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
    return [f"{len(spelled):,} cells are {words}: read as missing"]


def _written_with_points(series: polars.Series) -> bool:
    """Whether text writes integers as "1.0", which quantities do and codes do not."""
    import polars as pl

    return series.dtype == pl.String and bool(series.str.contains(".", literal=True).any())


def _plausible(when: polars.Series) -> bool:
    years = when.drop_nulls().dt.year().to_numpy()
    return bool(len(years)) and 1850 <= years.min() and years.max() <= 2100


def _spelled(spellings: list[str]) -> str:
    words = {
        "ymd": "year-month-day", "compact": "yearmonthday", "dby": "day month year",
        "bdy": "month day year", "dmy": "day/month", "ym": "year-month", "by": "month year",
    }  # fmt: skip
    more = f"; {len(spellings)} spellings" if len(spellings) > 1 else ""
    return f"dates written {', '.join(words[s] for s in spellings)}{more}"


def _unread(bad: polars.Series, what: str) -> str:
    examples = ", ".join(_short(v) for v in bad.unique(maintain_order=True)[:3].to_list())
    return f"{len(bad):,} cells are no {what}, such as {examples}: read as missing"


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:27] + "...")
