"""Cells of a column as text, numbers and answers; the same for each row, whatever the others hold.

A `parsing` says how a column is written, as JSON: the encoder keeps it in the saved file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...base.message import Message
from ...data.cell_kinds import MISSING_WORDS

if TYPE_CHECKING:
    import polars

Parsing = Mapping[str, Any]

# NOTE: polars takes a name such as "^a$" for a pattern of names, so that columns are renamed while
# they are read.
NAME = "cells"

YES_NO = {
    "yes": "no", "y": "n", "true": "false", "t": "f", "on": "off", "1": "0", "1.0": "0.0",
    "ja": "nein", "oui": "non", "si": "no", "sí": "no", "是": "否", "да": "нет",
}  # fmt: skip

# Units that measure the same, and how much each is of the first one.
UNITS: tuple[Mapping[str, float], ...] = (
    {"m": 1.0, "mm": 1e-3, "cm": 1e-2, "km": 1e3, "in": 0.0254, "ft": 0.3048, "mi": 1609.344},
    {"kg": 1.0, "g": 1e-3, "mg": 1e-6, "t": 1e3, "lb": 0.45359237, "lbs": 0.45359237},
    {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0, "mins": 60.0, "h": 3600.0, "hr": 3600.0,
     "hrs": 3600.0, "hours": 3600.0, "d": 86400.0, "days": 86400.0},
    {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    {"l": 1.0, "ml": 1e-3, "cl": 1e-2},
)  # fmt: skip
MAGNITUDES: Mapping[str, float] = {
    "": 1.0, "k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9,
}  # fmt: skip

CURRENCIES = r"[$€£¥₹₽₩]|USD|EUR|GBP|CHF|CNY|RMB|JPY|INR|Rs\.?|元"
NUMBER = re.compile(
    rf"""(?P<open>\()?\s*(?P<bound>[<>≤≥~]=?\s*)?(?P<sign>[+−-]\s*)?
    (?P<prefix>{CURRENCIES})?\s*(?P<sign2>[+−-])?
    (?P<digits>\d[\d.,'’\u00a0\u202f ]*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?
    \s*(?P<plus>\+)?\s*(?P<suffix>%|‰|{CURRENCIES}|°?[a-zA-Zµ°²³/*]{{1,10}}\.?)?\s*(?P<close>\))?""",
    re.VERBOSE,
)
_BLANKS = "'’\u00a0\u202f "
# Digits with the same mark before every three of them (in India before the first two or three of
# the rest), and one other mark before the fraction.
_GROUPS = re.compile(
    r"\d*([.,]\d*)?"
    r"|\d{1,3}(?:(?P<mark>[.,'’\u00a0\u202f ])\d{2,3}(?:(?P=mark)\d{2,3})*)?(?:[.,]\d*)?"
)


def text(series: polars.Series, parsing: Parsing | None = None) -> polars.Series:
    """Cells as text without blanks around them; missing in any spelling is null.

    With {"integers": true} "5.0" is "5", with {"lower": true} "Yes" is "yes".
    """
    import polars as pl

    parsing = parsing or {}
    series = series.alias(NAME)
    dtype = series.dtype
    if dtype == pl.String:
        cells = series.str.strip_chars()
        words = [*MISSING_WORDS, *(m.lower() for m in parsing.get("missing", ()))]
        lower = cells.str.to_lowercase()
        cells = cells.set(lower.is_in(words), None)
        if parsing.get("lower"):
            cells = cells.str.to_lowercase()
    elif dtype.is_float():
        whole = series.is_finite() & (series == series.round(0)) & (series.abs() < 2.0**53)
        integers = series.set(~whole, None).cast(pl.Int64).cast(pl.String)
        others = series.set(~series.is_finite(), None).cast(pl.String)
        cells = integers.zip_with(integers.is_not_null(), others)
    elif dtype == pl.Boolean:
        cells = series.cast(pl.Int8).cast(pl.String).replace({"1": "true", "0": "false"})
    else:
        cells = series.cast(pl.String)
    if parsing.get("integers") and dtype == pl.String:
        short = cells.str.replace(r"^([+-]?\d+)\.0*$", "$1")
        cells = short
    return cells


def numbers(series: polars.Series, parsing: Parsing | None = None) -> polars.Series:
    """Cells as float64; null for what is missing or no number, and for infinities."""
    import polars as pl

    parsing = parsing or {}
    series = series.alias(NAME)
    if parsing.get("as") == "clock":
        values = _clock(text(series))
    elif series.dtype == pl.String:
        cells = series.str.strip_chars()
        if parsing.get("marks") or parsing.get("units"):
            values = _marked(cells, parsing)
        else:
            values = cells.cast(pl.Float64, strict=False)
    else:
        values = series.cast(pl.Float64, strict=False)
    values = values.set(~values.is_finite().fill_null(False), None)
    for mark in parsing.get("stand_for_missing", ()):
        values = values.set((values == mark).fill_null(False), None)
    return values.alias(NAME)


def infinite(series: polars.Series) -> polars.Series:
    """Which cells are infinities."""
    import polars as pl

    if series.dtype != pl.String and not series.dtype.is_float():
        return pl.Series([False]).new_from_index(0, len(series))
    series = series.alias(NAME)
    values = series.str.strip_chars() if series.dtype == pl.String else series
    return values.cast(pl.Float64, strict=False).is_infinite().fill_null(False)


def _marked(cells: polars.Series, parsing: Parsing) -> polars.Series:
    """Numbers with thousands, a decimal comma, a currency, a percent sign or a unit."""
    import polars as pl

    negative = cells.str.contains(r"^\(.*\)$") | cells.str.contains(r"^[^\d]*[-−]\s*[^\d]*\d")
    digits = cells.str.extract(r"(\d[\d.,'’\x{a0}\x{202f} ]*(?:[eE][+-]?\d+)?|[.,]\d+)", 1)
    thousands = parsing.get("thousands", "")
    for mark in _BLANKS if thousands in _BLANKS and thousands else thousands:
        digits = digits.str.replace_all(mark, "", literal=True)
    digits = digits.str.strip_chars(_BLANKS)
    if parsing.get("decimal") == ",":
        digits = digits.str.replace(",", ".", literal=True)
    values = digits.cast(pl.Float64, strict=False)
    values = values.zip_with(~negative.fill_null(False), -values)
    units = parsing.get("units")
    if units:
        unit = cells.str.extract(r"([a-zA-Zµ°²³/*]+)\.?\s*\)?$", 1).fill_null("").str.to_lowercase()
        factors = unit.replace_strict(
            list(units), list(units.values()), default=None, return_dtype=pl.Float64
        )
        values = values * factors
    return values


def _clock(cells: polars.Series) -> polars.Series:
    """Times of day as hours."""
    import polars as pl

    parts = cells.str.extract_groups(
        r"(?i)^(?P<h>\d{1,4}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:\.\d+)?))?\s*(?P<half>[ap]m)?$"
    ).struct.unnest()
    hour = parts["h"].cast(pl.Float64)
    half = parts["half"].str.to_lowercase().fill_null("")
    afternoon = (half == "pm") & (hour < 12)
    hour = (
        hour
        + afternoon.cast(pl.Float64) * 12
        - ((half == "am") & (hour == 12)).cast(pl.Float64) * 12
    )
    return hour + parts["m"].cast(pl.Float64) / 60 + parts["s"].cast(pl.Float64).fill_null(0) / 3600


# --- how numbers are written --------------------------------------------------------------------


def number_format(cells: Sequence[str], decimal: str | None) -> tuple[Parsing, str] | None:
    """How the numbers among distinct cells are written, and the reason; None if they are none.

    >>> number_format(["1.200,50 €", "950,00 €"], None)[0]
    {'as': 'number', 'marks': True, 'thousands': '.', 'decimal': ','}
    """
    matches = [m for cell in cells if (m := NUMBER.fullmatch(cell))]
    if not matches:
        return None
    bodies = [m["digits"].rstrip(_BLANKS) for m in matches]
    separators = _separators(bodies, decimal)
    if separators is None:
        return None
    thousands, mark, reason = separators
    parsing: dict[str, Any] = {
        "as": "number", "marks": True, "thousands": thousands, "decimal": mark,
    }  # fmt: skip
    reasons = [reason] if reason else []
    suffixes = {(m["suffix"] or "").rstrip(".").lower() for m in matches}
    currencies = re.compile(CURRENCIES, re.IGNORECASE)
    money = {m["prefix"] for m in matches if m["prefix"]} | {
        m["suffix"] for m in matches if m["suffix"] and currencies.fullmatch(m["suffix"])
    }
    if len({_currency(name) for name in money}) > 1:
        return None  # several currencies cannot be compared
    if money:
        named_money = ", ".join(sorted(money))
        reasons.append(Message("amounts of money in {currencies}", currencies=named_money))
    units = {s for s in suffixes if not currencies.fullmatch(s) and s != "%"} if suffixes else set()
    named = units - {""}
    if "%" in suffixes:
        reasons.append(Message("percentages"))
        if named:
            return None
    if named:
        factors = _factors(units, bool(money))
        if factors is None:
            return None
        if len(named) > 1 or any(f != 1.0 for f in factors.values()):
            parsing["units"] = factors
        if len(named) > 1:
            reasons.append(Message("numbers with the units {units}", units=_listed(named)))
        else:
            reasons.append(Message("numbers with the unit {unit}", unit=_listed(named)))
    if any(m["open"] for m in matches):
        reasons.append(Message("negative ones in parentheses"))
    return parsing, Message("{reasons}", reasons=reasons) if reasons else ""


def _currency(name: str) -> str:
    same = {"€": "eur", "$": "usd", "£": "gbp", "₹": "inr", "rs": "inr", "rs.": "inr",
            "¥": "cny", "元": "cny", "rmb": "cny"}  # fmt: skip
    return same.get(name.lower(), name.lower())


def _listed(units: set[str]) -> str:
    return ", ".join(sorted(units))


def _factors(units: set[str], money: bool) -> dict[str, float] | None:
    """How much each unit is of the first one; None for units that cannot be compared."""
    if units <= MAGNITUDES.keys() and (money or units & {"k", "mn", "bn", "mio"}):
        return {u: MAGNITUDES[u] for u in sorted(units)}
    named = units - {""}
    known = {unit for family in UNITS for unit in family}
    if any(len(unit) == 1 and unit not in known for unit in named):
        return None  # "5A" and "6A" are names
    if len({unit.rstrip("s") for unit in named}) == 1:
        return dict.fromkeys(sorted(units), 1.0)
    for family in UNITS:
        if named <= family.keys() and "" not in units:
            return {u: family[u] for u in sorted(named)}
    return None


def _separators(bodies: Sequence[str], decimal: str | None) -> tuple[str, str, str] | None:
    """(thousands, decimal mark, reason) of numbers, by the digits that stand behind the marks."""
    if not all(_GROUPS.fullmatch(body) for body in bodies):
        return None
    blanks = any(b in body for body in bodies for b in _BLANKS)
    both = [b for b in bodies if "." in b and "," in b]
    if decimal is not None:
        other = "," if decimal == "." else "."
        return (
            (" " if blanks else other),
            decimal,
            Message("{mark} is the decimal mark, as asked", mark=repr(decimal)),
        )
    if both:
        ends = {"," if b.rfind(",") > b.rfind(".") else "." for b in both}
        if len(ends) > 1:
            return None
        mark = ends.pop()
        return (
            ("," if mark == "." else "."),
            mark,
            Message("as in {example}", example=repr(both[0])),
        )
    if any("," in b for b in bodies):
        groups = all(re.fullmatch(r"\d{1,3}(,\d{3})+", b) for b in bodies if "," in b)
        plain = all("," in b or len(b) <= 3 for b in bodies)
        if groups and (plain or any(b.count(",") > 1 for b in bodies)):
            first = next(b for b in bodies if "," in b)
            return (
                ",",
                ".",
                Message("',' stands between thousands, as in {example}", example=repr(first)),
            )
        if any(b.count(",") > 1 for b in bodies):
            return None
        first = next(b for b in bodies if "," in b)
        return (
            (" " if blanks else ""),
            ",",
            Message("',' is the decimal mark, as in {example}", example=repr(first)),
        )
    if any(b.count(".") > 1 for b in bodies):
        if all(re.fullmatch(r"\d{1,3}(\.\d{3})*", b) for b in bodies):
            return ".", ",", Message("'.' stands between thousands")
        return None
    if blanks:
        return " ", ".", Message("blanks or apostrophes stand between thousands")
    return "", ".", ""
