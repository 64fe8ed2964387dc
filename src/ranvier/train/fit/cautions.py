"""Words that save an hour: signs, before and after a training, that it cannot go well.

before    rows sorted by class under validation_split; inputs that are large beside a first Dense;
          a Normalize that was not adapted; a step that trains nothing, or what it does not hold
after     a loss that grew instead of falling; targets so large that a network hardly reaches them

Each is a RanvierWarning, said once for a model, and only where chance and taste are ruled out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...base.locks import computed_once
from ...errors import warn
from ...nn.basic.dense import Dense
from ...optim import Optimizer
from ...tensors.tensor import Tensor
from ...typing import Array
from ..intake.arrange import normalize_of, readers, role_of
from ..intake.heads import Head
from ..intake.rows import Rows
from ..steps.step import Step

if TYPE_CHECKING:
    from ..models.model import Model

_CHANCE = math.log(1e-4)  # what happens less often is no chance (logarithms)
_LARGE = 1000.0  # size of numbers that a network hardly reaches with weights of about 1
_HIGH = 100.0  # a loss below it is of no large targets
_STEPS = 200  # after which a network has reached targets of a usual size
_GROWTH = 1000.0  # of a loss that has diverged, over the first or a usual one
_SAMPLE = 512  # rows looked at

_UINT8 = np.dtype("uint8")

OF_CLASSES = {
    "binary_crossentropy", "categorical_crossentropy", "hinge", "perceptron",
    "sparse_categorical_crossentropy", "squared_hinge",
}  # fmt: skip


def before_fit(model: Model, heads: Sequence[Head], rows: Rows, held: Rows | None) -> None:
    """Look at the rows of a `fit`; `held` are those that validation_split took."""
    if held is not None and len(heads) == 1:
        loss = heads[0].loss
        if loss is not None and loss.name in OF_CLASSES:
            _say_sorted(model, labels_of(rows.ys[0]), labels_of(held.ys[0]))
    for index, x in enumerate(rows.xs):
        _say_not_adapted(model, index)
        _say_large_inputs(model, index, x, len(rows.xs))


# --- rows sorted by class -----------------------------------------------------------------------


def say_untrained(model: Model, step: Step) -> None:
    """Training that changes nothing is mostly a network of a pair, left frozen; parameters that the
    model does not hold are mostly those of layers made inside `forward`.
    """
    left = step.untouched
    if left.outside:
        shapes = ", ".join(map(str, left.outside[:4]))
        warn(
            f"{model.name}: training uses {len(left.outside)} parameters that the model does not "
            f"hold (shapes {shapes}), so it neither changes nor saves them. Make layers in "
            "__init__ and keep them as attributes, self.dense = Dense(8), and not in forward or "
            "outside the model"
        )
    if left.without_weights and not left.outside:
        warn(
            f"{model.name}: it has no weights to train, so training changes nothing; a tensor of "
            "your own is a weight with requires_grad=True, as an attribute of a layer"
        )
    if left.all_frozen:
        warn(
            f"{model.name}: every layer is frozen (trainable=False), so training changes nothing; "
            "set trainable = True before it, and False again where it is to stand still"
        )


def labels_of(y: Array) -> Array | None:
    """The class of each row; None where rows have several or the targets are shares."""
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = bool((y.max(axis=1) == 1).all() and (y.sum(axis=1) == 1).all())
        return y.argmax(axis=1) if one_hot else None
    flat = y.reshape(-1) if y.ndim <= 2 else None
    return None if flat is None or (flat != np.round(flat)).any() else flat.astype(np.int64)


def _say_sorted(model: Model, train: Array | None, held: Array | None) -> None:
    """Classes that only one part holds, where mixed rows would have both hold them."""
    if train is None or held is None:
        return
    names, codes = np.unique(np.concatenate([train, held]), return_inverse=True)
    counts = np.bincount(codes)
    left = np.bincount(codes[: len(train)], minlength=len(names))
    right = counts - left
    unseen, untested = names[left == 0], names[right == 0]
    if not len(unseen) + len(untested) or len(names) < 2:
        return
    share = len(held) / len(codes)
    by_chance = [
        *(counts[left == 0] * math.log(share)),
        *(counts[right == 0] * math.log(1.0 - share)),
    ]
    if min(by_chance) + math.log(len(names)) > _CHANCE and not (
        _in_runs(codes, counts) and _chance_of_runs(counts) < _CHANCE
    ):
        return
    problems = []
    if len(names) - len(untested) == 1:
        only = _called(model, names[right > 0])
        problems.append(f"the {len(held):,} rows held out are all of class {only}")
    elif len(untested):
        problems.append(f"the rows held out hold no row of class {_called(model, untested)}")
    if len(unseen):
        problems.append(f"the rows to train on hold no row of class {_called(model, unseen)}")
    warn(
        f"validation_split holds out the last rows, and the rows stand sorted by class: "
        f"{' and '.join(problems)}. Mix the rows first: order = "
        "numpy.random.default_rng(0).permutation(len(x)); fit(x[order], y[order], ...); or give "
        "validation_data, from ranvier.data.train_test_split(x, y, stratify=y)",
        model._warned,
        "sorted rows",
    )


def _in_runs(codes: Array, counts: Array) -> bool:
    """Whether all rows of a class stand together."""
    return int(np.count_nonzero(np.diff(codes))) == len(counts) - 1


def _chance_of_runs(counts: Array) -> float:
    """Of all orders of the rows, the share in which every class stands together (logarithm)."""
    alike = sum(math.lgamma(n + 1) for n in counts.tolist())
    return alike + math.lgamma(len(counts) + 1) - math.lgamma(int(counts.sum()) + 1)


def _called(model: Model, names: Array) -> str:
    if model.classes is not None:
        names = model.classes[names]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(str(n) for n in names[:5].tolist()) + more


# --- large numbers ------------------------------------------------------------------------------


def _say_not_adapted(model: Model, index: int) -> None:
    """A Normalize that was never adapted, and so changes nothing."""
    layer = normalize_of(model, index)
    if layer is None or not layer.built:
        return
    if not layer.mean.numpy().any() and (layer.std.numpy() == 1.0).all():
        warn(
            f"{layer.name} (Normalize) has mean 0 and deviation 1, as before it is adapted, so it "
            f"changes nothing; call its adapt(x) with the rows to train on before fit",
            model._warned,
            f"{layer.name} is not adapted",
        )


def _sample(a: Array) -> Array:
    return a[:: max(1, len(a) // _SAMPLE)][:_SAMPLE]


def _say_large_inputs(model: Model, index: int, x: Array, inputs: int) -> None:
    if x.ndim != 2 or x.dtype == _UINT8 or "large inputs" in model._warned:
        return
    some = _sample(x)
    flat = some.reshape(-1)
    if flat.dtype.kind == "f" and np.vdot(flat, flat) <= _LARGE**2:  # of no numbers it is 0
        return
    if not flat.size or max(flat.max(), -flat.min()) <= _LARGE:
        return
    into = next((layer for layer in readers(model, index) or () if isinstance(layer, Dense)), None)
    size = np.sqrt((some.astype(np.float64) ** 2).mean(axis=0))
    column = int(size.argmax())
    if into is None or size[column] <= _LARGE:
        return
    role = role_of(model._input_names() if inputs > 1 else None, index)
    names = model.column_names.get(role)
    called = f"{column} ({names[column]!r})" if names else f"{column}"
    warn(
        f"{role}: column {called} holds numbers of about {size[column]:.2g}, which go into "
        f"{into.name!r} as they are; learning is slow then, or fails. Bring the columns to one "
        "scale: normalize = ranvier.nn.Normalize(); normalize.adapt(x), and put it first in the "
        "model",
        model._warned,
        "large inputs",
    )


class Watch:
    """Looks at the loss of each epoch of a `fit`; at the targets only where that is high."""

    def __init__(self, model: Model, heads: Sequence[Head], rows: Rows) -> None:
        self.model, self.first, self.last, self.steps = model, math.nan, math.nan, 0
        self.head = heads[0] if len(heads) == 1 else None
        self.rows = rows

    @computed_once
    def targets(self) -> Array:
        """Some of the targets."""
        return _sample(self.rows.ys[0]).astype(np.float64) if self.head is not None else np.empty(0)

    @computed_once
    def constant(self) -> float:
        """The loss of an answer that looks at no x; nan: not known."""
        return math.nan if self.head is None else _loss_of_constant(self.head, self.targets)

    @computed_once
    def size(self) -> float:
        """The size of the targets, where the loss is theirs alone; else 0."""
        head = self.head
        if head is None or head.weight != 1.0 or self.rows.weight is not None:
            return 0.0
        if head.loss is None or head.loss.name not in POWERS:
            return 0.0
        return float(np.sqrt((self.targets**2).mean()))

    def epochs(self, losses: Sequence[float], steps: int) -> None:
        """The losses of one or several epochs of so many steps together."""
        if self.steps == 0:
            self.first = losses[0]
        self.last = losses[-1]
        self.steps += steps
        if self.steps >= _STEPS and self.last > _HIGH:
            self._say_large_targets()

    def end(self) -> None:
        """The training is over."""
        if self.steps == 0 or not (self.last > _HIGH or self.first * _GROWTH < self.last):
            return
        if self._diverged():
            rate, lower = rate_of(self.model.optimizer), ""
            if rate is not None:
                advised = lower_rate(self.model.optimizer, rate)
                lower = f"lower the learning rate {rate:g}, e.g. to {advised:g}, or "
            usual = f"; always the same answer would have about {self.constant:.3g}"
            warn(
                f"{self.model.name}: the training diverged: the loss of the first epoch is "
                f"{self.first:.3g}, that of the last {self.last:.3g}"
                f"{usual if math.isfinite(self.constant) else ''}. Begin with a new model, and "
                f"{lower}clip gradients with the optimizer's clipnorm=1.0",
                self.model._warned,
                "diverged",
            )
        else:
            self._say_large_targets()

    def _diverged(self) -> bool:
        """The loss grew a lot; or the learning rate is far above the usual one, and the loss ends
        far above that of an answer that is always the same.
        """
        optimizer, known = self.model.optimizer, math.isfinite(self.constant)
        usual = max(1.0, self.constant) if known else 1.0
        if 0 < self.first * _GROWTH < self.last and self.last > usual:
            return True
        rate = rate_of(optimizer)
        high = rate is not None and 10 * lower_rate(optimizer, math.inf) <= rate
        return high and known and self.last > _GROWTH * usual

    def _say_large_targets(self) -> None:
        if self.size <= _LARGE or not self.last > 0.5 * self.constant:
            return
        warn(
            f"{self.model.name}: the targets are numbers of about {self.size:.2g}, and after "
            f"{self.steps:,} steps the loss {self.last:.3g} is hardly below that of always saying "
            f"0, {self.constant:.3g}: a network begins near 0 and moves in small steps. Scale the "
            "targets: middle, spread = y.mean(), y.std(); fit(x, (y - middle) / spread), and "
            "predict(x) * spread + middle",
            self.model._warned,
            "large targets",
        )


# The loss of saying 0 to a target y is about |y| to this power.
POWERS = {
    "mean_squared_error": 2.0, "half_squared_error": 2.0, "mean_absolute_error": 1.0, "huber": 1.0,
    "log_cosh": 1.0,
}  # fmt: skip


def _loss_of_constant(head: Head, y: Array) -> float:
    name = "" if head.loss is None else head.loss.name
    if name in POWERS:
        half = 0.5 if name == "half_squared_error" else 1.0
        return half * float((np.abs(y) ** POWERS[name]).mean())
    if name in OF_CLASSES:
        return math.log(max(2, head.shape[-1] if head.shape else 2))
    return math.nan


def rate_of(optimizer: Optimizer) -> float | None:
    """The learning rate as a number; None for a schedule."""
    rate = optimizer.learning_rate
    return float(rate.numpy()) if isinstance(rate, Tensor) else None


def lower_rate(optimizer: Optimizer, rate: float) -> float:
    """A learning rate to try when `rate` was too high: a tenth, and no more than the usual one."""
    usual = optimizer.innermost.rate
    return min(float(usual), rate / 10)
