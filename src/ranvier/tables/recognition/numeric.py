"""Recognition of numbers: with marks and units, as identifiers and as codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...base.message import Message
from ...typing import Array
from ..columns import Column
from . import cells, names
from .cells import number_format
from .facts import MAX_SPELLINGS, MIN_ROWS_FOR_IDENTIFIERS, MOST, Facts, short, unread

if TYPE_CHECKING:
    import polars

_MAX_EXACT_INTEGER = 2.0**53
_BESIDE_WORDS = re.compile(rf"[\d.,'’()\s+−-]|{cells.CURRENCIES}", re.IGNORECASE)


def marked_number(facts: Facts, asked: bool = False) -> Column | None:
    """Numbers with marks: units, thousands, decimal commas, percent signs, currencies."""
    sample = facts.values[:MAX_SPELLINGS]
    import polars as pl

    if facts.series.dtype != pl.String:
        return None
    if _clock_share(sample) >= MOST:
        return numeric_column(
            facts,
            cells.numbers(facts.series, {"as": "clock"}),
            {"as": "clock"},
            Message("times of day in hours"),
        )
    numeric = [value for value in sample if cells.NUMBER.fullmatch(value)]
    if not numeric or not (asked or _mostly_numbers(facts, numeric, sample)):
        return None
    if not (asked or _few_bounds(facts, numeric)):
        return None
    format_of = number_format(numeric, facts.decimal)
    if format_of is None:
        units = [value for value in numeric if not value[-1:].isdigit()]
        facts.notes.append(
            Message(
                "numbers in units or formats that do not go together, such as {first} and "
                "{other}: read as they stand",
                first=short(numeric[0]),
                other=short((units or numeric)[-1]),
            )
        )
        return None
    parsing, reason = format_of
    percent = sum("%" in value for value in numeric)
    if 0 < percent < len(numeric):
        plain = next(value for value in numeric if "%" not in value)
        facts.notes.append(
            Message(
                "{count} spellings have a percent sign, others do not, as {example}: read alike",
                count=f"{percent:,}",
                example=short(plain),
            )
        )
    if not (asked or parsing.get("units") or _tells_apart(numeric, parsing)):
        facts.notes.append(Message("different cells hold the same number: read as they stand"))
        return None
    values = cells.numbers(facts.series, parsing)
    if len(values) - values.null_count() < MOST * facts.filled and not asked:
        return None
    return numeric_column(facts, values, parsing, reason or Message("numbers"))


def _few_bounds(facts: Facts, numeric: list[str]) -> bool:
    """Whether few cells are bounds such as "<0.1" or "10+"; "<=50K" and ">50K" are levels."""
    bounds = {v for v in numeric if (m := cells.NUMBER.fullmatch(v)) and (m["bound"] or m["plus"])}
    if not bounds:
        return True
    counted = zip(facts.values, facts.counts, strict=True)
    rows = sum(int(count) for value, count in counted if value in bounds)
    if rows > (1 - MOST) * facts.filled:
        return False
    example = next(value for value in numeric if value in bounds)
    facts.notes.append(
        Message(
            "{count} cells are bounds, such as {example}: read as the number",
            count=f"{rows:,}",
            example=short(example),
        )
    )
    return True


def _tells_apart(numeric: list[str], parsing: cells.Parsing) -> bool:
    """Whether cells that differ in more than digits and currency differ as numbers too.

    Where they do not, what stands beside the digits says something: "5 left" and "5 right".
    """
    import polars as pl

    values = cells.numbers(pl.Series(numeric), parsing).to_list()
    beside: dict[float, set[str]] = {}
    for cell, value in zip(numeric, values, strict=True):
        if value is not None:
            beside.setdefault(value, set()).add(_BESIDE_WORDS.sub("", cell).lower())
    again = sum(len(words) - 1 for words in beside.values())
    return again <= (1 - MOST) * len(numeric)


def _clock_share(sample: list[str]) -> float:
    import polars as pl

    if not sample or ":" not in sample[0]:
        return 0.0
    hours = cells.numbers(pl.Series("", sample), {"as": "clock"})
    return 1 - hours.null_count() / len(sample)


def _mostly_numbers(facts: Facts, numeric: list[str], sample: list[str]) -> bool:
    """Whether most rows hold numbers; a note where only some do."""
    good = set(numeric)
    other = next((value for value in sample if value not in good), None)
    if other is None:
        return True
    counted = zip(sample, facts.counts, strict=False)
    rows = sum(int(count) for value, count in counted if value in good)
    if rows >= MOST * facts.filled and len(numeric) > 1:
        return True
    if rows > 0.3 * facts.filled:
        facts.notes.append(
            Message(
                "mixed: {share} of the cells are numbers, others are such as {example}; "
                "--as {column}=number makes those missing",
                share=f"{rows / facts.filled:.0%}",
                example=short(other),
                column=facts.name,
            )
        )
    return False


def leading_zeros(facts: Facts) -> bool:
    """Whether cells such as "007" say that these are no quantities."""
    import polars as pl

    if facts.series.dtype != pl.String:
        return False
    zeros = facts.series.filter(facts.series.str.starts_with("0").fill_null(False))
    return bool(zeros.str.contains(r"^0\d+\s*$").any())


def numeric_column(facts: Facts, values: polars.Series, written: cells.Parsing, how: str) -> Column:
    """Numbers, or integers that are identifiers or codes; `how` they are written, "" if plainly."""
    parsing = dict(written)
    if not facts.all_numbers:
        lost = facts.text.filter(values.is_null() & facts.text.is_not_null())
        if len(lost):
            facts.notes.append(unread(lost, Message("finite numbers")))
    numbers = values.drop_nulls().to_numpy()
    integer = bool(len(numbers)) and bool((numbers == np.floor(numbers)).all())
    unique = np.unique(numbers)
    distinct = len(unique)
    if integer and distinct and max(-unique[0], unique[-1]) >= _MAX_EXACT_INTEGER:
        distinct = facts.distinct  # float64 does not tell all of them apart
    if not how and integer and not _written_with_points(facts.series):
        identifier = _identifier(facts, numbers, distinct)
        if identifier is not None:
            return identifier
        code = names.code(facts.name, numbers, distinct)
        if code is not None:
            return facts.category(code, integers=True)
    marks, notes = names.stand_ins(facts.words, numbers)
    if marks:
        parsing["stand_for_missing"] = marks
        values = cells.numbers(facts.series, parsing)
        numbers = values.drop_nulls().to_numpy()
    facts.notes += notes
    facts.notes += names.outliers(facts.words, numbers)
    reason = how or (Message("integers") if integer else Message("numbers"))
    return facts.make(
        "number",
        reason,
        parsing=parsing,
        integer=integer,
        missing=values.null_count(),
        distinct=distinct - len(marks),
    )


def named_like_one(unique: float) -> str:
    """The reason for an identifier by its name; `unique` is the share of values that differ."""
    return Message("named like one, {share} of its values differ", share=f"{unique:.1%}")


def _identifier(facts: Facts, numbers: Array, distinct: int) -> Column | None:
    if facts.rows < MIN_ROWS_FOR_IDENTIFIERS or distinct < 0.9 * facts.filled:
        return None
    unique = distinct / facts.filled
    named = names.is_identifier(facts.name)
    if named and unique > 0.95:
        return facts.identifier(named_like_one(unique))
    steps = np.diff(numbers)
    counts_up = distinct == facts.filled and (steps == 1).all() and numbers[0] in (0, 1)
    if counts_up and not names.is_quantity(facts.name):
        return facts.identifier(Message("it counts the rows"))
    digits = np.char.str_len(np.array(facts.values[:MAX_SPELLINGS], dtype=str))
    if unique > 0.9 and digits.min() >= 9 and np.ptp(digits) <= 1:
        return facts.identifier(
            Message(
                "numbers of {digits} digits, {share} of them differ",
                digits=digits.max(),
                share=f"{unique:.1%}",
            )
        )
    if distinct == facts.filled and ((steps > 0).all() or (steps < 0).all()):
        facts.notes.append(
            Message(
                "all values differ and stand in order: if it only names the row, "
                "--as {column}=identifier leaves it out",
                column=facts.name,
            )
        )
    return None


def _written_with_points(series: polars.Series) -> bool:
    """Whether text writes integers as "1.0", which quantities do and codes do not."""
    import polars as pl

    return series.dtype == pl.String and bool(series.str.contains(".", literal=True).any())
