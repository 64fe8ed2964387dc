"""`torch.nn`'s layers and losses, each a call of a function of `nn.functional`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from ....errors import ArgumentError
from ....nn.initializers import Constant, RandomNormal, RandomUniform
from ....typing import DTypeLike, Shape
from ...table import first_paragraph
from ..tensor import Tensor, of
from . import functional as F
from .module import Module


class Weighted(Module):
    """Base: a function of `nn.functional` with weights of its own.

    What the constructor is given are attributes; those that `passed` names go to the function,
    after the inputs. `line` is what stands between the brackets of `repr`, with `{0.attribute}`.
    """

    function: Any = None
    passed = ""
    line = ""

    def keep(self, arguments: Mapping[str, Any], *others: str) -> None:
        """Begin as a module, with the arguments as attributes but for these `others`."""
        Module.__init__(self)
        for name, value in arguments.items():
            if name not in ("self", "__class__", "device", "dtype", "bias", *others):
                setattr(self, name, value)

    def weights(self, first: Callable[[Any], Any], dtype: DTypeLike | None, **shapes: Any) -> None:
        """New parameters, with first values by an initializer; None for a shape None."""
        for name, shape in shapes.items():
            made = None if shape is None else Tensor(first(shape), dtype, requires_grad=True)
            setattr(self, name, made)

    def forward(self, *inputs: Any) -> Any:
        """What the function gives."""
        cls = type(self)
        return cls.function(*inputs, *[getattr(self, name) for name in cls.passed.split()])

    def extra_repr(self) -> str:
        """The settings."""
        return self.line.format(self, bias=getattr(self, "bias", None) is not None)


def uniform(inputs: int) -> RandomUniform:
    """PyTorch's first values: uniform within `1 / sqrt(inputs)`."""
    limit = 1 / math.sqrt(inputs)
    return RandomUniform(-limit, limit)


class Linear(Weighted):
    """`x @ weight.T + bias`, with `weight` (out_features, in_features).

    First values as in PyTorch: uniform within `1 / sqrt(in_features)`.

    >>> Linear(3, 2)
    Linear(in_features=3, out_features=2, bias=True)
    """

    function = staticmethod(F.linear)
    passed = "weight bias"
    line = "in_features={0.in_features}, out_features={0.out_features}, bias={bias}"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        if in_features < 1 or out_features < 1:
            raise ArgumentError(f"Linear({in_features}, {out_features}): sizes must be 1 or more")
        self.keep(locals())
        shape, offset = (out_features, in_features), (out_features,) if bias else None
        self.weights(uniform(in_features), dtype, weight=shape, bias=offset)


class PReLU(Weighted):
    """x above 0, `weight * x` below, with one weight or one for each channel (axis 1)."""

    function = staticmethod(F.prelu)
    passed = "weight"
    line = "num_parameters={0.num_parameters}"

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.keep(locals())
        self.weights(Constant(init), dtype, weight=(num_parameters,))


class Embedding(Weighted):
    """A vector for each id: (...) -> (..., embedding_dim); first values are standard normal.

    >>> Embedding(10, 3, padding_idx=0)
    Embedding(10, 3, padding_idx=0)
    """

    function = staticmethod(F.embedding)
    passed = "weight padding_idx"
    padding_idx: int | None

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        device: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.keep(locals())

        def first(shape: Shape) -> Any:
            values = RandomNormal(stddev=1.0)(shape)
            if padding_idx is not None:
                values[padding_idx] = 0
            return values

        self.weights(first, dtype, weight=(num_embeddings, embedding_dim))
        self.line = "{0.num_embeddings}, {0.embedding_dim}"
        self.line += "" if padding_idx is None else ", padding_idx={0.padding_idx}"

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Any:
        """A layer with these vectors, which training leaves as they are (`freeze`)."""
        made = cls(*of(embeddings).shape, **options)
        made.weight.assign(embeddings)
        made.weight.requires_grad = not freeze
        return made


class Identity(Module):
    """The input itself."""

    __signature__ = inspect.Signature([inspect.Parameter("options", inspect.Parameter.VAR_KEYWORD)])

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        """x."""
        return x


class Flatten(Weighted):
    """The axes from `start_dim` to `end_dim` as one: each row as one line of numbers."""

    function = staticmethod(Tensor.flatten)
    passed = "start_dim end_dim"
    line = "start_dim={0.start_dim}, end_dim={0.end_dim}"

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.keep(locals())


