"""What names and numbers say of a column: identifiers, codes, numbers that stand for missing."""

from __future__ import annotations

import re
from collections.abc import Set

import numpy as np

from ...base.message import Message
from ...typing import Array

_IDENTIFIERS = {"id", "ids", "key", "guid", "uuid", "index", "rownumber", "rowid", "identifier",
                "rownum", "nr", "serial", "ssn", "isbn", "ean", "hash", "parcelno"}  # fmt: skip
_CODES = {
    "zip", "zipcode", "postcode", "postalcode", "postal", "plz", "code", "codes", "category", "cat",
    "type", "class", "group", "cluster", "segment", "region", "district", "area_code", "browser",
    "os", "systems", "sex", "gender", "race", "ethnicity", "education", "marriage", "marital",
    "occupation", "country", "state", "city", "county", "province", "store", "shop", "department",
    "dept", "branch", "vendor", "supplier", "brand", "manufacturer", "channel", "device", "carrier",
    "airline", "airport", "station", "sector", "industry", "status", "workclass", "religion",
    "nationality", "species", "genre", "language", "currency",
}  # fmt: skip
_QUANTITIES = {
    "count", "number", "num", "nr", "size", "amount", "total", "sum", "mean", "avg", "average",
    "price", "cost", "age", "year", "years", "yr", "days", "rate", "ratio", "score", "level",
    "grade", "rank", "duration", "distance", "area", "sqft", "population", "percent", "pct",
    "income", "salary", "balance",
}  # fmt: skip
_NEVER_ZERO = {
    "glucose", "bmi", "pressure", "insulin", "thickness", "weight", "height", "cholesterol",
    "pulse", "heartrate", "temperature_k", "haemoglobin", "hemoglobin",
}  # fmt: skip
_MAX_CODES = 200
_MIN_CODE_REPEATS = 4.0
_MIN_UNROUND_REPEATS = 2.0  # of codes whose most frequent values are no rounder than others
_MOST_ROUND = 0.15


def words(name: str) -> set[str]:
    """The words of a column's name, in lower case.

    >>> sorted(words("CustomerId")), sorted(words("zip_code"))
    (['customer', 'customerid', 'id'], ['code', 'zip', 'zipcode'])
    """
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", split)
    parts = [w.lower() for w in re.split(r"[^A-Za-z]+", split) if w]
    return {*parts, "".join(parts)} if parts else {name.lower()}


def is_identifier(name: str) -> bool:
    """Whether a name says that a column names its rows."""
    if name in ("编号", "序号", "学号", "工号", "身份证号", "订单号"):
        return True
    return bool(words(name) & _IDENTIFIERS)


def is_quantity(name: str) -> bool:
    """Whether a name says that a column measures or counts something."""
    return bool(words(name) & _QUANTITIES - {"number", "nr", "num"})


