"""Recognition: what each column of a table holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from ...base.message import Message
from ...base.missing import hint
from ...errors import ArgumentError, DataError
from ..columns import KINDS, Column, Kind
from . import cells, dates, names
from .cells import YES_NO
from .facts import MAX_SPELLINGS, MIN_ROWS_FOR_IDENTIFIERS, MOST, Facts, short, unread
from .levels import is_unknown, known, ordered
from .numeric import leading_zeros, marked_number, named_like_one, numeric_column

if TYPE_CHECKING:
    import polars

_MAX_ORDERED_LEVELS = 40
_WORDS_OF_TEXT = 3.0
_CHARACTERS_OF_TEXT = 60.0
_REPEATED_WORDS = 0.05  # different cells among all, up to which words are levels
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
    return [_recognized(Facts(series, decimal), kinds.get(series.name)) for series in frame]


def _recognized(facts: Facts, asked: str | None) -> Column:
    """The column; of the kind that was asked for, if any."""
    if asked is not None:
        return _as(facts, asked)
    if not facts.filled:
        return facts.make("constant", Message("every cell is missing"), distinct=0)
    if facts.all_numbers:
        return _numbers_alone(facts)
    rules = (_constant, _yes_no, _date, _ordered, marked_number)
    for rule in rules:
        column = rule(facts)
        if column is not None:
            return column
    return _words(facts)


def _numbers_alone(facts: Facts) -> Column:
    """Numbers without any mark, which most columns of numbers are: without text, for speed."""
    import polars as pl

    if facts.series.dtype in (pl.Date, pl.Datetime, pl.Boolean):
        column = _constant(facts) or _yes_no(facts) or _date(facts)
        if column is not None:
            return column
    values = np.unique(facts.plain.drop_nulls().to_numpy())
    if len(values) == 1:
        column = _constant(facts)
        if column is not None:
            return column
    if leading_zeros(facts):
        return _words(facts, Message("names such as '007', by their zeros"))
    if len(values) == 2:
        if values.tolist() == [0.0, 1.0]:
            return facts.answers("0", "1")
        if (values == np.floor(values)).all():
            return facts.category(Message("two integers"), integers=True)
    if facts.words & _NAMES_OF_TIMES:
        column = _date(facts)
        if column is not None:
            return column
    return numeric_column(facts, facts.plain, {"as": "number"}, "")


# --- rules, in the order in which they are tried --------------------------------------------------


def _constant(facts: Facts) -> Column | None:
    if facts.distinct == 1 and facts.filled == facts.rows:
        return facts.make(
            "constant", Message("every cell is {value}", value=short(facts.values[0]))
        )
    if facts.distinct == 1:
        share = 1 - facts.filled / facts.rows
        return facts.category(
            Message(
                "{value} or missing ({share})",
                value=short(facts.values[0]),
                share=f"{share:.0%}",
            )
        )
    return None


def _yes_no(facts: Facts) -> Column | None:
    lower = {value.lower() for value in facts.values}
    if facts.distinct > 6 or len(lower) != 2:
        return None
    for yes, no in YES_NO.items():
        if lower == {yes, no}:
            return facts.answers(no, yes)
    return None


def _date(facts: Facts, asked: str | None = None) -> Column | None:
    import polars as pl

    if facts.series.dtype in (pl.Date, pl.Datetime):
        return facts.make("date", Message("dates by their type"), parsing={"as": "date"})
    sample = facts.values[:MAX_SPELLINGS]
    spellings, share = dates.spellings_of(sample)
    if not spellings or (share < MOST and asked is None):
        return _epoch(facts)
    notes: list[str] = []
    reason = _spelled(spellings)
    if "dmy" in spellings:
        order, why, sure = dates.day_or_month_first(facts.text)
        if asked in ("dmy", "mdy"):
            order, why, sure = asked, Message("as asked"), True
        both = ["dmy", "mdy"] if order == "dmy" else ["mdy", "dmy"]
        spellings = [n for name in spellings for n in (both if name == "dmy" else [name])]
        words = "day/month" if order == "dmy" else "month/day"
        reason = Message("dates, {order}: {why}", order=words, why=why)
        if not sure:
            notes.append(
                Message(
                    "{why}; --as {column}=date:dmy or =date:mdy says it",
                    why=why,
                    column=facts.name,
                )
            )
    when = dates.parse(facts.text, spellings)
    read = len(when) - when.null_count()
    if read < MOST * facts.filled and asked is None:
        return None
    if spellings == ["compact"] and not _plausible(when) and asked is None:
        return None
    if read < facts.filled:
        bad = facts.text.filter(when.is_null() & facts.text.is_not_null())
        notes.append(unread(bad, Message("dates")))
    zones = dates.zones(facts.values[:MAX_SPELLINGS])
    if len(zones) > 1:
        notes.append(
            Message(
                "time zones {zones} are left out: times are as written",
                zones=", ".join(zones[:4]),
            )
        )
    return facts.make(
        "date",
        reason,
        parsing={"as": "date", "spellings": spellings},
        missing=facts.rows - read,
        notes=notes,
    )


def _epoch(facts: Facts) -> Column | None:
    """Seconds or milliseconds since 1970, where the name says that it is a time."""
    if not facts.all_numbers or not facts.words & _NAMES_OF_TIMES:
        return None
    values = facts.plain.drop_nulls().to_numpy()
    for unit, scale in ((Message("seconds"), 1.0), (Message("milliseconds"), 1e3)):
        if (values > 6.3e8 * scale).all() and (values < 2.5e9 * scale).all():
            reason = Message(
                "{unit} since 1970, by the name and the size of the numbers", unit=unit
            )
            return facts.make("date", reason, parsing={"as": "epoch", "scale": scale})
    return None


def _ordered(facts: Facts) -> Column | None:
    if facts.distinct > _MAX_ORDERED_LEVELS:
        return None
    result = ordered(known(facts.values))
    if result is None:
        return None
    levels, reason = result
    unknown = [value for value in facts.values if is_unknown(value)]
    notes = [
        Message("{value} has no rank: read as missing", value=repr(value)) for value in unknown
    ]
    parsing = {"integers": True, "missing": unknown} if unknown else {"integers": True}
    shown = " < ".join(levels if len(levels) < 8 else [*levels[:3], "...", levels[-1]])
    count = facts.filled - sum(int(facts.counts[facts.values.index(u)]) for u in unknown)
    return facts.make(
        "ordered",
        Message("{reason}: {levels}", reason=reason, levels=shown),
        parsing=parsing,
        levels=tuple(levels),
        notes=notes,
        missing=facts.rows - count,
        distinct=len(levels),
    )


# --- words -----------------------------------------------------------------------------------


def _words(facts: Facts, reason: str = "") -> Column:
    lengths = facts.text.str.len_chars().drop_nulls().cast(float)
    spaces = facts.text.str.count_matches(r"\s+").drop_nulls().cast(float)
    mean_words, mean_length = float(spaces.mean() or 0) + 1, float(lengths.mean() or 0)  # type: ignore[arg-type]
    unique = facts.distinct / facts.filled
    many = facts.distinct > max(20, _REPEATED_WORDS * facts.filled)
    long = mean_length >= _CHARACTERS_OF_TEXT and mean_words > 1.5
    letters = facts.text.str.contains(r"\p{L}").mean()
    text = isinstance(letters, float) and letters > MOST
    if many and text and (mean_words >= _WORDS_OF_TEXT or long):
        reason = Message(
            "{words} words in a cell, {share} of the cells differ",
            words=f"{mean_words:.1f}",
            share=f"{unique:.0%}",
        )
        return facts.make("text", reason)
    if many and _is_unspaced_text(facts) and unique > 0.5:
        return facts.make(
            "text",
            Message("{count} characters in a cell without blanks", count=f"{mean_length:.0f}"),
        )
    big = facts.rows >= MIN_ROWS_FOR_IDENTIFIERS
    if big and unique > 0.99:
        return facts.identifier(Message("words of which {share} differ", share=f"{unique:.1%}"))
    if big and unique > 0.9 and names.is_identifier(facts.name):
        return facts.identifier(named_like_one(unique))
    return facts.category(reason)


def _is_unspaced_text(facts: Facts) -> bool:
    """Text of languages that put no blanks between words."""
    wide = facts.text.str.count_matches(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]").mean()
    return isinstance(wide, float) and wide >= 8


# --- as asked -------------------------------------------------------------------------------------


def _as(facts: Facts, asked: str) -> Column:
    kind, _, detail = asked.partition(":")
    column = _constant(facts) if kind in ("category", "ordered") else None
    if kind in ("identifier", "constant", "ignored", "text"):
        column = facts.make(kind, Message("as asked"))  # type: ignore[arg-type]
    elif kind == "category":
        column = column or facts.category(Message("as asked"))
    elif kind == "date":
        column = _date(facts, detail or "any")
    elif kind == "number":
        column = _asked_number(facts)
    elif kind == "ordered":
        column = _asked_order(facts, detail)
    elif kind == "yes/no":
        column = _asked_answers(facts)
    if column is None:
        raise DataError(
            f"column {facts.name!r} cannot be read as {kind}: it holds cells such as "
            f"{', '.join(short(v) for v in facts.values[:3])}"
        )
    return (
        column
        if "as asked" in column.reason
        else replace(column, reason=Message("{reason}, as asked", reason=column.reason))
    )


def _asked_number(facts: Facts) -> Column | None:
    values = cells.numbers(facts.series)
    if values.null_count() == facts.rows - facts.filled:
        return numeric_column(facts, values, {"as": "number"}, Message("as asked"))
    return marked_number(facts, asked=True)


def _asked_order(facts: Facts, detail: str) -> Column | None:
    if detail:
        levels = [level.strip() for level in detail.split("<")]
        return facts.make(
            "ordered",
            Message("as asked: {levels}", levels=detail),
            levels=tuple(levels),
            distinct=len(levels),
        )
    column = _ordered(facts)
    if column is not None:
        return column
    values = cells.numbers(facts.series)
    if values.null_count() == facts.rows - facts.filled and facts.distinct <= 1000:
        levels = sorted({v.removesuffix(".0") for v in facts.values}, key=float)
        return facts.make(
            "ordered",
            Message("by number, as asked"),
            parsing={"integers": True},
            levels=tuple(levels),
        )
    return None


def _asked_answers(facts: Facts) -> Column | None:
    column = _yes_no(facts)
    if column is None and facts.distinct == 2:
        return facts.answers(*sorted(value.lower() for value in facts.values))
    return column


def _plausible(when: polars.Series) -> bool:
    years = when.drop_nulls().dt.year().to_numpy()
    return bool(len(years)) and 1850 <= years.min() and years.max() <= 2100


def _spelled(spellings: list[str]) -> str:
    words = {
        "ymd": "year-month-day", "compact": "yearmonthday", "dby": "day month year",
        "bdy": "month day year", "dmy": "day/month", "ym": "year-month", "by": "month year",
    }  # fmt: skip
    written = ", ".join(words[s] for s in spellings)
    if len(spellings) > 1:
        return Message(
            "dates written {forms}; {count} spellings", forms=written, count=len(spellings)
        )
    return Message("dates written {forms}", forms=written)
