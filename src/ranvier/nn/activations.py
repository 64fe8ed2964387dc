"""Activation functions: what a layer's outputs go through, element by element or row by row.

Each is a plain function of a tensor, written in ops. Layers take them by name, with their default
arguments, or as functions: `Dense(10, "relu")`, `Dense(10, lambda x: leaky_relu(x, 0.01))`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from ..base.missing import answered, module_getattr
from ..errors import ArgumentError, unknown_name
from ..ops import elementwise as e
from ..ops.composites import functions as composite
from ..ops.op import as_values
from ..tensors.tensor import Tensor
from ..typing import TensorLike


@answered
def linear(x: TensorLike) -> Tensor:
    """`x` itself."""
    return as_values(x)[0]


@answered
def sigmoid(x: TensorLike) -> Tensor:
    """`1 / (1 + e ** -x)`, between 0 and 1; remembers x for the cross-entropies.

    >>> sigmoid([0.0])
    tensor([0.5])
    """
    return composite.sigmoid(x)


@answered
def tanh(x: TensorLike) -> Tensor:
    """`(e ** x - e ** -x) / (e ** x + e ** -x)`, between -1 and 1."""
    return e.tanh(x)


@answered
def relu(x: TensorLike) -> Tensor:
    """`max(x, 0)`: Nair & Hinton 2010. The gradient at 0 is 0.

    >>> relu([-2.0, 3.0])
    tensor([0., 3.])
    """
    return composite.relu(x)


@answered
def relu6(x: TensorLike) -> Tensor:
    """`min(max(x, 0), 6)`: Krizhevsky 2010."""
    (x,) = as_values(x)
    # NOTE: asked this way round, NaN stays NaN.
    return e.where(e.less_equal(x, 0), 0, e.where(e.greater_equal(x, 6), 6, x))


@answered
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """x above 0, `negative_slope * x` below: Maas et al. 2013. (PyTorch's slope is 0.01.)

    >>> leaky_relu([-1.0, 3.0])
    tensor([-0.2,  3. ])
    """
    (x,) = as_values(x)
    return e.where(e.greater(x, 0), x, x * negative_slope)


@answered
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x above 0, `alpha * (e ** x - 1)` below: Clevert et al. 2016."""
    (x,) = as_values(x)
    # NOTE: expm1 only ever sees x <= 0: an infinity there would make the gradient NaN.
    low = e.expm1(e.where(e.greater(x, 0), 0, x)) * alpha
    return e.where(e.greater(x, 0), x, low)


@answered
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x above 0, `alpha * (e ** (x / alpha) - 1)` below: Barron 2017."""
    (x,) = as_values(x)
    low = e.expm1(e.where(e.greater(x, 0), 0, x) * (1 / alpha)) * alpha
    return e.where(e.greater(x, 0), x, low)


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@answered
def selu(x: TensorLike) -> Tensor:
    """`scale * elu(x, alpha)`, which keeps mean 0 and variance 1: Klambauer et al. 2017."""
    return elu(x, SELU_ALPHA) * SELU_SCALE


@answered
def gelu(x: TensorLike, approximate: bool = False) -> Tensor:
    """`x * (1 + erf(x / sqrt(2))) / 2`: Hendrycks & Gimpel 2016.

    With `approximate`: `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2`.
    """
    (x,) = as_values(x)
    if approximate:
        return x * 0.5 * (1 + e.tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)))
    return x * 0.5 * (1 + e.erf(x * math.sqrt(0.5)))


@answered
def silu(x: TensorLike) -> Tensor:
    """`x * sigmoid(x)`, also called swish: Ramachandran et al. 2017."""
    (x,) = as_values(x)
    return x * e.sigmoid(x)


@answered
def softplus(x: TensorLike) -> Tensor:
    """`log(1 + e ** x)`, a smooth relu: Dugas et al. 2001."""
    (x,) = as_values(x)
    # NOTE: maximum gives half the gradient at 0, which makes the whole exactly sigmoid(0).
    return e.maximum(x, 0) + e.log1p(e.exp(-e.abs(x)))


@answered
def softsign(x: TensorLike) -> Tensor:
    """`x / (1 + |x|)`: Bergstra et al. 2009."""
    (x,) = as_values(x)
    return x / (1 + e.abs(x))


@answered
def mish(x: TensorLike) -> Tensor:
    """`x * tanh(softplus(x))`: Misra 2019."""
    (x,) = as_values(x)
    return x * e.tanh(softplus(x))


@answered
def hard_sigmoid(x: TensorLike) -> Tensor:
    """`relu6(x + 3) / 6`: straight lines near sigmoid (Howard et al. 2019)."""
    (x,) = as_values(x)
    return relu6(x + 3) * (1 / 6)


@answered
def hard_silu(x: TensorLike) -> Tensor:
    """`x * hard_sigmoid(x)`, also called hard swish: Howard et al. 2019."""
    (x,) = as_values(x)
    return x * hard_sigmoid(x)


@answered
def hard_tanh(x: TensorLike) -> Tensor:
    """x kept between -1 and 1: Collobert 2004."""
    return composite.clip(x, -1, 1)


@answered
def log_sigmoid(x: TensorLike) -> Tensor:
    """`log(sigmoid(x))`, computed as `-softplus(-x)`."""
    (x,) = as_values(x)
    return -softplus(-x)


@answered
def exponential(x: TensorLike) -> Tensor:
    """`e ** x`."""
    return e.exp(x)


@answered
def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """`e ** x / sum(e ** x)` over `axis`: probabilities; remembers x for the cross-entropies.

    >>> softmax([[0.0, 0.0]])
    tensor([[0.5, 0.5]])
    """
    return composite.softmax(x, axis)


@answered
def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """`log(softmax(x))` over `axis`, exact also where softmax is nearly 0 or 1."""
    return composite.log_softmax(x, axis)


@answered
def step(x: TensorLike) -> Tensor:
    """1 where x >= 0, else 0: the neuron of McCulloch & Pitts 1943 and the perceptron.

    Its gradient is 0 everywhere; it remembers x, and the loss "perceptron" learns from that.

    >>> step([-0.5, 0.0, 2.0])
    tensor([0., 1., 1.])
    """
    (x,) = as_values(x)
    x = e.as_float(x)
    out = e.astype(e.greater_equal(x, 0), x.dtype)
    if isinstance(out, Tensor):
        out.logits = ("step", x)
    return out


_FUNCTIONS = (
    linear, sigmoid, tanh, relu, relu6, leaky_relu, elu, celu, selu, gelu, silu, softplus,
    softsign, mish, hard_sigmoid, hard_silu, hard_tanh, log_sigmoid, exponential, softmax,
    log_softmax, step,
)  # fmt: skip
NAMES: Mapping[str, Callable[[Tensor], Tensor]] = {f.__name__: f for f in _FUNCTIONS} | {
    "swish": silu,
    "hard_swish": hard_silu,
}


Activation: TypeAlias = Callable[[Tensor], Tensor]
ActivationLike: TypeAlias = str | Activation | None  # a name of NAMES, a function, or linear


@answered
def get(activation: ActivationLike) -> Activation:
    """The function meant by None (linear), a name or a function of one tensor.

    >>> get("tanh").__name__
    'tanh'
    """
    if activation is None:
        return linear
    if isinstance(activation, str) and activation.lower() in NAMES:
        return NAMES[activation.lower()]
    if isinstance(activation, type):
        name = activation.__name__
        by_name = f"activation={name.lower()!r}, or " if name.lower() in NAMES else ""
        raise ArgumentError(
            f"activation: got the class {name}; expected a name or a function: write "
            f"{by_name}{name}(...)"
        )
    if callable(activation):
        return activation
    raise unknown_name("activation", activation, NAMES)


def name_of(activation: Activation) -> str | Activation:
    """The name of a function of this module, which can be saved; any other function itself."""
    name = getattr(activation, "__name__", "")
    return name if NAMES.get(name) is activation else activation


def by_name(attribute: str) -> property:
    """A layer's property for the function that it keeps in `attribute`: read, it is the name that
    can be saved, or the function itself when it is the user's own; set, it takes either.
    """

    def read(layer: object) -> str | Activation:
        return name_of(getattr(layer, attribute))

    def change(layer: object, activation: ActivationLike) -> None:
        setattr(layer, attribute, get(activation))

    return property(read, change, doc="The activation: its name, or a function of the user's own.")


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
