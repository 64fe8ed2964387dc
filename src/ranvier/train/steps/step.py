"""Steps: forward, loss, gradient and update traced into one graph and kept ready to run.

A graph has a fixed number of rows, the batch size B. The last short batch of an epoch uses the same
graph: it is filled up with any other rows, and `count` says how many rows are real. Where the model
mixes rows, it has a graph of its own (short_batch.py).

    weight of row i   w_i = (i < count) * sample weight
    loss of a head    sum(w_i * loss_i) / count
    loss              sum over heads of loss weight * loss + penalties + what layers add
    sums              loss * count and the states of the metrics add up (sums.py)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import is_
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dtypes, metrics
from ...base.config import switches
from ...base.source import in_section
from ...errors import StateError, warn
from ...executors import BatchPlan, Executable, RowRunner, executor
from ...executors.reference import loop_over_batches
from ...graph.batch_plan import BatchRows
from ...graph.sizes import same
from ...losses.last_layer import last_layer
from ...losses.loss import by_position
from ...nn.added_losses import collected, terms_of
from ...nn.modes import filled_batch, training_mode
from ...nn.policy import widened
from ...nn.symbolic import numbered
from ...ops.backpropagation import backpropagate
from ...ops.creation import full, iota
from ...ops.elementwise import astype, less, maximum
from ...ops.movement import reshape
from ...ops.op import apply
from ...ops.reduce import sum
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced, tensors_in, trace
from ...tracing.validity import Validity, Variants
from ...tracing.watched import entered
from ...typing import Array, DType, Shape
from ..intake.heads import Head
from ..intake.logits import take_logits
from ..intake.rows import Layout, Rows
from .concurrency import Exclusive, InTraining
from .ids import ids_of
from .short_batch import NO_COUNT, Sized
from .sums import Batch, Sums

if TYPE_CHECKING:
    from ...losses.loss import Loss
    from ...optim.optimizer import Optimizer
    from ..models.model import Model

_WAKE = 0.1  # seconds between two looks of Python at a training

_CALLS = {"train": "fit", "test": "evaluate", "predict": "predict"}

Specs = Sequence[tuple[Shape, DType]]


class Pace:
    """How many steps make a stretch."""

    def __init__(self) -> None:
        self.seconds_per_step = 0.0

    def steps(self, left: int) -> int:
        """Steps for the next stretch: first one, then as many as take a tenth of a second."""
        if not self.seconds_per_step:
            return 1
        return max(1, min(left, int(_WAKE / self.seconds_per_step)))

    def took(self, steps: int, seconds: float) -> None:
        """Learn from the last stretch."""
        self.seconds_per_step = max(seconds, 1e-9) / steps


class Step(Sized):
    """One function of arrays, traced and ready to run; the tensors it reads and changes are found
    by the trace.

    When the last argument is called "count" the others hold rows, and the step can run over batches
    of them. `watched` is the part of the function that may mix rows, by default all of it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        specs: Specs,
        names: Sequence[str],
        engine: str,
        watched: Callable[..., Any] | None = None,
    ) -> None:
        began = time.perf_counter()
        self.function, self.specs, self.names, self.engine = function, specs, names, engine
        self.watched = watched or function
        self._prepared: set[int] = set()  # numbers of rows
        self.traced: Traced
        self.traced, returned = trace(function, specs, names)
        self.validity = self.traced.validity
        self.frozen = False  # whether it is a step of training that changes no weight
        self.without_weights = False  # whether it is one of a model that has none to change
        # Shapes of parameters that a step of training uses and the model does not hold.
        self.outside: list[Shape] = []
        self.structure = numbered(returned)  # of the outputs: 0 for a single tensor
        self.batch = specs[0][0][0]
        count = len(specs) - 1 if names[-1] == "count" else -1
        self.plan = BatchPlan(tuple(range(max(count, 0))), self.batch, count)
        self.ids = ids_of(self.traced, self.batch, len(specs) if count < 0 else count)
        self.seconds = time.perf_counter() - began
        self.pace = Pace()

    @cached_property
    def executable(self) -> Executable:
        """The graph, ready to run."""
        return executor(self.engine).build(self.traced.graph, self.plan)

    @cached_property
    def row_runner(self) -> RowRunner | None:
        """What runs any number of rows batch by batch, if the graph has the form for it."""
        return self.executable.row_runner()

    def again(self, specs: Specs) -> Step:
        """The same step for other specs."""
        return Step(self.function, specs, self.names, self.engine)

    def prepare(self, total: int) -> float:
        """Build what runs so many rows; the seconds that it took."""
        if total in self._prepared:
            return 0.0
        began = time.perf_counter()
        short = total % self.batch
        last = self.for_rows(short) if short else self
        if total >= self.batch:
            self.executable  # noqa: B018  (is built)
        last.executable  # noqa: B018
        self._prepared.add(total)
        return time.perf_counter() - began

    def holds(self) -> bool:
        """Whether it is still what tracing it again would give."""
        return self.validity.holds()

    def check_ids(self, arrays: Sequence[np.ndarray]) -> None:
        """DataError when rows hold an id that is outside the table of an Embedding."""
        if self.ids is not None:
            self.ids(arrays)

    def state(self) -> list[np.ndarray]:
        """The arrays of all tensors the graph reads or changes, in the graph's order."""
        return [t._array() for t in self.traced.captured]

    def state_for(self, other: Step, state: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays of `state`, which is one of this step, in the order of the other's graph."""
        known = {id(t): array for t, array in zip(self.traced.captured, state, strict=True)}
        return [known[id(t)] if id(t) in known else t._array() for t in other.traced.captured]

    def run(self, arguments: Sequence[Array], state: Sequence[Array]) -> list[Array]:
        """The outputs for these arguments."""
        return self.executable.run([*arguments, *state])

    def run_batches(
        self,
        rows: Sequence[np.ndarray],
        order: np.ndarray,
        first: int,
        last: int,
        sums: np.ndarray | None = None,
        log: np.ndarray | None = None,
        state: Sequence[np.ndarray] | None = None,
        keep: Callable[[Sequence[np.ndarray]], None] | None = None,
    ) -> None:
        """The steps `first` to `last - 1` over batches of `rows` in this order, of one epoch or
        several; on `state`, or on the tensors themselves.

        With `log` the array `sums` goes into a row of it at the end of each epoch, and back to 0.
        With `keep`, that is called with the outputs of each step.
        """
        state = self.state() if state is None else state
        total = len(rows[0])
        if total % self.batch and not self.fills and self.splits(total, first, last):
            self.to_the_row(
                total,
                first,
                last,
                lambda i, j: self.run_batches(rows, order, i, j, None, None, state, keep),
                lambda i: self._run_short(rows, order, i, state, keep),
                sums,
                log,
            )
            return
        arrays = [*rows, NO_COUNT, *state]
        streams = dict(enumerate(rows))
        if keep is None:
            self.executable.run_batches(arrays, streams, order, first, last, total, sums, log)
            return

        def kept(arguments: Sequence[np.ndarray]) -> None:
            keep(self.executable.run(arguments))

        loop_over_batches(kept, self.plan, arrays, streams, order, first, last, total, sums, log)

    def _run_short(
        self,
        rows: Sequence[np.ndarray],
        order: np.ndarray,
        number: int,
        state: Sequence[np.ndarray],
        keep: Callable[[Sequence[np.ndarray]], None] | None,
    ) -> None:
        """Step `number`, whose batch is a short one, by a step for just as many rows."""
        batch = BatchRows(self.plan, order, number, len(rows[0]), filled=False)
        short = self.for_rows(batch.real)
        arrays = [*rows, NO_COUNT, *self.state_for(short, state)]
        with batch.named():
            outputs = short.executable.run(batch.arguments(arrays, dict(enumerate(rows))))
        if keep is not None:
            keep(outputs)


def entry(x: Tensor) -> Tensor:
    """The input as layers expect it: bytes and bools as float32 (labels and positions stay whole
    numbers).
    """
    return astype(x, dtypes.float32) if x.dtype in (dtypes.uint8, dtypes.bool_) else x


def row_mask(count: Tensor, batch: int) -> Tensor:
    """1 for the first `count` rows, 0 for the rows that only fill up the batch."""
    return astype(less(iota((batch,), dtype=dtypes.float32), count), dtypes.float32)


def head_loss(loss: Loss, out: Tensor, y: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The weighted mean of the rows' losses: one number.

    Of sequences with a mask, as in Keras: the weighted mean over the positions that it includes.
    Predictions that the loss cannot be taken of are an error, at once or in the running step.
    """
    loss.check_output(last_layer(out))
    real = by_position(y, out, row_mask(count, out.shape[0]))[-1]
    if real.shape != weight.shape:
        count = maximum(sum(real), 1.0)
    y, out, weight = by_position(y, out, weight)
    weight = loss.checked(out, weight)
    return sum(loss.per_row(y, out) * weight) / count


def total_loss(
    model: Model,
    heads: Sequence[Head],
    losses: Sequence[Tensor | None],
    added: Sequence[Tensor],
    mask: Tensor,
) -> Tensor:
    """The weighted losses of the heads, the penalties and what layers have added: one number.

    What was added for each row counts with its mean over the real rows.
    """
    terms = [
        own if head.weight == 1.0 else own * head.weight
        for head, own in zip(heads, losses, strict=True)
        if own is not None
    ]
    terms += model.penalties()
    for term in added:
        each = same(term.shape, mask.shape)
        terms.append(sum(term * mask) / sum(mask) if each else reshape(term, ()))
    if not terms:
        raise StateError(
            f"{model.name}: there is nothing to learn from: compile(loss=None) needs a layer that "
            "calls self.add_loss(...) in its forward, or a regularizer"
        )
    value: Tensor = terms[0]
    for term in terms[1:]:
        value = value + term
    return value


def gradients(value: Tensor, parameters: Sequence[Tensor]) -> list[Tensor | None]:
    """The gradient of `value` for each parameter; None where it has no influence."""
    if not value.requires_grad:
        return [None] * len(parameters)
    one = apply(full, like=value, value=1.0, shape=(), dtype=value.dtype)
    with no_grad():
        by_id = backpropagate(value, one, parameters, lambda t: t.requires_grad)
    return [by_id.get(id(p)) for p in parameters]


def forward(
    model: Model, heads: Sequence[Head], training: bool, layout: Layout, arguments: Sequence[Tensor]
) -> Batch:
    """One batch through the model and its losses; the arguments lie as `layout` says."""
    xs, targets, weight, count = layout.parts(arguments)
    mask = row_mask(count, xs[0].shape[0])
    weight = mask if weight is None else mask * weight
    for head in heads:
        entered(*head.metrics)
        if head.loss is not None:
            entered(head.loss)
    with training_mode(training), filled_batch(mask), collected() as kept:
        with in_section("forward"):
            outputs = widened(tensors_in(model(*[entry(x) for x in xs])))
        for h, y in zip(heads, targets, strict=True):
            _warn_if_lost(model, h, outputs[h.output], y)
        with in_section("loss"):
            losses = [
                None if h.loss is None else head_loss(h.loss, outputs[h.output], y, weight, count)
                for h, y in zip(heads, targets, strict=True)
            ]
            added = widened(terms_of(kept, mask.shape[0]))
            value = total_loss(model, heads, losses, added, mask)
    return Batch(value, losses, outputs, targets, mask, count, weight)


def _warn_if_lost(model: Model, head: Head, out: Tensor, y: Tensor) -> None:
    """A word when a loss of sequences counts padding because an op lost their mask."""
    lost = out.lost_mask
    if lost is None or y.shape[:1] != lost.shape[:1]:
        return
    if y.ndim < 2 or math.prod(y.shape[:2]) != math.prod(lost.shape):
        return
    output = f"output {head.name!r}" if head.name else "the output"
    warn(
        f"{model.name}: {output} has lost the mask of its sequences at {lost}, which mixes their "
        "positions: padding counts in loss and metrics. Use an op or layer that keeps them, or "
        "give the output its mask again: out.mask = x.mask",
        model._warned,
    )


def augmented(
    augment: Callable[..., Any], layout: Layout, arguments: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """The arguments of a step with x and y mixed by `augment`."""
    xs, targets, _, _ = layout.parts(arguments)
    if len(xs) != 1 or len(targets) != 1:
        raise StateError(
            f"compile(augment=...) mixes one x with one y; this model has {len(xs)} inputs and "
            f"{len(targets)} targets"
        )
    with no_grad(), training_mode(True):
        x, y = augment(entry(xs[0]), targets[0])
    return (x, y, *arguments[2:])


def train_function(
    model: Model, optimizer: Optimizer, sums: Sums, layout: Layout
) -> Callable[..., Any]:
    """The training step (x, y, [weight,] count): forward, loss, gradient, update, sums."""

    def train_step(*arguments: Tensor) -> Any:
        if model.augment is not None:
            arguments = augmented(model.augment, layout, arguments)
        batch = forward(model, sums.heads, True, layout, arguments)
        parameters = model.parameters()
        scaled = optimizer.scale_loss(batch.loss)
        pairs = list(zip(parameters, gradients(scaled, parameters), strict=True))
        if parameters and all(gradient is None for _, gradient in pairs):
            named = " and ".join(h.loss.name for h in sums.heads if h.loss is not None)
            raise StateError(
                f"{model.name}: no gradient of {named or 'the loss'} reaches a weight, so nothing "
                "would be learned. step, comparisons, argmax and detach pass no gradient on: a "
                "perceptron that ends in step learns with loss='perceptron'; elsewhere use a "
                "smooth activation such as 'sigmoid'"
            )
        with in_section("update"):
            optimizer.apply(pairs)
        with in_section("metrics"):
            sums.add(batch)

    return train_step


def watched_function(model: Model, sums: Sums, layout: Layout) -> Callable[..., Any]:
    """What of a training step may mix rows: what they come to is in loss, sums and states.

    Gradients and the update follow from them.
    """

    def watched_step(*arguments: Tensor) -> None:
        if model.augment is not None:
            arguments = augmented(model.augment, layout, arguments)
        sums.add(forward(model, sums.heads, True, layout, arguments))

    return watched_step


def test_function(model: Model, sums: Sums, layout: Layout) -> Callable[..., Any]:
    """The evaluation step: forward, loss, sums; its outputs are what metrics keep of the rows."""

    def test_step(*arguments: Tensor) -> Any:
        with no_grad():
            batch = forward(model, sums.heads, False, layout, arguments)
            sums.add(batch)
            return sums.kept(batch) or None

    return test_step


def predict_function(model: Model) -> Callable[..., Any]:
    """The outputs of the model in use."""

    def predict_step(*xs: Tensor) -> Any:
        with no_grad(), training_mode(False):
            return model(*[entry(x) for x in xs])

    return predict_step


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
        known = (made[size, *form].valid() for size in sizes if (size, *form) in made)
        step = next((one for one in known if one is not None), None)
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
        if kind == "train" and not self.model.parameters():
            step.frozen = any(t.requires_grad for t in self.model.state_tensors())
            step.without_weights = not step.frozen
        if kind == "train":
            held = {id(t) for t in self.model.state_tensors()}
            used = [t for t in step.traced.captured if isinstance(t, Tensor) and t.requires_grad]
            step.outside = [t.shape for t in used if id(t) not in held]
        return step
