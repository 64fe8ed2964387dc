"""What an optimizer's constructor is given, checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np

from .. import dtypes
from ..base.arguments import as_integer, number
from ..errors import ArgumentError
from ..tensors.tensor import Tensor
from ..typing import DType
from .rates import LearningRate
from .schedules import Schedule

# What an optimizer takes for parameters: a tensor, tensors, or groups of them as dictionaries.
Parameters: TypeAlias = Tensor | Iterable[Tensor | Mapping[str, Any]] | None

Integer = TypeVar("Integer", int, int | None)
Number = TypeVar("Number", float, float | None)

_SPELLINGS = {"params": "parameters", "lr": "learning_rate"}  # PyTorch's


def first_arguments(
    cls: type,
    parameters: Parameters | LearningRate,
    learning_rate: LearningRate | None,
    lr: LearningRate | None,
) -> tuple[list[Tensor], list[Mapping[str, Any]], LearningRate | None]:
    """The parameters, the groups and the learning rate, of either way to make an optimizer."""
    kind = cls.__name__
    if isinstance(parameters, int | float | np.number | Schedule | Mapping):
        if learning_rate is not None:
            raise ArgumentError(
                f"{kind}({parameters!r}, {learning_rate!r}): after a learning rate standing first "
                f"give every other argument by name{_by_name(cls, learning_rate)}"
            )
        parameters, learning_rate = None, parameters
    if lr is not None and learning_rate is not None:
        raise ArgumentError(f"{kind}: learning_rate and lr are the same; give one of them")
    rate = lr if learning_rate is None else learning_rate
    if isinstance(parameters, Sequence) and any(isinstance(g, Mapping) for g in parameters):
        return [], list(parameters), rate
    return parameters_of(kind, parameters), [], rate


def _by_name(cls: type, value: object) -> str:
    """How the second number of an optimizer is written: with the name of its first own option."""
    options = list(inspect.signature(cls).parameters.values())
    own = [p.name for p in options if p.name not in ("parameters", "learning_rate", "options")]
    return f": {cls.__name__}(..., {own[0]}={value!r})" if own else ""


def parameters_of(kind: str, parameters: object) -> list[Tensor]:
    """The tensors, each once; ArgumentError for what cannot be trained."""
    if parameters is None:
        return []
    if callable(getattr(parameters, "parameters", None)):
        raise ArgumentError(
            f"{kind}: got a {type(parameters).__name__}; give its tensors: "
            f"{kind}(model.parameters())"
        )
    tensors = [parameters] if isinstance(parameters, Tensor) else list(_iterable(kind, parameters))
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


def _iterable(kind: str, parameters: object) -> Iterable[Any]:
    if not isinstance(parameters, Iterable):
        raise ArgumentError(
            f"{kind}: parameters={parameters!r:.80}; expected tensors, such as model.parameters()"
        )
    return parameters


Described = tuple[list[Tensor], list[str], dict[str, Any]]  # tensors, patterns of names, options


def described_groups(kind: str, groups: Iterable[Mapping[str, Any]]) -> list[Described]:
    """Groups given as dictionaries, `{"parameters": ..., "learning_rate": ...}`."""
    described = []
    for i, group in enumerate(groups):
        if not isinstance(group, Mapping):
            raise ArgumentError(
                f"{kind}: group {i} is a {type(group).__name__}; expected a dictionary such as "
                '{"parameters": [layer.kernel], "learning_rate": 1e-4} or {"names": ["bias"], ...}'
            )
        options = {_SPELLINGS.get(name, name): value for name, value in group.items()}
        tensors, names = options.pop("parameters", None), options.pop("names", None) or []
        if tensors is None and not names:
            raise ArgumentError(f'{kind}: group {i} has neither "parameters" nor "names"')
        names = [names] if isinstance(names, str) else list(names)
        described.append((parameters_of(kind, tensors), names, options))
    return described


def precision_of(parameters: Iterable[Tensor]) -> DType:
    """float64 if one of them is, else float32."""
    wide = any(p.dtype == dtypes.float64 for p in parameters)
    return dtypes.float64 if wide else dtypes.float32


def at_least_1(kind: str, name: str, value: Integer) -> Integer:
    """An integer of at least 1, or None where it may be left out."""
    if value is not None:
        as_integer(kind, name, value, 1)
    return value


def at_least_0(kind: str, name: str, value: Number) -> Number:
    """A finite number of at least 0, or None where it may be left out."""
    if value is not None:
        number(kind, name, value, 0)
    return value


def above_0(kind: str, name: str, value: Number) -> Number:
    """A finite number above 0, or None where it may be left out."""
    if value is not None and not 0 < value < float("inf"):
        raise ArgumentError(f"{kind}: {name}={value!r}; expected a number above 0")
    return value


def from_0_to_1(kind: str, name: str, value: float) -> float:
    """A share of what stays, such as a momentum."""
    if not 0 <= value <= 1:
        raise ArgumentError(f"{kind}: {name}={value}; expected 0 to 1, say 0.99")
    return value


def below_1(kind: str, example: str = "", **options: float) -> None:
    """ArgumentError for an option that is not from 0 on and below 1."""
    for name, value in options.items():
        if not 0 <= value < 1:
            such = f", such as {example}" if example else ""
            raise ArgumentError(f"{kind}: {name}={value}; expected 0 <= {name} < 1{such}")


def at_most_one(kind: str, **options: float | None) -> None:
    """ArgumentError if more than one of these options is there."""
    if sum(v is not None for v in options.values()) > 1:
        *names, last = options
        raise ArgumentError(f"{kind}: give one of {', '.join(names)} and {last}")
