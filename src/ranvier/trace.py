"""Tracing: run Python once on symbolic tensors and keep the Graph.

While a trace is active every op on tensors adds a Node. A tensor from outside (a parameter, an optimiser slot, a
learning rate, the random state) that is read becomes an input of the graph; one that is written (`assign`) becomes an
input that the graph updates in place. So a training step written with `.backward()` and `optimizer.step()` traces to
one graph: forward, loss, gradient and update.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .config import switches
from .errors import StateError, TraceError
from .graph.check import check
from .graph.graph import Graph
from .graph.node import Node
from .ops.creation import input_node
from .reference import run as run_reference
from .tensor import Tensor, grad_mode, state


class Trace:
    """One run of a function on symbolic tensors."""

    def __init__(self) -> None:
        self.inputs: list[Node] = []
        self.captured: dict[int, tuple[Tensor, Node]] = {}  # outside tensors read or written
        self.now: dict[int, Node] = {}  # what an outside tensor holds at this point of the trace
        self.grads: dict[int, tuple[Tensor, Tensor | None]] = {}  # .grad before the trace touched it
        self.guards: list[tuple[Callable[[], Any], Any]] = []

    def argument(self, shape: tuple[int, ...], dtype: Any, name: str = "") -> Tensor:
        """A new symbolic argument."""
        node = input_node(shape, dtype, name)
        self.inputs.append(node)
        return Tensor._traced(node, self)

    def node_of(self, t: Tensor) -> Node:
        """The node that stands for `t` now."""
        if t._node is not None:
            if t._trace is not self:
                raise TraceError(
                    f"a tensor ({t.spec}) made inside an earlier compiled call is used in this one; "
                    "return it from that function instead of keeping it"
                )
            return t._node
        known = self.now.get(id(t))
        if known is None:
            known = self._capture(t)
        return known

    def _capture(self, t: Tensor) -> Node:
        node = input_node(t.shape, t.dtype, t.name)
        self.captured[id(t)] = (t, node)
        self.now[id(t)] = node
        return node

    def write(self, t: Tensor, value: Tensor) -> None:
        """From here on `t` holds `value`."""
        node = self.node_of(value)
        if t._node is not None:
            t._node = node
            return
        if id(t) not in self.captured:
            self._capture(t)
        self.now[id(t)] = node

    def grad_touched(self, t: Tensor) -> None:
        """`.grad` of an outside tensor is read or set: remember what it was, to put it back after the trace."""
        if t._node is None and id(t) not in self.grads:
            self.grads[id(t)] = (t, t._grad)

    def guard(self, question: Callable[[], Any], answer: Any) -> None:
        """The traced graph holds only while `question()` gives `answer`."""
        self.guards.append((question, answer))


class Traced:
    """The result of a trace: the graph, and what of the outside its inputs and outputs stand for.

    graph.inputs  = the arguments, then the captured tensors
    graph.outputs = what the function returned, then new values of `.grad`
    """

    def __init__(self, trace: Trace, outputs: Sequence[Node]) -> None:
        captured = list(trace.captured.values())
        self.captured = [t for t, _ in captured]
        grads: list[tuple[Tensor, Node | None]] = []
        for t, before in trace.grads.values():
            after, t._grad = t._grad, before
            if after is before and (before is None or id(before) not in trace.now):
                continue
            grads.append((t, None if after is None else trace.node_of(after)))
        self.grads = grads
        self.guards = list(trace.guards)
        self.guards += [(functools.partial(_has_grad, t), g is not None) for t, g in trace.grads.values()]
        updates = {
            node: trace.now[id(t)] for t, node in captured if trace.now[id(t)] is not node
        }
        extra = [node for _, node in grads if node is not None]
        self.graph = Graph(
            [*trace.inputs, *[node for _, node in captured]], [*outputs, *extra], updates
        )
        if switches.check:
            check(self.graph, "trace")

    def finish(self, results: Sequence[Any]) -> None:
        """Put new gradients where `.backward()` would have left them."""
        at = len(results) - sum(node is not None for _, node in self.grads)
        for t, node in self.grads:
            if node is None:
                t._grad = None
            else:
                t._grad = Tensor._wrap(results[at])
                at += 1

    def holds(self) -> bool:
        """Whether what the trace took for granted is still so."""
        return all(question() == answer for question, answer in self.guards)


def _has_grad(t: Tensor) -> bool:
    return t._grad is not None


def is_tracing() -> bool:
    """True inside a function that is being traced."""
    return state.trace is not None


def trace(
    function: Callable[..., Any], specs: Sequence[tuple[tuple[int, ...], Any]], names: Sequence[str] = ()
) -> tuple[Traced, Any]:
    """Trace `function` on symbolic tensors of the given (shape, dtype); returns (Traced, what it returned).

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
    new = Trace()
    given = [
        new.argument(shape, dtype, names[i] if i < len(names) else f"x{i}")
        for i, (shape, dtype) in enumerate(specs)
    ]
    state.trace = new
    try:
        with grad_mode(True):
            returned = function(*given)
            outputs = [new.node_of(t) for t in tensors_in(returned)]
        return Traced(new, outputs), returned
    finally:
        state.trace = None
        for t, before in new.grads.values():
            t._grad = before


