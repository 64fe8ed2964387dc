"""How a class with Keras' `call` becomes one with Ranvier's `forward`."""

from __future__ import annotations

import inspect
from typing import Any

from ....errors import StateError


def call_of(layer: Any, x: Any) -> Any:
    """`layer.call(x)`, with `training=` if it takes that."""
    call = getattr(type(layer), "call", None)
    if call is None:
        raise StateError(f"{type(layer).__name__}: write a method call(self, inputs)")
    if "training" in inspect.signature(call).parameters:
        return call(layer, x, training=layer.training)
    return call(layer, x)
