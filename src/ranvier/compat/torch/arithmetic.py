"""The methods of PyTorch's tensor that compute element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...errors import DTypeError, unknown_name
from ...ops import elementwise
from ...ops.composites import functions as composite
from .reductions import Reductions


class Arithmetic(Reductions):
    """Elementwise functions under PyTorch's names.

    NOTE: of two bools PyTorch's sum is "or" and the product "and", and bools they stay: as whole
    numbers they would choose rows where a mask is meant.
    """

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return _of_bools(self, other, elementwise.logical_or, elementwise.add)

    def __mul__(self, other: Any) -> Any:
        return _of_bools(self, other, elementwise.logical_and, elementwise.multiply)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: Any) -> Any:
        if _bools(self, other):
            raise DTypeError("`-` of two bools: write a ^ b, or a & ~b")
        return super().__sub__(other)

    def __neg__(self) -> Any:
        if self.dtype == dtypes.bool_:
            raise DTypeError("`-` of bools: write ~x")
        return super().__neg__()

    def maximum(self, other: Any) -> Any:
        """The larger of both."""
        return _of_bools(self, other, elementwise.logical_or, elementwise.maximum)

    def minimum(self, other: Any) -> Any:
        """The smaller of both."""
        return _of_bools(self, other, elementwise.logical_and, elementwise.minimum)

    def add(self, other: Any, *, alpha: float = 1) -> Any:
        """`self + alpha * other`."""
        return self + (other if alpha == 1 else other * alpha)

    def sub(self, other: Any, *, alpha: float = 1) -> Any:
        """`self - alpha * other`."""
        return self - (other if alpha == 1 else other * alpha)

    def mul(self, other: Any) -> Any:
        """`self * other`."""
        return self * other

    def neg(self) -> Any:
        """`-self`."""
        return -self

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Any:
        """`self / other`; rounded by `rounding_mode`: "floor", or "trunc", towards 0."""
        if rounding_mode is None:
            return elementwise.divide(self, other)
        if rounding_mode == "floor":
            return elementwise.floor_divide(self, other)
        if rounding_mode != "trunc":
            raise unknown_name("rounding_mode", rounding_mode, ("floor", "trunc"))
        below = elementwise.floor_divide(self, other)
        if below.dtype.kind == "f":
            return elementwise.trunc(elementwise.divide(self, other))
        between = elementwise.logical_and((self - below * other) != 0, below < 0)
        return below + elementwise.astype(between, below.dtype)

    true_divide = div

    def round(self, *, decimals: int = 0) -> Any:
        """To integers, halves to the even one, or to so many decimals."""
        if decimals == 0:
            return elementwise.round(self)
        scale = 10.0 ** abs(decimals)
        if decimals > 0:
            return elementwise.round(self * scale) / scale
        return elementwise.round(self / scale) * scale

    def clamp(self, min: Any = None, max: Any = None) -> Any:
        """Kept between `min` and `max`."""
        return composite.clip(self, min, max)

    clip = clamp  # type: ignore[assignment]


def _of_bools(x: Any, y: Any, logical: Callable[..., Any], number: Callable[..., Any]) -> Any:
    return (logical if _bools(x, y) else number)(x, y)


def _bools(x: Any, y: Any) -> bool:
    """Whether both are bools."""
    return x.dtype == dtypes.bool_ and getattr(y, "dtype", type(y)) in (dtypes.bool_, bool)
