"""The target: which column it may be, and what task it sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..base.message import Message
from ..errors import DataError
from ..typing import Array
from .choice import Choice
from .columns import Column
from .recognition import cells, names
from .recognition.recognize import recognize

if TYPE_CHECKING:
    import polars

Task = Literal["binary", "multiclass", "regression", "ordinal"]
Metric = Literal["log_loss", "auc", "accuracy", "rmse", "mae", "r2"]

_NAMES = {
    "target", "label", "labels", "class", "y", "outcome", "result", "response", "churn", "exited",
    "survived", "default", "price", "quality", "revenue", "diagnosis", "species", "sentiment",
    "fraud", "charges", "score", "rating", "saleprice", "income", "output",
}  # fmt: skip
_RATINGS = {"quality", "rating", "stars", "score", "grade", "level", "rank", "rings", "severity"}
_CLASSES = {"class", "label", "labels", "species", "category", "type", "cluster", "group", "digit"}
_MAX_ORDINAL = 20
_MAX_INTEGER_CLASSES = 10


@dataclass(frozen=True)
class Target:
    """The target of a table: its column, task, classes and its values (see `target_values`)."""

    column: Column
    task: Task
    metric: Metric
    classes: tuple[str, ...]
    values: Array
    missing: int
    choices: tuple[Choice, ...]


def likely_targets(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Names of columns that may be the target and the reasons, the likeliest first."""
    ranked = []
    for i, column in enumerate(columns):
        if column.kind in ("text", "identifier", "constant", "ignored", "date"):
            continue
        reasons, points = [], 0
        if names.words(column.name) & _NAMES:
            reasons, points = [f"its name, {column.kind}"], 4
        if i == len(columns) - 1:
            reasons.append("the last column")
            points += 3
        elif i == 0:
            reasons.append("the first column")
            points += 1
        if column.kind == "yes/no":
            reasons.append("yes or no")
            points += 1
        elif column.kind in ("category", "ordered") and column.distinct <= 10:
            reasons.append(f"{column.distinct} classes")
        if column.missing:
            points -= 1
        if points > 0:
            ranked.append((-points, -i, column.name, ", ".join(reasons)))
    return [(name, reason) for _, _, name, reason in sorted(ranked)]


def make_target(
    frame: polars.DataFrame, column: Column, task: Task | None, positive: str | None = None
) -> Target:
    """The target that a column makes; a DataError when it can be none."""
    column = _as_target(frame, column, task)
    task, reason = (task, Message("as asked")) if task is not None else _task(column)
    classes: tuple[str, ...] = ()
    choices = []
    if task in ("binary", "multiclass"):
        column, classes = _classes(frame[column.name], column)
        if task == "binary" and len(classes) != 2:
            raise DataError(
                f"target {column.name!r}: --task binary needs two classes, it has {len(classes)}: "
                f"{', '.join(classes[:8])}"
            )
    if positive is not None:
        column, classes = _positive_last(column, classes, positive)
    choices.append(Choice("task", task, reason, "--task"))
    values = target_values(frame, column, classes)
    missing = int((values < 0).sum() if classes else np.isnan(values).sum())
    known = len(values) - missing
    if classes and len(classes) < 2:
        raise DataError(
            f"target {column.name!r}: every row is of the class {classes[0]!r}; expected two "
            "classes or more, there is nothing to tell apart"
        )
    if classes and len(classes) > max(2, known / 2):
        raise DataError(
            f"target {column.name!r}: {len(classes):,} classes in {known:,} rows; expected several "
            "rows of each. Is it a name or an identifier? For numbers, --task regression"
        )
    if not classes and known and np.nanmin(values) == np.nanmax(values):
        raise DataError(f"target {column.name!r}: every row has the value {np.nanmin(values):g}")
    if missing:
        choices.append(
            Choice(
                "rows without a target",
                Message("{count} left out", count=f"{missing:,}"),
                "nothing to learn from them",
                warning=missing > 0.5 * len(values),
            )
        )
    if task == "binary":
        why = Message("as asked") if positive is not None else _why_positive(column, classes[1])
        choices.append(Choice("positive class", classes[1], why, "--positive"))
    metric: Metric = "log_loss" if classes else "rmse"
    reason = Message("in the target's unit")
    if classes:
        reason = Message("probabilities are judged, not labels alone")
    choices.append(Choice("metric", metric, reason, "--metric"))
    return Target(column, task, metric, classes, values, missing, tuple(choices))


