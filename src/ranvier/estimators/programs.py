"""Compiled functions: a training step, a loss with its gradient over all rows, and outputs.

An estimator keeps its numbers in NumPy arrays, so that it can be copied and pickled; what is
compiled belongs to the form of its network and is shared by all estimators of that form. A function
that changes tensors is used by one thread at a time: it is `borrowed`, and a second thread gets one
of its own.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np

from .. import dtypes, losses, optim
from ..base.aligned import aligned
from ..base.locks import ProcessLock
from ..nn import activations
from ..ops.composites.functions import sigmoid, softmax
from ..ops.elementwise import astype, exp, log, where
from ..ops.reduce import sum
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from ..train.steps.predict import in_parts
from ..train.steps.step import Specs, Step
from ..train.steps.step_functions import gradients, row_mask
from ..typing import Array, DType

_KEPT = 16  # forms of which idle programs are kept

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "identity": activations.linear,
    "logistic": sigmoid,
    "relu": activations.relu,
    "tanh": activations.tanh,
}
OUTPUTS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "exp": exp,
    "identity": activations.linear,
    "logistic": sigmoid,
    "softmax": softmax,
}


@dataclass(frozen=True)
class Form:
    """The form of a network: sizes of its layers, activations, dtype, and the engine that runs it.

    The last activation names the loss too: cross-entropy of "softmax" and, added up over the
    outputs, of "logistic"; half the squared error of "identity"; half the Poisson deviance of
    "exp".
    """

    sizes: tuple[int, ...]
    activation: str
    output: str
    dtype: str
    engine: str

    @property
    def kind(self) -> DType:
        """The dtype of rows, weights and outputs."""
        return np.dtype(self.dtype)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the weights and the biases, layer by layer."""
        return [shape for pair in pairwise(self.sizes) for shape in (pair, pair[1:])]

    def row_specs(self, batch: int, weighted: bool) -> Specs:
        """Shapes and dtypes of a batch of x, y and, if there are any, sample weights."""
        labels = self.output == "softmax"
        y = ((batch,), dtypes.int32) if labels else ((batch, self.sizes[-1]), self.kind)
        weights = [((batch,), self.kind)] if weighted else []
        return [((batch, self.sizes[0]), self.kind), y, *weights]


@dataclass(frozen=True)
class Rule:
    """How a training step changes the weights."""

    solver: str
    momentum: float = 0.9
    nesterov: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def optimizer(self) -> optim.Optimizer:
        """The optimizer with these numbers; its learning rate is an argument of each step."""
        if self.solver == "sgd":
            return optim.SGD(momentum=self.momentum, nesterov=self.nesterov)
        return optim.Adam(beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)


