"""Everything that a report shows: plain numbers and texts, no model, no frame.

`Results.to_json` and `from_json` keep it; no number in it is NaN or infinite. Names of models,
scores and stages are keys, for which `words/` has the words of each language.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.message import Message
from ..metrics.calibration import ReliabilityBin
from ..metrics.curves import Threshold
from ..plots.charts.class_charts import UnitCurve
from ..tables.choice import Choice
from ..tables.scores import HIGHER_IS_BETTER
from .measures.bootstrap import Estimate


@dataclass(frozen=True)
class Histogram:
    """Counts of values between edges, or of named levels (then `edges` is empty)."""

    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    others: int = 0  # rows of levels that are not listed


@dataclass(frozen=True)
class ColumnProfile:
    """What a column of the whole table holds."""

    name: str
    kind: str
    reason: str
    rows: int
    missing: int
    distinct: int
    used: bool
    notes: tuple[str, ...]
    low: str  # the smallest, middle and largest value, or the most frequent levels
    middle: str
    high: str
    histogram: Histogram


@dataclass(frozen=True)
class Curve:
    """One quantity of each epoch, on the training and the held-out rows."""

    name: str
    train: tuple[float | None, ...]
    held_out: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class ModelScore:
    """The test scores of one model; the report's own is called "network".

    `difference` is the network's main score minus this one's, measured on the same rows.
    `note` says what a reader must know, such as why there are no scores.
    """

    name: str
    scores: dict[str, Estimate]
    difference: Estimate | None = None
    seconds: float | None = None
    note: str = ""
    detail: str = ""  # what the note speaks of


@dataclass(frozen=True)
class ClassScore:
    """How one class was told; a share without rows is None."""

    label: str
    rows: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Confusion:
    """Counts (true, predicted); with many classes only the most confused, the rest as one.

    `pairs` are the most frequent mistakes (true, predicted, rows); `unknown` counts rows whose
    class was not there in training.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    others: bool
    classes: tuple[ClassScore, ...]
    class_count: int
    pairs: tuple[tuple[str, str, int], ...]
    unknown: int = 0


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities come true; of several classes that of the predicted one."""

    bins: tuple[ReliabilityBin, ...]
    error: float


@dataclass(frozen=True)
class Thresholds:
    """What each threshold gives; `best` has the highest F1 on these rows."""

    table: tuple[Threshold, ...]
    best: Threshold
    usual: Threshold


@dataclass(frozen=True)
class Residuals:
    """Predictions beside the truth: all rows' errors as a histogram, and some rows as points."""

    truth: tuple[float, ...]
    predicted: tuple[float, ...]
    histogram: Histogram
    bias: float


@dataclass(frozen=True)
class Interval:
    """A prediction interval: prediction plus and minus `width` holds `level` of new rows.

    `coverage` is the share of other test rows that it held.
    """

    level: float
    width: float
    coverage: float | None
    rows: int  # that the width comes from


@dataclass(frozen=True)
class WorstRow:
    """A row that the model got most wrong."""

    row: int
    truth: str
    predicted: str
    error: float  # the loss, or the distance
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """A tested picture: its pixels as a PNG in a data URI, and its prediction."""

    pixels: str
    truth: str
    predicted: str
    probability: float  # of the predicted class
    name: str


@dataclass(frozen=True)
class ClassWords:
    """Words that alone make a class likelier, with its probability; the most telling first."""

    label: str
    words: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ForecastView:
    """The last forecast of a test: the points before it, those that came, and what was foretold.

    `margins` are half the width of an interval at each step, from the errors on rows held out;
    `coverage` is the share of all tested points that lie inside.
    """

    past: tuple[float, ...]
    truth: tuple[float, ...]
    predicted: tuple[float, ...]
    seasonal: tuple[float, ...]
    margins: tuple[float, ...] = ()
    coverage: float | None = None


@dataclass(frozen=True)
class HorizonErrors:
    """The mean absolute error of a forecast at each step ahead."""

    name: str
    errors: tuple[float, ...]


@dataclass(frozen=True)
class Importance:
    """How much the main score loses when a column is shuffled: the mean, and its deviation."""

    column: str
    mean: float
    spread: float


@dataclass(frozen=True)
class ShapColumn:
    """What a column adds to the output of each row.

    `heights` say for each row how high its cell stands among the others, 0 to 1; None where the
    column holds no numbers or the cell is empty.
    """

    column: str
    size: float  # the mean of the absolute values
    values: tuple[float, ...]
    heights: tuple[float | None, ...]


