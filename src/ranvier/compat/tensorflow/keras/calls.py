"""How a class with Keras' `call` becomes one with Ranvier's `forward`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....errors import ArgumentError, StateError
from ....tensors.tensor import Tensor


def are_separate(x: Any) -> bool:
    """Whether x is a list or tuple of arrays or tensors, each an input of its own, as in Keras."""
    return (
        isinstance(x, list | tuple)
        and bool(x)
        and all(isinstance(one, Tensor | np.ndarray) and one.ndim > 0 for one in x)
    )


AS_LIST = "as_list"  # the option that says: the inputs were given as one list


def split_call(layer: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
    """Inputs and options of a call as Ranvier's layers take them.

    One list of inputs comes apart, and an option says so; `training` and `mask` go by name.
    """
    named = dict(options)
    inputs = list(inputs)
    if len(inputs) > 1:
        names = [p.name for p in _positional(layer)]
        for name in names[1 : len(inputs)]:
            if name in ("training", "mask"):
                inputs, rest = inputs[: names.index(name)], inputs[names.index(name) :]
                named |= dict(zip(names[names.index(name) :], rest, strict=False))
                break
    if inputs and are_separate(inputs[0]):
        if len(inputs) > 1:
            raise ArgumentError(
                f"{layer.name}: a list of inputs and {len(inputs) - 1} more; give the others by "
                "name, or all one by one"
            )
        inputs, named[AS_LIST] = list(inputs[0]), True
    return inputs, named


def call_of(
    layer: Any,
    inputs: Sequence[Any],
    options: Mapping[str, Any],
    names: Sequence[str] | None = None,
) -> Any:
    """`layer.call(...)`, with `training=` and `mask=` if it takes them.

    Inputs given one by one arrive one by one if `call` has arguments enough; those that were given
    as one list arrive as a list, or as a dict by `names`, unless `call` needs an argument for each.
    """
    call = getattr(type(layer), "call", None)
    if call is None:
        raise StateError(f"{type(layer).__name__}: write a method call(self, inputs)")
    parameters = inspect.signature(call).parameters
    keywords = dict(options)
    as_list = keywords.pop(AS_LIST, False)
    if "training" in parameters and "training" not in keywords:
        keywords["training"] = layer.training
    positional = [p for p in _positional(layer) if p.name not in keywords]
    needed = [p for p in positional if p.default is p.empty]
    packed = len(inputs) > 1 and len(needed) != len(inputs)
    if packed and not as_list:
        takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
        packed = not (takes_any or len(needed) <= len(inputs) <= len(_free(positional)))
    if "mask" in parameters and "mask" not in keywords:
        masks = [getattr(x, "mask", None) for x in inputs]
        keywords["mask"] = masks if packed else masks[0] if masks else None
    if names is not None:
        return call(layer, dict(zip(names, inputs, strict=True)), **keywords)
    return call(layer, list(inputs), **keywords) if packed else call(layer, *inputs, **keywords)


def _positional(layer: Any) -> list[inspect.Parameter]:
    """The arguments of `call` that need no name."""
    call = getattr(type(layer), "call", None)
    parameters = list(inspect.signature(call).parameters.values())[1:] if call else []
    return [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _free(positional: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
    """Those that may be inputs."""
    return [p for p in positional if p.name not in ("training", "mask")]