def code(name: str, numbers: Array, distinct: int) -> str | None:
    """Why integers are codes of a category rather than quantities, or None."""
    parts = words(name)
    repeats = len(numbers) / max(1, distinct)
    named = parts & _CODES and not parts & _QUANTITIES
    if named and distinct > 2 and distinct <= max(_MAX_CODES, len(numbers) // 20) and repeats >= 2:
        named_by = ", ".join(sorted(parts & _CODES))
        return Message("integers that are codes, by the name ({words})", words=named_by)
    if parts & _QUANTITIES or _counts(name) or distinct < 30 or repeats < _MIN_UNROUND_REPEATS:
        return None
    values, counts = np.unique(numbers, return_counts=True)
    if repeats < _MIN_CODE_REPEATS and _round_when_frequent(values, counts):
        return None
    if values[0] < 0 or values[-1] > 2**53:
        return None
    sparse = (values[-1] - values[0]) / distinct
    share_of_zeros = float((numbers == 0).mean())
    digits = np.floor(np.log10(np.maximum(numbers, 1))) + 1
    typical = np.median(digits)
    alike = (np.abs(digits - typical) <= 1).mean() > 0.9
    exact = np.mean([len(str(int(v)).rstrip("0")) for v in values[:2000]])
    years = values[0] >= 1800 and values[-1] <= 2100
    exact_codes = typical >= 4 and exact >= typical - 0.6 and not years
    if sparse > 20 and alike and exact_codes and share_of_zeros < 0.02:
        return Message(
            "integers of {digits} digits of which few occur, and those {times} times each: codes "
            "rather than quantities",
            digits=f"{typical:.0f}", times=f"{repeats:.0f}",
        )  # fmt: skip
    return None


def _round_when_frequent(values: Array, counts: Array) -> bool:
    """Whether the most frequent values end in 0 more often than by chance, as quantities do."""
    most = np.argsort(-counts, kind="stable")[: max(20, len(values) // 10)]
    return bool((values[most] % 10 == 0).mean() > _MOST_ROUND)


def _counts(name: str) -> bool:
    return name.lower().endswith(("count", "amount", "total", "price", "value", "size", "area"))


@np.errstate(over="ignore", invalid="ignore")
def outliers(parts: Set[str], numbers: Array) -> list[str]:
    """Notes on a value far from all others, which may be a slip of the pen."""
    if len(numbers) < 50:
        return []
    low, second, *_, next_high, high = np.partition(numbers, (0, 1, -2, -1))[[0, 1, 2, -2, -1]]
    q25, median, q75 = np.quantile(numbers, (0.25, 0.5, 0.75))
    spread = max(float(q75 - q25), 1e-30)
    notes: list[str] = []
    if high - median > 15 * spread and high - median > 2.5 * (next_high - median):
        notes.append(
            Message(
                "the greatest value, {value}, is far from the next, {next}",
                value=f"{high:g}",
                next=f"{next_high:g}",
            )
        )
    if median - low > 15 * spread and median - low > 2.5 * (median - second):
        notes.append(
            Message(
                "the least value, {value}, is far from the next, {next}",
                value=f"{low:g}",
                next=f"{second:g}",
            )
        )
    if parts & {"year", "yr", "yearbuilt", "built"} and low < 1700 < q25:
        early = np.unique(numbers[(numbers < 1700) & (numbers != 0)])
        if len(early):
            notes.append(Message("the year {year} is likely a mistake", year=f"{early[0]:g}"))
    return notes


@np.errstate(over="ignore", invalid="ignore")
def stand_ins(parts: Set[str], numbers: Array) -> tuple[list[float], list[str]]:
    """Numbers that stand for missing: those to read so, and notes on them and on likely ones."""
    if len(numbers) < 20:
        return [], []
    values, counts = np.unique(numbers, return_counts=True)
    if len(values) < 4:
        return [], []
    marks: list[float] = []
    notes: list[str] = []
    low, high = values[0], values[-1]
    rest_low, rest_high = values[1], values[-2]
    shares = counts / len(numbers)
    repeated = max(3, 0.001 * len(numbers))
    if low in (-99, -999, -9999, -99999, -88, -888, -8888) and counts[0] >= 1:
        if low < rest_low - 3 * max(1.0, rest_high - rest_low) or (rest_low >= 0):
            marks.append(float(low))
            notes.append(
                _note(low, shares[0], Message("far below every other value: read as missing"))
            )
    elif low in (-1, -9) and rest_low >= 0 and counts[0] >= repeated:
        if high > 20 and len(values) > 10:
            marks.append(float(low))
            notes.append(_note(low, shares[0], Message("the only negative value: read as missing")))
        else:
            notes.append(
                _note(low, shares[0], Message("the only negative value: it may stand for missing"))
            )
    if high in (999, 9999, 99999, 999999, 9999999) and counts[-1] >= repeated and len(values) > 10:
        if rest_high < 0.5 * high:
            marks.append(float(high))
            notes.append(
                _note(high, shares[-1], Message("far above every other value: read as missing"))
            )
        else:
            notes.append(_note(high, shares[-1], Message("it may stand for missing or be a limit")))
    if low == 0 and counts[0] >= 2 and parts & _NEVER_ZERO:
        median = float(np.median(numbers[numbers > 0]))
        if shares[0] < 0.6 and rest_low >= 0.1 * median:
            marks.append(0.0)
            notes.append(
                _note(
                    0,
                    shares[0],
                    Message(
                        "impossible by the name, the next value is {next}: read as missing",
                        next=f"{rest_low:g}",
                    ),
                )
            )
    return marks, notes


def _note(value: float, share: float, what: str) -> str:
    values = {"value": f"{value:g}", "share": f"{share:.1%}", "what": what}
    if what.startswith("it "):
        return Message("{value} in {share} of the rows: {what}", **values)
    return Message("{value} in {share} of the rows is {what}", **values)
