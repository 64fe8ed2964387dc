"""Logits given to a loss of probabilities: recognized before training, and said once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import warn
from ...losses.crossentropy import OfProbabilities
from ...losses.last_layer import LINEAR, last_layer
from ...losses.loss import Loss
from ...nn.modes import training_mode
from ...tracing.trace import tensors_in
from ...tracing.validity import Validity
from ...typing import Array
from .heads import Head

if TYPE_CHECKING:
    from ..models.model import Model


def take_logits(model: Model, heads: Sequence[Head], xs: Sequence[Array]) -> bool:
    """Let losses that leave it open take outputs without an activation as logits; says whether
    another loss came out of it.

    A copy of such a loss, with `from_logits=True`, stands for it in the heads and in
    `model.loss`: metrics, `predict_classes`, `verify` and files see the same. The model runs once
    in a trace, as in use, so that Dropout behind the last layer does not hide it. Where the model
    has got another end since, the loss is left open again.
    """
    open_ = [h for h in heads if left_open(h.loss)]
    if not open_:
        return False
    with training_mode(False):
        outputs = tensors_in(model._traced(model._specs(xs)))
    changed = False
    for head in open_:
        linear = last_layer(outputs[head.output]).kind == LINEAR
        loss = copy.copy(head.loss)
        assert isinstance(loss, OfProbabilities)
        if linear == bool(loss.from_logits):
            continue
        loss.from_logits, loss.logits_by_layer = True if linear else None, linear
        head.loss, changed = loss, True
        if linear:
            warn(_text(model, head, loss))
    if not changed:
        return False
    if len(heads) == 1 and not heads[0].name:
        settled: Any = heads[0].loss
    else:
        settled = {h.name: h.loss for h in heads if h.loss is not None}
    vars(model)["loss"] = settled  # NOTE: not set as users set it, which a running fit refuses
    return True


class EndSeen:
    """A loss that has looked at the end of a model, and whether it is still that end."""

    def __init__(self, model: Model, loss: Loss | None) -> None:
        self._loss, self._validity = loss, Validity([model, loss])

    def holds(self, loss: Loss) -> bool:
        """Whether this loss need not look again."""
        return loss is self._loss and self._validity.holds()


def left_open(loss: Loss | None) -> bool:
    """Whether the end of the model tells if a loss reads logits."""
    return isinstance(loss, OfProbabilities) and (loss.from_logits is None or loss.logits_by_layer)


def _text(model: Model, head: Head, loss: OfProbabilities) -> str:
    output = f"output {head.name!r}" if head.name else "the model"
    return (
        f"{model.name}: {output} ends in a layer without activation, so {loss.name} takes its "
        "numbers as logits, and so do the metrics and predict_classes; predict gives logits. To "
        f"have probabilities, end it in activation={loss.end!r}; to say that logits are meant, "
        f"use loss={type(loss).__name__}(from_logits=True)"
    )
