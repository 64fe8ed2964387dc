"""A deep-learning framework with a compiler of its own, in one file, to be read in one sitting.

    tensor -> gradient -> trace -> simplify -> fuse -> lower -> emit LLVM -> run -> train

This is Ranvier with everything left out that is not the idea. Nothing is imported from it but the
handwritten digits. Each stage ends in a function `show_...` that prints what the stage made and
checks it. Run them all, in about two seconds:

    python docs/from_scratch.py

Two simplifications keep the page short: every tensor is a matrix (a number is a 1 x 1 matrix), and
every number is a float64.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

# --- 1. Tensors and ops ---------------------------------------------------------------------------
#
# Why ops as objects? A function computes; an op also *knows*: the shape of its result, its
# gradient, and the machine instructions for one element. All that follows asks for one of these.

Shape = tuple[int, int]


class Tensor:
    """Numbers, and how they were made: `op` applied to `inputs`.

    A tensor without numbers (`data` is None) is a symbol: it knows its shape only.
    """

    def __init__(self, data: Any = None, shape: Shape = (1, 1), op: Any = None) -> None:
        self.data = None if data is None else np.array(data, np.float64, ndmin=2)
        self.shape: Shape = shape if self.data is None else self.data.shape
        self.op: Op | None = op
        self.inputs: tuple[Tensor, ...] = ()
        self.params: dict[str, Any] = {}

    # fmt: off
    def __add__(self, other: Any) -> Tensor: return ADD(self, other)
    def __sub__(self, other: Any) -> Tensor: return SUBTRACT(self, other)
    def __mul__(self, other: Any) -> Tensor: return MULTIPLY(self, other)
    def __truediv__(self, other: Any) -> Tensor: return DIVIDE(self, other)
    # fmt: on

    def __matmul__(self, other: Tensor) -> Tensor:
        if self.shape[1] != other.shape[0]:
            raise ValueError(f"matmul: {self.shape} @ {other.shape}: the inner sizes differ")
        return apply(MATMUL, self, other)


def same_shape(*shapes: Shape, **params: Any) -> Shape:
    assert all(s == shapes[0] for s in shapes), f"shapes {shapes} differ"
    return shapes[0]


@dataclass(eq=False)
class Op:
    """One operation.

    `kind` says how its elements are computed: elementwise (each from those at its position),
    movement (one from elsewhere), reduction (many summed or compared), or constant. `numpy`
    computes, `gradient` gives one gradient for each input. `machine`: the LLVM instructions for
    one element, each applied to the result of the one before it.
    """

    name: str
    kind: str
    numpy: Callable[..., Any]
    gradient: Callable[..., Any]
    machine: tuple[str, ...] = ()
    shape: Callable[..., Shape] = same_shape

    def __call__(self, *inputs: Any) -> Tensor:
        """An elementwise op on tensors and plain numbers: broadcast to one shape, then apply."""
        xs = [x if isinstance(x, Tensor) else constant(x) for x in inputs]
        shape = (max(x.shape[0] for x in xs), max(x.shape[1] for x in xs))
        return apply(self, *[broadcast(x, shape) for x in xs])


def apply(op: Op, *inputs: Tensor, **params: Any) -> Tensor:
    """The one door: every tensor that was computed came through here and remembers it."""
    shape = op.shape(*[x.shape for x in inputs], **params)
    known = all(x.data is not None for x in inputs)
    data = op.numpy(*[x.data for x in inputs], **params) if known else None
    out = Tensor(data, shape, op)
    out.inputs, out.params = inputs, params
    return out


# The gradient rules are written in ops themselves: what they return can be traced, compiled and
# differentiated again. `grad` is the gradient of `out`, the result; x and y are the inputs.

# fmt: off
ADD = Op("add", "elementwise", lambda x, y: x + y,
         lambda grad, out, x, y: (grad, grad), ("fadd double {}, {}",))
SUBTRACT = Op("subtract", "elementwise", lambda x, y: x - y,
              lambda grad, out, x, y: (grad, grad * -1.0), ("fsub double {}, {}",))
MULTIPLY = Op("multiply", "elementwise", lambda x, y: x * y,
              lambda grad, out, x, y: (grad * y, grad * x), ("fmul double {}, {}",))
DIVIDE = Op("divide", "elementwise", lambda x, y: x / y,
            lambda grad, out, x, y: (grad / y, grad * out / y * -1.0), ("fdiv double {}, {}",))
EXP = Op("exp", "elementwise", np.exp,
         lambda grad, out, x: (grad * out,), ("call double @llvm.exp.f64(double {})",))
LOG = Op("log", "elementwise", np.log,
         lambda grad, out, x: (grad / x,), ("call double @llvm.log.f64(double {})",))
# 1 where x > 0, else 0: a step is flat, so no gradient comes through it.
POSITIVE = Op("positive", "elementwise", lambda x: (x > 0) * 1.0,
              lambda grad, out, x: (None,), ("fcmp ogt double {}, 0.0", "uitofp i1 {} to double"))

CONSTANT = Op("constant", "constant", lambda value: np.array([[value]]),
              lambda grad, out, value: (), shape=lambda value: (1, 1))
# Repeats axes of size 1; what was used many times gets the sum of all its gradients.
BROADCAST = Op("broadcast", "movement", lambda x, to: np.broadcast_to(x, to),
               lambda grad, out, x, to: (sum_to(grad, x.shape),), shape=lambda x, to: to)
TRANSPOSE = Op("transpose", "movement", lambda x: x.T,
               lambda grad, out, x: (apply(TRANSPOSE, grad),), shape=lambda x: x[::-1])

# Reductions along an axis, which stays with size 1.
SUM = Op("sum", "reduction", lambda x, axis: x.sum(axis=axis, keepdims=True),
         lambda grad, out, x, axis: (broadcast(grad, x.shape),),
         shape=lambda x, axis: (1, x[1]) if axis == 0 else (x[0], 1))
# NOTE: the largest has no gradient here; it is used only where it cancels out.
LARGEST = Op("largest", "reduction", lambda x, axis: x.max(axis=axis, keepdims=True),
             lambda grad, out, x, axis: (None,), shape=SUM.shape)
# (n, m) @ (m, k) -> (n, k), so (n, k) @ (k, m) -> (n, m) and (m, n) @ (n, k) -> (m, k).
MATMUL = Op("matmul", "reduction", lambda x, y: x @ y,
            lambda grad, out, x, y: (grad @ apply(TRANSPOSE, y), apply(TRANSPOSE, x) @ grad),
            shape=lambda x, y: (x[0], y[1]))
# fmt: on


def sum_to(x: Tensor, shape: Shape) -> Tensor:
    """The sum over the axes that have size 1 in `shape`."""
    for axis in (0, 1):
        if shape[axis] == 1 and x.shape[axis] > 1:
            x = apply(SUM, x, axis=axis)
    return x


def constant(value: float) -> Tensor:
    return apply(CONSTANT, value=float(value))


def broadcast(x: Tensor, shape: Shape) -> Tensor:
    return x if x.shape == shape else apply(BROADCAST, x, to=shape)


def relu(x: Tensor) -> Tensor:
    """Written in ops, so it needs no gradient rule of its own."""
    return x * POSITIVE(x)


def total(x: Tensor) -> Tensor:
    return apply(SUM, apply(SUM, x, axis=1), axis=0)


def show_tensor() -> None:
    x, w = Tensor([[1, 2], [3, 4]]), Tensor([[1], [-1]])
    y = relu(x @ w + 2.0)
    print("1. a tensor:", y.data.tolist(), "made by", y.op.name, "of", len(y.inputs), "inputs")
    assert (y.data == np.maximum(x.data @ w.data + 2, 0)).all()


# --- 2. Gradient ----------------------------------------------------------------------------------
#
# Why backwards? The chain rule may be multiplied out from either end. A loss is one number and its
# parameters are many, so one walk from the loss backwards gives all gradients at the price of about
# two forward runs; walking forwards would take one run for each parameter.


def history(results: Sequence[Tensor]) -> list[Tensor]:
    """Everything the results were made from, each after its inputs."""
    order: dict[Tensor, None] = {}
    stack = [(t, False) for t in reversed(results)]
    while stack:
        t, ready = stack.pop()
        if ready:
            order[t] = None
        elif t not in order:
            stack.append((t, True))
            stack += [(x, False) for x in reversed(t.inputs)]
    return list(order)


def gradient(result: Tensor, wanted: Sequence[Tensor]) -> list[Tensor]:
    """d result / d w for each w in `wanted`."""
    grads = {result: broadcast(constant(1.0), result.shape)}
    for t in reversed(history([result])):
        if t not in grads or not t.inputs:
            continue
        parts = t.op.gradient(grads[t], t, *t.inputs, **t.params)
        for x, part in zip(t.inputs, parts, strict=True):
            if part is not None:  # a value that is used twice gets both gradients
                grads[x] = grads[x] + part if x in grads else part
    return [grads[w] for w in wanted]


def network(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """Two dense layers: the scores of the classes, one row for each row of x."""
    return relu(x @ w1 + b1) @ w2 + b2


def loss(x: Tensor, y: Tensor, *weights: Tensor) -> Tensor:
    """Cross-entropy: minus the log of the share that softmax gives to the right class (y = 1).

    Taking away the largest score changes no share, and keeps exp from overflowing.
    """
    scores = network(x, *weights)
    scores = scores - apply(LARGEST, scores, axis=1)
    logs = scores - LOG(apply(SUM, EXP(scores), axis=1))
    return total(y * logs) * (-1.0 / x.shape[0])


def example(rows: int = 4, sizes: tuple[int, int, int] = (3, 5, 2)) -> list[np.ndarray]:
    """Rows x, targets y (1 for the right class), and the weights of `network`."""
    rng = np.random.default_rng(0)
    d, h, c = sizes
    y = np.eye(c)[rng.integers(0, c, rows)]
    w1, w2 = rng.normal(size=(d, h)) * (2 / d) ** 0.5, rng.normal(size=(h, c)) * (1 / h) ** 0.5
    return [rng.normal(size=(rows, d)), y, w1, np.zeros((1, h)), w2, np.zeros((1, c))]


def show_gradient() -> None:
    arrays = example()
    tensors = [Tensor(a) for a in arrays]
    grads = gradient(loss(*tensors), tensors[2:])
    # The check: move one number by a little, see how much the loss moves. No calculus in it.
    worst, h = 0.0, 1e-6
    for number, grad in enumerate(grads, 2):
        for index in np.ndindex(arrays[number].shape):
            ends = []
            for move in (h, -h):
                moved = [a.copy() for a in arrays]
                moved[number][index] += move
                ends.append(loss(*[Tensor(a) for a in moved]).data.item())
            worst = max(worst, abs((ends[0] - ends[1]) / (2 * h) - grad.data[index]))
    print(f"2. the gradient: within {worst:.0e} of finite differences")
    assert worst < 1e-8


# --- 3. Trace -------------------------------------------------------------------------------------
#
# Why trace? Python is slow between operations, and an operation at a time hides what could be done
# together. So run the function once on symbols: no number is computed, but what would have been
# computed is written down. Nothing new is needed: `apply` already remembers everything.


class Graph(NamedTuple):
    inputs: list[Tensor]
    outputs: list[Tensor]

    @property
    def nodes(self) -> list[Tensor]:
        """What is computed, in order."""
        return [t for t in history(self.outputs) if t.op is not None]

    def __str__(self) -> str:
        names = {t: f"in{i}" for i, t in enumerate(self.inputs)}
        names |= {t: f"%{i}" for i, t in enumerate(self.nodes)}
        lines = [", ".join(f"{names[t]}: {t.shape[0]}x{t.shape[1]}" for t in self.inputs)]
        for t in self.nodes:
            what = [names[x] for x in t.inputs] + [f"{k}={v}" for k, v in t.params.items()]
            lines.append(f"  {names[t]:<4} {t.op.name:<10} {t.shape!s:<8} {', '.join(what)}")
        return "\n".join([*lines, "  return " + ", ".join(names[t] for t in self.outputs)])


def trace(function: Callable[..., Any], shapes: Sequence[Shape]) -> Graph:
    """The graph of what `function` does with matrices of these shapes."""
    symbols = [Tensor(shape=shape) for shape in shapes]
    outputs = function(*symbols)
    return Graph(symbols, [outputs] if isinstance(outputs, Tensor) else list(outputs))


def evaluate(graph: Graph, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The reference: what a graph means, node by node, in NumPy. Compiled code must agree."""
    values = dict(zip(graph.inputs, arrays, strict=True))
    for t in graph.nodes:
        values[t] = np.asarray(t.op.numpy(*[values[x] for x in t.inputs], **t.params))
    return [values[t] for t in graph.outputs]


