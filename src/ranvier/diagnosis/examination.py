"""What the checks look at, computed once: rows, curves, one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.locks import computed_once
from ..base.message import Message
from ..errors import ArgumentError
from ..train.callbacks.callback import History
from ..train.fit.ready import ready
from ..train.intake.arrange import Learning, features_of, role_of, rows_of
from ..train.intake.heads import Head
from ..train.intake.rows import Rows
from ..typing import Array, DataLike

if TYPE_CHECKING:
    from ..train.models.model import Model

MOST_ROWS = 1024  # rows that go through the network while it is looked at


class Examination:
    """A model with its data and curves, and everything that is computed of them, each thing once.

    model        the model, compiled
    x, y         the rows it was trained on, as the user gave them
    history      {name: [one number an epoch]}, {} where there is none
    columns      names of the columns of x, () where they have none
    """

    def __init__(
        self,
        model: Model,
        x: DataLike,
        y: DataLike | None = None,
        *,
        validation_data: Any = None,
        history: History | Mapping[str, Sequence[float]] | None = None,
        new_data: DataLike | None = None,
    ) -> None:
        model._compiled("diagnose")
        self.model, self.x, self.y = model, x, y
        self.validation_data, self.new_data = validation_data, new_data
        self.history = _curves(history)

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
        """At most `MOST_ROWS` of them, evenly spaced."""
        return evenly(self.rows)

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
        from ..train.fit.loop import test_all
        from ..train.fit.ready import test_step

        steps = ready(self.model, rows)
        return test_all(steps, test_step(self.model, steps, rows, 256), rows)["loss"]


def evenly(rows: Rows, most: int = MOST_ROWS) -> Rows:
    """At most so many rows, evenly spaced."""
    if rows.count <= most:
        return rows
    at = np.linspace(0, rows.count - 1, most).astype(np.int64)

    def taken(a: Array | list[Array]) -> Array | list[Array]:
        return [one[at] for one in a] if isinstance(a, list) else a[at]

    weight = None if rows.weight is None else rows.weight[at]
    return Rows(taken(rows.x), taken(rows.y), weight, rows._names)


def _curves(
    history: History | Mapping[str, Sequence[float]] | None,
) -> dict[str, list[float]]:
    held = history.history if isinstance(history, History) else history
    return {name: [float(v) for v in values] for name, values in (held or {}).items()}


def _no_targets(e: Examination) -> str | None:
    if e.model.loss is None:
        return Message("no loss")
    return Message("no targets") if e.y is None else None


# What a check may need, and what tells that it is not there.
_NEEDS: dict[str, Callable[[Examination], str | None]] = {
    "targets": _no_targets,
    "validation": lambda e: Message("no validation data") if e.validation_data is None else None,
    "history": lambda e: None if e.history.get("loss") else Message("no history of a training"),
    "new data": lambda e: Message("no new data") if e.new_data is None else None,
}
