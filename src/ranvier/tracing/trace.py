"""Tracing: run Python once on symbolic tensors and keep the Graph.

While a trace is active every op on tensors adds a Node. A tensor from outside (a parameter, an
optimizer slot, a learning rate, the random state) that is read becomes an input of the graph; one
that is written (`assign`) becomes an input that the graph updates in place. So a training step
written with `.backward()` and `optimizer.step()` traces to one graph: forward, loss, gradient and
update.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ..base.config import switches
from ..base.nested import leaves, map_leaves
from ..errors import StateError, TraceError
from ..graph.check import check
from ..graph.graph import Graph
from ..graph.node import Node
from ..ops.creation import input_node
from ..ops.elementwise.comparison import detach
from ..tensors.mode import active_trace, grad_mode, state
from ..tensors.tensor import Tensor
from ..tensors.versions import CHANGED, changed_too_soon
from ..typing import Array, DTypeLike, Shape
from .validity import Guard, Reads, Validity
from .watched import Watched

T = TypeVar("T")


class Trace:
    """One run of a function on symbolic tensors; `things` are those it was given beside them."""

    def __init__(self, things: Sequence[Any] = ()) -> None:
        self.inputs: list[Node] = []
        self.arguments: list[Tensor] = []
        self.captured: dict[int, tuple[Outside, Node]] = {}  # outside tensors read or written
        self.now: dict[int, Node] = {}  # what an outside tensor holds at this point of the trace
        self.grads: dict[int, tuple[Tensor, Tensor | None]] = {}  # .grad before the trace
        self.owners: dict[int, tuple[Tensor, Tensor]] = {}  # a gradient from outside: it and whose
        self.read: dict[int, Tensor] = {}  # whose .grad was read
        self.reset: dict[int, Tensor] = {}  # whose .grad was set before it was read
        self.guards: list[Guard] = []
        self.reads = Reads(things)
        self.lookups: list[tuple[Any, Node]] = []  # (Embedding, the ids it looks up)
        self.grown: dict[int, Tensor] = {}  # arguments that are results of ops outside
        self.leaves: dict[int, Tensor] = {}  # outside leaves that have a history for now

    def argument(
        self,
        shape: Shape,
        dtype: DTypeLike,
        name: str = "",
        requires_grad: bool = False,
        kind: type[Tensor] = Tensor,
    ) -> Tensor:
        """A new symbolic argument; `kind` is its class."""
        node = input_node(shape, dtype, name)
        t = kind._traced(node, self)
        t._requires_grad = requires_grad
        self.inputs.append(node)
        self.arguments.append(t)
        return t

    def node_of(self, t: Tensor) -> Node:
        """The node that stands for `t` now."""
        if t._node is not None:
            if t._trace is not self:
                if t._trace is CHANGED:
                    raise changed_too_soon(t)
                raise TraceError(
                    f"a tensor ({t.spec}) made inside an earlier compiled call is used in this "
                    "one; return it from that function instead of keeping it"
                )
            return t._node
        known = self.now.get(id(t))
        if known is None:
            known = self._capture(t)
        return known

    def _capture(self, t: Tensor) -> Node:
        node = input_node(t.shape, t.dtype, t.name)
        owner = self.owners.get(id(t))
        self.captured[id(t)] = (t if owner is None else GradientOf(owner[1]), node)
        self.now[id(t)] = node
        return node

    def write(self, t: Tensor, value: Tensor) -> None:
        """From here on `t` holds `value`."""
        if state.grad and ((t.op is not None and t._node is None) or id(t) in self.grown):
            raise _outlives(t)
        node = self.node_of(value)
        if t._node is not None:
            if t._node.op is detach:
                raise TraceError(
                    "inside a compiled function .data and detach() give a copy, so changing it "
                    "would change nothing else. Write to the tensor itself: "
                    "`with ranvier.no_grad(): w.assign(...)` or `w -= ...`"
                )
            t._node = node
            return
        if id(t) not in self.captured:
            self._capture(t)
        self.now[id(t)] = node

    def rebinding(self, t: Tensor) -> None:
        """An in-place op is about to give `t` another history."""
        if t._node is None:
            if t.op is not None:
                raise _outlives(t)
            self.leaves[id(t)] = t

    def restore(self) -> None:
        """Histories made of nodes end with the trace, also those of tensors from outside."""
        for t, before in self.grads.values():
            t._grad = before
        for t in self.leaves.values():
            t.detach_()

    def grad_read(self, t: Tensor) -> None:
        """`.grad` of an outside tensor is read: the graph holds while there is one, or none."""
        self.read[id(t)] = t
        if t._node is None and id(t) not in self.grads:
            before = t._grad
            self.grads[id(t)] = (t, before)
            self.guard(functools.partial(_has_grad, t), before is not None)
            if before is not None:
                self.owners[id(before)] = (before, t)

    def grad_set(self, t: Tensor) -> None:
        """`.grad` of a tensor is set; what it was before does not matter if it was not read."""
        if id(t) not in self.read:
            self.reset[id(t)] = t
        if t._node is None and id(t) not in self.grads:
            self.grads[id(t)] = (t, t._grad)

    def looked_at(self, t: Tensor) -> None:
        """Python reads the numbers of an outside tensor: the graph holds only while they stay."""
        if id(t) in self.now and self.now[id(t)] is not self.captured[id(t)][1]:
            raise TraceError(
                f"this tensor ({t.spec}) was changed earlier in the compiled function and has no "
                "number there yet; return it and look at it outside"
            )
        question = functools.partial(_numbers_of, t)
        self.guard(question, question())

    def guard(self, question: Callable[[], object], answer: object) -> None:
        """The traced graph holds only while `question()` gives `answer`."""
        self.guards.append((question, answer))

    def array_read(self, array: Array) -> None:
        """The numbers of an array are part of what is traced."""
        self.reads.array_read(array)

    def enter(self, thing: Watched) -> None:
        """What is in this layer, loss or optimizer is part of what is traced."""
        self.reads.enter(thing)

    def attribute_set(self, thing: Watched, attribute: str, made: bool) -> None:
        """The traced function sets an attribute; `made`: there was none, or None."""
        self.reads.attribute_set(thing, attribute, made)


class GradientOf:
    """The gradient of an outside tensor, whichever tensor holds it when the graph runs."""

    def __init__(self, owner: Tensor) -> None:
        self.owner = owner

    @property
    def name(self) -> str:
        return f"{self.owner.name}.grad"

    def _array(self) -> Array:
        assert self.owner._grad is not None  # a guard of the trace
        return self.owner._grad._array()


Outside = Tensor | GradientOf


class Traced:
    """The result of a trace: the graph, and what of the outside its inputs and outputs stand for.

    graph.inputs  = the arguments, then the captured tensors
    graph.outputs = what the function returned, then new values of `.grad`
    """

    def __init__(self, trace: Trace, outputs: Sequence[Node]) -> None:
        self.captured = [t for t, _ in trace.captured.values()]
        self.grads: list[tuple[Tensor, Node | None]] = []
        for t, before in trace.grads.values():
            after, t._grad = t._grad, before
            # A gradient that was there before and is still there is at most changed in place.
            if after is not before or id(t) in trace.reset:
                self.grads.append((t, None if after is None else trace.node_of(after)))
        # (argument, its gradient, whether an earlier gradient was put away)
        self.argument_grads: list[tuple[int, Node | None, bool]] = []
        for i, t in enumerate(trace.arguments):
            if t._grad is not None or id(t) in trace.reset:
                node = None if t._grad is None else trace.node_of(t._grad)
                self.argument_grads.append((i, node, id(t) in trace.reset))
        self.validity = Validity()  # in full once the trace is over
        self.lookups = list(trace.lookups)
        self.kinds = [type(t) for t in trace.arguments]
        inputs = list(trace.inputs)
        updates = {}
        self.changed_arguments = []
        for i, (t, node) in enumerate(zip(trace.arguments, trace.inputs, strict=True)):
            if t._node is not None and t._node is not node:
                updates[node] = t._node
                self.changed_arguments.append(i)
        for key, (_, node) in trace.captured.items():
            inputs.append(node)
            if trace.now[key] is not node:
                updates[node] = trace.now[key]
        extra = [node for _, node in self.grads] + [node for _, node, _ in self.argument_grads]
        # Outside tensors, other than gradients, that the graph changes in place.
        self.changed = [
            t for t, node in trace.captured.values() if node in updates and isinstance(t, Tensor)
        ]
        # Those of them that had a history: it is as true of the new numbers as under no_grad().
        self.with_history = {id(t) for t in self.changed if t.op is not None}
        self.graph = Graph(inputs, [*outputs, *[n for n in extra if n is not None]], updates)
        if switches.check:
            check(self.graph, "trace")

    def finish(self, results: Sequence[Any], arguments: Sequence[Any] = ()) -> None:
        """Put new gradients where `.backward()` would have left them, and note what changed."""
        for changed in (*self.changed, *[arguments[i] for i in self.changed_arguments]):
            if isinstance(changed, Tensor):
                changed._touch()
        for changed in self.changed:
            if changed.op is not None and id(changed) not in self.with_history:
                raise _outlives(changed)
        if not self.grads and not self.argument_grads:
            return
        nodes = [node for _, node in self.grads] + [node for _, node, _ in self.argument_grads]
        fresh = iter(results[len(results) - sum(node is not None for node in nodes) :])
        for t, node in self.grads:
            t._grad = None if node is None else t._wrap(next(fresh))
        for i, node, reset in self.argument_grads:
            new = None if node is None else self.kinds[i]._wrap(next(fresh))
            if i < len(arguments) and isinstance(arguments[i], Tensor):
                before = None if reset else arguments[i]._grad
                arguments[i]._grad = new if before is None or new is None else before + new

    def holds(self) -> bool:
        """Whether what the trace took for granted is still so."""
        return self.validity.holds()


def _outlives(t: Tensor) -> TraceError:
    return TraceError(
        f"a compiled function changes a tensor ({t.spec}) from outside that is the result of an op "
        "and has a history, which would no longer be that of its numbers. Return the new value, "
        "change a copy (x = x.clone()), or give x.detach()"
    )


def _has_grad(t: Tensor) -> bool:
    return t._grad is not None


def _numbers_of(t: Tensor) -> bytes:
    return t._array().tobytes()


def is_tracing() -> bool:
    """True inside a function that is being traced."""
    return state.trace is not None


def trace(
    function: Callable[..., Any],
    specs: Sequence[tuple[Shape, DTypeLike]],
    names: Sequence[str] = (),
    requires_grad: Sequence[bool] = (),
    kinds: Sequence[type[Tensor]] = (),
    grown: Sequence[bool] = (),
    things: Sequence[Any] = (),
) -> tuple[Traced, Any]:
    """Trace `function` on symbolic tensors of the given (shape, dtype).

    Returns (Traced, what the function returned). `requires_grad` says which arguments are leaves,
    `kinds` their classes, `grown` which stand for results of ops. `things` are other objects that
    the function is given.

    >>> import ranvier
    >>> traced, _ = trace(lambda x: ranvier.exp(x) + 1.0, [((2,), "float32")], ["x"])
    >>> print(traced.graph)
    graph(x: float32[2]):
      0   exp            float32[2]         x
      1   full           float32[]          value=1.0, shape=(), dtype=float32
      2   broadcast_to   float32[2]         %1, shape=(2,)
      3   add            float32[2]         %0, %2
      return %3
    """
    if state.trace is not None:
        raise StateError("trace: a trace is already active")
    new = Trace(things)
    symbols = [
        new.argument(
            shape,
            dtype,
            names[i] if i < len(names) else f"x{i}",
            i < len(requires_grad) and requires_grad[i],
            kinds[i] if i < len(kinds) else Tensor,
        )
        for i, (shape, dtype) in enumerate(specs)
    ]
    new.grown = {id(t): t for t, op in zip(symbols, grown, strict=False) if op}
    try:
        with active_trace(new):
            with grad_mode(True):
                returned = function(*symbols)
                outputs = [new.node_of(t) for t in tensors_in(returned)]
            traced = Traced(new, outputs)
    finally:
        new.restore()
    things = [*new.reads.things, *traced.captured]
    traced.validity = Validity(things, new.guards, new.reads)
    return traced, returned


def tensors_in(value: object) -> list[Tensor]:
    """Every tensor inside nested lists, tuples and dicts, in order."""
    return [leaf for leaf in leaves(value) if isinstance(leaf, Tensor)]


def replace_tensors(value: T, new: Iterator[object]) -> T:
    """`value` with its tensors replaced, in order, by those of the iterator `new`."""
    replaced: T = map_leaves(lambda leaf: next(new) if isinstance(leaf, Tensor) else leaf, value)
    return replaced