def step(x: Tensor, y: Tensor, *weights: Tensor) -> list[Tensor]:
    """A whole training step: forward, loss, gradient and update. Returns loss and new weights."""
    value = loss(x, y, *weights)
    return [value, *[w - g * 0.1 for w, g in zip(weights, gradient(value, weights), strict=True)]]


def layer(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return EXP(x @ w + b) * 1.0 / 2.0


def show_trace() -> None:
    graph = trace(layer, [(4, 3), (3, 2), (1, 2)])
    print("3. a traced layer:", graph, sep="\n")
    arrays = example()
    whole = trace(step, [a.shape for a in arrays])
    eager = step(*[Tensor(a) for a in arrays])
    print(f"   a whole training step is a graph of {len(whole.nodes)} nodes")
    for a, t in zip(evaluate(whole, arrays), eager, strict=True):
        assert (a == t.data).all()


# --- 4. Simplify ----------------------------------------------------------------------------------
#
# Why after the gradient? Rules are written for people: they multiply by ones, transpose twice and
# compute things again. A pass takes a graph and gives a graph of the same values with fewer nodes.


def constant_of(t: Tensor) -> float | None:
    """The number that t holds everywhere, if that is known before any input is."""
    while t.op is BROADCAST:
        (t,) = t.inputs
    return t.params["value"] if t.op is CONSTANT else None


def simpler(t: Tensor) -> Tensor:
    """A tensor of the same value as t that takes less to compute, or t."""
    known = [constant_of(x) for x in t.inputs]
    if t.op is MULTIPLY and 1.0 in known:  # x * 1 is x, to the last bit (x * 0 is not 0: see NaN)
        return t.inputs[known.index(1.0) ^ 1]
    if t.op is TRANSPOSE and t.inputs[0].op is TRANSPOSE:
        return t.inputs[0].inputs[0]
    if t.op is DIVIDE and known[1] is not None and math.frexp(known[1])[0] in (0.5, -0.5):
        return t.inputs[0] * (1 / known[1])  # a power of two has an exact inverse
    if t.op and t.op.kind == "elementwise" and None not in known:
        return broadcast(constant(t.op.numpy(*known)), t.shape)
    return t


def simplify(graph: Graph) -> Graph:
    """Rewrite every node once, inputs first; nodes that do the same become one."""
    new = {t: t for t in graph.inputs}
    same: dict[Any, Tensor] = {}

    def share(t: Tensor) -> Tensor:
        if t.op is None or t in same.values():
            return t
        inputs = tuple(share(x) for x in t.inputs)
        key = (t.op, inputs, str(t.params))
        if key not in same:
            same[key] = apply(t.op, *inputs, **t.params)
        return same[key]

    for t in graph.nodes:
        new[t] = share(simpler(apply(t.op, *[new[x] for x in t.inputs], **t.params)))
    return Graph(graph.inputs, [new[t] for t in graph.outputs])


def show_simplify() -> None:
    arrays = example()
    before = trace(step, [a.shape for a in arrays])
    after = simplify(before)
    print(f"4. simplified: {len(before.nodes)} nodes become {len(after.nodes)}; the layer is")
    print(simplify(trace(layer, [(4, 3), (3, 2), (1, 2)])))
    for a, b in zip(evaluate(before, arrays), evaluate(after, arrays), strict=True):
        assert np.allclose(a, b, rtol=1e-14, atol=0)
    assert len(after.nodes) < len(before.nodes)


# --- 5. Fuse --------------------------------------------------------------------------------------
#
# Why fuse? Memory is slower than arithmetic: three elementwise ops one after the other walk over
# the memory three times, one loop with all three in it once. So decide which values are *stored*;
# all others are computed on the way, inside the loop of the stored value that needs them.


def fuse(graph: Graph) -> dict[Tensor, Tensor | None]:
    """The stored nodes in order, each with the reduction (sum, matmul) in its loops, if any."""
    nodes = graph.nodes
    reads = [x for t in nodes for x in t.inputs]
    stored = set(graph.outputs)
    inside: dict[Tensor, Tensor | None] = {}  # node -> the reduction on the way to it
    for t in nodes:
        waiting = [x for x in t.inputs if inside.get(x) and x not in stored]
        if t.op.kind == "movement":  # it reads its input elsewhere: that must be in memory
            stored.update(x for x in t.inputs if x.op and x.op.kind in ("elementwise", "reduction"))
        elif t.op.kind == "reduction" or len({inside[x] for x in waiting}) > 1:
            stored.update(waiting)  # two reductions do not fit into one loop nest
        reductions = [inside[x] for x in waiting if x not in stored]
        inside[t] = t if t.op.kind == "reduction" else (reductions[0] if reductions else None)
        if reads.count(t) > 1 and t.op.kind in ("elementwise", "reduction"):
            stored.add(t)  # computed once, read by many
    return {t: inside[t] for t in nodes if t in stored}


def show_fuse() -> None:
    groups = fuse(simplify(trace(layer, [(4, 3), (3, 2), (1, 2)])))
    whole = simplify(trace(step, [a.shape for a in example()]))
    print(f"5. fused: the layer is {len(groups)} loop, the step {len(fuse(whole))} loops")
    assert len(groups) == 1 and len(fuse(whole)) < len(whole.nodes) // 2


# --- 6. Lower -------------------------------------------------------------------------------------
#
# Why loops as data? Between "a graph of matrices" and "instructions" stands one question: what is
# element (i, j) of this node? A movement answers with an element elsewhere, an elementwise op with
# its instruction on the elements of its inputs, a stored node with a load. That is all of lowering.

Position = tuple[str, str]  # a row and a column: the name of a loop, or "0"


class Load(NamedTuple):
    buffer: Tensor
    position: Position


class Apply(NamedTuple):
    op: Op
    inputs: tuple[Any, ...]


class Total(NamedTuple):
    """The result of the inner loop."""


Expr = Load | Apply | Total | float


class Loops(NamedTuple):
    """for i, j: [acc = how over k of term;] out[i, j] = value"""

    out: Tensor
    value: Expr
    how: str = ""
    depth: int = 0
    term: Expr = 0.0

    def text(self, names: dict[Tensor, str]) -> str:
        def say(e: Expr) -> str:
            if isinstance(e, Load):
                return f"{names[e.buffer]}[{','.join(e.position)}]"
            if isinstance(e, Apply):
                return f"{e.op.name}({', '.join(map(say, e.inputs))})"
            return "acc" if isinstance(e, Total) else str(e)

        lines = [f"for i<{self.out.shape[0]} j<{self.out.shape[1]}:"]
        if self.how:
            lines.append(f"  acc = {self.how} over k<{self.depth} of {say(self.term)}")
        return "\n".join([*lines, f"  {names[self.out]}[i,j] = {say(self.value)}"])


def lower(graph: Graph) -> list[Loops]:
    """One loop nest for each stored node."""
    groups = fuse(graph)
    memory = {*graph.inputs, *groups}

    def element(t: Tensor, position: Position, here: Any = None) -> Expr:
        """Element `position` of t, in the loops of `here` = (stored node, reduction inside it)."""
        if here and t is here[1]:
            return Total()
        if t in memory and not (here and t is here[0]):
            rows, columns = t.shape
            return Load(t, (position[0] if rows > 1 else "0", position[1] if columns > 1 else "0"))
        if t.op is CONSTANT:
            return float(t.params["value"])
        if t.op is BROADCAST:
            return element(t.inputs[0], position)
        if t.op is TRANSPOSE:
            return element(t.inputs[0], (position[1], position[0]))
        return Apply(t.op, tuple(element(x, position, here) for x in t.inputs))

    nests = []
    for out, reduction in groups.items():
        value = element(out, ("i", "j"), (out, reduction))
        if reduction is None:
            nests.append(Loops(out, value))
        elif reduction.op is MATMUL:
            x, y = reduction.inputs
            term = Apply(MULTIPLY, (element(x, ("i", "k")), element(y, ("k", "j"))))
            nests.append(Loops(out, value, "sum", x.shape[1], term))
        else:
            (x,), axis = reduction.inputs, reduction.params["axis"]
            term = element(x, ("k", "j") if axis == 0 else ("i", "k"))
            how = "sum" if reduction.op is SUM else "largest"
            nests.append(Loops(out, value, how, x.shape[axis], term))
    return nests


def show_lower() -> None:
    graph = simplify(trace(layer, [(4, 3), (3, 2), (1, 2)]))
    (nest,) = lower(graph)
    names = {t: f"in{i}" for i, t in enumerate(graph.inputs)} | {nest.out: "out"}
    print("6. lowered:", nest.text(names), sep="\n")
    assert nest.how == "sum" and nest.depth == 3


# --- 7. Emit --------------------------------------------------------------------------------------
#
# Why LLVM? It knows every processor, so we need not: we write instructions for an ideal machine
# with as many registers as we like, and it makes real ones of them. Its language is text, so we
# write text.


class Writer:
    """Writes one function, line by line."""

    def __init__(self, names: dict[Tensor, str]) -> None:
        self.names = names
        self.lines: list[str] = []
        self.stack: list[str] = []  # counters; LLVM makes registers of them
        self.at = {"0": "0"}
        self.count = 0

    def do(self, text: str) -> None:
        self.lines.append("  " + text)

    def let(self, text: str) -> str:
        """An instruction with a result: its new name."""
        self.count += 1
        self.do(f"%v{self.count} = {text}")
        return f"%v{self.count}"

    def variable(self, kind: str, value: str) -> str:
        self.count += 1
        self.stack.append(f"  %s{self.count} = alloca {kind}")
        self.do(f"store {kind} {value}, ptr %s{self.count}")
        return f"%s{self.count}"

    @contextmanager
    def loop(self, axis: str, extent: int) -> Iterator[None]:
        """for axis in range(extent): what is written inside the `with`."""
        counter = self.variable("i64", "0")
        n = self.count
        self.do(f"br label %head{n}")
        self.lines.append(f"head{n}:")
        self.at[axis] = self.let(f"load i64, ptr {counter}")
        more = self.let(f"icmp slt i64 {self.at[axis]}, {extent}")
        self.do(f"br i1 {more}, label %body{n}, label %done{n}")
        self.lines.append(f"body{n}:")
        yield
        following = self.let(f"add i64 {self.at[axis]}, 1")
        self.do(f"store i64 {following}, ptr {counter}")
        self.do(f"br label %head{n}")
        self.lines.append(f"done{n}:")

    def address(self, t: Tensor, position: Position) -> str:
        """Rows lie one after the other: element (row, column) is number row * columns + column."""
        row = self.let(f"mul i64 {self.at[position[0]]}, {t.shape[1]}")
        number = self.let(f"add i64 {row}, {self.at[position[1]]}")
        return self.let(f"getelementptr double, ptr {self.names[t]}, i64 {number}")

    def value(self, e: Expr, total: str = "") -> str:
        """The register that holds an expression."""
        if isinstance(e, Load):
            return self.let(f"load double, ptr {self.address(*e)}")
        if isinstance(e, Apply):
            values = [self.value(x, total) for x in e.inputs]
            for instruction in e.op.machine:
                values = [self.let(instruction.format(*values))]
            return values[0]
        return total if isinstance(e, Total) else f"{e:.17e}"

    def nest(self, loops: Loops) -> None:
        rows, columns = loops.out.shape
        with self.loop("i", rows), self.loop("j", columns):
            total = ""
            if loops.how:
                start = "0.0" if loops.how == "sum" else "0xFFF0000000000000"  # minus infinity
                acc = self.variable("double", start)
                with self.loop("k", loops.depth):
                    old, new = self.let(f"load double, ptr {acc}"), self.value(loops.term)
                    if loops.how == "sum":
                        new = self.let(f"fadd double {old}, {new}")
                    else:
                        new = self.let(f"call double @llvm.maximum.f64(double {old}, double {new})")
                    self.do(f"store double {new}, ptr {acc}")
                total = self.let(f"load double, ptr {acc}")
            value = self.value(loops.value, total)
            self.do(f"store double {value}, ptr {self.address(loops.out, ('i', 'j'))}")


def emit(graph: Graph, nests: list[Loops]) -> tuple[str, list[Tensor]]:
    """The text of a function @run, and the tensors whose memory it is given, in order."""
    buffers = [*graph.inputs, *dict.fromkeys([*graph.outputs, *[n.out for n in nests]])]
    writer = Writer({t: f"%b{i}" for i, t in enumerate(buffers)})
    for nest in nests:
        writer.nest(nest)
    head = f"define void @run({', '.join(f'ptr noalias %b{i}' for i in range(len(buffers)))}) {{"
    body = [head, "entry:", *writer.stack, *writer.lines, "  ret void", "}"]
    needs = [f"declare double @llvm.{f}.f64(double)" for f in ("exp", "log")]
    needs.append("declare double @llvm.maximum.f64(double, double)")
    return "\n".join([*needs, *body]), buffers


def show_emit() -> None:
    graph = simplify(trace(layer, [(4, 3), (3, 2), (1, 2)]))
    text, buffers = emit(graph, lower(graph))
    lines = text.splitlines()
    inner = max(i for i, line in enumerate(lines) if line.startswith("body"))
    end = next(i for i, line in enumerate(lines) if i > inner and line.startswith("done"))
    print(
        f"7. emitted: {len(lines)} lines of LLVM IR; the inner loop:", *lines[inner:end], sep="\n"
    )
    assert len(buffers) == 4 and text.count("@llvm.exp.f64(double %") == 1


# --- 8. Run ---------------------------------------------------------------------------------------
#
# Why in this process? LLVM can write machine code into our own memory; a function there is an
# address, and ctypes calls addresses. No compiler, no file, no second program.


class Compiled:
    """A function of matrices, traced for these shapes and compiled."""

    def __init__(self, function: Callable[..., Any], shapes: Sequence[Shape]) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.graph = simplify(trace(function, shapes))
        self.text, buffers = emit(self.graph, lower(self.graph))
        module = llvm.parse_assembly(self.text)
        machine = llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True)
        passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
        passes.getModulePassManager().run(module, passes)
        self.engine = llvm.create_mcjit_compiler(module, machine)  # the code lives as long as this
        self.engine.finalize_object()
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(buffers))
        self.function = kind(self.engine.get_function_address("run"))
        self.memory = [np.zeros(t.shape) for t in buffers[len(self.graph.inputs) :]]
        self.outputs = [buffers.index(t) - len(self.graph.inputs) for t in self.graph.outputs]

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        buffers = [np.ascontiguousarray(a, np.float64) for a in arrays]
        self.function(*[a.ctypes.data for a in (*buffers, *self.memory)])
        return [self.memory[i].copy() for i in self.outputs]


