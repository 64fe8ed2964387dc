"""What cells of text look like where numbers were expected, and how to make numbers of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_MOST = 100_000  # cells that are looked at
_MAINLY = 0.9  # share of the cells that says what a column is
_FEW_CLASSES = 20

_MISSING = {"", "?", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", ".", "missing", "<na>"}
_ANSWERS = [
    {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"on", "off"},
]  # fmt: skip

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_ANY_NUMBER = r"[+-]?\d[\d.,'  ]*"
_KINDS = {
    "number": _NUMBER,
    "thousands": r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d{1,3}([ '  ]\d{3})+([.,]\d+)?",
    "comma": r"[+-]?\d*,\d+|[+-]?\d{1,3}(\.\d{3})+,\d+",
    "percent": rf"{_ANY_NUMBER}\s*%",
    "currency": rf"[+-]?[$€£¥₹]\s*{_ANY_NUMBER}|{_ANY_NUMBER}\s*([$€£¥₹]|eur|usd|gbp|chf)",
    "bound": rf"[<>≤≥~]=?\s*{_ANY_NUMBER}|{_ANY_NUMBER}\s*\+",
    "date": r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ t].*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{8}t\d+",
    "time": r"\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[ap]m)?",
    "unit": rf"{_ANY_NUMBER}\s*[a-zµ°²³/]{{1,8}}",
}
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _KINDS.items()}
_NUMERIC = ("number", "thousands", "comma", "percent", "currency", "bound", "unit")

_WHAT = {
    "number": "numbers written as text",
    "thousands": "numbers with marks between the thousands",
    "comma": "numbers with a decimal comma",
    "percent": "numbers with a percent sign",
    "currency": "amounts of money",
    "bound": "numbers with <, > or +",
    "unit": "numbers with a unit",
    "date": "dates",
    "time": "times of day",
    "answers": "yes and no",
    "labels": "labels",
    "text": "free text",
    "missing": "nothing but missing values",
}
_FIX = {
    "number": "convert them: [float(v) for v in {it}]",
    "thousands": "convert them: [float(v.replace(',', '')) for v in {it}], or "
    "pandas.read_csv(..., thousands=',')",
    "comma": "convert them: [float(v.replace(',', '.')) for v in {it}], or "
    "pandas.read_csv(..., decimal=',')",
    "percent": "convert them: [float(v.rstrip('%')) / 100 for v in {it}]",
    "currency": "keep the number alone: [float(v.strip('$€£ ')) for v in {it}]",
    "bound": "say which number each of them stands for: {{'>20': 25.0, ...}}[v]",
    "unit": "keep the number alone, in one unit: [float(v.split()[0]) for v in {it}]",
    "date": "turn dates into numbers, e.g. the year, the month or the days since a fixed day",
    "time": "turn times into numbers, e.g. the minutes since midnight",
    "answers": "write 1 and 0: [float(v == {example!r}) for v in {it}]",
    "labels": "encode text as numbers, e.g. pandas.get_dummies(table) or polars table.to_dummies()",
    "text": "make numbers of words with ranvier.data.TextVectorization, or leave them out",
    "missing": "leave out what is empty",
}


class Looks(NamedTuple):
    """What cells look like: the kind, in words with an example, and what to do about it."""

    kind: str
    what: str
    fix: str

    @property
    def numeric(self) -> bool:
        """Whether they are numbers, dates or times that only have to be read."""
        return self.kind in (*_NUMERIC, "gaps", "date", "time")


def looks_of(cells: Any, it: str = "column") -> Looks:
    """What an array of text looks like; `it` is the name to give it in code.

    >>> print(looks_of(["11,9", "50,1"], "y").what)
    numbers with a decimal comma such as '11,9' in row 0
    >>> print(looks_of(["1.5", "2.5", ""]).what)
    numbers, but for 1 that is missing: '' in row 2
    """
    array = np.asarray(cells)
    flat = [str(v).strip() for v in array.ravel()[:_MOST].tolist()]
    width = array.shape[1] if array.ndim > 1 else 1
    kinds = {text: _kind(text) for text in set(flat)}
    counts = Counter(kinds[text] for text in flat)
    missing = counts.pop("missing", 0)
    total = counts.total()
    if not total:
        return Looks("missing", _WHAT["missing"], _FIX["missing"])

    def such_as(kind: str, *wanted: str) -> Looks:
        at = next(i for i, text in enumerate(flat) if kinds[text] in (wanted or (kind,)))
        example = f"{_short(flat[at])} in row {at // width}"
        what = example if kind == "labels" else f"{_WHAT[kind]} such as {example}"
        return Looks(kind, what, _FIX[kind].format(it=it, example=max(kinds)))

    words = {text for text, kind in kinds.items() if kind != "missing"}
    if not missing and any({text.lower() for text in words} <= pair for pair in _ANSWERS):
        return such_as("answers", *counts)
    for kind in ("date", "time"):
        if counts[kind] >= _MAINLY * total:
            return such_as(kind)
    numbers = sum(counts[kind] for kind in _NUMERIC)
    if numbers < _MAINLY * total or (counts["unit"] and len(words) <= _FEW_CLASSES):
        few = len(words) <= max(_FEW_CLASSES, len(flat) // 4)
        return such_as("labels" if few and max(map(len, words)) <= 60 else "text", *counts)
    special = [kind for kind in _NUMERIC[1:] if counts[kind]]
    if special:
        return such_as(max(special, key=lambda kind: counts[kind]))
    if numbers == total and not missing:
        return such_as("number")
    return _among_numbers(flat, kinds, width, it)


def _among_numbers(flat: Sequence[str], kinds: dict[str, str], width: int, it: str) -> Looks:
    """Numbers with something else among them."""
    bad = [i for i, text in enumerate(flat) if kinds[text] != "number"]
    empty = all(kinds[flat[i]] == "missing" for i in bad)
    one = len(bad) == 1
    which = f"{'is' if one else 'are'} missing" if empty else f"{'is' if one else 'are'} not"
    return Looks(
        "gaps",
        f"numbers, but for {len(bad):,} that {which}: {_short(flat[bad[0]])} in row "
        f"{bad[0] // width}",
        f"values = pandas.to_numeric({it}, errors='coerce') makes them NaN; fill those or drop "
        "their rows",
    )


def _kind(text: str) -> str:
    if text.lower() in _MISSING:
        return "missing"
    return next((k for k, pattern in _PATTERNS.items() if pattern.fullmatch(text)), "word")


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:27] + "...")
