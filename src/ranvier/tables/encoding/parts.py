"""Parts of an encoder: one class for each kind of column.

A part is made by `fit` from training rows and gives up to three blocks of columns for any rows:
numbers, flags and categories. It does so row by row: a row has the same bits alone as among
others. What it knows is JSON (`state`) and arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from ...typing import Array
from ..columns import Column
from ..recognition import cells, profiles
from .statistics import codes_of, cross_fitting, means_of, training_levels
from .text_features import TextFeatures
from .unread import Unread

if TYPE_CHECKING:
    import polars

MAX_ONE_HOT = 8  # levels; larger categories are codes for an embedding
MIN_STATISTICS = 50  # levels above which a category gets target statistics too
PARTS_OF_DATES = ("year", "month", "day", "weekday", "hour")
_FLOAT32_DIGITS = 1e4
_MAX_FLOAT32 = 1e30


class Blocks(NamedTuple):
    """Columns of the three arrays, (rows, n) each; None for none."""

    numbers: Array | None = None
    flags: Array | None = None
    categories: Array | None = None


class Labels(NamedTuple):
    """The target of the training rows: (rows, outputs) of numbers, or of 0 and 1 for classes."""

    outputs: Array
    seed: int


class Part:
    """How one column becomes columns of arrays. `names` describes them, block by block."""

    kind: ClassVar[str]
    reads: ClassVar[str] = "level"  # a key of unread.TOLERANCE

    def __init__(
        self, column: Column, state: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> None:
        self.column = column
        self.state = dict(state)
        self.arrays = dict(arrays)
        self.unread = Unread(column, self.reads, self.state)

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        """The part for the training rows of a column."""
        raise NotImplementedError

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (self.column.name,)

    def read(self, table: polars.DataFrame) -> polars.Series:
        """The cells of its column."""
        return table[self.column.name]

    def transform(self, series: polars.Series) -> Blocks:
        """The columns of any rows."""
        raise NotImplementedError

    def transform_training(self, series: polars.Series, labels: Labels) -> Blocks:
        """The columns of the training rows; what knows the target leaves a row's own out."""
        return self.transform(series)

    def names(self) -> tuple[list[str], list[str], list[str]]:
        """What each column of numbers, flags and categories is."""
        raise NotImplementedError

    @property
    def levels(self) -> list[int]:
        """The sizes of the columns of categories, code 0 included."""
        return []

    def _codes(self, series: polars.Series) -> Array:
        """1 and up for the levels of training, 0 for missing and for others."""
        codes = codes_of(series, self.column, self.state["levels"])
        self.unread.look(series, codes == 0)
        return codes


class NumberPart(Part):
    """A number, the training median where it is missing, and a flag if any was missing."""

    kind = "number"
    reads = "number"

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        values = cells.numbers(series, column.parsing).to_numpy()
        known = values[np.isfinite(values)]
        median = _median(known)
        spread = float(np.quantile(known, 0.95) - np.quantile(known, 0.05)) if len(known) else 0.0
        largest = float(np.abs(known).max()) if len(known) else 0.0
        # float32 has seven digits: a large offset or size is taken off in float64.
        shifted = abs(median) > _FLOAT32_DIGITS * max(spread, 1e-300) and spread > 0
        offset = median if shifted else 0.0
        scale = largest if largest > _MAX_FLOAT32 else 1.0
        flagged = len(known) < len(values)
        state = {"median": median, "offset": offset, "scale": scale, "flagged": flagged}
        return cls(column, state, {})

    def transform(self, series: polars.Series) -> Blocks:
        values = cells.numbers(series, self.column.parsing).to_numpy()
        self.unread.look(series, ~np.isfinite(values))
        return _filled(values, self.state)

    def names(self) -> tuple[list[str], list[str], list[str]]:
        name = self.column.name
        return [name], [f"{name} missing"] if self.state["flagged"] else [], []


