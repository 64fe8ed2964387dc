"""Random graphs over every kind of op, with inputs in every layout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compiler.common import Array
from ranvier.errors import ShapeError
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Node
from ranvier.ops.creation import input_node
from ranvier.ops.op import apply, broadcast_shape

SIZES = (*range(6), *range(1, 10), 1, 7, 12, 15, 16, 17, 24, 31, 33, 48, 64, 65, 70)
DTYPES = ("float32", "float32", "float64", "float16", "int32", "int64", "uint8", "bool")
MOST = 6000  # elements of one value
OUTSIDE = 8  # one in so many index arrays has an index outside its axis

UNARY_FLOAT = (
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "erf", "floor"),
    *("ceil", "round", "trunc", "isfinite", "negative", "abs", "sign", "detach"),
)
UNARY_WHOLE = ("negative", "abs", "sign", "detach")
BINARY_FLOAT = (
    *("add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "maximum"),
    *("minimum", "atan2"),
)
BINARY_WHOLE = (
    *("add", "subtract", "multiply", "floor_divide", "remainder", "maximum", "minimum", "divide"),
)
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
LOGIC = ("logical_and", "logical_or", "logical_xor")

Pick = Callable[[int], int]  # a number below n


class Builder:
    """Grows a graph node by node; every choice is a call of `pick`."""

    def __init__(self, pick: Pick, updates: bool = True, outside: bool = False) -> None:
        self.pick, self.outside = pick, outside
        self.inputs: list[Node] = []
        self.arrays: list[Array] = []
        self.pool: list[Node] = []
        self.updates = updates
        self.rng = np.random.default_rng(pick(1000))

    def choose(self, options: Any) -> Any:
        return options[self.pick(len(options))]

    def chance(self, one_in: int) -> bool:
        return self.pick(one_in) == one_in - 1

    # -- inputs ---------------------------------------------------------------------------------

    def shape(self) -> tuple[int, ...]:
        while True:
            shape = tuple(self.choose(SIZES) for _ in range(self.pick(4)))
            if math.prod(shape) <= MOST:
                return shape

    def input(self, shape: tuple[int, ...], dtype: Any) -> Node:
        node = input_node(shape, dtype, f"in{len(self.inputs)}")
        self.inputs.append(node)
        self.arrays.append(self.array(shape, node.dtype))
        self.pool.append(node)
        return node

    def array(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Numbers that are often equal, sometimes special."""
        rng = self.rng
        if dtype.kind == "b":
            return rng.integers(0, 2, shape).astype(bool)
        if dtype.kind in "iu":
            return rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
        style = self.pick(4)
        if style < 2:
            return np.asarray(rng.integers(-16, 17, shape) / 8).astype(dtype)
        values = np.asarray(rng.standard_normal(shape) * 2)
        if style == 3:
            odd = np.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1e4, -1e-6])
            values = np.where(rng.random(shape) < 0.2, rng.choice(odd, shape), values)
        return values.astype(dtype)

    # -- values ---------------------------------------------------------------------------------

    def any(self, fits: Callable[[Node], bool] = lambda node: True) -> Node:
        """A value that fits, a late one more often; else a new input that does."""
        found = [node for node in self.pool if fits(node)]
        if found and not self.chance(8):
            late = found[-4:]
            return self.choose(late if self.chance(2) else found)
        for _ in range(60):
            dtype, shape = self.choose(DTYPES), self.shape()
            if fits(input_node(shape, dtype)):
                return self.input(shape, dtype)
        return self.choose(found) if found else self.input((), "float32")

    def like(self, x: Node) -> Node:
        """A value that can be broadcast together with x, of its dtype."""

        def fits(y: Node) -> bool:
            try:
                shape = broadcast_shape("", x.shape, y.shape)
            except ShapeError:
                return False
            return y.dtype == x.dtype and math.prod(shape) <= MOST

        choice = self.pick(6)
        if choice == 0:
            value = self.choose((0, 1, 2, 3)) if x.dtype.kind != "b" else 1
            return apply(OPS["full"], like=x, value=value, shape=(), dtype=x.dtype)
        if choice == 1:
            shape = tuple(n if self.pick(2) else 1 for n in x.shape[self.pick(x.ndim + 1) :])
            return self.input(shape, x.dtype)
        found = [y for y in self.pool if fits(y)]
        return self.choose(found) if found else x

    def add(self, node: Any) -> None:
        if isinstance(node, Node) and node.size <= MOST:
            self.pool.append(node)

    def indices(self, shape: tuple[int, ...], size: int) -> Node:
        """Indices of an axis of `size`, given from outside: at its edges, now and then beyond."""
        dtype = np.dtype(self.choose(("int64", "int32", "int32", "uint8", "uint32")))
        limits = np.iinfo(dtype)
        low, high = max(-size, limits.min), min(size - 1, limits.max)
        values = self.rng.integers(low, high, shape, np.int64, endpoint=True)
        if self.chance(2):
            values = self.rng.choice(np.array([low, 0, high]), shape)
        if values.size and self.chance(OUTSIDE):
            beyond = [-size - 1, size, limits.min, limits.max]
            values.flat[self.pick(values.size)] = self.choose(
                [v for v in beyond if limits.min <= v <= limits.max and v < 2**63]
            )
        node = self.input(shape, dtype)
        self.arrays[-1] = np.asarray(values).astype(dtype)
        return node

    def whole(self, x: Node, size: int) -> Node:
        """x as positions on an axis of `size`."""
        if self.outside and self.chance(3):
            return self.indices(x.shape, size)
        if self.outside and self.chance(8) and x.dtype.kind in "iu":
            return x  # whatever it holds
        where = OPS["remainder"](self.sane(x, "int64"), size)
        return where - size if self.chance(3) else where

    def sane(self, x: Node, dtype: str) -> Node:
        """x as integers; NaN and numbers out of range have no common meaning there."""
        if x.dtype.kind == "f":
            x = OPS["where"](OPS["isfinite"](x), x, 0.0)
            low = 0.0 if dtype[0] == "u" else -100.0
            x = OPS["minimum"](OPS["maximum"](x, low), 100.0)
        return OPS["astype"](x, dtype)

    # -- one more node --------------------------------------------------------------------------

    def grow(self) -> None:
        steps = (
            *[self.unary] * 6,
            *[self.binary] * 8,
            *[self.reduce, self.broadcast, self.matmul] * 2,
            *(self.compare, self.choice, self.cast, self.arg, self.reshape, self.permute),
            *(self.cut, self.flip, self.pad, self.concat),
            *[self.take, self.scatter] * 2,
            *(self.running, self.random, self.constant),
        )
        self.choose(steps)()

    def unary(self) -> None:
        x = self.any()
        if x.dtype.kind == "b":
            return self.add(OPS["logical_not"](x))
        return self.add(OPS[self.choose(UNARY_FLOAT if x.dtype.kind == "f" else UNARY_WHOLE)](x))

    def binary(self) -> None:
        x = self.any()
        y = self.like(x)
        if self.chance(2):
            x, y = y, x
        if x.dtype.kind == "b":
            return self.add(OPS[self.choose(LOGIC)](x, y))
        return self.add(
            OPS[self.choose(BINARY_FLOAT if x.dtype.kind == "f" else BINARY_WHOLE)](x, y)
        )

    def compare(self) -> None:
        x = self.any()
        self.add(OPS[self.choose(COMPARISONS)](x, self.like(x)))

    def choice(self) -> None:
        x = self.any()
        conditions = [c for c in self.pool if c.dtype == bool and c.shape in (x.shape, ())]
        condition = self.choose(conditions) if conditions else OPS["not_equal"](x, self.like(x))
        y = self.like(x)
        try:
            shape = broadcast_shape("", condition.shape, x.shape, y.shape)
        except ShapeError:
            return
        if math.prod(shape) <= MOST:
            self.add(OPS["where"](condition, x, y))

    def cast(self) -> None:
        x, dtype = self.any(), self.choose(DTYPES)
        self.add(self.sane(x, dtype) if dtype[0] in "iu" else OPS["astype"](x, dtype))

    def axes(self, x: Node) -> tuple[int, ...]:
        return tuple(a for a in range(x.ndim) if self.pick(2))

    def reduce(self) -> None:
        name = self.choose(("sum", "sum", "prod", "max", "min"))
        x = self.any()
        axes = self.axes(x)
        if name in ("sum", "prod") or 0 not in [x.shape[a] for a in axes]:
            self.add(OPS[name](x, axes, bool(self.pick(2))))

    def arg(self) -> None:
        x = self.any(lambda x: x.ndim > 0 and 0 not in x.shape)
        if x.ndim and x.size:
            self.add(OPS[self.choose(("argmax", "argmin"))](x, self.pick(x.ndim)))

    def broadcast(self) -> None:
        x = self.any()
        shape = tuple(self.choose((1, 2, 5, 8, 9)) if n == 1 else n for n in x.shape)
        shape = (*((self.choose((1, 2, 3, 8)),) if self.pick(2) else ()), *shape)
        if math.prod(shape) <= MOST:
            self.add(OPS["broadcast_to"](x, shape))

    def reshape(self) -> None:
        x = self.any()
        choice = self.pick(4)
        if choice == 0:
            shape: tuple[int, ...] = (x.size,)
        elif choice == 1:
            shape = x.shape[::-1]
        elif choice == 2:
            at = self.pick(x.ndim + 1)
            shape = (*x.shape[:at], 1, *x.shape[at:])
        else:
            by = next((n for n in (5, 4, 3, 2) if x.size and x.size % n == 0), 1)
            shape = (by, x.size // by) if self.pick(2) else (x.size // by, by)
        self.add(OPS["reshape"](x, shape))

    def permute(self) -> None:
        x = self.any(lambda x: x.ndim > 1)
        axes = list(range(x.ndim))
        for i in range(len(axes) - 1):
            j = i + self.pick(len(axes) - i)
            axes[i], axes[j] = axes[j], axes[i]
        self.add(OPS["permute_dims"](x, axes))

    def cut(self) -> None:
        x = self.any()
        start = tuple(self.pick(min(n, 3) + 1) for n in x.shape)
        stop = tuple(n - self.pick(min(n - a, 3) + 1) for n, a in zip(x.shape, start, strict=True))
        step = tuple(self.choose((1, 1, 2, 3)) for _ in x.shape)
        self.add(apply(OPS["slice"], x, start=start, stop=stop, step=step))

    def flip(self) -> None:
        x = self.any()
        self.add(OPS["flip"](x, self.axes(x)))

    def pad(self) -> None:
        x = self.any()
        before = tuple(self.pick(3) for _ in x.shape)
        after = tuple(self.pick(3) for _ in x.shape)
        step = tuple(self.choose((1, 1, 2)) for _ in x.shape)
        self.add(apply(OPS["pad"], x, before=before, after=after, step=step))

    def concat(self) -> None:
        x = self.any(lambda x: x.ndim > 0)
        if x.ndim:
            others = [y for y in self.pool if (y.shape, y.dtype) == (x.shape, x.dtype)]
            parts = [x, *[self.choose(others) for _ in range(self.pick(3))]]
            self.add(OPS["concat"](parts, self.pick(x.ndim)))

    def matmul(self) -> None:
        x = self.any(lambda x: x.ndim > 1 and x.dtype != bool)
        if x.ndim < 2:
            return
        if self.chance(3):
            x = OPS["permute_dims"](x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
        k, n = x.shape[-1], self.choose(SIZES)

        def fits(y: Node) -> bool:
            return y.dtype == x.dtype and y.ndim > 1 and y.shape[-2] == k and y.ndim == 2

        found = [y for y in self.pool if fits(y)]
        choice = self.pick(4)
        if choice == 0:
            y = OPS["permute_dims"](x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
        elif choice == 1:
            y = OPS["permute_dims"](self.input((n, k), x.dtype), (1, 0))
        elif choice == 2 and found:
            y = self.choose(found)
        else:
            batch = x.shape[:-2] if self.pick(2) else ()
            y = self.input((*batch, k, n) if math.prod(batch) * k * n <= MOST else (k, n), x.dtype)
        self.add(OPS["matmul"](x, y))

    def take(self) -> None:
        x = self.any(lambda x: x.ndim > 0)
        if not x.ndim:
            return
        axis = self.pick(x.ndim)
        if not x.shape[axis]:
            nothing = self.input((self.pick(3), 0), "int64")
            return self.add(OPS["take"](x, nothing, axis))
        if self.pick(2):
            where = self.whole(self.any(lambda i: i.size < 40), x.shape[axis])
            if where.size * x.size // x.shape[axis] <= MOST:
                self.add(OPS["take"](x, where, axis))
        elif self.chance(4):
            where = self.any(lambda i: i.dtype.kind in "iu" and i.size < 100)
            if where.dtype.kind in "iu":
                where = self.whole(where, x.shape[axis])
                self.add(OPS["check_index"](where, x.shape[axis], wrap=bool(self.pick(4))))
        else:
            shape = tuple(1 + self.pick(6) if a == axis else n for a, n in enumerate(x.shape))
            where = self.whole(self.input(shape, "int32"), x.shape[axis])
            self.add(OPS["take_along_axis"](x, where, axis))

    def scatter(self) -> None:
        x = self.any(lambda x: x.ndim > 0)
        if not x.ndim or not x.shape[(axis := self.pick(x.ndim))]:
            return
        if self.pick(2):
            where = self.whole(self.any(lambda i: i.size < 20), x.shape[axis])
            shape = x.shape[:axis] + where.shape + x.shape[axis + 1 :]
            if math.prod(shape) <= MOST:
                updates = self.input(shape, x.dtype)
                self.add(OPS["scatter_add"](x, where, updates, axis))
        else:
            shape = tuple(1 + self.pick(6) if a == axis else n for a, n in enumerate(x.shape))
            where = self.whole(self.input(shape, "int64"), x.shape[axis])
            updates = self.input(shape, x.dtype)
            self.add(OPS["scatter_add_along_axis"](x, where, updates, axis))

    def running(self) -> None:
        x = self.any(lambda x: x.ndim > 0)
        if x.ndim:
            self.add(OPS["cumulative_sum"](x, self.pick(x.ndim)))

    def random(self) -> None:
        key = self.any(lambda x: x.ndim == 1 and x.size > 1)
        if key.ndim == 1 and key.size > 1:
            two = apply(OPS["slice"], self.sane(key, "uint8"), start=(0,), stop=(2,), step=(1,))
            self.add(OPS["random_bits"](OPS["astype"](two, "uint32"), self.shape()))

    def constant(self) -> None:
        like, shape = self.any(), self.shape()
        if shape and self.pick(2):
            dtype = np.dtype(self.choose(("float32", "int64", "int32")))
            axis = self.pick(len(shape))
            self.add(apply(OPS["iota"], like=like, shape=shape, axis=axis, dtype=dtype))
        else:
            dtype = np.dtype(self.choose(DTYPES))
            value = self.choose((0, 1, 2) if dtype.kind != "f" else (0.0, -0.0, 1.0, 0.1, math.nan))
            self.add(apply(OPS["full"], like=like, value=value, shape=shape, dtype=dtype))

    # -- the whole ------------------------------------------------------------------------------

    def graph(self, most: int = 14) -> Graph:
        """A graph of up to `most` steps."""
        self.any()
        for _ in range(1 + self.pick(most)):
            self.grow()
        outputs = [self.choose(self.pool[-6:])]
        outputs += [self.choose(self.pool) for _ in range(self.pick(4))]
        updates = {}
        for target in list(self.inputs) if self.updates else []:
            if self.chance(3):
                updates[target] = self.new_value(target)
        return Graph(self.inputs, outputs, updates)

    def new_value(self, x: Node) -> Node:
        """What an updated input becomes."""
        found = [y for y in self.pool if y.spec == x.spec and y is not x]
        choice = self.pick(6)
        if found and choice < 3:
            return self.choose(found)
        if choice == 3 and x.ndim > 1 and x.shape[-1] == x.shape[-2]:
            axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
            return OPS["astype"](OPS["permute_dims"](x, axes), x.dtype)
        if choice == 4 and x.ndim:
            return OPS["flip"](x, self.pick(x.ndim))
        if x.dtype.kind == "b":
            return OPS["logical_not"](x)
        if choice == 5:
            return x - OPS["astype"](OPS["sum"](x, (), True), x.dtype)
        others = [y for y in self.pool if y.dtype == x.dtype]
        return x - OPS["astype"](OPS["sum"](self.choose(others)), x.dtype)

    def laid_out(self, updated: set[int]) -> list[Array]:
        """The arrays, some of them not contiguous, read-only, or the same one twice."""
        out: list[Array] = []
        for i, array in enumerate(self.arrays):
            written = [id(out[j]) for j in updated if j < i]
            twins = [
                j for j in range(i)
                if (out[j].shape, out[j].dtype) == (array.shape, array.dtype)
                and not (i in updated and (id(out[j]) in written or not out[j].flags.writeable))
            ]  # fmt: skip
            if twins and self.chance(4):
                out.append(out[self.choose(twins)])
                continue
            choice = self.pick(8)
            if choice == 1 and array.ndim:
                array = np.asfortranarray(array)
            elif choice == 2 and array.ndim:
                array = np.repeat(array, 2, axis=-1)[..., ::2]
            elif choice == 3 and array.ndim:
                array = array[::-1]
            elif choice == 4 and i not in updated:
                array = array.copy()
                array.setflags(write=False)
            elif choice == 5 and array.ndim and i not in updated:
                array = np.broadcast_to(array[:1], array.shape) if array.shape[0] else array
            out.append(array)
        return out


def build(pick: Pick, most: int = 14, outside: bool = False) -> tuple[Graph, list[Array]]:
    """A random graph and arrays for it; with `outside` its indices may be outside their axis."""
    builder = Builder(pick, outside=outside)
    graph = builder.graph(most)
    updated = {i for i, node in enumerate(graph.inputs) if node in graph.updates}
    return graph, builder.laid_out(updated)
