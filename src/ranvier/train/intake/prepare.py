"""Heads for rows: the model built, its outputs known, the targets such as the losses take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import warn
from ...metrics import Accuracy
from ...metrics.metric import Metric
from ...typing import Array
from .arrange import check_count, heads_of, outputs_of
from .heads import Head
from .logits import take_logits
from .rows import Rows

if TYPE_CHECKING:
    from ..models.model import Model

Outputs = tuple[list[str] | None, list[Any]]  # names, or None for a single one; shapes of rows


def prepare_heads(
    model: Model, rows: Rows, known: tuple[Outputs, Sequence[Head]] | None
) -> tuple[Outputs, Sequence[Head]]:
    """The outputs of the model for these rows, and the heads that compare them with targets.

    `known` are those of the call before: its heads are kept where the outputs are the same.
    """
    model._build_for(rows.xs)
    outputs = outputs_of(model, rows.xs)
    kept = known is not None and known[0] == outputs
    heads = known[1] if known is not None and kept else heads_of(model, *outputs)
    if len(heads) != len(rows.ys):
        check_count(model.name, heads, rows)
    for head, y in zip(heads, rows.ys, strict=True):
        head.check_targets(y)
    if not kept:
        take_logits(model, heads, rows.xs)
    return outputs, heads


def check_metrics(heads: Sequence[Head], rows: Rows) -> None:
    """Raises for targets that a metric cannot be taken of."""
    for head, y in zip(heads, rows.ys, strict=True):
        for metric in head.metrics:
            metric.check_targets(y)
            _warn_of_shares(metric, y)


def _warn_of_shares(metric: Metric, y: Array) -> None:
    """Counting right answers needs yes and no; most targets between 0 and 1 are a sign of a
    mistake.
    """
    if metric.form != "binary" or y.dtype.kind != "f" or not isinstance(metric, Accuracy):
        return
    between = float(((y > 0) & (y < 1)).mean())
    if between > 0.5:
        warn(
            f"metric {metric.name!r} means little here: {between:.0%} of the targets lie between "
            "0 and 1, and it counts them as 1 above a half; for real-valued targets use 'mae', "
            "'rmse' or 'r2'"
        )
