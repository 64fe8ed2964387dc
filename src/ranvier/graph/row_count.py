"""The number of rows while it is not known: a size to calculate with.

A model is put together, and a graph may be traced, before there are data. The first axis of its
inputs then has the size `ROWS`, which prints as `rows`:

    ranvier.Input((4,))                 float32[rows,4]
    flattened over batch and time       float32[12*rows,4]
    differences of neighbouring rows    float32[rows - 1,4]

It stands in shapes and in the params of ops. The data flow:

    sizes       a polynomial in the number of rows with integer coefficients: sums, differences,
                products, and quotients without remainder (`RowCount`)
    numbers     everything else that Python computes from it, such as the 1 / rows of a mean: noted,
                and computed when the number is there, to the same bits (`NotedFloat`)
    answers     a comparison is answered when every number of rows (1, 2, ...) gives the same
                answer; what depends on the number, `int(rows)` included, is an UnknownSizeError
    numbers in  `at(n)` of both is the number for n rows; sizes.py has it for shapes and params,
                with_rows.py for whole graphs
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NoReturn, cast

import numpy as np

from ..base.arguments import NotYet
from ..errors import ArgumentError, UnknownSizeError


class Unknown(NotYet):
    """What has no number yet: every way to ask for one is an error."""

    __slots__ = ()
    __array_ufunc__: Any = None  # NumPy leaves arithmetic to this class

    def _refuse(self, *unused: object, **named: object) -> NoReturn:
        raise UnknownSizeError(self)

    __int__ = __index__ = __float__ = __complex__ = _refuse
    __round__ = __trunc__ = __floor__ = __ceil__ = _refuse
    __array__ = __iter__ = _refuse

    def __format__(self, spec: str) -> str:
        return str(self)

    def at(self, rows: int) -> Any:
        """The number for so many rows."""
        raise NotImplementedError


class RowCount(Unknown):
    """A size made from the number of rows: `coefficients[i]` times its i-th power, summed up.

    >>> rows = RowCount((0, 1))
    >>> 3 * rows - 1, (12 * rows) // 4, rows * rows, rows - rows
    (3*rows - 1, 3*rows, rows**2, 0)
    >>> rows > 0, rows == rows + 1, 12 * rows / rows, 1 / rows
    (True, False, 12.0, 1 / rows)
    >>> rows > 3
    Traceback (most recent call last):
    ranvier.errors.UnknownSizeError: the number of rows is not known while a model is put ...
    """

    __slots__ = ("coefficients",)

    def __init__(self, coefficients: tuple[int, ...]) -> None:
        self.coefficients = coefficients

    def at(self, rows: int) -> int:
        """The size for so many rows; also for a number of rows that is itself a `RowCount`."""
        total: int = 0
        for c in reversed(self.coefficients):
            total = total * rows + c
        return total

    # -- arithmetic --------------------------------------------------------------------------------

    def __add__(self, other: object) -> Any:
        if type(other) is int:
            first, *rest = self.coefficients
            return RowCount((first + other, *rest))
        if (more := _coefficients(other)) is None:
            return _noted(operator.add, self, other)
        own = self.coefficients
        length = max(len(own), len(more))
        own, more = (c + (0,) * (length - len(c)) for c in (own, more))
        return _size([a + b for a, b in zip(own, more, strict=True)])

    def __mul__(self, other: object) -> Any:
        if type(other) is int:
            if other == 1:
                return self
            return RowCount(tuple([c * other for c in self.coefficients])) if other else 0
        if (more := _coefficients(other)) is None:
            return _noted(operator.mul, self, other)
        total = [0] * (len(self.coefficients) + len(more) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(more):
                total[i + j] += a * b
        return _size(total)

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: object) -> Any:
        if (more := _coefficients(other)) is None:
            return _noted(operator.sub, self, other)
        return self + _size([-c for c in more])

    def __radd__(self, other: object) -> Any:
        return self + other if _coefficients(other) else _noted(operator.add, other, self)

    def __rmul__(self, other: object) -> Any:
        return self * other if _coefficients(other) else _noted(operator.mul, other, self)

    def __rsub__(self, other: object) -> Any:
        return -self + other if _coefficients(other) else _noted(operator.sub, other, self)

    def __pow__(self, power: object) -> Any:
        if isinstance(power, int) and power >= 0:
            return math.prod([self] * power)
        return _noted(operator.pow, self, power)

    def __rpow__(self, other: object) -> Any:
        return _noted(operator.pow, other, self)

    def __truediv__(self, other: object) -> Any:
        return _quotient(self, other)

    def __rtruediv__(self, other: object) -> Any:
        return _quotient(other, self)

    def __floordiv__(self, other: object) -> Any:
        return _divided(self, other, operator.floordiv)

    def __rfloordiv__(self, other: object) -> Any:
        return _divided(other, self, operator.floordiv)

    def __mod__(self, other: object) -> Any:
        return _divided(self, other, operator.mod)

    def __rmod__(self, other: object) -> Any:
        return _divided(other, self, operator.mod)

    def __divmod__(self, other: object) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: object) -> Any:
        return other // self, other % self

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    # -- questions ---------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RowCount):
            if other.coefficients == self.coefficients:
                return True
        elif type(other) is int and len(self.coefficients) == 2:  # b + a * rows
            b, a = self.coefficients
            rows, rest = divmod(other - b, a)
            if rest or rows < 1:
                return False
            raise UnknownSizeError(self, "==", other)
        elif not isinstance(other, int | float | np.integer):
            return NotImplemented
        return cast(bool, self._compared(operator.eq, "==", other))

    def __hash__(self) -> int:
        return hash(("rows", self.coefficients))

    def __lt__(self, other: object) -> Any:
        return self._compared(operator.lt, "<", other)

    def __le__(self, other: object) -> Any:
        return self._compared(operator.le, "<=", other)

    def __gt__(self, other: object) -> Any:
        return self._compared(operator.gt, ">", other)

    def __ge__(self, other: object) -> Any:
        return self._compared(operator.ge, ">=", other)

    def __bool__(self) -> bool:
        return self != 0

    def _compared(self, question: Callable[[Any, Any], bool], sign: str, other: object) -> Any:
        """The answer to `self sign other`, if it is the same whatever the number of rows."""
        if not isinstance(other, int | float | np.integer | RowCount):
            return NotImplemented
        if isinstance(other, RowCount):
            low, high = _bounds(self - other)
        else:
            low, high = _bounds(self)
            low, high = low - other, high - other
        at_low, at_high = question(low, 0), question(high, 0)
        same = at_low == at_high
        if question is operator.eq:  # not in between either
            same = low == high or low > 0 or high < 0
        if not same:
            raise UnknownSizeError(self, sign, other)
        return at_low

    def __repr__(self) -> str:
        text = ""
        for power, c in reversed(list(enumerate(self.coefficients))):
            if not c:
                continue
            name = {0: "", 1: "rows"}.get(power, f"rows**{power}")
            size = str(abs(c)) if not name else name if abs(c) == 1 else f"{abs(c)}*{name}"
            if text:
                text += f" - {size}" if c < 0 else f" + {size}"
            else:
                text = f"-{size}" if c < 0 else size
        return text


class NotedFloat(Unknown):
    """A number that Python computes from the number of rows: which operation, and on what.

    >>> mean = 1.0 / RowCount((0, 1))
    >>> mean, mean.at(4)
    (1.0 / rows, 0.25)
    """

    __slots__ = ("name", "operands")

    def __init__(self, name: str, operands: tuple[Any, ...]) -> None:
        self.name = name  # one of NOTED
        self.operands = operands

    def at(self, rows: int) -> Any:
        """The number for so many rows."""
        known = [x.at(rows) if isinstance(x, Unknown) else x for x in self.operands]
        return NOTED[self.name](*known)

    def __add__(self, other: object) -> Any:
        return _noted(operator.add, self, other)

    def __radd__(self, other: object) -> Any:
        return _noted(operator.add, other, self)

    def __sub__(self, other: object) -> Any:
        return _noted(operator.sub, self, other)

    def __rsub__(self, other: object) -> Any:
        return _noted(operator.sub, other, self)

    def __mul__(self, other: object) -> Any:
        return _noted(operator.mul, self, other)

    def __rmul__(self, other: object) -> Any:
        return _noted(operator.mul, other, self)

    def __truediv__(self, other: object) -> Any:
        return _noted(operator.truediv, self, other)

    def __rtruediv__(self, other: object) -> Any:
        return _noted(operator.truediv, other, self)

    def __pow__(self, other: object) -> Any:
        return _noted(operator.pow, self, other)

    def __rpow__(self, other: object) -> Any:
        return _noted(operator.pow, other, self)

    def __neg__(self) -> Any:
        return _noted(operator.mul, self, -1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | float | Unknown):
            return NotImplemented
        if isinstance(other, NotedFloat) and repr(other) == repr(self):
            return True
        raise UnknownSizeError(self, "==", other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __bool__(self) -> bool:
        self._refuse()

    def _compared(self, other: object) -> bool:
        raise UnknownSizeError(f"{self} and {other} cannot be compared")

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def __repr__(self) -> str:
        if self.name == "float":
            return f"float({self.operands[0]})"
        left, right = (f"({x})" if isinstance(x, NotedFloat) else str(x) for x in self.operands)
        return f"{left} {self.name} {right}"


# What a NotedFloat may note, by the name that it has in files.
NOTED: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "float": lambda x: NotedFloat("float", (x,)) if isinstance(x, Unknown) else float(x),
}
_NAMES = {function: name for name, function in NOTED.items()}

ROWS = cast(int, RowCount((0, 1)))


def computed(name: str, *operands: object) -> Any:
    """What a file notes as computed from the number of rows; ArgumentError for nothing of it."""
    if name not in NOTED or len(operands) != (1 if name == "float" else 2):
        raise ArgumentError(f"{name!r} of {operands!r:.80}; known: {', '.join(NOTED)}")
    if not all(isinstance(x, int | float | Unknown) for x in operands):
        raise ArgumentError(f"{name!r} of {operands!r:.80}; expected numbers")
    noted = any(isinstance(x, Unknown) for x in operands)
    return NotedFloat(name, operands) if noted else NOTED[name](*operands)


def _coefficients(value: object) -> tuple[int, ...] | None:
    """Those of a size; None for what is none."""
    if type(value) is int:
        return (value,)
    if isinstance(value, RowCount):
        return value.coefficients
    return (int(value),) if isinstance(value, int | np.integer) else None


def _size(coefficients: list[int]) -> Any:
    """A RowCount, or a plain number where nothing depends on the rows."""
    while len(coefficients) > 1 and not coefficients[-1]:
        coefficients.pop()
    return coefficients[0] if len(coefficients) == 1 else RowCount(tuple(coefficients))


def _noted(function: Callable[..., Any], left: object, right: object) -> Any:
    """A NotedFloat; tensors, arrays and other things come to their own answer."""
    for x in (left, right):
        if isinstance(x, np.ndarray):
            raise UnknownSizeError("NumPy cannot compute with it; give it a tensor")
        if not isinstance(x, int | float | np.integer | np.floating | Unknown):
            return NotImplemented
    plain = tuple(x.item() if isinstance(x, np.generic) else x for x in (left, right))
    return NotedFloat(_NAMES[function], plain)


def _quotient(a: object, b: object) -> Any:
    """a / b: a number where that is the same for every number of rows."""
    if _coefficients(a) and _coefficients(b):
        quotient, rest = _long_division(a, b)
        if type(quotient) is int and type(rest) is int and not rest:
            return float(quotient)
    return _noted(operator.truediv, a, b)


def _bounds(difference: int | RowCount) -> tuple[float, float]:
    """What the size is at least and at most, over all numbers of rows from 1 on."""
    if not isinstance(difference, RowCount):
        return difference, difference
    c = list(difference.coefficients)
    if len(c) == 2:
        least = c[0] + c[1]
        return (least, math.inf) if c[1] > 0 else (-math.inf, least)
    # In powers of rows - 1, which is 0 or more.
    for i in range(len(c) - 1):
        for j in range(len(c) - 2, i - 1, -1):
            c[j] += c[j + 1]
    low = c[0] if all(n >= 0 for n in c[1:]) else -math.inf
    return low, c[0] if all(n <= 0 for n in c[1:]) else math.inf


def _divided(a: Any, b: Any, function: Callable[[Any, Any], Any]) -> Any:
    """a // b or a % b, where it is the same rule for every number of rows."""
    if _coefficients(a) is None or _coefficients(b) is None:
        return NotImplemented
    if not isinstance(b, RowCount) and not b:
        raise ZeroDivisionError("integer division or modulo by zero")
    quotient, rest = _long_division(a, b)
    low, high = _bounds(rest)
    if quotient is not None and low >= 0 and _bounds(b - rest)[0] > 0:
        return quotient if function is operator.floordiv else rest
    if not isinstance(a, RowCount) and a == -1 and _bounds(b)[0] > 0:
        return -1 if function is operator.floordiv else b + a
    sign = "//" if function is operator.floordiv else "%"
    raise UnknownSizeError(a, sign, b)


def _long_division(a: object, b: object) -> tuple[Any, Any]:
    """(quotient, rest) of two sizes with a = quotient * b + rest; None where it has no integers."""
    rest, divisor = list(_coefficients(a) or ()), _coefficients(b) or ()
    quotient = [0] * max(len(rest) - len(divisor) + 1, 1)
    for i in range(len(rest) - len(divisor), -1, -1):
        top = rest[i + len(divisor) - 1]
        times, over = divmod(top, divisor[-1])
        if over and (i or len(divisor) > 1):
            return None, a
        quotient[i] = times
        for j, d in enumerate(divisor):
            rest[i + j] -= times * d
    return _size(quotient), _size(rest)
