"""What steps compute: forward, loss, gradient and update of a batch.

Of a batch with `count` real rows:

    weight of row i   w_i = (i < count) * sample weight
    loss of a head    sum(w_i * loss_i) / count
    loss              sum over heads of loss weight * loss + penalties + what layers add
    sums              loss * count and the states of the metrics add up (sums.py)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ... import dtypes
from ...base.observer import note
from ...base.source import in_section
from ...errors import StateError, warn
from ...graph.sizes import same
from ...losses.last_layer import last_layer
from ...losses.loss import by_position
from ...nn.added_losses import collected, terms_of
from ...nn.modes import filled_batch, training_mode
from ...nn.policy import widened
from ...ops.backpropagation import backpropagate
from ...ops.creation import full, iota
from ...ops.elementwise import astype, less, maximum
from ...ops.movement import reshape
from ...ops.op import apply
from ...ops.reduce import sum
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...tracing.trace import tensors_in
from ...tracing.watched import entered
from ..intake.heads import Head
from ..intake.rows import Layout
from .sums import Batch, Sums

if TYPE_CHECKING:
    from ...losses.loss import Loss
    from ...optim.optimizer import Optimizer
    from ..models.model import Model


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
    rows = loss.per_row(y, out)
    note("losses", rows)
    value = sum(rows * weight) / count
    note("loss", value)
    return value


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
    with no_grad(), in_section("gradient"):
        one = apply(full, like=value, value=1.0, shape=(), dtype=value.dtype)
        by_id = backpropagate(value, one, parameters, lambda t: t.requires_grad)
    return [by_id.get(id(p)) for p in parameters]


def forward(
    model: Model, heads: Sequence[Head], training: bool, layout: Layout, arguments: Sequence[Tensor]
) -> Batch:
    """One batch through the model and its losses; the arguments lie as `layout` says."""
    xs, targets, weight, count = layout.parts(arguments)
    with in_section("loss"):
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
