"""Functions of the module `torch` that neither make tensors nor are methods of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ArgumentError, FileError
from ...io import files
from ...io.packing import pack, unpack
from ...ops.composites import einsum as einsums
from ...ops.composites import shaping
from ...tensors.mode import grad_mode
from ...tensors.tensor import Tensor as RanvierTensor
from ...tracing.compiled import compile as ranvier_compile
from ...typing import Array, TensorLike
from .nn.module import Module
from .tensor import Tensor, of


def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """Keep no history inside; also a decorator, with or without brackets."""
    return grad_mode(False) if function is None else grad_mode(False)(function)


def einsum(equation: str, *operands: Any) -> Tensor:
    """Einstein's sum; the operands one by one or as one list."""
    is_list = len(operands) == 1 and isinstance(operands[0], list | tuple)
    return of(einsums.einsum(equation, *(operands[0] if is_list else operands)))  # type: ignore


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Each vector (or single number) spread over the grid of all."""
    parts = tensors[0] if isinstance(tensors[0], list | tuple) else tensors
    lines = [of(x) if of(x).shape else of(x).reshape(1) for x in parts]
    return tuple(of(x) for x in shaping.meshgrid(*lines, indexing=indexing))


def allclose(
    input: TensorLike,
    other: TensorLike,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> bool:
    """Whether all elements are equal within `atol + rtol * |other|`."""
    return np.allclose(of(input).numpy(), of(other).numpy(), rtol, atol, equal_nan)


def compile(function: Any = None, **options: object) -> Any:
    """`ranvier.compile`: the function runs as one graph. Options of PyTorch are not needed.

    What pays is the whole training step as a function. A Module stays as it is, so that
    `.backward()` outside still reaches its parameters; inside a compiled step it is compiled.
    """
    if function is None:
        return compile
    return function if isinstance(function, Module) else ranvier_compile(function)


_SUFFIXES = (".pt", ".pth", ".tar", ".ckpt")  # as tutorials name what they save


def save(obj: object, path: str | Path) -> None:
    """Write a dictionary of tensors, such as `model.state_dict()`, to one safetensors file.

    A checkpoint, with dictionaries of tensors and plain numbers, texts and lists inside, too.
    """
    if isinstance(obj, Mapping) and all(isinstance(v, RanvierTensor) for v in obj.values()):
        weights = {name: x.numpy() for name, x in obj.items()}
        files.write(path, weights, {"kind": "weights"}, _SUFFIXES)
        return
    arrays: dict[str, Array] = {}
    try:
        content = pack(obj, "", arrays, lambda v: v.numpy() if isinstance(v, RanvierTensor) else v)
    except ArgumentError as problem:
        raise ArgumentError(f"torch.save: {problem}: save model.state_dict()") from None
    files.write(path, arrays, {"kind": "checkpoint", "content": content}, _SUFFIXES)


def load(path: str | Path, map_location: object = "cpu", weights_only: bool = True) -> Any:
    """What `save` wrote: the dictionary of tensors, or the checkpoint."""
    arrays, about = files.read(path)
    if about.get("kind") != "checkpoint":
        return {name: Tensor._wrap(array) for name, array in arrays.items()}
    try:
        return unpack(about["content"], arrays, Tensor._wrap)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise FileError(f"{path}: its checkpoint is not consistent: {problem!r}") from problem
