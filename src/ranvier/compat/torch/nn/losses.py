"""The losses of `torch.nn.functional`, with `reduction` "mean", "sum" or "none"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .... import losses
from ....errors import ArgumentError, DataError, ShapeError, unknown_name, warn
from ....losses.last_layer import LINEAR, SOFTMAX, is_product_with_weights, last_layer
from ....ops import elementwise, gather, movement, reduce
from ....ops.composites import shaping
from ....tensors.tensor import Tensor as RanvierTensor
from ....typing import TensorLike
from ..tensor import Tensor, of


def binary_cross_entropy(
    input: TensorLike, target: TensorLike, weight: Tensor | None = None, reduction: str = "mean"
) -> Any:
    """`-(y * log(p) + (1 - y) * log(1 - p))`; computed from the logits when p is a sigmoid.

    As in PyTorch, both must lie between 0 and 1; where that is not known before numbers are there,
    in a compiled function, it is up to the caller.
    """
    x, y = of(input), of(target)
    _check_shares("input", x)
    _check_shares("target", y)
    return _each(losses.BinaryCrossentropy(from_logits=False), x, y, reduction, weight)


def _check_shares(what: str, x: Tensor) -> None:
    """DataError unless all of x lies between 0 and 1."""
    fix = (
        "; end the model in a sigmoid, or use binary_cross_entropy_with_logits (BCEWithLogitsLoss)"
        if what == "input"
        else ""
    )
    if x.is_traced:
        if last_layer(x).kind == LINEAR:
            raise DataError(
                "binary_cross_entropy (BCELoss): the input comes out of a layer without activation"
                f" and is no probability{fix}"
            )
        return
    inside = (x.numpy() >= 0) & (x.numpy() <= 1)
    if not inside.all():
        bad = x.numpy()[~inside].ravel()[0]
        raise DataError(
            f"binary_cross_entropy (BCELoss): all elements of the {what} should be between 0 and "
            f"1; found {bad:g}{fix}"
        )


def binary_cross_entropy_with_logits(
    input: TensorLike,
    target: TensorLike,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Any:
    """`binary_cross_entropy` of `sigmoid(x)`, from x; `pos_weight` weighs the targets 1."""
    x = _scores("BCEWithLogitsLoss", input)
    share: Any = pos_weight
    if pos_weight is not None:
        share = movement.reshape(movement.broadcast_to(pos_weight, x.shape), (x.size,))
    loss = losses.BinaryCrossentropy(from_logits=True, pos_weight=share)
    return _each(loss, x, target, reduction, weight)


def _each(
    loss: losses.Loss,
    input: TensorLike,
    target: TensorLike,
    reduction: str,
    weight: Tensor | None = None,
) -> Any:
    """A loss of single elements: mean or sum of all, or none of both."""
    x, y = of(input), of(target)
    if x.shape != y.shape and not x.size == y.size == 1:
        y, _ = loss.align(y, x)  # only (n,) beside (n, 1); anything else is an error
    shape = x.shape
    flat = movement.reshape(x, (x.size,))
    if x.logits is not None:
        kind, logits = x.logits
        flat.logits = (kind, movement.reshape(logits, (x.size,)))
    each = movement.reshape(loss.per_row(movement.reshape(y, (x.size,)), flat), shape)
    return _reduced(each if weight is None else each * weight, reduction)


def _reduced(each: RanvierTensor, reduction: str) -> Any:
    if reduction not in ("mean", "sum", "none"):
        raise unknown_name("reduction", reduction, ("mean", "sum", "none"))
    if reduction == "none":
        return each
    return reduce.mean(each) if reduction == "mean" else reduce.sum(each)


def _scores(what: str, input: TensorLike) -> Any:
    """The input of a loss that expects logits."""
    x = of(input)
    if x.logits is None or x.logits[0] not in ("sigmoid", "softmax"):
        return x
    warn(
        f"{what} expects the numbers before {x.logits[0]}, and the input already went through it: "
        f"remove the {x.logits[0]} at the end of the model, or learning is slow"
    )
    return x.clone()


def _say_no_logarithms(x: Tensor) -> None:
    """A word where `nll_loss` is given outputs of a linear layer, or probabilities."""
    if is_product_with_weights(x):
        came, fix = "come out of a layer without activation", "log_softmax behind it"
    elif last_layer(x).kind == SOFTMAX:
        came, fix = "are probabilities, out of a softmax", "log_softmax instead of it"
    else:
        return
    warn(
        f"NLLLoss expects log-probabilities, and its inputs {came}: the loss means nothing and "
        f"falls without end. Put {fix}, or give CrossEntropyLoss the numbers before it"
    )


def nll_loss(
    input: TensorLike,
    target: TensorLike,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """`-x[label]` for log-probabilities x (rows, classes) and labels (rows,)."""
    _say_no_logarithms(of(input))
    x, labels = _classes_last(of(input), of(target), "nll_loss")
    return _by_class(
        lambda y: (
            -shaping.squeeze(gather.take_along_axis(x, shaping.expand_dims(y, -1), axis=-1), -1)
        ),
        x,
        labels,
        weight,
        ignore_index,
        reduction,
        of(target).shape,
    )


def cross_entropy(
    input: TensorLike,
    target: TensorLike,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """`-log(softmax(x)[label])` for logits x (rows, classes) and labels (rows,), int64.

    Float targets of the shape of x are probabilities of the classes.
    """
    x, y = _scores("CrossEntropyLoss", input), of(target)
    if y.dtype.kind == "f":
        if weight is not None:
            raise ArgumentError("cross_entropy: weight= is for targets that are class labels")
        loss = losses.CategoricalCrossentropy(True, label_smoothing)
        if x.ndim > 2:
            x, y = shaping.moveaxis(x, 1, -1), shaping.moveaxis(y, 1, -1)
        if x.ndim == 1:
            x, y = shaping.expand_dims(x, 0), shaping.expand_dims(y, 0)
        if y.shape != x.shape:
            raise ArgumentError(
                f"cross_entropy: targets are {y.dtype} of shape {y.shape}; expected class numbers, "
                f"int64: y.long(), or the probabilities of the classes, of shape {x.shape}"
            )
        return _reduced(loss.per_row(y, x), reduction)
    x, labels = _classes_last(x, y, "cross_entropy")

    def rows_of(chosen: RanvierTensor) -> Any:
        return losses.SparseCategoricalCrossentropy(True, label_smoothing).per_row(chosen, x)

    if label_smoothing and weight is not None:
        raise ArgumentError("cross_entropy: give weight or label_smoothing, not both")
    return _by_class(rows_of, x, labels, weight, ignore_index, reduction, y.shape)


def _classes_last(x: RanvierTensor, labels: RanvierTensor, what: str) -> tuple[Any, Any]:
    """Logits as (rows, classes) and labels as (rows,); classes stand on axis 1 of the input."""
    expected = x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()
    if labels.shape == (*expected, 1) and x.ndim == 2:
        labels = movement.reshape(labels, expected)
    if not x.ndim or labels.shape != expected:
        raise ShapeError(
            f"{what}: labels have shape {labels.shape}, predictions {x.shape}; expected labels of "
            f"shape {expected}, one class number for each row"
        )
    if labels.dtype.kind not in "iu":
        raise ArgumentError(f"{what}: labels are {labels.dtype}; expected int64: y.long()")
    if x.ndim > 2:
        x = shaping.moveaxis(x, 1, -1)
    count = x.size // x.shape[-1]
    return movement.reshape(x, (count, x.shape[-1])), movement.reshape(labels, (count,))


def _by_class(
    rows_of: Callable[[RanvierTensor], RanvierTensor],
    x: RanvierTensor,
    labels: RanvierTensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    shape: tuple[int, ...],
) -> Any:
    """The rows' losses, weighed by the class of each row; rows labelled `ignore_index` count 0."""
    if ignore_index >= 0 or not isinstance(labels, RanvierTensor) or _holds(labels, ignore_index):
        counts = elementwise.not_equal(labels, ignore_index)
        labels = elementwise.where(counts, labels, 0)
        share: Any = elementwise.astype(counts, x.dtype)
    elif weight is None:
        return _reduced(movement.reshape(rows_of(labels), shape), reduction)
    else:
        share = 1.0
    if weight is not None:
        share = gather.take(weight, labels) * share
    each = rows_of(labels) * share
    if reduction == "mean":
        return reduce.sum(each) / reduce.sum(share)
    return _reduced(movement.reshape(each, shape), reduction)


def _holds(labels: RanvierTensor, ignored: int) -> bool:
    """Whether a label says that its row is to be ignored; unknown while tracing."""
    return labels.is_traced or bool((labels.numpy() == ignored).any())


ROWS: dict[str, Callable[..., Any]] = {
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "huber_loss": lambda input, target, reduction="mean", delta=1.0: _each(
        losses.Huber(delta), input, target, reduction
    ),
    "l1_loss": lambda input, target, reduction="mean": _each(
        losses.MeanAbsoluteError(), input, target, reduction
    ),
    "mse_loss": lambda input, target, reduction="mean": _each(
        losses.MeanSquaredError(), input, target, reduction
    ),
    "nll_loss": nll_loss,
    # `huber_loss` with delta = beta, divided by beta
    "smooth_l1_loss": lambda input, target, reduction="mean", beta=1.0: (
        _each(losses.Huber(beta), input, target, reduction) / beta
        if beta
        else _each(losses.MeanAbsoluteError(), input, target, reduction)
    ),
}
