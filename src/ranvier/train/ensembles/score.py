"""The score of an ensemble: losses and metrics of the mean of what its members say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import dtypes
from ...ops.reduce import sum
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...typing import Array
from ..fit.loop import run_all
from ..intake.rows import Rows
from ..steps.kept_rows import Kept
from ..steps.predict import round_up
from ..steps.step import Step
from ..steps.step_functions import row_mask
from ..steps.sums import Batch, Sums

if TYPE_CHECKING:
    from ..intake.heads import Head

_BATCH = 1024  # rows scored at once


class Score:
    """Loss and metrics of predictions: those of the heads, without penalties of weights."""

    def __init__(self, heads: Sequence[Head], engine: str) -> None:
        self.heads, self.engine = list(heads), engine
        self.sums = Sums(self.heads)
        self._steps: dict[Any, Step] = {}

    def __call__(self, outputs: Sequence[Array], rows: Rows) -> dict[str, float]:
        """The numbers of all rows; `outputs` are the predictions for them."""
        names = [f"out{i}" for i in range(len(outputs))]
        names += rows.names[len(rows.xs) : len(rows.xs) + len(rows.ys)]
        answered = Rows(list(outputs), rows.ys, rows.weight, names)
        batch = round_up(rows.count, _BATCH)
        key = (batch, *[(a.shape[1:], a.dtype) for a in answered.arrays])
        step = self._steps.get(key)
        if step is None or not step.holds():
            specs: list[Any] = [((batch, *a.shape[1:]), a.dtype) for a in answered.arrays]
            specs.append(((), dtypes.float32))
            function = self._function(answered)
            step = Step(function, specs, [*answered.names, "count"], self.engine)
            self._steps[key] = step
        return run_all(step, answered, self.sums, None, Kept(self.sums))

    def _function(self, rows: Rows) -> Any:
        layout = rows.layout

        def score_step(*arguments: Tensor) -> Any:
            with no_grad():
                outputs, targets, weight, count = layout.parts(arguments)
                mask = row_mask(count, outputs[0].shape[0])
                weight = mask if weight is None else mask * weight
                losses: list[Any] = []
                value: Any = count * 0.0
                for head, y in zip(self.heads, targets, strict=True):
                    if head.loss is None:
                        losses.append(None)
                        continue
                    out = outputs[head.output]
                    own = sum(head.loss.per_row(y, out) * weight) / count
                    losses.append(own)
                    value = value + own * head.weight
                batch = Batch(value, losses, list(outputs), targets, mask, count, weight)
                self.sums.add(batch)
                return self.sums.kept(batch) or None

        return score_step