class Dropout(Weighted):
    """In training each element is 0 with probability p, else `x / (1 - p)`; in use just x."""

    function = staticmethod(F.dropout)
    passed = "p training inplace"
    line = "p={0.p}"

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(
                f"{type(self).__name__}: p={p!r}; expected the probability that an element becomes "
                "0, from 0 to 1"
            )
        self.keep(locals())


class Dropout1d(Dropout):
    """In training each channel of a series (batch, channels, steps) is 0 with probability p."""

    function = staticmethod(F.dropout1d)


class Dropout2d(Dropout):
    """In training each channel of an image (batch, channels, height, width) is 0 with
    probability p."""

    function = staticmethod(F.dropout2d)


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for SELU."""

    function = staticmethod(F.alpha_dropout)


class ZeroPad2d(Weighted):
    """Zeros around (batch, channels, height, width): one number, or (left, right, top, bottom)."""

    function = staticmethod(F.pad)
    passed = "padding"
    line = "{0.padding}"

    def __init__(self, padding: Any) -> None:
        self.keep({"padding": (padding,) * 4 if isinstance(padding, int) else tuple(padding)})


class _Function(Module):
    """A function of `nn.functional` as a module; its options are kept."""

    function: Any = None
    names: tuple[str, ...] = ()  # of the constructor's arguments, in order

    def __init__(self, *args: Any, inplace: bool = False, **options: Any) -> None:
        super().__init__()
        if len(args) == len(self.names) + 1 and isinstance(args[-1], bool):
            args, inplace = args[:-1], args[-1]
        settings = dict(zip(self.names, args, strict=False)) | options
        if len(args) > len(self.names):
            known = ", ".join(self.names) or "none"
            raise ArgumentError(
                f"{type(self).__name__}: one argument too many, {args[len(self.names)]!r}; it "
                f"takes: {known}"
            )
        self.options = {**settings, "inplace": True} if inplace else settings

    def forward(self, *inputs: Any) -> Any:
        """What the function gives."""
        return type(self).function(*inputs, **self.options)

    def extra_repr(self) -> str:
        """The options."""
        return ", ".join(f"{k}={v}" for k, v in self.options.items())


def _as_module(row: str) -> tuple[str, Any]:
    """A module class from a row: its name, its function, and its constructor's arguments."""
    name, function_name, *names = row.split()
    function = getattr(F, function_name)
    made = type(name, (_Function,), {"function": staticmethod(function), "names": tuple(names)})
    made.__doc__ = f"`nn.functional.{function_name}` as a module. {first_paragraph(function)}"
    made.__module__ = __name__
    known = inspect.signature(function).parameters
    takes = [known[n].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
    inplace = inspect.Parameter("inplace", inspect.Parameter.KEYWORD_ONLY, default=False)
    setattr(made, "__signature__", inspect.Signature([*takes, inplace]))  # noqa: B010
    return name, made


# Losses are called with (prediction, target); `reduction` is "mean", "sum" or "none".
_MODULES = """
ReLU relu
ReLU6 relu6
LeakyReLU leaky_relu negative_slope
Sigmoid sigmoid
Tanh tanh
Softmax softmax dim
LogSoftmax log_softmax dim
GELU gelu approximate
ELU elu alpha
CELU celu alpha
SELU selu
SiLU silu
Mish mish
Softplus softplus beta threshold
Softsign softsign
Hardtanh hardtanh min_val max_val
Hardsigmoid hardsigmoid
Hardswish hardswish
LogSigmoid logsigmoid
MSELoss mse_loss reduction
L1Loss l1_loss reduction
HuberLoss huber_loss reduction delta
SmoothL1Loss smooth_l1_loss reduction beta
BCELoss binary_cross_entropy weight reduction
BCEWithLogitsLoss binary_cross_entropy_with_logits weight reduction pos_weight
CrossEntropyLoss cross_entropy weight ignore_index reduction label_smoothing
NLLLoss nll_loss weight ignore_index reduction
MaxPool2d max_pool2d kernel_size stride padding dilation return_indices ceil_mode
MaxPool1d max_pool1d kernel_size stride padding dilation return_indices ceil_mode
AvgPool2d avg_pool2d kernel_size stride padding ceil_mode count_include_pad divisor_override
AvgPool1d avg_pool1d kernel_size stride padding ceil_mode count_include_pad
AdaptiveAvgPool2d adaptive_avg_pool2d output_size
AdaptiveAvgPool1d adaptive_avg_pool1d output_size
AdaptiveMaxPool2d adaptive_max_pool2d output_size
AdaptiveMaxPool1d adaptive_max_pool1d output_size
Upsample interpolate size scale_factor mode align_corners
"""
MODULES = dict(_as_module(row) for row in _MODULES.strip().splitlines())
