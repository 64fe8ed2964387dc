"""The layers and losses of `torch.nn`, each a call of `nn.functional`."""

from __future__ import annotations

import inspect
import math
from typing import Any

from ....errors import ArgumentError
from ....nn.initializers import RandomUniform
from ..tensor import Tensor
from . import functional as F
from .module import Module


class Linear(Module):
    """`x @ weight.T + bias`, with `weight` (out_features, in_features).

    First values as in PyTorch: uniform within `1 / sqrt(in_features)`.

    >>> Linear(3, 2)
    Linear(in_features=3, out_features=2, bias=True)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in_features < 1 or out_features < 1:
            raise ArgumentError(f"Linear({in_features}, {out_features}): sizes must be 1 or more")
        self.in_features, self.out_features = in_features, out_features
        limit = 1 / math.sqrt(in_features)
        first = RandomUniform(-limit, limit)
        self.weight = Tensor(first((out_features, in_features)), dtype, requires_grad=True)
        self.bias = Tensor(first((out_features,)), dtype, requires_grad=True) if bias else None

    def forward(self, x: Any) -> Any:
        """(..., in_features) -> (..., out_features)."""
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


_ANY_KEYWORD = inspect.Parameter("options", inspect.Parameter.VAR_KEYWORD)


class Identity(Module):
    """The input itself."""

    __signature__ = inspect.Signature([_ANY_KEYWORD])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        """x."""
        return x


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one: each row as one line of numbers."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """(batch, 28, 28) -> (batch, 784)."""
        return x.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Dropout(Module):
    """In training each element is 0 with probability p, else `x / (1 - p)`; in use just x."""

    function = staticmethod(F.dropout)

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(
                f"{type(self).__name__}: p={p!r}; expected the probability that an element becomes "
                "0, from 0 to 1"
            )
        self.p = p
        self.inplace = inplace

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return type(self).function(x, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


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


class PReLU(Module):
    """x above 0, `weight * x` below, with one weight or one for each channel (axis 1)."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Tensor([init] * num_parameters, dtype, requires_grad=True)

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """The number of weights."""
        return f"num_parameters={self.num_parameters}"


class ZeroPad2d(Module):
    """Zeros around (batch, channels, height, width): one number, or (left, right, top, bottom)."""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = (padding,) * 4 if isinstance(padding, int) else tuple(padding)

    def forward(self, x: Any) -> Any:
        """x with its frame."""
        return F.pad(x, self.padding)

    def extra_repr(self) -> str:
        """The frame."""
        return str(self.padding)


class _Function(Module):
    """A function of `nn.functional` as a module; its options are kept."""

    function: Any = None
    names: tuple[str, ...] = ()  # of the constructor's arguments, in order

    def __init__(self, *args: Any, inplace: bool = False, **options: Any) -> None:
        super().__init__()
        if len(args) == len(self.names) + 1 and isinstance(args[-1], bool):
            args, inplace = args[:-1], args[-1]
        given = dict(zip(self.names, args, strict=False)) | options
        if len(args) > len(self.names):
            known = ", ".join(self.names) or "none"
            raise ArgumentError(
                f"{type(self).__name__}: one argument too many, {args[len(self.names)]!r}; it "
                f"takes: {known}"
            )
        self.options = {**given, "inplace": True} if inplace else given

    def forward(self, *inputs: Any) -> Any:
        """What the function gives."""
        return type(self).function(*inputs, **self.options)

    def extra_repr(self) -> str:
        """The options."""
        return ", ".join(f"{k}={v}" for k, v in self.options.items())


def as_module(name: str, function: Any, *names: str) -> Any:
    """A module class for a function, whose constructor takes the arguments `names`."""
    made = type(name, (_Function,), {"function": staticmethod(function), "names": names})
    first = (function.__doc__ or "").partition("\n")[0]
    made.__doc__ = f"`nn.functional.{function.__name__}` as a module. {first}"
    made.__module__ = __name__
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    takes = [inspect.Parameter(argument, kind) for argument in (*names, "inplace")]
    setattr(made, "__signature__", inspect.Signature(takes))  # noqa: B010
    return made


ReLU = as_module("ReLU", F.relu)
ReLU6 = as_module("ReLU6", F.relu6)
LeakyReLU = as_module("LeakyReLU", F.leaky_relu, "negative_slope")
Sigmoid = as_module("Sigmoid", F.sigmoid)
Tanh = as_module("Tanh", F.tanh)
Softmax = as_module("Softmax", F.softmax, "dim")
LogSoftmax = as_module("LogSoftmax", F.log_softmax, "dim")
GELU = as_module("GELU", F.gelu, "approximate")
ELU = as_module("ELU", F.elu, "alpha")
CELU = as_module("CELU", F.celu, "alpha")
SELU = as_module("SELU", F.selu)
SiLU = as_module("SiLU", F.silu)
Mish = as_module("Mish", F.mish)
Softplus = as_module("Softplus", F.softplus, "beta", "threshold")
Softsign = as_module("Softsign", F.softsign)
Hardtanh = as_module("Hardtanh", F.hardtanh, "min_val", "max_val")
Hardsigmoid = as_module("Hardsigmoid", F.hardsigmoid)
Hardswish = as_module("Hardswish", F.hardswish)
LogSigmoid = as_module("LogSigmoid", F.logsigmoid)


# Losses are called with (prediction, target); `reduction` is "mean", "sum" or "none".
MSELoss = as_module("MSELoss", F.mse_loss, "reduction")
L1Loss = as_module("L1Loss", F.l1_loss, "reduction")
HuberLoss = as_module("HuberLoss", F.huber_loss, "reduction", "delta")
SmoothL1Loss = as_module("SmoothL1Loss", F.smooth_l1_loss, "reduction", "beta")
BCELoss = as_module("BCELoss", F.binary_cross_entropy, "weight", "reduction")
BCEWithLogitsLoss = as_module(
    "BCEWithLogitsLoss",
    F.binary_cross_entropy_with_logits,
    "weight",
    "reduction",
    "pos_weight",
)
CrossEntropyLoss = as_module(
    "CrossEntropyLoss", F.cross_entropy, "weight", "ignore_index", "reduction", "label_smoothing"
)
NLLLoss = as_module("NLLLoss", F.nll_loss, "weight", "ignore_index", "reduction")