@dataclass(frozen=True)
class Dependency:
    """How the output depends on a column: over `numbers`, or over `labels`.

    `curves` are single rows, in each of which the column was set to every value; `average` is
    their mean over all rows that were measured; `cells` are numbers that occur.
    """

    column: str
    average: tuple[float, ...]
    curves: tuple[tuple[float, ...], ...]
    numbers: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    cells: tuple[float, ...] = ()


@dataclass(frozen=True)
class Attributions:
    """SHAP values of some rows for one output, and dependences; the strongest columns first."""

    output: str  # the class, or the target
    rows: int
    behind: int  # rows that they were compared with
    columns: tuple[ShapColumn, ...]
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True)
class LayerRow:
    """A layer of the network; `inputs` are positions of other layers."""

    name: str
    kind: str
    shape: str
    parameters: int
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class FindingRow:
    """What a diagnosis found: its kind, whether it is a problem or a caution, one sentence, the
    numbers that it rests on, and the line to change.
    """

    kind: str
    severity: str
    what: str
    evidence: str
    change: str


@dataclass(frozen=True)
class Results:
    """What a report shows. Tables are short: what is left out is counted beside them."""

    source: str
    target: str
    task: str  # "binary", "multiclass", "regression", "ordinal", "series"
    metric: str
    train_rows: int
    test_rows: int
    made: str
    classes: tuple[str, ...] = ()
    column_count: int = 0
    feature_count: int = 0
    columns: tuple[ColumnProfile, ...] = ()
    missing_cells: float = 0.0
    target_profile: Histogram = Histogram(())
    choices: tuple[Choice, ...] = ()
    curves: tuple[Curve, ...] = ()
    best_epoch: int | None = None
    models: tuple[ModelScore, ...] = ()
    confusion: Confusion | None = None
    roc: tuple[UnitCurve, ...] = ()
    precision_recall: tuple[UnitCurve, ...] = ()
    calibration: Calibration | None = None
    thresholds: Thresholds | None = None
    residuals: Residuals | None = None
    intervals: tuple[Interval, ...] = ()
    worst: tuple[WorstRow, ...] = ()
    worst_columns: tuple[str, ...] = ()
    wrong_pictures: tuple[Picture, ...] = ()
    right_pictures: tuple[Picture, ...] = ()
    class_words: tuple[ClassWords, ...] = ()
    forecast: ForecastView | None = None
    horizons: tuple[HorizonErrors, ...] = ()
    importance: tuple[Importance, ...] = ()
    importance_rows: int = 0
    importance_repeats: int = 0
    importance_left_out: int = 0
    attributions: Attributions | None = None
    layers: tuple[LayerRow, ...] = ()
    parameters: int = 0
    members: int = 1
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    memory: dict[str, int] = dataclasses.field(default_factory=dict)
    rows_per_second: float | None = None
    code: str = ""
    command: str = ""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    checked: tuple[str, ...] = ()  # the kinds of findings that were looked for
    not_checked: dict[str, str] = dataclasses.field(default_factory=dict)  # and why not

    @property
    def is_classes(self) -> bool:
        """Whether the model tells classes."""
        return bool(self.classes)

    @property
    def network(self) -> ModelScore:
        """The scores of the model that the report is about."""
        return self.models[0]

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher main score is better."""
        return self.better_high(self.metric)

    @staticmethod
    def better_high(metric: str) -> bool:
        """Whether a higher score is better."""
        return HIGHER_IS_BETTER.get(metric, False)

    def to_json(self) -> str:
        """The results as JSON."""
        return json.dumps(finite(dataclasses.asdict(self)), allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Results:
        """The results of a `to_json()`."""
        made: Results = _restored(cls, json.loads(text))
        return made


def finite(value: Any) -> Any:
    """Plain Python values, with None for what is NaN or infinite.

    >>> finite({"a": (np.float32(0.5), float("nan"))})
    {'a': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, Message):
        return value.config()
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, np.ndarray | Sequence):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _restored(kind: Any, value: Any) -> Any:
    """A value of JSON as the type that a field has."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if value is None:
        return None
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _restored(hints[name], item) for name, item in value.items()})
    if origin is types.UnionType or origin is typing.Union:
        return _restored(next(part for part in parts if part is not type(None)), value)
    if origin is tuple:
        inner = (parts[0],) * len(value) if parts[-1] is Ellipsis else parts
        return tuple(_restored(part, item) for part, item in zip(inner, value, strict=True))
    if origin is dict:
        return {key: _restored(parts[1], item) for key, item in value.items()}
    if kind is str:
        return Message.restore(value)
    return float(value) if kind is float else value
