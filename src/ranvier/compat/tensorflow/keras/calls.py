"""How a class with Keras' `call` becomes one with Ranvier's `forward`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....errors import StateError
from ....tensor import Tensor


def several_in(x: Any) -> bool:
    """Whether x is a list or tuple of arrays or tensors, each an input of its own, as in Keras."""
    return (
        isinstance(x, list | tuple)
        and bool(x)
        and all(isinstance(one, Tensor | np.ndarray) and one.ndim > 0 for one in x)
    )


def call_of(
    layer: Any,
    inputs: Sequence[Any],
    options: Mapping[str, Any],
    names: Sequence[str] | None = None,
) -> Any:
    """`layer.call(x)`, with `training=` if it takes that; `call` gets several inputs as a list, or
    as a dict by `names`, unless it has an argument for each.
    """
    call = getattr(type(layer), "call", None)
    if call is None:
        raise StateError(f"{type(layer).__name__}: write a method call(self, inputs)")
    parameters = inspect.signature(call).parameters
    given = dict(options)
    if "training" in parameters:
        given["training"] = layer.training
    positional = [
        p
        for p in list(parameters.values())[1:]
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and p.name not in given
        and p.default is p.empty
    ]
    if names is not None:
        return call(layer, dict(zip(names, inputs, strict=True)), **given)
    if len(inputs) == 1 or len(positional) == len(inputs):
        return call(layer, *inputs, **given)
    return call(layer, list(inputs), **given)
