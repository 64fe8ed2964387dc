"""Dates and times in many spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.message import Message

if TYPE_CHECKING:
    import polars

_TIME = (
    r"(?:[T ,]+(?P<H>\d{1,2})(?::?(?P<M>\d{2}))(?::?(?P<S>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_MONTH = (
    r"(?P<b>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+)?"
_DAY, _YEAR = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?", r"(?P<y>\d{4}|\d{2})"

# Spellings by name; in "dmy" and "mdy" nothing but the order differs.
SPELLINGS: Mapping[str, str] = {
    "ymd": rf"(?P<y>\d{{4}})[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?{_TIME}",
    "compact": rf"(?P<y>(?:18|19|20)\d{{2}})(?P<m>\d{{2}})(?P<d>\d{{2}}){_TIME}",
    "dmy": rf"(?P<d>\d{{1,2}})[-/.](?P<m>\d{{1,2}})[-/.]{_YEAR}{_TIME}",
    "mdy": rf"(?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})[-/.]{_YEAR}{_TIME}",
    "dby": rf"{_WEEKDAY}{_DAY}[-\s./]+{_MONTH}[-\s.,/]+{_YEAR}{_TIME}",
    "bdy": rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+{_YEAR}{_TIME}",
    "ym": r"(?P<y>\d{4})[-/](?P<m>\d{1,2})",
    "by": rf"{_MONTH}[-\s]+(?P<y>\d{{4}})",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_PATTERNS: dict[str, re.Pattern[str]] = {}
_FLAGS = "(?i)"


def pattern(name: str) -> re.Pattern[str]:
    """A spelling's pattern."""
    if name not in _PATTERNS:
        _PATTERNS[name] = re.compile(_FLAGS + SPELLINGS[name])
    return _PATTERNS[name]


def parse(cells: polars.Series, spellings: Sequence[str]) -> polars.Series:
    """Text as datetimes (microseconds, as written, without time zones); null for what is none."""
    import polars as pl

    result = pl.Series(cells.name, [None] * len(cells), pl.Datetime("us"))
    for name in spellings:
        left = result.is_null() & cells.is_not_null()
        if not left.any():
            break
        some = cells.set(~left, None)
        result = result.zip_with(~left, _parse_one(some, name))
    return result


def _parse_one(cells: polars.Series, name: str) -> polars.Series:
    import polars as pl

    parts = cells.str.extract_groups(f"{_FLAGS}^{SPELLINGS[name]}$").struct.unnest()
    known = set(parts.columns)

    def part(key: str, default: int) -> pl.Series:
        if key not in known:
            return pl.Series([default]).new_from_index(0, len(cells)).cast(pl.Int32)
        return parts[key].cast(pl.Int32, strict=False).fill_null(default)

    read = parts["y"].is_not_null()
    year = part("y", 0)
    short = (parts["y"].str.len_chars() == 2).fill_null(False)
    year = year + short.cast(pl.Int32) * 1900 + (short & (year < 69)).cast(pl.Int32) * 100
    month = part("m", 1)
    if "b" in known:
        index = parts["b"].str.slice(0, 3).str.to_lowercase()
        month = index.replace_strict(_MONTHS, list(range(1, 13)), default=1, return_dtype=pl.Int32)
    hour = part("H", 0)
    if "half" in known:
        half = parts["half"].str.to_lowercase().str.slice(0, 1).fill_null("")
        late = ((half == "p") & (hour < 12)).cast(pl.Int32) * 12
        hour = hour + late - ((half == "a") & (hour == 12)).cast(pl.Int32) * 12
    frame = pl.DataFrame(
        {"y": year, "m": month, "d": part("d", 1), "H": hour, "M": part("M", 0), "S": part("S", 0)}
    )
    written = frame.select(
        pl.format("{}-{}-{}T{}:{}:{}", *(pl.col(k).cast(pl.String).str.zfill(2) for k in "ymdHMS"))
    ).to_series()
    # A leap second, 60, is no time that polars knows; such cells are null, as 30 February is.
    when = written.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
    none = pl.Series(cells.name, [None] * len(when), pl.Datetime("us"))
    return when.zip_with(read, none).alias(cells.name)


def spellings_of(cells: Sequence[str]) -> tuple[list[str], float]:
    """The spellings that read distinct cells, most frequent first, and the share that they read.

    "dmy" stands for both orders of day and month.
    """
    counts: dict[str, int] = {}
    for cell in cells:
        for name in SPELLINGS:
            if name != "mdy" and pattern(name).fullmatch(cell):
                counts[name] = counts.get(name, 0) + 1
                break
    names = sorted(counts, key=lambda name: -counts[name])
    return names, sum(counts.values()) / max(1, len(cells))


def zones(cells: Sequence[str]) -> list[str]:
    """The time zones that stand behind times."""
    ends = (re.search(r":\d{2}(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$", c) for c in cells)
    return sorted({match[1] for match in ends if match})


def day_or_month_first(cells: polars.Series) -> tuple[str, str, bool]:
    """("dmy" or "mdy", the reason, whether the data decide it) for dates such as 3/12/2016."""
    import polars as pl

    parts = cells.str.extract_groups(r"^(\d{1,2})[-/.](\d{1,2})[-/.]").struct.unnest()
    first, second = (parts[c].cast(pl.Int32).drop_nulls().to_numpy() for c in parts.columns)
    if (first > 12).any() and (second > 12).any():
        both = int((second > 12).sum()), int((first > 12).sum())
        order = "mdy" if both[0] > both[1] else "dmy"
        return (
            order,
            (
                Message(
                    "{days} cells have a day first and {months} a month first: the spellings are "
                    "mixed, the rest is read as the more frequent one",
                    days=f"{both[1]:,}",
                    months=f"{both[0]:,}",
                )
            ),
            False,
        )
    if (first > 12).any():
        return (
            "dmy",
            Message("the first number goes up to {number}, so it is the day", number=first.max()),
            True,
        )
    if (second > 12).any():
        return (
            "mdy",
            Message("the second number goes up to {number}, so it is the day", number=second.max()),
            True,
        )
    for order in ("dmy", "mdy"):
        dates = parse(cells, [order]).drop_nulls().cast(pl.Int64).to_numpy()
        other = parse(cells, ["mdy" if order == "dmy" else "dmy"]).drop_nulls().cast(pl.Int64)
        if len(dates) > 2 and _sorted(dates) and not _sorted(other.to_numpy()):
            return (
                order,
                Message("read so ({order}), the rows stand in order of time", order=_words(order)),
                True,
            )
    dots = bool(cells.str.contains(".", literal=True).any())
    order = "dmy" if dots else "mdy"
    return (
        order,
        (
            Message(
                "no number is above 12, so the data do not say whether day or month comes first; "
                "taken as {order}",
                order=_words(order),
            )
        ),
        False,
    )


def _words(order: str) -> str:
    return Message("day first") if order == "dmy" else Message("month first")


def _sorted(values: Any) -> bool:
    steps = np.diff(values)
    return bool((steps >= 0).all() or (steps <= 0).all()) and bool((steps != 0).any())
