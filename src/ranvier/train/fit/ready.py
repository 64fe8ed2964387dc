"""Ready: what stands between the arrays of a call and its steps, in `fit` and `evaluate` alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import ArgumentError, StateError, warn
from ...typing import DataLike
from ..intake.arrange import inputs_of, rows_of
from ..intake.prepare import check_metrics, prepare_heads
from ..intake.rows import Rows
from ..steps.kept_steps import Steps
from ..steps.predict import round_up
from ..steps.step import Step

if TYPE_CHECKING:
    from ..models.model import Model


def ready(model: Model, rows: Rows) -> Steps:
    """The steps for these rows: layers built, targets checked, metrics chosen by the targets'
    form.
    """
    steps = model._steps
    known = None if steps is None else (steps.outputs, steps.sums.heads)
    outputs, heads = prepare_heads(model, rows, known)
    if steps is None:
        steps = model._steps = Steps(model, model.optimizer)
    steps.prepare(heads, outputs, [y.shape[1:] for y in rows.ys])
    check_metrics(heads, rows)
    if rows.weight is not None and not rows.weight.any():
        _say_weightless(model, "row", "sample_weight, class_weight")
    if heads and not any(h.weight for h in heads):
        _say_weightless(model, "output", "loss_weights")
    return steps


def _say_weightless(model: Model, what: str, argument: str) -> None:
    """No row counts, or no output: no prediction is compared with a target."""
    which = f"every {what} has weight 0 ({argument})"
    warn(
        f"{model.name}: {which}, so predictions are not compared with targets and nothing is "
        "learned of them; leave out the weights, or give what is to count a weight above 0",
        model._warned,
        f"{what} of 0",
    )


def test_step(model: Model, steps: Steps, rows: Rows, batch: int) -> Step:
    """The step that evaluates these rows, for batches of at most `batch`."""
    return steps.get("test", round_up(rows.count, batch), rows, model.engine)


def step_for(model: Model, x: DataLike, y: DataLike | None = None) -> tuple[Step, Rows]:
    """The step that trains on these rows as one batch, without y the forward pass; and the rows."""
    if y is not None:
        model._compiled("the training step")
        rows = rows_of(model, x, y, learn=True)
        return ready(model, rows).get("train", rows.count, rows, model.engine), rows
    names, xs = inputs_of(model, x)
    model._build_for(xs)
    rows = Rows(xs, [], None, ["x"] if names is None else names)
    return Steps(model).get("predict", rows.count, rows, model.engine), rows


def step_to_show(call: str, model: Model, args: Sequence[Any]) -> Step:
    """The step that `call(model, *args)` shows: that for these rows, or the one that `fit` used
    last.
    """
    if len(args) > 2:
        raise ArgumentError(f"{call}: a model takes x, or x and y; got {len(args)} arguments")
    if args:
        return step_for(model, *args)[0]
    steps = [] if model._steps is None else model._steps.made("train")
    if not steps:
        raise StateError(
            f"{call}: this model has not been trained yet, so it has no step to look at; give "
            f"rows: {call}(model, x, y) for the training step, {call}(model, x) for the forward "
            "pass"
        )
    return steps[-1]
