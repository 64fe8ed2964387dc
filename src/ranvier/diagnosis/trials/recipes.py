"""The recipe of a model that is there: how to make it again and train it on the same rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...base.message import Message
from ...errors import RanvierError
from ...optim import Optimizer
from ...train.callbacks.callback import History
from ...train.ensembles.compiled_members import another
from ...train.models.model import Model
from ...typing import Array
from ..recipe import Recipe

if TYPE_CHECKING:
    from ..examination import Examination

_EPOCHS, _BATCH = 30, 32


def why_no_recipe(e: Examination) -> str | None:
    """Why a training cannot be done again with other seeds; None: it can."""
    if e.validation is None or e.lacks("targets") is not None:
        return Message("a trial needs targets and validation data")
    if len(e.rows.xs) != 1 or len(e.rows.ys) != 1:
        return Message("a trial is for models with one input and one target")
    try:
        _untrained(e.model)
    except (RanvierError, TypeError):
        return Message("the model cannot be made again from its configuration")
    return None


def recipe_of(e: Examination) -> Recipe:
    """How the model of an examination was trained, as far as that is known."""
    rows, held = e.rows, e.validation
    assert held is not None
    model = e.model
    optimizer: Optimizer = another(model.optimizer)

    def build() -> Model:
        made = _untrained(model)
        made.compile(another(optimizer), model.loss, engine=model.engine)
        return made

    return Recipe(
        build=build,
        train=(rows.xs[0], rows.ys[0]),
        validation=(held.xs[0], held.ys[0]),
        epochs=len(e.history.get("loss", ())) or _EPOCHS,
        batch_size=_batch_size(model, rows.count),
    )


def _untrained(model: Model) -> Model:
    """A model like this one, untrained."""
    made = type(model).from_config(model.get_config())
    assert isinstance(made, Model)
    return made


def _batch_size(model: Model, rows: int) -> int:
    """The size of the batches of the model's last `fit`, by how many there were."""
    history = vars(model).get("history")
    steps = history.params.get("steps", 0) if isinstance(history, History) else 0
    if not steps:
        return min(_BATCH, rows)
    size = math.ceil(rows / steps)
    powers = 2 ** np.arange(0, 14)
    fitting: Array = powers[np.ceil(rows / powers) == steps]
    return int(fitting[0]) if len(fitting) else size
