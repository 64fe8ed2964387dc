"""Functions of the module `torch` beside those that make tensors.

They stand in a file of their own because `torch` hides Python's `all`, `max`, `float` and others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ... import dtypes
from ...compiled import compile as ranvier_compile
from ...config import config
from ...errors import ArgumentError
from ...io import files
from ...mode import grad_mode
from ...ops import contraction, elementwise
from ...ops import einsum as einsums
from ...tensor import Tensor as RanvierTensor
from .creation import tensor
from .nn.module import Module
from .tensor import Tensor, of


def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """Keep no history inside; also a decorator, with or without brackets."""
    return grad_mode(False) if function is None else grad_mode(False)(function)


def FloatTensor(data: Any) -> Tensor:
    """A float32 tensor."""
    return tensor(data, dtypes.float32)


def LongTensor(data: Any) -> Tensor:
    """An int64 tensor."""
    return tensor(data, dtypes.int64)


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor."""
    return isinstance(x, RanvierTensor)


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, elsewhere y."""
    return of(elementwise.where(condition, x, y))


def matmul(x: Any, y: Any) -> Any:
    """The matrix product."""
    return of(contraction.matmul(x, y))


def pow(x: Any, exponent: Any) -> Any:
    """`x ** exponent`."""
    return of(elementwise.power(x, exponent))


def einsum(formula: str, *operands: Any) -> Any:
    """Einstein's sum."""
    return of(einsums.einsum(formula, *operands))


def allclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether all elements are equal within `atol + rtol * |y|`."""
    return np.allclose(x.numpy(), y.numpy(), rtol, atol, equal_nan)


def equal(x: Any, y: Any) -> bool:
    """Whether shapes and all elements are equal."""
    return np.array_equal(x.numpy(), y.numpy())


def set_num_threads(count: int) -> None:
    """How many threads a compiled graph may use."""
    config(threads=count)


def compile(function: Any = None, **options: Any) -> Any:
    """`ranvier.compile`: the function runs as one graph. Options of PyTorch are not needed.

    What pays is the whole training step as a function. A Module stays as it is, so that
    `.backward()` outside still reaches its parameters; inside a compiled step it is compiled.
    """
    if function is None:
        return compile
    return function if isinstance(function, Module) else ranvier_compile(function)


def save(obj: Any, path: Any) -> None:
    """Write a dictionary of tensors, such as `model.state_dict()`, to one safetensors file."""
    if not isinstance(obj, Mapping) or not all(is_tensor(v) for v in obj.values()):
        raise ArgumentError(
            "torch.save: files hold tensors and never code: save model.state_dict(), not "
            f"{type(obj).__name__}"
        )
    files.write(path, {name: x.numpy() for name, x in obj.items()}, {"kind": "weights"})


def load(path: Any, map_location: Any = "cpu", weights_only: bool = True) -> dict[str, Tensor]:
    """The dictionary of tensors that `save` wrote."""
    return {name: of(Tensor._wrap(array)) for name, array in files.read(path)[0].items()}


# Functions that are methods of Tensor called with the tensor first.
_METHODS = """
abs add all amax amin any argmax argmin bmm ceil chunk clamp clip clone cos cosh cumsum
div dot eq erf exp expm1 flatten flip floor floor_divide gather ge gt index_select
isfinite isinf isnan le log log1p log_softmax logical_and logical_not logical_or
logical_xor logsumexp lt masked_fill max maximum mean min minimum mm mul mv ne neg norm
numel outer permute prod reciprocal relu remainder reshape roll round rsqrt sigmoid sign
sin sinh softmax split sqrt square squeeze std sub sum t tan tanh transpose tril triu
true_divide trunc unbind unsqueeze var
"""


def _function(name: str) -> Any:
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, **options: Any) -> Any:
        return method(of(input), *args, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


FUNCTIONS = {name: _function(name) for name in _METHODS.split()}
