"""What the checks look at, computed once: rows, curves, one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.locks import computed_once
from ..base.message import Message
from ..errors import ArgumentError
from ..losses.last_layer import LastLayer, last_layer
from ..nn.basic.embedding import Embedding
from ..nn.modes import training_mode
from ..tracing.trace import tensors_in
from ..train.callbacks.callback import History
from ..train.fit.cautions import OF_CLASSES, POWERS
from ..train.fit.loop import test_all
from ..train.fit.ready import ready, test_step
from ..train.intake.arrange import Learning, features_of, role_of, rows_of
from ..train.intake.heads import Head
from ..train.intake.rows import Rows
from ..typing import Array, DataLike
from .data.examined import Data, data_of
from .probe import Probe

if TYPE_CHECKING:
    from ..train.models.model import Model

MOST_ROWS = 1024  # rows that go through the network while it is looked at
SCALES = np.concatenate([[0.0], 4.0 ** np.arange(-3, 9)])  # of a step
EXCLUSIVE = {"categorical_crossentropy", "sparse_categorical_crossentropy"}
SIGNED = {"hinge", "squared_hinge", "perceptron"}
_BATCH = 256


class Examination:
    """A model with its data and curves, and everything that is computed of them, each thing once.

    model        the model, compiled
    x, y         the rows it was trained on, as the user gave them
    history      {name: [one number an epoch]}, {} where there is none
    columns      names of the columns of x, () where they have none
    chosen_by    who chose how it is trained, where that was not the user; then it is not judged
    """

    chosen_by: str | None = None

    def __init__(
        self,
        model: Model,
        x: DataLike,
        y: DataLike | None = None,
        *,
        validation_data: Any = None,
        history: History | Mapping[str, Sequence[float]] | None = None,
        new_data: DataLike | None = None,
        most_rows: int = MOST_ROWS,
    ) -> None:
        model._compiled("diagnose")
        self.model, self.x, self.y = model, x, y
        self.name = model.name
        self.validation_data, self.new_data = validation_data, new_data
        self.history, self.most_rows = _curves(history), most_rows

    # -- what there is --

    def lacks(self, need: str) -> str | None:
        """Why something that a check needs is not there; None: it is."""
        return _NEEDS[need](self)

    @computed_once
    def rows(self) -> Rows:
        """The rows that it was trained on, as arrays."""
        with Learning(self.model):
            rows = rows_of(self.model, self.x, self.y, learn=True)
            ready(self.model, rows)
        return rows

    @computed_once
    def some(self) -> Rows:
        """At most `most_rows` of them, evenly spaced."""
        return evenly(self.rows, self.most_rows)

    @computed_once
    def validation(self) -> Rows | None:
        """The rows of `validation_data`, as arrays."""
        if self.validation_data is None:
            return None
        pair = self.validation_data
        if not isinstance(pair, tuple | list) or len(pair) not in (2, 3):
            raise ArgumentError("validation_data: expected (x, y) or (x, y, sample_weight)")
        self.rows  # noqa: B018  (first what training learns of labels)
        return rows_of(self.model, *pair)

    @computed_once
    def new_inputs(self) -> list[Array] | None:
        """New data as arrays, one for each input."""
        if self.new_data is None:
            return None
        self.rows  # noqa: B018
        names = self.model._names_of_inputs(self.new_data)
        return features_of(self.model, names, self.new_data)

    @computed_once
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the first input."""
        rows = self.rows
        role = role_of(self.model._input_names() if len(rows.xs) > 1 else None, 0)
        return tuple(self.model.column_names.get(role) or ())

    @computed_once
    def heads(self) -> list[Head]:
        """The outputs that are compared with targets."""
        self.rows  # noqa: B018  (makes them ready)
        steps = self.model._steps
        assert steps is not None
        return list(steps.sums.heads)

    @computed_once
    def data(self) -> Data | None:
        """The rows as columns with names, for the checks of data; None where they are words."""
        return data_of(self)

    # -- curves --

    def curve(self, name: str) -> Array:
        """A curve of the history; empty where there is none."""
        return np.asarray(self.history.get(name, ()), np.float64)

    # -- losses as the model is now --

    @computed_once
    def loss(self) -> float:
        """The loss on `some` of the rows it was trained on, in use."""
        return self._loss(self.some)

    @computed_once
    def validation_loss(self) -> float:
        """The loss on the validation rows, in use."""
        assert self.validation is not None
        return self._loss(self.validation)

    def _loss(self, rows: Rows) -> float:
        steps = ready(self.model, rows)
        return test_all(steps, test_step(self.model, steps, rows, _BATCH), rows)["loss"]

    @computed_once
    def constant_loss(self) -> float:
        """The loss of the best answer that looks at no x; nan where that is not known."""
        return math.nan if self.head is None else constant_loss(self.head, self.some.ys[0])

    # -- errors row by row --

    @computed_once
    def head(self) -> Head | None:
        """The only output that is compared with targets; None of several."""
        return self.heads[0] if len(self.heads) == 1 else None

    @computed_once
    def task(self) -> str:
        """What the loss takes the targets for: "classes", "labels" (each of several, or a single
        one, may be right or not), "numbers", or "".
        """
        name = "" if self.head is None or self.head.loss is None else self.head.loss.name
        if name in EXCLUSIVE:
            return "classes"
        return "labels" if name in OF_CLASSES else "numbers" if name in POWERS else ""

    def targets(self, rows: Rows) -> Array | None:
        """The targets as numbers (rows, columns), one-hot of classes; None of other forms."""
        y: Array = rows.ys[0] if self.task else np.empty(0)
        if y.ndim not in (1, 2) or not len(y) or self.head is None:
            return None
        if self.task == "classes" and (y.ndim == 1 or y.shape[1] == 1):
            codes = y.reshape(-1).astype(np.int64)
            return np.eye(max(int(codes.max()) + 1, math.prod(self.head.shape[-1:])))[codes]
        columns = y.reshape(len(y), -1).astype(np.float64)
        return np.asarray(columns > 0, np.float64) if self.task == "labels" else columns

    def errors(self, rows: Rows) -> Array | None:
        """How wrong the model is on each row: 0 or 1 of a class, the share of wrong labels, or the
        squared error over the variance of the targets; None where that has no meaning.
        """
        targets, head = self.targets(rows), self.head
        if targets is None or head is None:
            return None
        out = self.model.predict(rows.x)
        if isinstance(out, dict):
            out = list(out.values())
        out = np.asarray(out[head.output] if isinstance(out, list) else out)
        if out.reshape(len(out), -1).shape != targets.shape:
            return None
        if self.task == "labels":
            yes = (
                0.0
                if head.loss is None or head.loss.from_logits or head.loss.name in SIGNED
                else 0.5
            )
            out = out > yes
        return self.errors_of(out.reshape(len(out), -1).astype(np.float64), targets)

    def errors_of(self, answers: Array, targets: Array) -> Array:
        """How wrong these answers are; labels are answered by shares."""
        if self.task == "classes":
            return np.asarray(answers.argmax(axis=1) != targets.argmax(axis=1), np.float64)
        if self.task == "labels":
            return np.asarray(((answers > 0.5) != (targets > 0.5)).mean(axis=1))
        return np.asarray(((answers - targets) ** 2).mean(axis=1) / self.variance)

    @computed_once
    def variance(self) -> float:
        """That of the targets of `some` rows within each of their columns."""
        targets = self.targets(self.some)
        return 1.0 if targets is None else max(float(targets.var(axis=0).mean()), 1e-30)

    @computed_once
    def reads_ids(self) -> bool:
        """Whether its inputs are ids, which have no distances."""
        return any(isinstance(layer, Embedding) for layer in self.model.sublayers())

    # -- inside the network --

    @computed_once
    def last_layers(self) -> list[LastLayer]:
        """What is known of the outputs of the heads, from the ops that make them."""
        heads = self.heads
        with training_mode(False):
            outputs = tensors_in(self.model._traced(self.model._specs(self.some.xs)))
        return [last_layer(outputs[head.output]) for head in heads]

    @computed_once
    def probe(self) -> Probe:
        """One training step on `some` of the rows, with every number."""
        return Probe(self.model, self.heads, self.some)

    @computed_once
    def along(self) -> tuple[Array, Array]:
        """(multiples of the step that the optimizer takes now, the loss after each)."""
        return SCALES, self.probe.losses_along(SCALES.tolist())


