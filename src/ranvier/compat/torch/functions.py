"""Functions of the module `torch` beside those that make tensors.

They stand in a file of their own because `torch` hides Python's `all`, `max`, `float` and others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ... import dtypes
from ...base.config import config
from ...errors import ArgumentError, FileError
from ...io import files
from ...ops import contraction, elementwise
from ...ops.composites import einsum as einsums
from ...tensors.mode import grad_mode
from ...tensors.tensor import Tensor as RanvierTensor
from ...tracing.compiled import compile as ranvier_compile
from .creation import tensor
from .nn.module import Module
from .tensor import Tensor, of


def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """Keep no history inside; also a decorator, with or without brackets."""
    return grad_mode(False) if function is None else grad_mode(False)(function)


def FloatTensor(*data: Any) -> Tensor:
    """A float32 tensor from a list or an array, or zeros of these sizes."""
    return Tensor(*data).float()


def LongTensor(*data: Any) -> Tensor:
    """An int64 tensor from a list or an array, or zeros of these sizes."""
    if len(data) == 1 and not isinstance(data[0], int):
        return tensor(data[0], dtypes.int64)
    return Tensor(*data).long()


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
    """Einstein's sum; the operands one by one or as one list."""
    several = len(operands) == 1 and isinstance(operands[0], list | tuple)
    return of(einsums.einsum(formula, *(operands[0] if several else operands)))


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


_SUFFIXES = (".pt", ".pth", ".tar", ".ckpt")  # as tutorials name what they save


def save(obj: Any, path: Any) -> None:
    """Write a dictionary of tensors, such as `model.state_dict()`, to one safetensors file.

    A checkpoint, with dictionaries of tensors and plain numbers, texts and lists inside, too.
    """
    arrays: dict[str, Any] = {}

    def written(value: Any, place: str) -> Any:
        if is_tensor(value):
            arrays[place] = value.numpy()
            return {"tensor": place}
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {"dict": {k: written(v, f"{place}/{k}".lstrip("/")) for k, v in value.items()}}
        if isinstance(value, list | tuple):
            return [written(v, f"{place}/{i}") for i, v in enumerate(value)]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise ArgumentError(
            f"torch.save: {place or 'the object'} is a {type(value).__name__}; files hold tensors, "
            "numbers and texts in dictionaries and lists, and never code: save model.state_dict()"
        )

    if isinstance(obj, Mapping) and all(is_tensor(v) for v in obj.values()):
        arrays = {name: x.numpy() for name, x in obj.items()}
        files.write(path, arrays, {"kind": "weights"}, _SUFFIXES)
        return
    described = written(obj, "")
    files.write(path, arrays, {"kind": "checkpoint", "content": described}, _SUFFIXES)


def load(path: Any, map_location: Any = "cpu", weights_only: bool = True) -> Any:
    """What `save` wrote: the dictionary of tensors, or the checkpoint."""
    arrays, about = files.read(path)
    if about.get("kind") != "checkpoint":
        return {name: Tensor._wrap(array) for name, array in arrays.items()}

    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [made(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "tensor" in value:
            return Tensor._wrap(arrays[value["tensor"]])
        return {k: made(v) for k, v in value["dict"].items()}

    try:
        return made(about["content"])
    except (KeyError, TypeError, AttributeError) as problem:
        raise FileError(f"{path}: its checkpoint is not consistent: {problem!r}") from problem


# Functions that are methods of Tensor called with the tensor first.
_METHODS = """
abs add all amax amin any argmax argmin argsort bmm ceil chunk clamp clip clone cos cosh cumsum
div dot eq erf exp expm1 flatten flip floor floor_divide gather ge gt index_select
isfinite isinf isnan le log log1p log_softmax logical_and logical_not logical_or
logical_xor logsumexp lt masked_fill max maximum mean min minimum mm mul mv ne neg norm
numel outer permute prod reciprocal relu remainder reshape roll round rsqrt sigmoid sign
sin sinh softmax sort split sqrt square squeeze std sub sum t tan tanh topk transpose tril triu
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
