"""`torch.nn.functional`: activations, layers and losses as functions.

Losses take (prediction, target). A target (n,) stands beside a prediction (n, 1); nothing else is
broadcast.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ....errors import ArgumentError, ShapeError, unknown_name
from ....nn import activations
from ....nn.basic.dropout import AlphaDropout, Dropout
from ....nn.modes import training_mode
from ....nn.sequences import attention
from ....ops import elementwise, gather
from ....ops.composites import functions, norms, padding, shaping
from ....typing import TensorLike
from ...table import described, fill, names
from ..tensor import Tensor, of
from . import channels_first, losses, norm

# -- activations -----------------------------------------------------------------------------------


def _in_place(name: str, input: Tensor, out: Tensor, inplace: bool) -> Any:
    """`out`, or `input` changed to it."""
    changed = inplace and out is not input
    return input._in_place(f"{name}(inplace=True)", out) if changed else out


_INPLACE = inspect.Parameter("inplace", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False)


def _activation(name: str, function: Any) -> Any:
    """A row's function, which takes `inplace` too."""
    described(name, function, __name__)
    signature = inspect.signature(function)
    first, *others = signature.parameters.values()

    def activation(input: Any, *args: Any, inplace: bool = False, **options: Any) -> Any:
        if len(args) > len(others):
            *args, inplace = args  # type: ignore[assignment]
        return _in_place(name, input, function(of(input), *args, **options), inplace)

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = function.__doc__
    takes = [first.replace(name="input"), *others, _INPLACE]
    vars(activation)["__signature__"] = signature.replace(parameters=takes)
    return activation