def _as_target(frame: polars.DataFrame, column: Column, task: Task | None) -> Column:
    """The column read as a target: identifiers and text of few labels are looked at again."""
    name, alone = column.name, frame[column.name].to_frame()
    if column.rows and column.missing == column.rows:
        raise DataError(f"target {name!r}: every cell is missing")
    if column.kind == "constant":
        raise DataError(f"target {name!r}: {column.reason}; there is nothing to learn")
    if task == "regression" and column.kind != "number":
        return recognize(alone, {name: "number"})[0]
    if task in ("binary", "multiclass") and column.kind not in ("category", "ordered", "yes/no"):
        return recognize(alone, {name: "category"})[0]
    if column.kind == "text" and column.distinct <= 100:
        return recognize(alone, {name: "category"})[0]
    if column.kind == "category" and "codes rather" in column.reason:
        return recognize(alone, {name: "number"})[0]
    if column.kind in ("identifier", "text", "date"):
        what = {
            "identifier": "names the rows", "text": "is free text", "date": "is a date"
        }[column.kind]  # fmt: skip
        raise DataError(
            f"target {name!r}: it {what} ({column.reason}), which cannot be predicted; expected a "
            f"number or a class. If it is one, --as {name}=number or --as {name}=category"
        )
    if column.kind == "ignored":
        raise DataError(f"target {name!r} cannot be left out")
    return column


def _task(column: Column) -> tuple[Task, str]:
    if column.kind == "yes/no":
        return "binary", column.reason
    if column.kind in ("category", "ordered"):
        if column.distinct == 2:
            first, second = column.levels
            return "binary", Message(
                "two classes: {first} and {second}", first=first, second=second
            )
        if column.kind == "ordered":
            return "multiclass", Message(
                "{count} classes; they have an order, which is not used", count=column.distinct
            )
        return "multiclass", Message("{count} classes", count=column.distinct)
    if column.integer and column.distinct <= _MAX_ORDINAL:
        low = int(column.profile["min"])
        words = names.words(column.name)
        counted = low in (0, 1) and column.profile["max"] - low + 1 == column.distinct
        few = column.distinct <= _MAX_INTEGER_CLASSES
        if few and (words & _CLASSES or (counted and not words & _RATINGS)):
            return "multiclass", Message(
                "{count} integers that count up from {low}, as labels do; a quantity is "
                "--task regression",
                count=column.distinct,
                low=low,
            )
        return "ordinal", Message(
            "{count} integers that have an order: predicted as a number; classes are "
            "--task multiclass",
            count=column.distinct,
        )
    return "regression", Message(
        "a number with {count} different values", count=f"{column.distinct:,}"
    )


def _classes(series: polars.Series, column: Column) -> tuple[Column, tuple[str, ...]]:
    """The column as one of classes, and their labels as they are written most often."""
    parsing = dict(column.parsing)
    if column.kind == "number":
        parsing = {"integers": True}
    canonical = cells.text(series, parsing)
    written = cells.text(series)
    import polars as pl

    pairs = (
        pl.DataFrame({"level": canonical, "label": written})
        .drop_nulls()
        .group_by("level", "label")
        .len()
        .sort(["len", "label"], descending=[True, False])
        .unique("level", keep="first", maintain_order=True)
    )
    labels = dict(zip(pairs["level"].to_list(), pairs["label"].to_list(), strict=True))
    counts = canonical.drop_nulls().value_counts(sort=True)
    frequent = counts.get_column(canonical.name).to_list()
    if column.kind in ("yes/no", "ordered"):
        order = [level for level in column.levels if level in labels]
    elif len(frequent) == 2:
        order = sorted(frequent, key=lambda level: (-frequent.index(level), level))[::-1]
    else:
        order = sorted(frequent, key=_by_number)
    kind = column.kind if column.kind != "number" else "category"
    column = replace(column, kind=kind, parsing=parsing, levels=tuple(order), distinct=len(order))
    return column, tuple(labels[level] for level in order)


def _positive_last(
    column: Column, classes: tuple[str, ...], positive: str
) -> tuple[Column, tuple[str, ...]]:
    if len(classes) != 2 or positive not in classes:
        raise DataError(
            f"target {column.name!r}: the positive class is one of two, got {positive!r}; the "
            f"classes: {', '.join(classes[:10]) or 'none, it is a number'}"
        )
    if classes[1] == positive:
        return column, classes
    return replace(column, levels=column.levels[::-1]), classes[::-1]


def _by_number(level: str) -> tuple[float, str]:
    try:
        return float(level), level
    except ValueError:
        return np.inf, level


def _why_positive(column: Column, positive: str) -> str:
    if column.kind == "yes/no":
        return Message("{label} is the positive answer", label=repr(positive))
    if column.kind == "ordered":
        return Message("the higher")
    return Message("{label} is the rarer of the two", label=repr(positive))


def target_values(frame: polars.DataFrame, column: Column, classes: Sequence[str]) -> Array:
    """The target of each row: the index of its class or -1 where it is missing, or a number.

    Raises a DataError for a label that is none of the classes.
    """
    if column.name not in frame.columns:
        raise DataError(f"no column {column.name!r}: the target is needed here")
    series = frame[column.name]
    if not classes:
        return cells.numbers(series, column.parsing).cast(float).to_numpy()
    import polars as pl

    text = cells.text(series, column.parsing)
    index = text.replace_strict(
        list(column.levels), list(range(len(classes))), default=-1, return_dtype=pl.Int64
    )
    unknown = text.filter((index == -1) & text.is_not_null())
    if len(unknown):
        raise DataError(
            f"target {column.name!r}: {unknown[0]!r} is none of the classes "
            f"{', '.join(classes[:10])} ({len(unknown):,} rows)"
        )
    return index.fill_null(-1).to_numpy()
