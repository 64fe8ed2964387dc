"""The immutable node: one application of one op.

A `Value` is anything an op applies to. There are two: a `Node`, which is symbolic, and the user's
`Tensor` (tensors/tensor.py), which holds numbers or wraps a Node while a function is traced. Both
answer to `op`, `inputs`, `params`, `shape` and `dtype`, so one set of gradient rules and one walk
over the history serve both.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import numpy as np

from ..base.sizes import MAX_BYTES, check_bytes
from ..base.source import Source, scope
from ..errors import DTypeError, UnknownSizeError
from ..typing import Array, ArrayLike, DType, Shape, V

if TYPE_CHECKING:
    from ..ops.op import Op


class Operator(Protocol):
    """An op as Value's operators use it: one kind of value goes in and comes out."""

    def __call__(self, *xs: V | ArrayLike) -> V: ...


# The closed registry: every primitive op by name. ops/op.py fills it; Value's operators read it.
OPS: dict[str, Op] = {}
OPERATORS: Mapping[str, Operator] = OPS  # the same table, typed for who applies ops to values


class Spec(NamedTuple):
    """What is known of a value before it is computed."""

    shape: Shape
    dtype: DType

    def __str__(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]"


class Value(ABC):
    """Anything an op applies to."""

    __slots__ = ()
    __array_priority__ = 100.0  # NumPy arrays give way to our operators
    __array_ufunc__: Any = None

    op: Op | None
    params: Mapping[str, Any]

    @property
    @abstractmethod
    def inputs(self) -> tuple[Self, ...]: ...

    @property
    @abstractmethod
    def shape(self) -> Shape: ...

    @property
    @abstractmethod
    def dtype(self) -> DType: ...

    @classmethod
    @abstractmethod
    def _record(cls, op: Op, inputs: tuple[Self, ...], params: dict[str, Any]) -> Self:
        """Apply `op`: make a Node, or compute."""

    def for_gradient(self) -> tuple[Self, ...]:
        """This value and its inputs, as its op's gradient rule takes them."""
        return (self, *self.inputs)

    def numbers(self) -> Array | None:
        """Its numbers, for Python to decide by; None while they are not known."""
        return None

    def remember_logits(self, kind: str, logits: Self) -> None:
        """Note that it is the sigmoid, softmax or step of `logits`: losses ask Tensors for them."""
        return

    def made_at(self) -> Source | None:
        """Where the symbolic value comes from; None where that is not known."""
        return None

    @property
    def origin(self) -> Value:
        """What says by its op, inputs and params how this value came to be."""
        return self

    @property
    def spec(self) -> Spec:
        return Spec(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    def __add__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["add"](self, other)

    def __radd__(self, other: ArrayLike) -> Self:
        return OPERATORS["add"](other, self)

    def __sub__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["subtract"](self, other)

    def __rsub__(self, other: ArrayLike) -> Self:
        return OPERATORS["subtract"](other, self)

    def __mul__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["multiply"](self, other)

    def __rmul__(self, other: ArrayLike) -> Self:
        return OPERATORS["multiply"](other, self)

    def __truediv__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["divide"](self, other)

    def __rtruediv__(self, other: ArrayLike) -> Self:
        return OPERATORS["divide"](other, self)

    def __floordiv__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["floor_divide"](self, other)

    def __rfloordiv__(self, other: ArrayLike) -> Self:
        return OPERATORS["floor_divide"](other, self)

    def __mod__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["remainder"](self, other)

    def __rmod__(self, other: ArrayLike) -> Self:
        return OPERATORS["remainder"](other, self)

    def __pow__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["power"](self, other)

    def __rpow__(self, other: ArrayLike) -> Self:
        return OPERATORS["power"](other, self)

    def __matmul__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["matmul"](self, other)

    def __rmatmul__(self, other: ArrayLike) -> Self:
        return OPERATORS["matmul"](other, self)

    def __neg__(self) -> Self:
        return OPERATORS["negative"](self)

    def __abs__(self) -> Self:
        return OPERATORS["abs"](self)

    def __invert__(self) -> Self:
        return OPERATORS["logical_not"](*_bools("~", self))

    def __and__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["logical_and"](*_bools("&", self, other))

    def __or__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["logical_or"](*_bools("|", self, other))

    def __xor__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["logical_xor"](*_bools("^", self, other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lt__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["less"](self, other)

    def __le__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["less_equal"](self, other)

    def __gt__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["greater"](self, other)

    def __ge__(self, other: Self | ArrayLike) -> Self:
        return OPERATORS["greater_equal"](self, other)

    # NOTE: `x == None` and `x == "auto"` are questions about x itself, as for every Python object.
    def __eq__(self, other: Any) -> Any:
        return NotImplemented if _no_number(other) else OPERATORS["equal"](self, other)

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if _no_number(other) else OPERATORS["not_equal"](self, other)

    __hash__ = object.__hash__


def _no_number(x: object) -> bool:
    return x is None or isinstance(x, str)


def _bools(operator: str, *xs: V | ArrayLike) -> tuple[V | ArrayLike, ...]:
    for x in xs:
        kind = x.dtype if isinstance(x, Value | np.ndarray | np.generic) else np.asarray(x).dtype
        if kind.kind != "b":
            raise DTypeError(
                f"`{operator}` combines bools; this operand is {kind}. Compare it first, "
                "e.g. (x > 0) & (y > 0), or call ranvier.logical_and and its kin"
            )
    return xs


def result_spec(op: Op, inputs: Iterable[Value], params: Mapping[str, Any]) -> Spec:
    """Shape and dtype of the result, once it is known that they can be."""
    spec = op.infer(*[x.spec for x in inputs], **params)
    try:
        if not 0 < math.prod(spec.shape) * spec.dtype.itemsize <= MAX_BYTES:
            check_bytes(op.name, spec.shape, spec.dtype)
    except UnknownSizeError:
        pass  # it is asked again when the number of rows is known
    return spec


_numbers = itertools.count()


class Node(Value):
    """One application of one op to nodes. Immutable; identity is what distinguishes two nodes.

    `params` are plain Python values (numbers, strings, tuples, dtypes), so a node can be printed,
    hashed and stored.
    """

    __slots__ = (
        "__weakref__",
        "_dtype",
        "_shape",
        "inputs",
        "name",
        "number",
        "op",
        "params",
        "source",
    )

    inputs: tuple[Node, ...]

    def __init__(
        self,
        op: Op,
        inputs: Iterable[Node],
        params: Mapping[str, Any],
        spec: Spec,
        source: Source | None = None,
        name: str = "",
    ) -> None:
        self.op: Op = op
        self.inputs = tuple(inputs)
        self.params = params
        self._shape = spec.shape
        self._dtype = spec.dtype
        self.source = source
        self.name = name
        self.number = next(_numbers)

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def dtype(self) -> DType:
        return self._dtype

    @classmethod
    def _record(cls, op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> Node:
        return cls(op, inputs, params, result_spec(op, inputs, params), scope.rewriting)

    def made_at(self) -> Source | None:
        """Where it was traced; a node made by a pass comes from where the replaced one did."""
        return self.source

    # A node is a thing, not a number: == asks for identity, and `equal(x, y)` builds a comparison.
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Node {self.op.name} {self.spec}>"