def _softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + e ** (beta * x)) / beta`; x itself where `beta * x` is above `threshold`."""
    scaled = input * beta
    return elementwise.where(scaled > threshold, input, activations.softplus(scaled) / beta)


def _hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x kept between `min_val` and `max_val`; the gradient at both is 0, unlike that of `clamp`."""
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} is above max_val={max_val}")
    if input.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
    above = elementwise.where(elementwise.greater_equal(input, max_val), max_val, input)
    return elementwise.where(elementwise.less_equal(input, min_val), min_val, above)


def _dropout(layer: Callable[..., Any]) -> Callable[..., Any]:
    def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Any:
        with training_mode(training):
            return layer(input, p)(input)

    dropout.__doc__ = "In training random elements become 0, the others larger in proportion."
    return dropout


def _channels(input: Tensor, p: float) -> Any:
    """Dropout of whole channels (batch, channels, ...)."""
    return Dropout(p, noise_shape=(None, None) + (1,) * (input.ndim - 2), name="dropout")


def gelu(input: TensorLike, approximate: str = "none") -> Any:
    """`x * Phi(x)` with the normal distribution Phi; `approximate="tanh"` for its formula."""
    if approximate not in ("none", "tanh"):
        raise unknown_name("approximation of gelu", approximate, ("none", "tanh"))
    return activations.gelu(of(input), approximate == "tanh")


def prelu(input: TensorLike, weight: Tensor) -> Any:
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


def _axis(x: Any, dim: int | None) -> int:
    """The axis that PyTorch takes when none is given."""
    return dim if dim is not None else 0 if x.ndim in (0, 1, 3) else 1


_ACTIVATIONS: dict[str, Any] = {
    **names(activations, "celu elu hardsigmoid=hard_sigmoid hardswish=hard_silu"),
    **names(activations, "logsigmoid=log_sigmoid mish relu relu6 selu sigmoid silu softsign tanh"),
    "alpha_dropout": _dropout(lambda _, p: AlphaDropout(p, name="alpha_dropout")),
    "dropout": _dropout(lambda _, p: Dropout(p, name="dropout")),
    "dropout1d": _dropout(_channels),
    "dropout2d": _dropout(_channels),
    "hardtanh": _hardtanh,
    "leaky_relu": lambda input, negative_slope=0.01: activations.leaky_relu(input, negative_slope),
    "softplus": _softplus,
}

# -- layers ----------------------------------------------------------------------------------------

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def linear(input: TensorLike, weight: Tensor, bias: Tensor | None = None) -> Any:
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


def embedding(input: TensorLike, weight: Tensor, padding_idx: int | None = None) -> Any:
    """Rows of `weight` (ids, size) at the ids; the row `padding_idx` has no gradient."""
    ids, weight = of(input), of(weight)
    if ids.dtype.kind not in "iu":
        raise ArgumentError(f"embedding: ids are {ids.dtype}; expected int64: ids.long()")
    if weight.ndim != 2:
        raise ShapeError(f"embedding: the table has shape {weight.shape}; expected (ids, size)")
    out = gather.take(weight, ids, axis=0)
    if padding_idx is None:
        return out
    filled = shaping.expand_dims(elementwise.equal(ids, padding_idx % weight.shape[0]), -1)
    return elementwise.where(filled, elementwise.detach(out), out)


def scaled_dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """`softmax(query @ key.T * scale) @ value`: (..., T, depth), (..., S, depth), (..., S, width).

    `attn_mask`: bools, True where a position may be attended to, or floats added to the scores.
    """
    mask = None if attn_mask is None else of(attn_mask)
    return attention.scaled_dot_product_attention(
        of(query), of(key), of(value), mask, is_causal, scale, dropout_p
    )


def pad(input: TensorLike, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Numbers before and after the last axes: `pad` is (left, right, top, bottom, ...).

    `mode`: `value` everywhere ("constant"), the numbers inside in reverse ("reflect"), the
    outermost ones ("replicate"), or those of the other side ("circular"). Negative widths cut off.
    """
    x, widths = of(input), tuple(int(n) for n in pad)
    if mode not in _MODES or len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ArgumentError(
            f"pad: pad={widths}, mode={mode!r} for an input of shape {tuple(x.shape)}; expected "
            f"two integers for each of the last axes, the last one first, and one of "
            f"{tuple(_MODES)}"
        )
    pairs = [widths[i : i + 2] for i in range(0, len(widths), 2)]
    pairs += [(0, 0)] * (x.ndim - len(pairs))
    return padding.pad(x, pairs[::-1], _MODES[mode], 0 if value is None else value)


def one_hot(tensor: TensorLike, num_classes: int = -1) -> Any:
    """A new last axis that is 1 (int64) at the label and 0 elsewhere."""
    x = of(tensor)
    classes = int(x.numpy().max()) + 1 if num_classes == -1 else num_classes
    return functions.one_hot(x, classes, x.dtype)


def normalize(input: TensorLike, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """x divided by its norm over `dim`."""
    x = of(input)
    return x / elementwise.maximum(x.norm(p, dim, True), eps)


def cosine_similarity(x1: TensorLike, x2: TensorLike, dim: int = 1, eps: float = 1e-8) -> Any:
    """`x1 . x2 / (|x1| |x2|)` over `dim` of their common shape."""
    x, y = of(x1), of(x2)
    if not x.shape and not y.shape:
        x, y = x.reshape(1), y.reshape(1)
    return norms.cosine_similarity(x, y, dim, eps)


__all__, __getattr__ = fill(
    globals(),
    "torch.nn.functional",
    {name: _activation(name, row) for name, row in _ACTIVATIONS.items()},
    names(channels_first, "avg_pool2d conv2d conv_transpose2d interpolate max_pool2d"),
    names(norm, "batch_norm group_norm instance_norm layer_norm rms_norm"),
    channels_first.ROWS,
    losses.ROWS,
    softmax=lambda input, dim=None, dtype=None: of(input).softmax(_axis(of(input), dim), dtype),
    log_softmax=lambda input, dim=None, dtype=None: of(input).log_softmax(
        _axis(of(input), dim), dtype
    ),
)