def _median(known: Array) -> float:
    """The median; one of the values where the mean of the middle two is no float64."""
    if not len(known):
        return 0.0
    median = float(np.median(known))
    return median if np.isfinite(median) else float(np.sort(known)[len(known) // 2])


def _filled(values: Array, state: Mapping[str, Any]) -> Blocks:
    """Values with the median where they are missing, and a flag there if `flagged`."""
    missing = ~np.isfinite(values)
    filled = np.where(missing, state["median"], values)
    filled = (filled - state.get("offset", 0.0)) / state.get("scale", 1.0)
    numbers = np.clip(filled, -3e38, 3e38).astype(np.float32)[:, None]
    flags = missing.astype(np.float32)[:, None] if state["flagged"] else None
    return Blocks(numbers, flags)


class DatePart(Part):
    """Days since the training median, and those parts of a date that differ in training."""

    kind = "date"
    reads = "date"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        values = _parts_of_dates(series, column)
        medians = {}
        for name, part in values.items():
            known = part[np.isfinite(part)]
            if len(known) and (name == "days" or known.min() < known.max()):
                medians[name] = float(np.median(known))
        flagged = bool(np.isnan(values["days"]).any())
        return cls(column, {"medians": medians, "flagged": flagged}, {})

    def transform(self, series: polars.Series) -> Blocks:
        values = _parts_of_dates(series, self.column)
        missing = np.isnan(values["days"])
        self.unread.look(series, missing)
        columns = []
        for name, median in self.state["medians"].items():
            filled = np.where(missing, median, values[name])
            columns.append(filled - median if name == "days" else filled)
        flags = missing.astype(np.float32)[:, None] if self.state["flagged"] else None
        if not columns:
            return Blocks(None, flags)
        return Blocks(np.stack(columns, axis=1).astype(np.float32), flags)

    def names(self) -> tuple[list[str], list[str], list[str]]:
        name = self.column.name
        parts = [f"{name} {part}" for part in self.state["medians"]]
        return parts, [f"{name} missing"] if self.state["flagged"] else [], []


def _parts_of_dates(series: polars.Series, column: Column) -> dict[str, Array]:
    """Days since 1970 and the parts of each date, NaN where it is missing."""
    when = profiles.date_values(series, column.parsing)
    hour = when.dt.hour().cast(float) + when.dt.minute().cast(float) / 60
    parts = {
        "days": when.dt.timestamp("us").cast(float) / 86_400e6,
        "year": when.dt.year(),
        "month": when.dt.month(),
        "day": when.dt.day(),
        "weekday": when.dt.weekday(),
        "hour": hour,
    }
    return {name: part.cast(float).to_numpy() for name, part in parts.items()}


class AnswerPart(Part):
    """Two levels as +1 (the second) and -1, 0 where neither."""

    kind = "answer"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        return cls(column, {"levels": list(column.levels)}, {})

    def transform(self, series: polars.Series) -> Blocks:
        codes = self._codes(series)
        return Blocks(flags=np.array([0, -1, 1], np.float32)[codes][:, None])

    def names(self) -> tuple[list[str], list[str], list[str]]:
        low, high = self.state["levels"]
        return [], [f"{self.column.name}: {high} (+1) or {low} (-1)"], []


class OneHotPart(Part):
    """A flag for each level; all zero for a level that is missing or unseen."""

    kind = "one_hot"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        return cls(column, {"levels": training_levels(series, column, 1)}, {})

    def transform(self, series: polars.Series) -> Blocks:
        levels, codes = self.state["levels"], self._codes(series)
        return Blocks(flags=np.eye(len(levels) + 1, dtype=np.float32)[codes][:, 1:])

    def names(self) -> tuple[list[str], list[str], list[str]]:
        return [], [f"{self.column.name}: {level}" for level in self.state["levels"]], []


class OrderedPart(Part):
    """The rank of a level as a number, and flags of the levels where they are few."""

    kind = "ordered"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        levels = list(column.levels)
        ranks = codes_of(series, column, levels)
        known = ranks[ranks > 0]
        median = float(np.median(known)) if len(known) else 0.0
        state = {"levels": levels, "median": median, "flagged": bool((ranks == 0).any())}
        return cls(column, state, {})

    def transform(self, series: polars.Series) -> Blocks:
        levels, ranks = self.state["levels"], self._codes(series)
        numbers, missing, _ = _filled(np.where(ranks > 0, ranks, np.nan), self.state)
        if len(levels) > MAX_ONE_HOT:
            return Blocks(numbers, missing)
        return Blocks(numbers, np.eye(len(levels) + 1, dtype=np.float32)[ranks][:, 1:])

    def names(self) -> tuple[list[str], list[str], list[str]]:
        name, levels = self.column.name, self.state["levels"]
        if len(levels) > MAX_ONE_HOT:
            return [f"{name} rank"], [f"{name} missing"] if self.state["flagged"] else [], []
        return [f"{name} rank"], [f"{name}: {level}" for level in levels], []


class CodePart(Part):
    """A code for each level, for an embedding: 0 for missing, unseen and (if many) single ones.

    Categories of more than `MIN_STATISTICS` levels have numbers too: how frequent a level is, and
    the mean target of its rows drawn to the mean of all rows (empirical Bayes, Micci-Barreca 2001).
    For a training row the mean is taken over other parts of the rows, so that it does not hold the
    row's own target.
    """

    kind = "code"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        many = column.distinct > MIN_STATISTICS
        levels = training_levels(series, column, 2 if many else 1)
        codes = codes_of(series, column, levels)
        arrays = {}
        if many:
            counts = np.bincount(codes, minlength=len(levels) + 1)
            frequency = np.log1p(np.where(np.arange(len(counts)) > 0, counts, 1))
            means = means_of(codes, labels.outputs, len(levels) + 1)
            arrays = {"statistics": np.column_stack([frequency, means]).astype(np.float32)}
        return cls(column, {"levels": levels}, arrays)

    def transform(self, series: polars.Series) -> Blocks:
        codes = self._codes(series)
        numbers = self.arrays["statistics"][codes] if self.arrays else None
        return Blocks(numbers, None, codes.astype(np.int32)[:, None])

    def transform_training(self, series: polars.Series, labels: Labels) -> Blocks:
        blocks = self.transform(series)
        if blocks.numbers is None or blocks.categories is None:
            return blocks
        codes = blocks.categories[:, 0]
        numbers = blocks.numbers.copy()
        size = len(self.state["levels"]) + 1
        for part, rest in cross_fitting(len(codes), labels.seed):
            means = means_of(codes[rest], labels.outputs[rest], size)
            numbers[part, 1:] = means[codes[part]].astype(np.float32)
        return blocks._replace(numbers=numbers)

    def names(self) -> tuple[list[str], list[str], list[str]]:
        name = self.column.name
        if not self.arrays:
            return [], [], [name]
        outputs = self.arrays["statistics"].shape[1] - 1
        suffixes = [""] if outputs == 1 else [f" {i}" for i in range(outputs)]
        return [f"{name} frequency", *(f"{name} mean target{s}" for s in suffixes)], [], [name]

    @property
    def levels(self) -> list[int]:
        return [len(self.state["levels"]) + 1]


class TextPart(Part):
    """Free text as numbers: topics of words and of pieces of words, lengths, evidence."""

    kind = "text"

    @classmethod
    def fit(cls, series: polars.Series, column: Column, labels: Labels) -> Self:
        features = TextFeatures.fit(_texts(series), labels.outputs, labels.seed)
        return cls(column, {}, features.arrays())

    def transform(self, series: polars.Series) -> Blocks:
        return Blocks(TextFeatures(**self.arrays).transform(_texts(series)))

    def transform_training(self, series: polars.Series, labels: Labels) -> Blocks:
        features = TextFeatures(**self.arrays)
        return Blocks(
            features.transform_training(_texts(series), labels.outputs, cross_fitting, labels.seed)
        )

    def names(self) -> tuple[list[str], list[str], list[str]]:
        name = self.column.name
        return [f"{name} {what}" for what in TextFeatures(**self.arrays).names()], [], []


def _texts(series: polars.Series) -> list[str]:
    return cells.text(series).fill_null("").to_list()


def part_for(column: Column) -> type[Part]:
    """The class of part that encodes a column."""
    if column.kind == "yes/no" or (column.kind == "category" and len(column.levels) == 2):
        return AnswerPart
    if column.kind == "category":
        return OneHotPart if len(column.levels) <= MAX_ONE_HOT else CodePart
    return {"number": NumberPart, "date": DatePart, "ordered": OrderedPart, "text": TextPart}[
        column.kind
    ]