def show_run() -> None:
    arrays = example(rows=32, sizes=(64, 32, 10))
    compiled = Compiled(step, [a.shape for a in arrays])
    ours, reference = compiled(*arrays), evaluate(compiled.graph, arrays)
    worst = max(float(np.abs(a - b).max()) for a, b in zip(ours, reference, strict=True))
    print(f"8. run: the compiled step is within {worst:.0e} of NumPy")
    assert worst < 1e-13


# --- 9. Train -------------------------------------------------------------------------------------
#
# Why does it work? Each step moves every weight a little against its gradient, so the loss on these
# rows falls. Different rows each time, many times over: what is left to learn is what they share.


def show_train(epochs: int = 30, batch: int = 32) -> None:
    from ranvier.data import load_digits

    (x, labels), (x_test, labels_test) = load_digits()
    x, x_test = x.reshape(-1, 64) / 8.0 - 1.0, x_test.reshape(-1, 64) / 8.0 - 1.0
    y = np.eye(10)[labels]
    rng = np.random.default_rng(0)
    weights = example(batch, (64, 32, 10))[2:]
    compiled = Compiled(step, [(batch, 64), (batch, 10), *[w.shape for w in weights]])
    began, steps, value = time.perf_counter(), 0, np.zeros(1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x) - batch + 1, batch):  # the last, shorter batch is left out
            rows = order[start : start + batch]
            value, *weights = compiled(x[rows], y[rows], *weights)
            steps += 1
    microseconds = (time.perf_counter() - began) / steps * 1e6
    scores = network(*[Tensor(a) for a in (x_test, *weights)]).data
    accuracy = float((scores.argmax(axis=1) == labels_test).mean())
    print(f"9. trained: {steps} steps of {microseconds:.0f} us, loss {value.item():.3f}")
    print(f"   handwritten digits it has never seen, read correctly: {accuracy:.4f}")
    assert accuracy > 0.95


def main() -> None:
    for show in (show_tensor, show_gradient, show_trace, show_simplify, show_fuse):
        show()
    for show in (show_lower, show_emit, show_run, show_train):
        show()


if __name__ == "__main__":
    main()
