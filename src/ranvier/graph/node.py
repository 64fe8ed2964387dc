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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..base.source import Source, scope
from ..errors import DTypeError, ShapeError
from ..typing import Shape

if TYPE_CHECKING:
    from ..ops.op import Op


# The closed registry: every primitive op by name. ops/op.py fills it; Value's operators read it.
OPS: dict[str, Op] = {}


class Spec(NamedTuple):
    """What is known of a value before it is computed."""

    shape: Shape
    dtype: np.dtype[Any]

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
    def inputs(self) -> tuple[Any, ...]: ...

    @property
    @abstractmethod
    def shape(self) -> Shape: ...

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]: ...

    @classmethod
    @abstractmethod
    def _record(cls, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Apply `op`: make a Node, or compute."""

    def for_gradient(self) -> tuple[Any, ...]:
        """This value and its inputs, as its op's gradient rule takes them."""
        return (self, *self.inputs)

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

    def __add__(self, other: Any) -> Any:
        return OPS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return OPS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return OPS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return OPS["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return OPS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return OPS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return OPS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return OPS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return OPS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return OPS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return OPS["remainder"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return OPS["remainder"](other, self)

    def __pow__(self, other: Any) -> Any:
        return OPS["power"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return OPS["power"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return OPS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return OPS["matmul"](other, self)

    def __neg__(self) -> Any:
        return OPS["negative"](self)

    def __abs__(self) -> Any:
        return OPS["abs"](self)

    def __invert__(self) -> Any:
        return OPS["logical_not"](*_bools("~", self))

    def __and__(self, other: Any) -> Any:
        return OPS["logical_and"](*_bools("&", self, other))

    def __or__(self, other: Any) -> Any:
        return OPS["logical_or"](*_bools("|", self, other))

    def __xor__(self, other: Any) -> Any:
        return OPS["logical_xor"](*_bools("^", self, other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lt__(self, other: Any) -> Any:
        return OPS["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return OPS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return OPS["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return OPS["greater_equal"](self, other)

    # NOTE: `x == None` and `x == "auto"` are questions about x itself, as for every Python object.
    def __eq__(self, other: Any) -> Any:
        return NotImplemented if _no_number(other) else OPS["equal"](self, other)

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if _no_number(other) else OPS["not_equal"](self, other)

    __hash__ = object.__hash__


def _no_number(x: Any) -> bool:
    return x is None or isinstance(x, str)


def _bools(operator: str, *xs: Any) -> tuple[Any, ...]:
    for x in xs:
        kind = x.dtype if isinstance(x, Value | np.ndarray | np.generic) else np.asarray(x).dtype
        if kind.kind != "b":
            raise DTypeError(
                f"`{operator}` combines bools; this operand is {kind}. Compare it first, "
                "e.g. (x > 0) & (y > 0), or call ranvier.logical_and and its kin"
            )
    return xs


MAX_BYTES = (1 << 63) - 1  # of a tensor: what an address can count


def result_spec(op: Op, inputs: Iterable[Value], params: Mapping[str, Any]) -> Spec:
    """Shape and dtype of the result, once it is known that they can be."""
    spec = op.infer(*[x.spec for x in inputs], **params)
    if math.prod(spec.shape) * spec.dtype.itemsize > MAX_BYTES:
        raise too_large(op.name, spec)
    return spec


def too_large(what: str, spec: Spec) -> ShapeError:
    """The error for a tensor that no memory holds."""
    elements = math.prod(spec.shape)
    return ShapeError(
        f"{what}: a tensor of shape {spec.shape} has {elements:,} elements, which is "
        f"{elements * spec.dtype.itemsize / 2**30:.3g} GiB as {spec.dtype}, more than this machine "
        f"can hold (the limit for any machine is {MAX_BYTES:,} bytes). Is a size or an axis wrong?"
    )


_numbers = itertools.count()


class Node(Value):
    """One application of one op to nodes. Immutable; identity is what distinguishes two nodes.

    `params` are plain Python values (numbers, strings, tuples, dtypes), so a node can be printed,
    hashed and stored.
    """

    __slots__ = ("_dtype", "_shape", "inputs", "name", "number", "op", "params", "source")

    inputs: tuple[Any, ...]

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
    def dtype(self) -> np.dtype[Any]:
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
