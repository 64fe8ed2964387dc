"""Kinds of text cells where numbers were expected, and how to make numbers of them."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..typing import ArrayLike

_MAX_CELLS = 100_000  # that are read
_MAJORITY_SHARE = 0.9  # of the cells decides what a column is
_MAX_LABELS = 20

MISSING_WORDS = {
    "",
    "?",
    "na",
    "n/a",
    "#n/a",
    "nan",
    "null",
    "none",
    "-",
    "--",
    ".",
    "missing",
    "<na>",
}
_YES_NO_PAIRS = [
    {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"on", "off"},
]  # fmt: skip

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_GROUPED_NUMBER = r"[+-]?\d[\d.,'  ]*"
_KIND_PATTERNS = {
    "number": _NUMBER,
    "thousands": r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d{1,3}([ '  ]\d{3})+([.,]\d+)?",
    "comma": r"[+-]?\d*,\d+|[+-]?\d{1,3}(\.\d{3})+,\d+",
    "percent": rf"{_GROUPED_NUMBER}\s*%",
    "currency": rf"[+-]?[$€£¥₹]\s*{_GROUPED_NUMBER}"
    rf"|{_GROUPED_NUMBER}\s*([$€£¥₹]|eur|usd|gbp|chf)",
    "bound": rf"[<>≤≥~]=?\s*{_GROUPED_NUMBER}|{_GROUPED_NUMBER}\s*\+",
    "date": r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ t].*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{8}t\d+",
    "time": r"\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[ap]m)?",
    "unit": rf"{_GROUPED_NUMBER}\s*[a-zµ°²³/]{{1,8}}",
}
_NUMERIC_KINDS = ("number", "thousands", "comma", "percent", "currency", "bound", "unit")

_DESCRIPTIONS = {
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
DATE_FIX = "convert dates to numbers, e.g. the year, the month or the days since a fixed day"
_FIXES = {
    "number": "convert them: [float(v) for v in {it}]",
    "thousands": "convert them: [float(v.replace(',', '')) for v in {it}], or "
    "pandas.read_csv(..., thousands=',')",
    "comma": "convert them: [float(v.replace(',', '.')) for v in {it}], or "
    "pandas.read_csv(..., decimal=',')",
    "percent": "convert them: [float(v.rstrip('%')) / 100 for v in {it}]",
    "currency": "keep the number alone: [float(v.strip('$€£ ')) for v in {it}]",
    "bound": "say which number each of them stands for: {{'>20': 25.0, ...}}[v]",
    "unit": "keep the number alone, in one unit: [float(v.split()[0]) for v in {it}]",
    "date": DATE_FIX,
    "time": "convert times to numbers, e.g. the minutes since midnight",
    "answers": "write 1 and 0: [float(v == {example!r}) for v in {it}]",
    "labels": "encode text as numbers, e.g. pandas.get_dummies(table) or polars table.to_dummies()",
    "text": "make numbers of words with ranvier.data.TextVectorization, or leave them out",
    "missing": "leave out what is empty",
}


class CellKind(NamedTuple):
    """What cells hold: the kind, a description with an example, and what to do about it."""

    kind: str
    description: str
    fix: str

    @property
    def numeric(self) -> bool:
        """Whether they are numbers, dates or times that only have to be read."""
        return self.kind in (*_NUMERIC_KINDS, "gaps", "date", "time")


def kind_of_cells(cells: ArrayLike, it: str = "column") -> CellKind:
    """What an array of text holds; `it` is the name to give it in code.

    >>> print(kind_of_cells(["11,9", "50,1"], "y").description)
    numbers with a decimal comma such as '11,9' in row 0
    >>> print(kind_of_cells(["1.5", "2.5", ""]).description)
    numbers, but for 1 that is missing: '' in row 2
    """
    array = np.asarray(cells)
    flat = [str(v).strip() for v in array.ravel()[:_MAX_CELLS].tolist()]
    width = array.shape[1] if array.ndim > 1 else 1
    kinds = {text: _kind_of_cell(text) for text in set(flat)}
    counts = Counter(kinds[text] for text in flat)
    missing = counts.pop("missing", 0)
    total = counts.total()
    if not total:
        return CellKind("missing", _DESCRIPTIONS["missing"], _FIXES["missing"])

    def described(kind: str, *wanted: str) -> CellKind:
        """The kind, with the first cell of it (or of those in `wanted`) as the example."""
        at = next(i for i, text in enumerate(flat) if kinds[text] in (wanted or (kind,)))
        example = f"{_abbreviated(flat[at])} in row {at // width}"
        what = example if kind == "labels" else f"{_DESCRIPTIONS[kind]} such as {example}"
        return CellKind(kind, what, _FIXES[kind].format(it=it, example=max(kinds)))

    words = {text for text, kind in kinds.items() if kind != "missing"}
    if not missing and any({text.lower() for text in words} <= pair for pair in _YES_NO_PAIRS):
        return described("answers", *counts)
    for kind in ("date", "time"):
        if counts[kind] >= _MAJORITY_SHARE * total:
            return described(kind)
    numbers = sum(counts[kind] for kind in _NUMERIC_KINDS)
    if numbers < _MAJORITY_SHARE * total or (counts["unit"] and len(words) <= _MAX_LABELS):
        few = len(words) <= max(_MAX_LABELS, len(flat) // 4)
        return described("labels" if few and max(map(len, words)) <= 60 else "text", *counts)
    special = [kind for kind in _NUMERIC_KINDS[1:] if counts[kind]]
    if special:
        return described(max(special, key=lambda kind: counts[kind]))
    if numbers == total and not missing:
        return described("number")
    return _mostly_numbers(flat, kinds, width, it)


def _mostly_numbers(flat: Sequence[str], kinds: dict[str, str], width: int, it: str) -> CellKind:
    """Numbers, and some cells that are none."""
    bad = [i for i, text in enumerate(flat) if kinds[text] != "number"]
    empty = all(kinds[flat[i]] == "missing" for i in bad)
    one = len(bad) == 1
    which = f"{'is' if one else 'are'} missing" if empty else f"{'is' if one else 'are'} not"
    return CellKind(
        "gaps",
        f"numbers, but for {len(bad):,} that {which}: {_abbreviated(flat[bad[0]])} in row "
        f"{bad[0] // width}",
        f"values = pandas.to_numeric({it}, errors='coerce') makes them NaN; fill those or drop "
        "their rows",
    )


def _kind_of_cell(text: str) -> str:
    if text.lower() in MISSING_WORDS:
        return "missing"
    return next((k for k, pattern in _patterns().items() if pattern.fullmatch(text)), "word")


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The patterns, compiled when the first text comes."""
    return {kind: re.compile(p, re.IGNORECASE) for kind, p in _KIND_PATTERNS.items()}


def _abbreviated(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:27] + "...")
