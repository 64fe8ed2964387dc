"""The loop IR: what lowering makes of a graph, and code generation turns into LLVM IR.

    Buffer    a stretch of memory: a graph input or output, or a part of the arena
    Affine    an offset in a buffer (or a count): constant + sum of coefficient * axis
    Expr      one element: Literal | Load | Counter | Apply | Random | Result
    Nest      loops over `axes` (parallel) and, inside, over `inner` axes (reduced), with stores

A Kernel is one nest. Nests print as the loops they are:

    map i<32 j<10
      b3[10*i + j] = tanh(b1[10*i + j])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ops.elementwise.builder import ElementOp
from ..ops.op import SPECIAL_FUNCTION
from ..typing import Shape

AXIS_NAMES = "ijklmnpqrstuvwxyz"

MAX_WRITTEN_OPS = 128  # of an expression that is printed


@dataclass(eq=False)
class Buffer:
    """A stretch of memory of `size` elements."""

    name: str
    dtype: np.dtype[Any]
    size: int

    def __str__(self) -> str:
        return self.name


@dataclass(eq=False)
class Loop:
    """Kernels that run `iterations` times, one after the other."""

    iterations: int
    around: Loop | None = None


@dataclass(eq=False)
class Window(Buffer):
    """A part of another buffer that moves by `stride` elements in every iteration of `loop`."""

    base: Buffer
    start: int
    stride: int
    loop: Loop

    @property
    def root(self) -> Buffer:
        """The buffer itself."""
        return self.base.root if isinstance(self.base, Window) else self.base


def window(
    base: Buffer, size: int, start: int, stride: int, loop: Loop, reverse: bool = False
) -> Window:
    """The window of `size` elements at `start + iteration * stride`, or the last iteration's
    first."""
    if reverse:
        start, stride = start + (loop.iterations - 1) * stride, -stride
    moves = f"{'-' if stride < 0 else '+'} {abs(stride)}*iteration" if stride else ""
    name = f"{base}[{start} {moves}]" if moves else f"{base}[{start}]"
    return Window(name, base.dtype, size, base, start, stride, loop)


@dataclass(frozen=True)
class Affine:
    """constant + sum of coefficients[a] * axis a."""

    coefficients: tuple[int, ...]
    constant: int = 0

    def __str__(self) -> str:
        parts = [
            AXIS_NAMES[a] if c == 1 else f"{c}*{AXIS_NAMES[a]}"
            for a, c in enumerate(self.coefficients)
            if c
        ]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts)

    def plus(self, other: Affine, times: int = 1) -> Affine:
        """self + times * other."""
        return Affine(
            tuple(
                a + times * b for a, b in zip(self.coefficients, other.coefficients, strict=True)
            ),
            self.constant + times * other.constant,
        )

    def scaled(self, factor: int, shift: int = 0) -> Affine:
        """factor * self + shift."""
        return Affine(tuple(c * factor for c in self.coefficients), self.constant * factor + shift)


@dataclass(eq=False)
class Literal:
    """A constant."""

    value: float | int | bool
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.value}"


@dataclass(eq=False)
class Load:
    """An element of a buffer. With `index`, which is from 0 to size - 1, `stride * index` is added
    to the offset."""

    buffer: Buffer
    at: Affine
    index: Expr | None = None
    stride: int = 0
    size: int = 0

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.buffer.dtype

    def __str__(self) -> str:
        dynamic = "" if self.index is None else f" + {self.stride}*[{self.index}]"
        return f"{self.buffer}[{self.at}{dynamic}]"


@dataclass(eq=False)
class Counter:
    """The value of an affine expression of the axes."""

    at: Affine
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"({self.at})"


@dataclass(eq=False)
class Apply:
    """An elementwise op on elements."""

    op: ElementOp
    params: dict[str, Any]
    inputs: tuple[Expr, ...]
    dtype: np.dtype[Any]

    def __post_init__(self) -> None:
        # How many ops stand in it when it is written out, those that it shares each time.
        self.length: int = 1 + sum(x.length for x in self.inputs if isinstance(x, Apply))

    def __str__(self) -> str:
        return self._text(MAX_WRITTEN_OPS)

    def _text(self, most: int) -> str:
        """It in words, with `...` for what goes beyond so many ops."""
        if self.length > most and most < 2 * len(self.inputs):
            return f"{self.op.name}(...)"
        each = most if self.length <= most else most // len(self.inputs)
        inputs = [x._text(each) if isinstance(x, Apply) else str(x) for x in self.inputs]
        return f"{self.op.name}({', '.join(inputs)})"

    @property
    def work(self) -> int:
        """The simple operations it takes, about, with all that are no special function as one."""
        return SPECIAL_FUNCTION if self.op.cost >= SPECIAL_FUNCTION else 1


@dataclass(eq=False)
class Result:
    """What the inner loops of the nest have reduced: accumulator `number`."""

    number: int
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"acc{self.number}"


Expr = Literal | Load | Counter | Apply | Result


@dataclass(eq=False)
class Store:
    """Write `value` at an offset. With `index` as in Load; `add` adds to what is there; `deep`
    writes in every iteration of the inner loops too, once the reductions that `value` needs are
    there."""

    buffer: Buffer
    at: Affine
    value: Expr
    index: Expr | None = None
    stride: int = 0
    size: int = 0
    add: bool = False
    deep: bool = False

    def __str__(self) -> str:
        dynamic = "" if self.index is None else f" + {self.stride}*[{self.index}]"
        sign = "+=" if self.add else "="
        return f"{self.buffer}[{self.at}{dynamic}] {sign} {self.value}"


@dataclass(eq=False)
class Reduction:
    """One accumulator of the inner loops: `term` reduced by `how`.

    how: sum, prod, max, min, argmax, argmin; running (a sum stored in every iteration); product (a
    contraction: `term` and `other` are multiplied and summed)."""

    how: str
    term: Expr
    other: Expr | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.term.dtype

    def __str__(self) -> str:
        return f"{self.how} {self.term}" + (f" * {self.other}" if self.other else "")


@dataclass(eq=False)
class Nest:
    """Loops over `axes`, and inside over `inner`, reduced; then the stores."""

    axes: Shape
    stores: list[Store]
    inner: Shape = ()
    reductions: list[Reduction] = field(default_factory=list)
    serial: bool = False  # iterations may touch the same element: keep their order
    part: int = 0  # contractions: iterations of the first inner axis that are summed at a time
    panel: int = 0  # contractions: y is packed, and its panels are this many rows long

    @property
    def kind(self) -> str:
        """map, reduce, rows, contraction, scan or scatter; rows: reductions that need each other,
        or stores inside the inner loops."""
        if self.serial:
            return "scatter"
        if not self.reductions:
            return "map"
        how = self.reductions[0].how
        if any(s.deep for s in self.stores) or any(stage_of(f.term, self) for f in self.reductions):
            return "rows"
        return {"product": "contraction", "running": "scan"}.get(how, "reduce")

    def __str__(self) -> str:
        axes = [f"{AXIS_NAMES[a]}<{n}" for a, n in enumerate((*self.axes, *self.inner))]
        outer, inner = axes[: len(self.axes)], axes[len(self.axes) :]
        lines = [f"{self.kind} {' '.join(outer)}".rstrip()]
        for number, reduction in enumerate(self.reductions):
            lines.append(f"  acc{number} = over {' '.join(inner)}: {reduction}")
        lines += [f"  {'each ' * s.deep}{s}" for s in self.stores]
        return "\n".join(lines)


@dataclass(eq=False)
class Kernel:
    """One nest, as one function.

    `origin` names the ops it came from, `loop` the innermost loop that repeats it, `group` the
    number of the group of nodes it computes. `packs`: it only brings an operand of the group's
    contraction into the order in which it is read. Where one that `stops` has stored true the step
    ends.
    """

    name: str
    nest: Nest
    origin: str = ""
    loop: Loop | None = None
    group: int = -1
    packs: bool = False
    stops: bool = False

    def __str__(self) -> str:
        lines = [f"  {line}" for line in str(self.nest).splitlines()]
        times = "".join(f", {loop.iterations} iterations" for loop in self.loops())
        ends = f"; the step ends where {self.writes()[0]} is true" if self.stops else ""
        return "\n".join([f"{self.name}: {self.origin}{times}{ends}", *lines])

    def loops(self) -> list[Loop]:
        """The loops around the kernel, the outermost first."""
        loops, loop = list[Loop](), self.loop
        while loop is not None:
            loops.append(loop)
            loop = loop.around
        return loops[::-1]

    @property
    def iterations(self) -> int:
        """How often it runs."""
        return math.prod(loop.iterations for loop in self.loops())

    def reads(self) -> list[Buffer]:
        """The buffers read, each once."""
        buffers = [load.buffer for load in loads(self.nest)]
        buffers += [s.buffer for s in self.nest.stores if s.add]
        return list(dict.fromkeys(buffers))

    def writes(self) -> list[Buffer]:
        """The buffers written, each once."""
        return list(dict.fromkeys(s.buffer for s in self.nest.stores))

    def buffers(self) -> list[Buffer]:
        """The buffers read or written, each once."""
        return list(dict.fromkeys([*self.reads(), *self.writes()]))


def below(roots: Iterable[Expr | None]) -> list[Expr]:
    """Every expression that the roots are made of, and they themselves, each once, inputs first."""
    order: list[Expr] = []
    seen: set[int] = set()
    stack = [(e, False) for e in roots if e is not None][::-1]
    while stack:
        e, ready = stack.pop()
        if ready:
            order.append(e)
        elif id(e) not in seen:
            seen.add(id(e))
            inputs = operands(e)
            if inputs:
                stack.append((e, True))
                stack += [(x, False) for x in reversed(inputs)]
            else:
                order.append(e)
    return order


def operands(e: Expr) -> tuple[Expr, ...]:
    """The expressions that `e` is computed from."""
    if isinstance(e, Apply):
        return e.inputs
    return (e.index,) if isinstance(e, Load) and e.index is not None else ()


def expressions(nest: Nest) -> list[Expr]:
    """Every expression in the nest, each once, inputs first."""
    reduced = [e for reduction in nest.reductions for e in (reduction.term, reduction.other)]
    return below([*reduced, *[e for store in nest.stores for e in (store.index, store.value)]])


def stage_of(e: Expr, nest: Nest) -> int:
    """How many times the inner loops must have run before `e` can be computed."""
    stages: dict[int, int] = {}
    for x in below([e]):
        stages[id(x)] = max((stages[id(y)] for y in operands(x)), default=0)
        if isinstance(x, Result):
            stages[id(x)] = 1 + stage_of(nest.reductions[x.number].term, nest)
    return stages[id(e)]


def loads(nest: Nest) -> list[Load]:
    """Every load in the nest."""
    return [e for e in expressions(nest) if isinstance(e, Load)]


def with_axes(nest: Nest, chosen: list[int], axes: Shape, inner: Shape) -> Nest:
    """The nest over other axes: new axis i moves every offset as axis `chosen[i]` did."""

    def move(at: Affine) -> Affine:
        return Affine(tuple(at.coefficients[a] for a in chosen), at.constant)

    new: dict[int, Expr] = {}
    for e in expressions(nest):
        new[id(e)] = moved_expression(e, move, new)
    stores = [moved_store(s, move, new) for s in nest.stores]
    reductions = [
        Reduction(f.how, new[id(f.term)], None if f.other is None else new[id(f.other)])
        for f in nest.reductions
    ]
    return Nest(axes, stores, inner, reductions, nest.serial)


def moved_expression(e: Expr, move: Callable[[Affine], Affine], new: dict[int, Expr]) -> Expr:
    """`e` with its offsets moved; `new` holds its moved inputs by id."""
    if isinstance(e, Load):
        index = None if e.index is None else new[id(e.index)]
        return Load(e.buffer, move(e.at), index, e.stride, e.size)
    if isinstance(e, Counter):
        return Counter(move(e.at), e.dtype)
    if isinstance(e, Apply):
        return Apply(e.op, e.params, tuple(new[id(x)] for x in e.inputs), e.dtype)
    return e


def moved_store(s: Store, move: Callable[[Affine], Affine], new: dict[int, Expr]) -> Store:
    """`s` with its offset moved."""
    index = None if s.index is None else new[id(s.index)]
    return Store(s.buffer, move(s.at), new[id(s.value)], index, s.stride, s.size, s.add, s.deep)
