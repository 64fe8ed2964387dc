"""Regularizers: penalties on the size of weights, added to the loss.

| name | penalty of a tensor w |
|---|---|
| `L1(l1)` | l1 * sum(abs(w)) |
| `L2(l2)` | l2 * sum(w ** 2) |
| `L1L2(l1, l2)` | both |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ..base.missing import answered, module_getattr
from ..errors import ArgumentError, unknown_name
from ..ops.elementwise import abs
from ..ops.reduce import sum
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched
from .configuration import configuration, restore


class Regularizer(Watched):
    """Base: `regularizer(w)` is one number."""

    def __call__(self, w: Tensor) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return configuration(self)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class L1L2(Regularizer):
    """`l1 * sum(abs(w)) + l2 * sum(w ** 2)`: Zou & Hastie 2005, "elastic net".

    >>> import ranvier
    >>> L1L2(l1=0.1, l2=0.01)(ranvier.tensor([3.0, -4.0]))
    tensor(0.95)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1), _factor("l2", l2)

    def __call__(self, w: Tensor) -> Tensor:
        terms = []
        if self.l1:
            terms.append(sum(abs(w)) * self.l1)
        if self.l2:
            terms.append(sum(w * w) * self.l2)
        return terms[0] + terms[1] if len(terms) == 2 else terms[0] if terms else sum(w * 0)


class L1(Regularizer):
    """`l1 * sum(abs(w))`: drives weights to exactly 0 (Tibshirani 1996, the lasso)."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", l1)

    def __call__(self, w: Tensor) -> Tensor:
        return sum(abs(w)) * self.l1


class L2(Regularizer):
    """`l2 * sum(w ** 2)`: keeps weights small (Hoerl & Kennard 1970, ridge regression)."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2)

    def __call__(self, w: Tensor) -> Tensor:
        return sum(w * w) * self.l2


def _factor(name: str, value: float) -> float:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 <= value < float("inf")
    ):
        raise ArgumentError(f"{name}={value!r}: expected a number of at least 0, such as 0.01")
    return float(value)


CLASSES: dict[str, type[Regularizer]] = {"L1": L1, "L2": L2, "L1L2": L1L2}
_NAMES: dict[str, Callable[[], Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1_l2": lambda: L1L2(0.01, 0.01),
    "l1l2": lambda: L1L2(0.01, 0.01),
}


# A name, a regularizer, its class or config, or none.
RegularizerLike: TypeAlias = str | Regularizer | type[Regularizer] | Mapping[str, Any] | None


@answered
def get(regularizer: RegularizerLike) -> Regularizer | None:
    """A regularizer from None, a name (factor 0.01), an object, or what `get_config` gave.

    >>> get("l2")
    L2(l2=0.01)
    """
    if regularizer is None or isinstance(regularizer, Regularizer):
        return regularizer
    if isinstance(regularizer, Mapping):
        return restore("regularizer", regularizer, CLASSES)
    if isinstance(regularizer, type) and issubclass(regularizer, Regularizer):
        return regularizer()
    if isinstance(regularizer, str) and regularizer.lower() in _NAMES:
        return _NAMES[regularizer.lower()]()
    raise unknown_name("regularizer", regularizer, _NAMES)


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