def tensors_in(value: Any) -> list[Tensor]:
    """Every tensor inside nested lists, tuples and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [t for v in value for t in tensors_in(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors_in(v)]
    return []


def replace_tensors(value: Any, new: Any) -> Any:
    """`value` with its tensors replaced, in order, by those of the iterator `new`."""
    if isinstance(value, Tensor):
        return next(new)
    if isinstance(value, list | tuple):
        parts = [replace_tensors(v, new) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {k: replace_tensors(v, new) for k, v in value.items()}
    return value


class CompiledFunction:
    """A function that is traced once for each kind of arguments and then runs as one graph.

    Tensors, arrays and Python floats are inputs of the graph; every other argument is part of what is compiled.
    """

    def __init__(self, function: Callable[..., Any], engine: str | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.engine = engine
        self._plans: dict[Any, list[_Plan]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if state.trace is not None:
            return self.function(*args, **kwargs)
        leaves: list[Any] = []
        key = (_flatten(args, leaves), _flatten(kwargs, leaves), self.engine or switches.engine)
        plans = self._plans.setdefault(key, [])
        plan = next((p for p in plans if p.traced.holds()), None)
        if plan is None:
            plan = _Plan(self.function, args, kwargs, leaves, key[2])
            plans.append(plan)
        return plan(leaves)

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The traced graph for these arguments, before any pass."""
        leaves: list[Any] = []
        _flatten(args, leaves)
        _flatten(kwargs, leaves)
        return _Plan(self.function, args, kwargs, leaves, "reference").traced.graph


class _Plan:
    """One traced and built form of a compiled function."""

    def __init__(self, function: Any, args: Any, kwargs: Any, leaves: list[Any], engine: str) -> None:
        def call(*symbols: Tensor) -> Any:
            new = iter(symbols)
            return function(*_refill(args, new), **_refill(kwargs, new))

        self.traced, self.returned = trace(call, [(a.shape, a.dtype) for a in leaves])
        graph = self.traced.graph
        if engine == "reference":
            self.run: Callable[[list[Any]], list[Any]] = functools.partial(run_reference, graph)
        else:
            from .compiler.run import Executable

            self.run = Executable(graph).run

    def __call__(self, leaves: list[Any]) -> Any:
        arrays = leaves + [t._array() for t in self.traced.captured]
        results = self.run(arrays)
        self.traced.finish(results)
        return replace_tensors(self.returned, iter([Tensor._wrap(r) for r in results]))


def _flatten(value: Any, leaves: list[Any]) -> Any:
    """A hashable key of `value`'s structure; the arrays in it are appended to `leaves`."""
    if isinstance(value, Tensor):
        array = value._array()
        leaves.append(array)
        return ("tensor", array.shape, array.dtype)
    if isinstance(value, np.ndarray):
        array = Tensor(value, copy=False)._array()
        leaves.append(array)
        return ("tensor", array.shape, array.dtype)
    if isinstance(value, float):
        leaves.append(np.asarray(value, np.float32))
        return "float"
    if isinstance(value, list | tuple):
        return (type(value), *[_flatten(v, leaves) for v in value])
    if isinstance(value, dict):
        return ("dict", *[(k, _flatten(v, leaves)) for k, v in value.items()])
    return value if isinstance(value, int | str | bool | None) else ("object", id(value))


def _refill(value: Any, new: Any) -> Any:
    """`value` with each tensor, array and float replaced by the next symbol."""
    if isinstance(value, Tensor | np.ndarray | float):
        return next(new)
    if isinstance(value, list | tuple):
        return type(value)([_refill(v, new) for v in value])
    if isinstance(value, dict):
        return {k: _refill(v, new) for k, v in value.items()}
    return value


def compile(function: Callable[..., Any] | None = None, *, engine: str | None = None) -> Any:
    """Compile a function of tensors: traced at its first call, then run as one graph.

    Parameters and other tensors that the function reads or changes are read and changed at every call.

    >>> import ranvier
    >>> @ranvier.compile
    ... def f(x):
    ...     return ranvier.sum(x * x)
    >>> f(ranvier.tensor([1.0, 2.0]))
    tensor(5.)
    """
    if function is None:
        return lambda f: CompiledFunction(f, engine)
    return CompiledFunction(function, engine)
