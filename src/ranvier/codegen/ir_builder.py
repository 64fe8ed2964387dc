"""The IR builder: LLVM IR as text, with values, functions, loops and memory access.

LLVM's textual form is written directly: it is quick to make, and it is what a reader sees with
`explain`. A `V` is one SSA value of one dtype with 1 lane (a scalar) or more (a vector). bool lives
in memory as one byte and in registers as i1. No fast-math flag is ever written, so NaN and infinity
behave as in NumPy."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes

# NOTE: keyed by dtype, not by name: NumPy makes a dtype's name each time, slowly.
_REGISTER = {
    dtypes.float16: "half",
    dtypes.float32: "float",
    dtypes.float64: "double",
    dtypes.int32: "i32",
    dtypes.uint32: "i32",
    dtypes.int64: "i64",
    dtypes.uint8: "i8",
    dtypes.bool_: "i1",
}


class V(NamedTuple):
    """An SSA value (or a constant) of `lanes` elements of `dtype`."""

    text: str
    dtype: np.dtype[Any]
    lanes: int = 1

    @property
    def type(self) -> str:
        return vector_type(_REGISTER[self.dtype], self.lanes)

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


def vector_type(element: str, lanes: int) -> str:
    """`element`, or a vector of it."""
    return element if lanes == 1 else f"<{lanes} x {element}>"


def memory_type(dtype: np.dtype[Any], lanes: int = 1) -> str:
    """The type of an element (or several) in memory."""
    return vector_type("i8" if dtype == dtypes.bool_ else _REGISTER[dtype], lanes)


def constant(value: float | int | bool, dtype: np.dtype[Any], lanes: int = 1) -> V:
    """A constant, the same in every lane; floats are written bit by bit, so no digit is lost."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            number = float(np.asarray(value).astype(dtype))
        text = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
        if dtype == dtypes.float16:
            text = f"0xH{int(np.asarray(number, np.float16).view(np.uint16)):04X}"
    elif dtype == dtypes.bool_:
        text = "true" if value else "false"
    else:
        bits = 8 * dtype.itemsize
        number_ = int(value) & ((1 << bits) - 1)
        text = str(number_ - (1 << bits) if number_ >> (bits - 1) else number_)
    if lanes > 1:
        element = _REGISTER[dtype]
        text = "<" + ", ".join([f"{element} {text}"] * lanes) + ">"
    return V(text, dtype, lanes)


I64 = dtypes.int64


def index(value: int | str) -> V:
    """A scalar i64: a constant or an SSA name."""
    return V(str(value), I64)


