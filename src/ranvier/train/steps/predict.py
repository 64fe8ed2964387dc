"""Predict: the model in use, in microseconds for one row and at memory's speed for many.

What a call needs is found out once for each shape of x and kept as a plan, which is good as long as
its trace is valid (tracing/validity.py). Numbers inside tensors are no part of that, since the
graph reads them where they are: a weight that changed is seen by the next call.

Rows are computed batch by batch. A short batch is filled up, to the next power of two or to the
size of the others; where the model mixes rows it is computed by a graph for just as many
(short_batch.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.config import switches
from ...base.locks import ProcessLock
from ...errors import StateError
from ...executors import RowRunner
from ...nn.policy import float_dtype
from ...nn.symbolic import packed
from ...tracing.validity import Variants
from ...typing import Array, DataLike
from ..intake.arrange import inputs_of
from .concurrency import InTraining, in_training, trained_elsewhere
from .step import Step
from .step_functions import predict_function

if TYPE_CHECKING:
    from ..models.model import Model

_PLANS = 256  # shapes of x remembered
_EXACT = 32  # steps for a number of rows of its own

_FLOAT64 = np.dtype("float64")

_preparing = ProcessLock()  # one thread at a time traces a model
_data = attrgetter("_data")

Plan = Callable[[Array], Array | None]
Quick = Callable[[Array, int | None], Array | None]


def predict(model: Model, x: DataLike, batch_size: int | None) -> Any:
    """The outputs for the rows of x, whatever holds them; all that is wrong with x is said here."""
    names, xs = inputs_of(model, x)
    xs = [_in_order(a) for a in xs]
    elsewhere = trained_elsewhere(model)
    if elsewhere is not None:
        return _beside(elsewhere, xs, batch_size)
    if names is not None:
        return _with_inputs(model, xs, batch_size)
    (x,) = xs
    if model._uses is not None:
        known = model._uses.last(x, batch_size)
        if known is not None:
            return known
    model._build_for([x])
    with _preparing:
        step, plan = _predictor(model).prepare(x, batch_size)
    step.check_ids([x])
    out = plan(x)
    return in_parts(step, [x]) if out is None else out


def _beside(training: InTraining, xs: list[Array], batch_size: int | None) -> Any:
    """The outputs while another thread trains the model: by the weights between two stretches."""
    model = training.model
    model._build_for(xs)
    with _preparing:
        step, run = _predictor(model).step(xs, batch_size)
    step.check_ids(xs)
    state = training.arrays(step.traced.captured)
    out = run(xs[0], state) if run is not None and len(xs) == 1 else None
    return in_parts(step, xs, state) if out is None else out


def _predictor(model: Model) -> Predictor:
    """What the model has prepared for its engine; to be called with the lock."""
    if model._uses is None or model._uses.engine != (model.engine or switches.engine):
        model._uses = Predictor(model)
    return model._uses


def _with_inputs(model: Model, xs: list[Array], batch_size: int | None) -> Any:
    """The outputs of a model with several inputs."""
    model._build_for(xs)
    with _preparing:
        step = _predictor(model).step(xs, batch_size)[0]
    step.check_ids(xs)
    return in_parts(step, xs)


class Predictor:
    """The steps and plans of a model for one engine."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.engine = model.engine or switches.engine
        self.function = predict_function(model)
        self.steps: dict[Any, Variants[Step]] = {}
        self._exact: deque[Any] = deque()  # of them those for a number of rows of its own
        self.last: Quick = _none_yet  # the plan of the last shape with all that must be looked at
        self._quick: dict[Any, tuple[Quick, bool]] = {}  # and whether it looks at x's shape itself

    def quick(self, x: object, batch_size: int | None) -> Array | None:
        """The outputs for an array of a known shape; None where it takes a closer look."""
        if type(x) is not np.ndarray:
            return None
        # As `features` has it; a number too large becomes infinite here.
        if x.dtype is _FLOAT64 and float_dtype(self.model) != _FLOAT64:
            with np.errstate(over="ignore"):
                x = x.astype(np.float32)
            out = self.last(x, batch_size)
            if out is not None:
                return out
        plan, single = self._quick.get((x.shape, batch_size), (_none_yet, False))
        if single:
            self.last = plan
        # NOTE: in this order, since a training that begins just now takes `last` away when it is
        # known to be one.
        if in_training(self.model):
            self.last = _none_yet
            return None
        return plan(x, batch_size)

    def in_training(self) -> None:
        """A training begins: what runs quickly reads the weights themselves."""
        self.last = _none_yet

    def step(self, xs: Sequence[Array], batch_size: int | None) -> tuple[Step, RowRunner | None]:
        """The step for arrays like these, and what runs it by rows if it can be run so."""
        rows = len(xs[0])
        batch = round_up(rows, batch_size or rows)
        step = self._step(xs, batch)
        if rows < batch and not step.fills:
            step = self._step(xs, rows, exact=True)
        step.prepare(rows)
        whole = not rows % step.batch or step.fills
        return step, step.row_runner if whole else None

    def _step(self, xs: Sequence[Array], batch: int, exact: bool = False) -> Step:
        """The step for batches of so many rows."""
        key = (batch, *[(x.shape[1:], x.dtype) for x in xs])
        if key not in self.steps:
            self.steps[key] = Variants(f"{self.model.name}: the step of predict")
            if exact:
                self._exact.append(key)
                if len(self._exact) > _EXACT:
                    del self.steps[self._exact.popleft()]
                    self._quick.clear()
        step = self.steps[key].valid()
        if step is None:
            specs = [((batch, *x.shape[1:]), x.dtype) for x in xs]
            names = ["x"] if len(xs) == 1 else [f"x{i}" for i in range(len(xs))]
            step = self.steps[key].add(Step(self.function, specs, names, self.engine))
        return step

    def prepare(self, x: Array, batch_size: int | None) -> tuple[Step, Plan]:
        """The step and the plan for arrays like x."""
        step, run = self.step([x], batch_size)
        if run is None:
            return step, lambda x: in_parts(step, [x])
        others = partial(map, _data, step.traced.captured)
        single: Plan | None = run.single(len(x), others)
        plan: Plan = single or (lambda x: run(x, others()))
        # NOTE: these look at dtype and numbers of x themselves, `single` at type and shape too.
        quick = self._looking(step, plan, batch_size)
        if len(self._quick) >= _PLANS:
            self._quick.clear()
        self._quick[x.shape, batch_size] = quick, single is not None
        return step, plan

    def _looking(self, step: Step, plan: Plan, batch_size: int | None) -> Quick:
        """The plan behind what must be looked at each time."""
        validity, ids = step.validity, step.ids
        own_engine = self.model.engine is not None

        def quick(x: Array, size: int | None) -> Array | None:
            if (
                size != batch_size
                or not (own_engine or switches.engine == self.engine)
                or not validity.holds()
            ):
                return None
            if ids is not None:
                ids([x])
            return plan(x)

        return quick


