"""`torch.nn`'s layers and losses, each a call of a function of `nn.functional`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from ....errors import ArgumentError
from ....nn.initializers import Constant, RandomNormal, RandomUniform
from ....tensors.tensor import Tensor as RanvierTensor
from ....typing import DTypeLike
from ...table import Row, first_paragraph
from ..tensor import Tensor, of
from . import functional as F
from .module import Module


class Weighted(Row, Module):
    """Base: a function of `nn.functional` with weights of its own.

    Arguments of the constructor become attributes; those that `passed` names go to the function,
    after the inputs. `line` is what stands between the brackets of `repr`, with `{0.attribute}`.
    """

    function: Any = None
    passed = ""
    _passed: tuple[str, ...] = ()
    line = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        Module.__init__(self)
        settings = self.arguments(args, options)
        settings.pop("device", None)
        rest = {k: settings.pop(k) for k in ("bias", "dtype") if k in settings}
        vars(self).update(settings)
        self.begin(**rest)

    def begin(self) -> None:
        """Check the settings and create the weights; `bias` and `dtype` are arguments."""

    def weights(self, first: Callable[[Any], Any], dtype: DTypeLike | None, **shapes: Any) -> None:
        """New parameters, with first values by an initializer; None for a shape None."""
        for name, shape in shapes.items():
            made = None if shape is None else Tensor(first(shape), dtype, requires_grad=True)
            setattr(self, name, made)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._passed = tuple(cls.passed.split())

    def forward(self, *inputs: Any) -> Any:
        """What the function gives."""
        return type(self).function(*inputs, *[getattr(self, name) for name in self._passed])

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

    takes = "in_features, out_features, bias=True, device=None, dtype=None"
    function = staticmethod(F.linear)
    passed = "weight bias"
    line = "in_features={0.in_features}, out_features={0.out_features}, bias={bias}"

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        inputs, outputs = self.in_features, self.out_features
        if inputs < 1 or outputs < 1:
            raise ArgumentError(f"Linear({inputs}, {outputs}): sizes must be 1 or more")
        offset = (outputs,) if bias else None
        self.weights(uniform(inputs), dtype, weight=(outputs, inputs), bias=offset)


class PReLU(Weighted):
    """x above 0, `weight * x` below, with one weight or one for each channel (axis 1)."""

    takes = "num_parameters=1, init=0.25, device=None, dtype=None"
    function = staticmethod(F.prelu)
    passed = "weight"
    line = "num_parameters={0.num_parameters}"

    def begin(self, dtype: DTypeLike | None = None) -> None:
        self.weights(Constant(self.init), dtype, weight=(self.num_parameters,))


class Embedding(Weighted):
    """A vector for each id: (...) -> (..., embedding_dim); first values are standard normal.

    >>> Embedding(10, 3, padding_idx=0)
    Embedding(10, 3, padding_idx=0)
    """

    takes = "num_embeddings, embedding_dim, padding_idx=None, device=None, dtype=None"
    function = staticmethod(F.embedding)
    passed = "weight padding_idx"

    def begin(self, dtype: DTypeLike | None = None) -> None:
        values = RandomNormal(stddev=1.0)((self.num_embeddings, self.embedding_dim))
        if self.padding_idx is not None:
            values[self.padding_idx] = 0
        self.weight = Tensor(values, dtype, requires_grad=True)

    def extra_repr(self) -> str:
        """The sizes."""
        filled = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{filled}"

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

    takes = "start_dim=1, end_dim=-1"
    function = staticmethod(Tensor.flatten)
    passed = "start_dim end_dim"
    line = "start_dim={0.start_dim}, end_dim={0.end_dim}"


class Dropout(Weighted):
    """In training each element is 0 with probability p, else `x / (1 - p)`; in use just x."""

    takes = "p=0.5, inplace=False"
    function = staticmethod(F.dropout)
    passed = "p training inplace"
    line = "p={0.p}"

    def begin(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ArgumentError(
                f"{type(self).__name__}: p={self.p!r}; expected the probability that an element "
                "becomes 0, from 0 to 1"
            )


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

    takes = "padding"
    function = staticmethod(F.pad)
    passed = "padding"
    line = "{0.padding}"
    padding: Any

    def begin(self) -> None:
        width = self.padding
        self.padding = (width,) * 4 if isinstance(width, int) else tuple(width)


class _Function(Weighted):
    """A function of `nn.functional` as a module; tensors among its settings are buffers."""

    def begin(self) -> None:
        for name in self._passed:
            if isinstance(value := getattr(self, name), RanvierTensor):
                self.register_buffer(name, value)

    def extra_repr(self) -> str:
        """The settings that are not the usual ones."""
        usual = {name: p.default for name, p in self.signature.parameters.items()}
        chosen = {k: getattr(self, k) for k in usual if k not in self._buffers}
        return ", ".join(f"{k}={v}" for k, v in chosen.items() if v != usual[k])


def _as_module(row: str) -> tuple[str, Any]:
    """A module class from a row: its name, its function, and its constructor's arguments."""
    name, function_name, *names = row.split()
    function = getattr(F, function_name)
    known = inspect.signature(function).parameters
    names += [n for n in known if n == "inplace"]
    empty, kind = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    body = {
        "__module__": __name__,
        "__doc__": f"`nn.functional.{function_name}` as a module. {first_paragraph(function)}",
        "function": staticmethod(function),
        "takes": ", ".join(str(known[n].replace(annotation=empty, kind=kind)) for n in names),
        "passed": " ".join(n for n in known if n in names),
    }
    return name, type(name, (_Function,), body)


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
