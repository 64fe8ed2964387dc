"""`torch.nn.functional`: activations and losses as functions.

Losses take (prediction, target). A target (n,) stands beside a prediction (n, 1); nothing else is
broadcast.
"""

from __future__ import annotations

from typing import Any

from .... import losses
from ....errors import ArgumentError, DataError, ShapeError, unknown_name, warn
from ....losses.last_layer import LINEAR, SOFTMAX, is_product_with_weights, last_layer
from ....nn import activations
from ....nn.basic.dropout import AlphaDropout, Dropout
from ....nn.layer import training_mode
from ....ops import elementwise, gather, movement, reduce
from ....ops.composites import functions as composite
from ....ops.composites import norms, shaping
from ....tensors.tensor import Tensor as RanvierTensor
from ...table import missing, module_getattr
from ..tensor import of
from .edges import pad  # noqa: F401  (a name of this module too)
from .images import (  # noqa: F401  (names of this module too)
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    interpolate,
    max_pool1d,
    max_pool2d,
)
from .norm import batch_norm, group_norm, instance_norm, layer_norm, rms_norm  # noqa: F401  (names of this module too)
from .sequences import embedding, scaled_dot_product_attention  # noqa: F401  (names too)

# -- activations -----------------------------------------------------------------------------------


def _placed(name: str, input: Any, out: Any, inplace: bool) -> Any:
    """`out`, or `input` changed to it."""
    changed = inplace and out is not input
    return input._in_place(f"{name}(inplace=True)", out) if changed else out


def _activation(name: str, function: Any) -> Any:
    def activation(input: Any, *args: Any, inplace: bool = False, **options: Any) -> Any:
        return _placed(name, input, function(of(input), *args, **options), inplace)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = function.__doc__
    return activation


relu = _activation("relu", activations.relu)
relu6 = _activation("relu6", activations.relu6)
sigmoid = _activation("sigmoid", activations.sigmoid)
tanh = _activation("tanh", activations.tanh)
elu = _activation("elu", activations.elu)
celu = _activation("celu", activations.celu)
selu = _activation("selu", activations.selu)
silu = _activation("silu", activations.silu)
softsign = _activation("softsign", activations.softsign)
mish = _activation("mish", activations.mish)
hardsigmoid = _activation("hardsigmoid", activations.hard_sigmoid)
hardswish = _activation("hardswish", activations.hard_silu)
logsigmoid = _activation("logsigmoid", activations.log_sigmoid)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, `negative_slope * x` below."""
    out = activations.leaky_relu(of(input), negative_slope)
    return _placed("leaky_relu", input, out, inplace)


def gelu(input: Any, approximate: str = "none") -> Any:
    """`x * Phi(x)` with the normal distribution Phi; `approximate="tanh"` for its formula."""
    if approximate not in ("none", "tanh"):
        raise unknown_name("approximation of gelu", approximate, ("none", "tanh"))
    return activations.gelu(of(input), approximate == "tanh")


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + e ** (beta * x)) / beta`; x itself where `beta * x` is above `threshold`."""
    scaled = of(input) * beta
    return elementwise.where(scaled > threshold, of(input), activations.softplus(scaled) / beta)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x kept between `min_val` and `max_val`; the gradient at both is 0, unlike that of `clamp`."""
    x = of(input)
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} is above max_val={max_val}")
    if x.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
    above = elementwise.where(elementwise.greater_equal(x, max_val), max_val, x)
    out = elementwise.where(elementwise.less_equal(x, min_val), min_val, above)
    return _placed("hardtanh", input, out, inplace)


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`e ** x / sum(e ** x)` over `dim`."""
    x = of(input) if dtype is None else of(input).astype(dtype)
    return x.softmax(_dim(x) if dim is None else dim)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """The logarithm of `softmax`."""
    x = of(input) if dtype is None else of(input).astype(dtype)
    return x.log_softmax(_dim(x) if dim is None else dim)


def _dim(x: Any) -> int:
    """The axis that PyTorch takes when none is given."""
    return 0 if x.ndim in (0, 1, 3) else 1


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """In training each element is 0 with probability p, else `x / (1 - p)`."""
    with training_mode(training):
        return _placed("dropout", input, Dropout(p, name="dropout")(of(input)), inplace)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """In training each channel (batch, channels, ...) is 0 with probability p."""
    x = of(input)
    with training_mode(training):
        shape = (None, None) + (1,) * (x.ndim - 2)
        out = Dropout(p, noise_shape=shape, name="dropout")(x)
        return _placed("dropout1d", input, out, inplace)


dropout2d = dropout1d