def _none_yet(x: Array, batch_size: int | None) -> None:
    return None


def _in_order(x: Array) -> Array:
    """x as the graph reads it: aligned, and of the one dtype object that NumPy has for its kind."""
    kind = np.dtype(x.dtype.newbyteorder("=").str)
    return x if x.dtype is kind and x.flags.aligned else x.astype(kind)


def in_parts(step: Step, xs: Sequence[Array], state: Sequence[Array] | None = None) -> Any:
    """The outputs for all rows, batch by batch, as the model gives them."""
    return packed(step.structure, outputs_in_parts(step, xs, state or step.state()))


def outputs_in_parts(step: Step, xs: Sequence[Array], state: Sequence[Array]) -> list[Array]:
    """One batch after the other; a short one is filled up with copies of its first row, if they
    are seen by nobody."""
    parts: list[list[Array]] = []
    for start in range(0, len(xs[0]), step.batch):
        chunks = [x[start : start + step.batch] for x in xs]
        rows = len(chunks[0])
        if rows == step.batch:
            parts.append([np.array(out) for out in step.run(chunks, state)])
        elif step.fills:
            fill = step.batch - rows
            chunks = [np.concatenate([c, np.repeat(c[:1], fill, axis=0)]) for c in chunks]
            parts.append([np.array(out[:rows]) for out in step.run(chunks, state)])
        else:
            with _preparing:
                last = step.for_rows(rows)
            parts.append([np.array(out) for out in last.run(chunks, step.state_for(last, state))])
    return parts[0] if len(parts) == 1 else [_joined(p) for p in zip(*parts, strict=True)]


def _joined(parts: Sequence[Array]) -> Array:
    """What the batches have given, one behind the other."""
    shapes = [part.shape for part in parts]
    if not all(shape and shape[1:] == shapes[0][1:] for shape in shapes):
        raise StateError(
            f"predict: an output has the shape {shapes[0]} for the first batch and {shapes[-1]} "
            "for the last one, which cannot be joined by rows; give batch_size=None for all rows "
            "as one batch"
        )
    return np.concatenate(parts)


def round_up(rows: int, batch: int) -> int:
    """The batch size for `rows` rows: at most `batch`; for fewer rows the next power of two.

    So a model asked for 1 row, then 3, then 7 builds three small graphs and never one for each
    number.

    >>> round_up(1000, 256), round_up(100, 256), round_up(1, 256)
    (256, 128, 1)
    """
    return min(batch, 1 << (rows - 1).bit_length())
