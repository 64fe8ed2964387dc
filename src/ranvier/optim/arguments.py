"""What an optimizer's constructor is given, checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError
from ..tensors.tensor import Tensor

_SPELLINGS = {"params": "parameters", "lr": "learning_rate"}  # PyTorch's


def parameters_of(kind: str, given: Any) -> list[Tensor]:
    """The tensors given, each once; ArgumentError for what cannot be trained."""
    if given is None:
        return []
    if callable(getattr(given, "parameters", None)):
        raise ArgumentError(
            f"{kind}: got a {type(given).__name__}; give its tensors: {kind}(model.parameters())"
        )
    tensors = [given] if isinstance(given, Tensor) else list(given)
    if not tensors:
        raise ArgumentError(f"{kind}: got an empty list of parameters; is the model built?")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise ArgumentError(f"{kind}: parameter {i} is a {type(t).__name__}, not a tensor")
        if not t.requires_grad or not t.is_leaf:
            why = "is the result of an operation" if not t.is_leaf else "has requires_grad=False"
            raise ArgumentError(
                f"{kind}: parameter {i} of shape {t.shape} {why}; "
                "make it with ranvier.tensor(..., requires_grad=True)"
            )
    return list({id(t): t for t in tensors}.values())


Described = tuple[list[Tensor], list[str], dict[str, Any]]  # tensors, patterns of names, options


def described_groups(kind: str, groups: Iterable[Mapping[str, Any]]) -> list[Described]:
    """Groups given as dictionaries, `{"parameters": ..., "learning_rate": ...}`."""
    found = []
    for i, given in enumerate(groups):
        if not isinstance(given, Mapping):
            raise ArgumentError(
                f"{kind}: group {i} is a {type(given).__name__}; expected a dictionary such as "
                '{"parameters": [layer.kernel], "learning_rate": 1e-4} or {"names": ["bias"], ...}'
            )
        options = {_SPELLINGS.get(name, name): value for name, value in given.items()}
        tensors, names = options.pop("parameters", None), options.pop("names", None) or []
        if tensors is None and not names:
            raise ArgumentError(f'{kind}: group {i} has neither "parameters" nor "names"')
        names = [names] if isinstance(names, str) else list(names)
        found.append((parameters_of(kind, tensors), names, options))
    return found


def are_groups(given: Any) -> bool:
    """Whether these are parameters in groups: [{"params": ...}, ...]."""
    return isinstance(given, Sequence) and any(isinstance(g, Mapping) for g in given)


def precision_of(parameters: Iterable[Tensor]) -> np.dtype[Any]:
    """float64 if one of them is, else float32."""
    wide = any(p.dtype == dtypes.float64 for p in parameters)
    return dtypes.float64 if wide else dtypes.float32


def at_least_1(kind: str, name: str, value: int | None) -> int | None:
    """An integer of at least 1, or None."""
    if value is not None and (value < 1 or int(value) != value):
        raise ArgumentError(f"{kind}: {name}={value!r}; expected an integer of at least 1")
    return value


def at_least_0(kind: str, name: str, value: float | None) -> float | None:
    """A finite number of at least 0, or None."""
    if value is not None and not 0 <= value < float("inf"):
        raise ArgumentError(f"{kind}: {name}={value!r}; expected a number of at least 0")
    return value


def at_most_one(kind: str, **given: float | None) -> None:
    """ArgumentError if several of these options are given."""
    if sum(v is not None for v in given.values()) > 1:
        *names, last = given
        raise ArgumentError(f"{kind}: give one of {', '.join(names)} and {last}")


def by_name(kind: type, value: Any) -> str:
    """How the second number of an optimizer is written: with the name of its first own option."""
    options = list(inspect.signature(kind).parameters.values())
    own = [p.name for p in options if p.name not in ("parameters", "learning_rate", "options")]
    return f": {kind.__name__}(..., {own[0]}={value!r})" if own else ""