def alpha_dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout that keeps mean 0 and variance 1, for `selu`."""
    with training_mode(training):
        out = AlphaDropout(p, name="alpha_dropout")(of(input))
        return _placed("alpha_dropout", input, out, inplace)


def prelu(input: Any, weight: Any) -> Any:
    """x above 0, `weight * x` below; one weight, or one for each channel (axis 1)."""
    x, w = of(input), of(weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise ShapeError(
            f"prelu: the weight has shape {w.shape}; expected one number, or a vector of "
            f"{channels} for the channels of an input of shape {x.shape}"
        )
    w = w.reshape(() if w.size == 1 else (channels,) + (1,) * (x.ndim - 2))
    return elementwise.where(elementwise.greater(x, 0), x, x * w)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """`x @ weight.T + bias`; `weight` is (outputs, inputs)."""
    x = of(input)
    if x.shape[-1:] != weight.shape[1:]:
        raise ShapeError(
            f"linear: got an input of shape {x.shape}; expected (batch, {weight.shape[1]}), as "
            f"the weight has shape {weight.shape}: {weight.shape[1]} inputs to {weight.shape[0]} "
            "outputs"
        )
    out = x @ weight.t()
    return out if bias is None else out + bias


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """A new last axis that is 1 (int64) at the label's place and 0 elsewhere."""
    x = of(tensor)
    classes = int(x.numpy().max()) + 1 if num_classes == -1 else num_classes
    return composite.one_hot(x, classes, x.dtype)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x divided by its norm over `dim`."""
    x = of(input)
    return x / elementwise.maximum(x.norm(p, dim, True), eps)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """`x1 . x2 / (|x1| |x2|)` over `dim` of their common shape."""
    x, y = of(x1), of(x2)
    if not x.shape and not y.shape:
        return norms.cosine_similarity(x.reshape(1), y.reshape(1), dim, eps)
    return norms.cosine_similarity(x, y, dim, eps)


# -- losses ----------------------------------------------------------------------------------------


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`(x - y) ** 2`."""
    return _each(losses.MeanSquaredError(), input, target, reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`|x - y|`."""
    return _each(losses.MeanAbsoluteError(), input, target, reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """`(x - y) ** 2 / 2` up to `delta`, beyond it `delta * (|x - y| - delta / 2)`."""
    return _each(losses.Huber(delta), input, target, reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss` with `delta = beta`, divided by `beta`."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    """`-(y * log(p) + (1 - y) * log(1 - p))`; computed from the logits when p is a sigmoid.

    As in PyTorch, both must lie between 0 and 1; where that is not known before numbers are there,
    in a compiled function, it is up to the caller.
    """
    x, y = of(input), of(target)
    _check_shares("input", x)
    _check_shares("target", y)
    return _each(losses.BinaryCrossentropy(from_logits=False), x, y, reduction, weight)


def _check_shares(what: str, x: Any) -> None:
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
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """`binary_cross_entropy` of `sigmoid(x)`, from x; `pos_weight` weighs the targets 1."""
    x = _scores("BCEWithLogitsLoss", input)
    if pos_weight is None:
        return _each(losses.BinaryCrossentropy(from_logits=True), x, target, reduction, weight)
    y, x = losses.BinaryCrossentropy().align(of(target), x)
    each = (1 - y) * x + (1 + (pos_weight - 1) * y) * activations.softplus(-x)
    return _reduced(each if weight is None else each * weight, reduction)


def _each(loss: Any, input: Any, target: Any, reduction: str, weight: Any = None) -> Any:
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


def _reduced(each: Any, reduction: str) -> Any:
    if reduction not in ("mean", "sum", "none"):
        raise unknown_name("reduction", reduction, ("mean", "sum", "none"))
    if reduction == "none":
        return each
    return reduce.mean(each) if reduction == "mean" else reduce.sum(each)


def _scores(what: str, input: Any) -> Any:
    """The input of a loss that expects logits."""
    x = of(input)
    if x.logits is None or x.logits[0] not in ("sigmoid", "softmax"):
        return x
    warn(
        f"{what} expects the numbers before {x.logits[0]}, and the input already went through it: "
        f"remove the {x.logits[0]} at the end of the model, or learning is slow"
    )
    return x.clone()


def _say_no_logarithms(x: Any) -> None:
    """A word where `nll_loss` is given outputs of a linear layer, or probabilities."""
    if is_product_with_weights(x):
        came, fix = "come out of a layer without activation", "log_softmax behind it"
    elif last_layer(x).kind == SOFTMAX:
        came, fix = "are probabilities, out of a softmax", "log_softmax in its place"
    else:
        return
    warn(
        f"NLLLoss expects log-probabilities, and its inputs {came}: the loss means nothing and "
        f"falls without end. Put {fix}, or give CrossEntropyLoss the numbers before it"
    )


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
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
    input: Any,
    target: Any,
    weight: Any = None,
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

    def rows_of(chosen: Any) -> Any:
        return losses.SparseCategoricalCrossentropy(True, label_smoothing).per_row(chosen, x)

    if label_smoothing and weight is not None:
        raise ArgumentError("cross_entropy: give weight or label_smoothing, not both")
    return _by_class(rows_of, x, labels, weight, ignore_index, reduction, y.shape)


def _classes_last(x: Any, labels: Any, what: str) -> tuple[Any, Any]:
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
    rows_of: Any,
    x: Any,
    labels: Any,
    weight: Any,
    ignore_index: int,
    reduction: str,
    shape: tuple[int, ...],
) -> Any:
    """The rows' losses, weighed by the class of each row; rows labelled `ignore_index` count 0."""
    if ignore_index >= 0 or not isinstance(labels, RanvierTensor) or _holds(labels, ignore_index):
        counts = elementwise.not_equal(labels, ignore_index)
        labels = elementwise.where(counts, labels, 0)
        share = elementwise.astype(counts, x.dtype)
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


def _holds(labels: Any, ignored: int) -> bool:
    """Whether a label says that its row is to be ignored; unknown while tracing."""
    return labels.is_traced or bool((labels.numpy() == ignored).any())


__getattr__ = module_getattr("torch.nn.functional", globals(), missing)
