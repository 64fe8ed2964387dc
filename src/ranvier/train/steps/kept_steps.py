"""All steps of a model, each traced and built once and kept as long as it is valid."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import TYPE_CHECKING, Any

from ... import dtypes, metrics
from ...base.config import switches
from ...tensors.tensor import Tensor
from ...tracing.validity import Validity, Variants
from ..intake.heads import Head
from ..intake.logits import take_logits
from ..intake.rows import Rows
from .concurrency import Exclusive, InTraining
from .step import Step, Untouched
from .step_functions import predict_function, test_function, train_function, watched_function
from .sums import Sums

if TYPE_CHECKING:
    from ...optim.optimizer import Optimizer
    from ..models.model import Model


_CALLS = {"train": "fit", "test": "evaluate", "predict": "predict"}


def _settings(model: Model) -> tuple[Any, ...]:
    """What the user says of training; the optimizer first, whose attributes the steps look at."""
    losses = (model.loss, model.loss_weights)
    return (model.optimizer, *losses, model.metrics, model.weighted_metrics)


class Steps:
    """All steps of one model, each traced and built once for its kind, the engine, the batch size
    and the shapes and dtypes of a row, and as long as it is valid (tracing/validity.py).
    """

    def __init__(self, model: Model, optimizer: Optimizer | None = None) -> None:
        self.model, self.optimizer = model, optimizer
        self.in_training = InTraining(model)
        self.evaluating = Exclusive(f"{model.name}: evaluate")
        self.sums, self.test_sums = Sums(()), Sums(())
        self.seconds = 0.0  # spent on tracing and building
        self._made: dict[tuple[Any, ...], Variants[Step]] = {}
        self.outputs: Any = None  # names and shapes of the outputs
        self._targets: Any = None
        self._settings: tuple[Any, ...] | None = None
        self._in_settings, self._model_seen = Validity(), Validity()

    def settled(self) -> bool:
        """Whether what the user said of training (optimizer, loss, metrics) is still the same."""
        if self._settings is None:
            return True
        return all(map(is_, _settings(self.model), self._settings)) and self._in_settings.holds()

    def end_is_known(self) -> bool:
        """Whether the model is still that in which the losses have looked for logits."""
        return self._model_seen.holds()

    def prepare(
        self, heads: Sequence[Head], outputs: object, targets: Sequence[tuple[int, ...]]
    ) -> None:
        """Make the metrics of the heads ready for outputs and target rows of these shapes; steps
        are made again when those change.
        """
        if self.outputs != outputs or self._targets != targets:
            self.outputs, self._targets = outputs, targets
            self._begin(heads)

    def _begin(self, heads: Sequence[Head]) -> None:
        for h, target in zip(heads, self._targets, strict=True):
            h.metrics = [metrics.resolve(m, h.loss, h.shape, target) for m in h.plain]
            taken = {m.name for m in h.metrics}
            for m in h.weighted:
                ready = metrics.resolve(m, h.loss, h.shape, target)
                ready.weighted = True
                if ready.name in taken:
                    ready.name = f"weighted_{ready.name}"
                h.metrics.append(ready)
        self.sums, self.test_sums = Sums(heads), Sums(heads)
        self._made.clear()
        self._settings = _settings(self.model)
        self._in_settings, self._model_seen = Validity(self._settings[1:]), Validity([self.model])

    def get(
        self, kind: str, batch: int, rows: Rows, engine: str | None, larger: bool = False
    ) -> Step:
        """The step of this kind for batches of `batch` of these rows.

        With `larger` a step that is there already, for at least so many rows, is as good.
        """
        engine = engine or switches.engine
        form = (kind, engine, *rows.names, *[(a.shape[1:], a.dtype) for a in rows.arrays])
        made = self._made
        sizes = [batch]
        if larger:
            sizes = sorted(key[0] for key in made if key[1:] == form and key[0] >= batch)
        step: Step | None = None
        for size in sizes:
            if step is None and (variants := made.get((size, *form))) is not None:
                step = variants.valid()
        if step is None:
            if kind != "predict" and not self.end_is_known():
                self._model_seen = Validity([self.model])
                if take_logits(self.model, self.sums.heads, rows.xs):
                    self._begin(self.sums.heads)
            if (batch, *form) not in made:
                made[batch, *form] = Variants(f"{self.model.name}: the step of {_CALLS[kind]}")
            step = made[batch, *form].add(self._make(kind, batch, rows, engine))
            self.seconds += step.seconds
        self.seconds += step.prepare(rows.count)
        step.check_ids(rows.arrays)
        return step

    def made(self, kind: str) -> list[Step]:
        """The steps of this kind that are there; of those made alike that used last comes last."""
        of_kind = [steps for key, steps in self._made.items() if key[1] == kind]
        return [step for steps in of_kind for step in reversed(steps.made)]

    def _make(self, kind: str, batch: int, rows: Rows, engine: str) -> Step:
        specs: list[Any] = [((batch, *a.shape[1:]), a.dtype) for a in rows.arrays]
        if kind == "predict":
            return Step(predict_function(self.model), specs, rows.names, engine)
        watched = None
        if kind == "train":
            assert self.optimizer is not None
            function = train_function(self.model, self.optimizer, self.sums, rows.layout)
            watched = watched_function(self.model, self.sums, rows.layout)
        else:
            function = test_function(self.model, self.test_sums, rows.layout)
        specs.append(((), dtypes.float32))
        step = Step(function, specs, [*rows.names, "count"], engine, watched)
        if kind == "train":
            step.untouched = _untouched(self.model, step)
        return step


def _untouched(model: Model, step: Step) -> Untouched:
    """What a step of training of this model leaves as it is."""
    tensors = model.state_tensors()
    held = {id(t) for t in tensors}
    used = [t for t in step.traced.captured if isinstance(t, Tensor) and t.requires_grad]
    outside = tuple(t.shape for t in used if id(t) not in held)
    if model.parameters():
        return Untouched(outside)
    frozen = any(t.requires_grad for t in tensors)
    return Untouched(outside, all_frozen=frozen, without_weights=not frozen)