class Function:
    """One function being written, line by line."""

    def __init__(
        self, name: str, arguments: list[str], linkage: str = "internal", result: str = "void"
    ) -> None:
        self.name = name
        self.result = result  # an integer, 0 at the end; or void
        self.arguments = arguments
        self.linkage = linkage
        self.lines: list[str] = []
        self.block = "entry"
        self.needs: set[str] = set()  # declarations of intrinsics
        self.stack: list[str] = []
        self._count = 0

    def reserve(self, kind: str) -> str:
        """Room on the stack for the whole call."""
        name = self.fresh("stack")
        self.stack.append(f"  {name} = alloca {kind}, align 64")
        return name

    def fresh(self, stem: str = "v") -> str:
        """A new SSA name."""
        self._count += 1
        return f"%{stem}{self._count}"

    def do(self, text: str) -> None:
        """Add an instruction without a result."""
        self.lines.append("  " + text)

    def let(self, text: str, dtype: np.dtype[Any], lanes: int = 1) -> V:
        """Add an instruction with a result."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return V(name, dtype, lanes)

    def call(self, intrinsic: str, result: str, *arguments: str) -> str:
        """The text of a call; the declaration is noted."""
        types = ", ".join(_type_of(a) for a in arguments)
        self.needs.add(f"declare {result} @{intrinsic}({types})")
        return f"call {result} @{intrinsic}({', '.join(arguments)})"

    def label(self, name: str) -> None:
        """Begin the block `name`."""
        self.lines.append(f"{name}:")
        self.block = name

    def text(self) -> str:
        """The whole definition."""
        kind, arguments = self.result, ", ".join(self.arguments)
        head = f"define {self.linkage} {kind} @{self.name}({arguments}) #0 {{"
        end = "  ret void" if kind == "void" else f"  ret {kind} 0"
        return "\n".join([head, "entry:", *self.stack, *self.lines, end, "}"])

    # -- index arithmetic (i64 scalars, constants folded) ------------------------------------------

    def iadd(self, x: V, y: V) -> V:
        """x + y."""
        if x.text == "0":
            return y
        if y.text == "0":
            return x
        if _is_number(x) and _is_number(y):
            return index(int(x.text) + int(y.text))
        return self.let(f"add nsw i64 {x.text}, {y.text}", I64)

    def imul(self, x: V, factor: int) -> V:
        """x * factor."""
        if factor == 0:
            return index(0)
        if factor == 1:
            return x
        if _is_number(x):
            return index(int(x.text) * factor)
        return self.let(f"mul nsw i64 {x.text}, {factor}", I64)

    def pointer(self, base: str, dtype: np.dtype[Any], offset: V) -> str:
        """The address of element `offset` of `base`."""
        if offset.text == "0":
            return base
        name = self.fresh("p")
        self.lines.append(
            f"  {name} = getelementptr inbounds {memory_type(dtype)}, ptr {base}, i64 {offset.text}"
        )
        return name

    @contextmanager
    def loop(
        self, start: V, stop: V, step: int, carried: list[V] | None = None
    ) -> Iterator[tuple[V, Loop]]:
        """`for i in range(start, stop, step)`; `carried` values pass from iteration to iteration.

        Inside, `loop.values` are the carried values and `loop.next` must be set to their new ones;
        afterwards `loop.values` are the final ones. A loop of constant length 1 is written without
        a branch."""
        carried = carried or []
        state = Loop(list(carried))
        if _is_number(start) and _is_number(stop):
            iterations = -(-(int(stop.text) - int(start.text)) // step)
            if iterations <= 1:
                if iterations == 1:
                    yield start, state
                    state.values = state.next or state.values
                else:  # NOTE: a generator has to yield once; what is written then is thrown away
                    kept = len(self.lines)
                    block = self.block
                    yield start, state
                    del self.lines[kept:]
                    self.block = block
                    state.values = list(carried)
                return
        before = self.block
        head, body, done = (self.fresh(s)[1:] for s in ("head", "body", "done"))
        self.do(f"br label %{head}")
        self.label(head)
        at = len(self.lines)
        i = self.fresh("i")
        names = [V(self.fresh("c"), v.dtype, v.lanes) for v in carried]
        state.values = list(names)
        more = self.fresh()
        self.lines.append(f"  {more} = icmp slt i64 {i}, {stop.text}")
        self.do(f"br i1 {more}, label %{body}, label %{done}")
        self.label(body)
        yield index(i), state
        following = self.fresh("n")
        self.lines.append(f"  {following} = add nsw i64 {i}, {step}")
        end = self.block
        self.do(f"br label %{head}")
        phis = [f"  {i} = phi i64 [ {start.text}, %{before} ], [ {following}, %{end} ]"]
        for name, first, new in zip(names, carried, state.next or names, strict=True):
            ways = f"[ {first.text}, %{before} ], [ {new.text}, %{end} ]"
            phis.append(f"  {name.text} = phi {name.type} {ways}")
        self.lines[at:at] = phis
        self.label(done)
        state.values = list(names)

    @contextmanager
    def when(self, condition: V) -> Iterator[None]:
        """Run the body only where the scalar `condition` is true."""
        then, done = (self.fresh(s)[1:] for s in ("then", "done"))
        self.do(f"br i1 {condition.text}, label %{then}, label %{done}")
        self.label(then)
        yield
        self.do(f"br label %{done}")
        self.label(done)


class Loop:
    """The carried values of a loop while it is written."""

    def __init__(self, values: list[V]) -> None:
        self.values = values
        self.next: list[V] = []


class Memory:
    """Loads and stores of scalars, vectors and strided vectors, with an optional mask of lanes."""

    def __init__(self, f: Function) -> None:
        self.f = f

    def load(
        self,
        base: str,
        dtype: np.dtype[Any],
        offset: V,
        lanes: int = 1,
        stride: int = 1,
        live: int = 0,
    ) -> V:
        """`lanes` elements from `offset` on, `stride` apart; only the first `live` are read if live
        > 0."""
        f = self.f
        if lanes > 1 and stride != 1:
            return self._gather(base, dtype, offset, lanes, stride, live or lanes)
        address = f.pointer(base, dtype, offset)
        kind = memory_type(dtype, lanes)
        if lanes > 1 and 0 < live < lanes:
            suffix = f"v{lanes}{_mangled(dtype)}"
            call = f.call(
                f"llvm.masked.load.{suffix}.p0",
                kind,
                f"ptr {address}",
                f"<{lanes} x i1> {_mask(lanes, live)}",
                f"{kind} zeroinitializer",
            )
            raw = f.let(call, dtype, lanes)
        else:
            raw = f.let(f"load {kind}, ptr {address}, align {dtype.itemsize}", dtype, lanes)
        if dtype == dtypes.bool_:
            zero = "0" if lanes == 1 else "zeroinitializer"
            return f.let(f"icmp ne {kind} {raw.text}, {zero}", dtype, lanes)
        return raw

    def _gather(
        self, base: str, dtype: np.dtype[Any], offset: V, lanes: int, stride: int, live: int
    ) -> V:
        f = self.f
        out = V("zeroinitializer", dtype, lanes)
        for lane in range(live):
            x = self.load(base, dtype, f.iadd(offset, index(lane * stride)))
            out = f.let(f"insertelement {out}, {x}, i32 {lane}", dtype, lanes)
        return out

    def store(self, base: str, value: V, offset: V, stride: int = 1, live: int = 0) -> None:
        """Write the lanes of `value` from `offset` on, `stride` apart; only the first `live` if
        live > 0."""
        f, dtype, lanes = self.f, value.dtype, value.lanes
        if lanes > 1 and stride != 1:
            for lane in range(live or lanes):
                x = f.let(f"extractelement {value}, i32 {lane}", dtype)
                self.store(base, x, f.iadd(offset, index(lane * stride)))
            return
        address = f.pointer(base, dtype, offset)
        kind = memory_type(dtype, lanes)
        if dtype == dtypes.bool_:
            value = f.let(f"zext {value} to {kind}", dtype, lanes)
        if lanes > 1 and 0 < live < lanes:
            self._store_part(address, value, kind, live)
        else:
            f.do(f"store {kind} {value.text}, ptr {address}, align {dtype.itemsize}")

    def _store_part(self, address: str, value: V, kind: str, live: int) -> None:
        """The first `live` lanes, in pieces of 2 to the n: some processors take far longer for one
        masked store."""
        f, size = self.f, value.dtype.itemsize
        element = kind.strip("<>").split()[-1]
        at = 0
        while at < live:
            count = 1 << ((live - at).bit_length() - 1)
            if count == 1:
                part = f.let(f"extractelement {kind} {value.text}, i32 {at}", value.dtype)
            else:
                chosen = ", ".join(f"i32 {i}" for i in range(at, at + count))
                part = f.let(
                    f"shufflevector {kind} {value.text}, {kind} poison, <{count} x i32> <{chosen}>",
                    value.dtype,
                    count,
                )
            pointer = f.fresh("p")
            f.do(f"{pointer} = getelementptr inbounds i8, ptr {address}, i64 {at * size}")
            f.do(f"store {vector_type(element, count)} {part.text}, ptr {pointer}, align {size}")
            at += count

    def ask(self, base: str, dtype: np.dtype[Any], offset: V) -> None:
        """Ask for the memory around an element; it need not be there."""
        address = self.f.pointer(base, dtype, offset)
        self.f.needs.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.f.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)")

    def splat(self, x: V, lanes: int) -> V:
        """The scalar x in every lane."""
        if x.lanes == lanes:
            return x
        f = self.f
        first = f.let(
            f"insertelement {vector_type(x.type, lanes)} poison, {x}, i32 0", x.dtype, lanes
        )
        return f.let(
            f"shufflevector {first}, {first.type} poison, <{lanes} x i32> zeroinitializer",
            x.dtype,
            lanes,
        )


def reduce_lanes(f: Function, x: V, combine: Callable[[V, V], V]) -> V:
    """All lanes of x combined by halves, a fixed order: ((0,4),(2,6)),((1,5),(3,7)) for 8 lanes."""
    while x.lanes > 1:
        half = x.lanes // 2
        low = ", ".join(f"i32 {i}" for i in range(half))
        high = ", ".join(f"i32 {i}" for i in range(half, x.lanes))
        if half == 1:
            a = f.let(f"extractelement {x}, i32 0", x.dtype)
            b = f.let(f"extractelement {x}, i32 1", x.dtype)
        else:
            a = f.let(f"shufflevector {x}, {x.type} poison, <{half} x i32> <{low}>", x.dtype, half)
            b = f.let(f"shufflevector {x}, {x.type} poison, <{half} x i32> <{high}>", x.dtype, half)
        x = combine(a, b)
    return x


def transpose(f: Function, rows: list[V]) -> list[V]:
    """As many rows as they have lanes, a power of 2: lane l of row r goes to lane r of row l."""
    lanes, bit = len(rows), 1
    while bit < lanes:
        low = [i if not i & bit else lanes + (i ^ bit) for i in range(lanes)]
        high = [i | bit if not i & bit else lanes + i for i in range(lanes)]
        new = list(rows)
        for r in range(lanes):
            if not r & bit:
                new[r] = _shuffled(f, rows[r], rows[r | bit], low)
                new[r | bit] = _shuffled(f, rows[r], rows[r | bit], high)
        rows, bit = new, 2 * bit
    return rows


def _shuffled(f: Function, x: V, y: V, chosen: list[int]) -> V:
    """Lanes of x and, behind them, of y."""
    mask = ", ".join(f"i32 {i}" for i in chosen)
    return f.let(f"shufflevector {x}, {y}, <{len(chosen)} x i32> <{mask}>", x.dtype, len(chosen))


def _mask(lanes: int, live: int) -> str:
    return "<" + ", ".join("i1 true" if i < live else "i1 false" for i in range(lanes)) + ">"


def _mangled(dtype: np.dtype[Any]) -> str:
    return {"half": "f16", "float": "f32", "double": "f64"}.get(
        memory_type(dtype), memory_type(dtype)
    )


def _is_number(v: V) -> bool:
    return v.text.lstrip("-").isdigit()


def _type_of(argument: str) -> str:
    """The type in front of an operand: `<8 x float> %v` -> `<8 x float>`."""
    if argument.startswith("<"):
        return argument[: argument.index(">") + 1]
    return argument.split(" ", 1)[0]
