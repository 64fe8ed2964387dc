"""Logits given to a loss of probabilities: recognized before training, and said once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import warn
from ...losses.crossentropy import OfProbabilities
from ...losses.last_layer import LINEAR, last_layer
from ...nn.layer import training_mode
from ...tracing.trace import tensors_in
from .heads import Head

if TYPE_CHECKING:
    from ..models.model import Model


def take_logits(model: Model, heads: Sequence[Head], xs: Sequence[Any]) -> None:
    """Let losses that leave it open take outputs without an activation as logits.

    A copy of such a loss, with `from_logits=True`, stands for it in the heads and in
    `model.loss`: metrics, `predict_classes`, `verify` and files see the same. The model runs once
    in a trace, as in use, so that Dropout behind the last layer does not hide it.
    """
    open_ = [h for h in heads if isinstance(h.loss, OfProbabilities) and h.loss.from_logits is None]
    if not open_:
        return
    with training_mode(False):
        outputs = tensors_in(model._traced(model._specs(xs)))
    taken = [h for h in open_ if last_layer(outputs[h.output]).kind == LINEAR]
    if not taken:
        return
    for head in taken:
        loss = copy.copy(head.loss)
        assert isinstance(loss, OfProbabilities)
        loss.from_logits = True
        head.loss = loss
        warn(_text(model, head, loss))
    if len(heads) == 1 and not heads[0].name:
        model.loss = heads[0].loss
    else:
        model.loss = {h.name: h.loss for h in heads if h.loss is not None}


def _text(model: Model, head: Head, loss: OfProbabilities) -> str:
    output = f"output {head.name!r}" if head.name else "the model"
    return (
        f"{model.name}: {output} ends in a layer without activation, so {loss.name} takes its "
        "numbers as logits, and so do the metrics and predict_classes; predict gives logits. To "
        f"have probabilities, end it in activation={loss.end!r}; to say that logits are meant, "
        f"use loss={type(loss).__name__}(from_logits=True)"
    )