def scores(form: Form, weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """What the last layer gives, before its activation."""
    hidden = ACTIVATIONS[form.activation]
    last = len(weights) - 2
    for i in range(0, len(weights), 2):
        x = x @ weights[i] + weights[i + 1]
        if i < last:
            x = hidden(x)
    return x


def row_losses(form: Form, z: Tensor, y: Tensor) -> Tensor:
    """The loss of each row, added up over the outputs, of which z are the scores."""
    if form.output == "softmax":
        return losses.SparseCategoricalCrossentropy(from_logits=True).per_row(y, z)
    if form.output == "logistic":
        return losses.BinaryCrossentropy(from_logits=True).per_row(y, z) * form.sizes[-1]
    if form.output == "identity":
        return losses.MeanSquaredError().per_row(y, z) * (form.sizes[-1] / 2)
    positive = y > 0
    logarithm = where(positive, log(where(positive, y, 1.0)), 0.0)
    return sum(y * (logarithm - z) - y + exp(z), axis=-1)


def _number(value: float, kind: DType, name: str) -> Tensor:
    return Tensor(aligned(np.asarray(value, kind)), name=name, copy=False)


class _Batches:
    """A step over batches of rows that adds up the loss of an epoch."""

    def __init__(self, form: Form, batch: int, weighted: bool) -> None:
        self.form, self.weighted = form, weighted
        self.weights = [
            Tensor(aligned(np.zeros(shape, form.kind)), requires_grad=True, copy=False)
            for shape in form.shapes
        ]
        self.loss = _number(0.0, dtypes.float64, "loss_sum")
        specs = [*form.row_specs(batch, weighted), ((), dtypes.float32)]
        names = ["x", "y", *(["weight"] if weighted else []), "count"]
        self.step = Step(self.run, specs, names, form.engine)

    def run(self, *arguments: Tensor) -> None:
        """One batch (traced)."""
        raise NotImplementedError

    def losses(self, arguments: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The weighted sum of the rows' losses, the sum of the weights, and how many rows count."""
        x, y, *weight, count = arguments
        kind = self.form.kind
        rows = astype(count, kind)
        mask = astype(row_mask(count, x.shape[0]), kind)
        weights = mask * weight[0] if weight else mask
        each = row_losses(self.form, scores(self.form, self.weights, x), y)
        return sum(each * weights), sum(weights) if weight else rows, rows

    def load(self, weights: Sequence[Array]) -> None:
        """Take these numbers for the weights."""
        for tensor, numbers in zip(self.weights, weights, strict=True):
            tensor._array()[...] = numbers

    def taken(self) -> list[Array]:
        """Copies of the weights."""
        return [tensor._array().copy() for tensor in self.weights]

    @property
    def loss_sum(self) -> float:
        """What the loss has added up to."""
        return float(self.loss._array())

    def reset(self) -> None:
        """The beginning of an epoch."""
        self.loss._array()[...] = 0.0


class Training(_Batches):
    """A training step: forward, loss, gradient and update.

    The loss of a batch is what scikit-learn's networks report: the weighted mean of the rows'
    losses, and `alpha / 2 * sum(W ** 2) / sum of weights`. Of a regression with several outputs
    their mean is reported, while their sum is learned from.
    """

    def __init__(self, form: Form, rule: Rule, batch: int, weighted: bool) -> None:
        self.rate = _number(0.0, form.kind, "learning_rate")
        self.alpha = _number(0.0, form.kind, "alpha")
        self.time = _number(0.0, form.kind, "iterations")
        self.optimizer = rule.optimizer()
        self.slots: list[dict[str, Tensor]] = [
            {
                name: Tensor(aligned(np.full(shape, value, form.kind)), copy=False)
                for name, value in self.optimizer.first_values().items()
            }
            for shape in form.shapes
        ]
        super().__init__(form, batch, weighted)

    def run(self, *arguments: Tensor) -> None:
        total, weight, rows = self.losses(arguments)
        if self.weighted:  # a batch whose weights are all 0 has nothing to say
            weight = where(weight > 0, weight, 1.0)
        penalty = sum(self.weights[0] * self.weights[0])
        for matrix in self.weights[2::2]:
            penalty = penalty + sum(matrix * matrix)
        penalty = penalty * (self.alpha / 2)
        slopes = gradients((total + penalty) / weight, self.weights)
        with no_grad():
            outputs = self.form.sizes[-1] if self.form.output == "identity" else 1
            value = (total / outputs + penalty) / weight * rows
            self.loss.assign(self.loss + astype(value, dtypes.float64))
            self.time.assign(self.time + 1)
            factors = self.optimizer.factors(self.rate, self.time, {})
            for w, gradient, slots in zip(self.weights, slopes, self.slots, strict=True):
                assert gradient is not None
                new, changed = self.optimizer.update(w, gradient, slots, factors)
                w.assign(new)
                for name, slot in changed.items():
                    slots[name].assign(slot)

    def load_memory(self, time: int, slots: Sequence[Mapping[str, Array]]) -> None:
        """Take these numbers for what the optimizer remembers."""
        self.time._array()[...] = time
        for tensors, numbers in zip(self.slots, slots, strict=True):
            for name, tensor in tensors.items():
                tensor._array()[...] = numbers[name]

    def clear_memory(self) -> None:
        """Let the optimizer begin again."""
        self.time._array()[...] = 0
        first = self.optimizer.first_values()
        for tensors in self.slots:
            for name, tensor in tensors.items():
                tensor._array()[...] = first[name]

    def memory(self) -> tuple[int, list[dict[str, Array]]]:
        """Copies of what the optimizer remembers: the number of steps, and its slots."""
        slots = [{name: t._array().copy() for name, t in each.items()} for each in self.slots]
        return int(self.time._array()), slots


class Gradient(_Batches):
    """The sum of the rows' losses and its gradient, added up over the batches of an epoch."""

    def __init__(self, form: Form, batch: int, weighted: bool) -> None:
        self.sums = [
            Tensor(aligned(np.zeros(shape, dtypes.float64)), copy=False) for shape in form.shapes
        ]
        super().__init__(form, batch, weighted)

    def run(self, *arguments: Tensor) -> None:
        total, _, _ = self.losses(arguments)
        slopes = gradients(total, self.weights)
        with no_grad():
            self.loss.assign(self.loss + astype(total, dtypes.float64))
            for added, gradient in zip(self.sums, slopes, strict=True):
                assert gradient is not None
                added.assign(added + astype(gradient, dtypes.float64))

    def reset(self) -> None:
        super().reset()
        for added in self.sums:
            added._array()[...] = 0.0

    def gradient(self) -> list[Array]:
        """What the gradient has added up to; good until the next `reset`."""
        return [added._array() for added in self.sums]


# --- outputs ------------------------------------------------------------------------------------


class _Outputs:
    """The outputs of a network for batches of rows; its weights are arguments."""

    def __init__(self, form: Form, batch: int) -> None:
        weights = [Tensor(np.zeros(shape, form.kind)) for shape in form.shapes]

        def outputs(x: Tensor) -> Tensor:
            with no_grad():
                return OUTPUTS[form.output](scores(form, weights, x))

        self.step = Step(outputs, form.row_specs(batch, False)[:1], ["x"], form.engine)
        number = {id(tensor): i for i, tensor in enumerate(weights)}
        self.order = [number[id(tensor)] for tensor in self.step.traced.captured]
        self.by_rows = self.step.executable.row_runner()

    def __call__(self, x: Array, weights: Sequence[Array]) -> Array:
        """The outputs for the rows of x."""
        state = [weights[i] for i in self.order]
        out = None if self.by_rows is None else self.by_rows(x, state)
        if out is not None:
            return out
        # NOTE: also for rows whose numbers are too large, which the other way does not take.
        whole: Array = in_parts(self.step, [x], state)
        return whole


@functools.lru_cache(maxsize=64)
def outputs_of(form: Form, batch: int) -> _Outputs:
    """The outputs of a network of this form, for batches of so many rows."""
    return _Outputs(form, batch)


# --- lending ------------------------------------------------------------------------------------

P = TypeVar("P")


class Pool(Generic[P]):
    """Programs that nobody uses at the moment, those used last kept."""

    def __init__(self, make: Callable[..., P]) -> None:
        self._make = make
        self._idle: OrderedDict[object, list[P]] = OrderedDict()
        self._lock = ProcessLock()

    @contextmanager
    def borrowed(self, *form: object) -> Iterator[P]:
        """The program `make(*form)`: one that is there and idle, or a new one."""
        with self._lock:
            idle = self._idle.pop(form, [])
            program = idle.pop() if idle else None
            if idle:
                self._idle[form] = idle
        if program is None:
            program = self._make(*form)
        yield program
        # NOTE: one that an error has left in the middle of a step never comes back.
        with self._lock:
            self._idle.setdefault(form, []).append(program)
            self._idle.move_to_end(form)
            while len(self._idle) > _KEPT:
                self._idle.popitem(last=False)


trainings = Pool(Training)
gradient_sums = Pool(Gradient)