def evenly(rows: Rows, most: int = MOST_ROWS) -> Rows:
    """At most so many rows, evenly spaced."""
    if rows.count <= most:
        return rows
    return rows.taken(np.linspace(0, rows.count - 1, most).astype(np.int64))


def constant_loss(head: Head, y: Array) -> float:
    """The loss of the best answer that is the same for all rows; nan where that is not known."""
    name = "" if head.loss is None else head.loss.name
    if y.ndim > 2 or not len(y):
        return math.nan
    if name in POWERS:
        columns = y.reshape(len(y), -1).astype(np.float64)
        if POWERS[name] == 1.0:
            return float(np.abs(columns - np.median(columns, axis=0)).mean())
        return float(columns.var(axis=0).mean()) * (0.5 if name == "half_squared_error" else 1.0)
    if name == "sparse_categorical_crossentropy":
        shares = np.bincount(y.reshape(-1).astype(np.int64)) / y.size
        return _entropy(shares)
    if name == "categorical_crossentropy":
        return _entropy(y.mean(axis=0))
    if name == "binary_crossentropy":
        shares = y.reshape(len(y), -1).mean(axis=0)
        return float(np.mean([_entropy(np.array([s, 1 - s])) for s in shares]))
    return math.nan


def _entropy(shares: Array) -> float:
    some = shares[shares > 0].astype(np.float64)
    return float(-(some * np.log(some)).sum())


def _curves(
    history: History | Mapping[str, Sequence[float]] | None,
) -> dict[str, list[float]]:
    held = history.history if isinstance(history, History) else history
    return {name: [float(v) for v in values] for name, values in (held or {}).items()}


def _no_targets(e: Examination) -> str | None:
    if e.model.loss is None:
        return Message("no loss")
    return Message("no targets") if e.y is None else None


def _no_columns(e: Examination) -> str | None:
    return Message("rows are no table") if e.data is None or not e.data.table else None


def _no_classes(e: Examination) -> str | None:
    return Message("no classes to tell") if e.data is None or not e.data.classes else None


# What a check may need, and what tells that it is not there.
_NEEDS: dict[str, Callable[[Examination], str | None]] = {
    "targets": _no_targets,
    "validation": lambda e: Message("no validation data") if e.validation_data is None else None,
    "history": lambda e: None if e.history.get("loss") else Message("no history of a training"),
    "new data": lambda e: Message("no new data") if e.new_data is None else None,
    "recipe": lambda e: e.chosen_by,
    "numbers": lambda e: Message("rows of words") if e.data is None else None,
    "columns": _no_columns,
    "classes": _no_classes,
}
