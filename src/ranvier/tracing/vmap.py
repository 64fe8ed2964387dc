"""`vmap`: a function of one member as a function of many, at once.

The function is traced once on symbols of one member, whether `vmap` is called eagerly or inside a
compiled function; then each of its ops is applied for all members at once (ops/vmapped.py). These
are ordinary ops on ordinary tensors, so gradients, compiled functions and further `vmap`s take
them as they take any others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import numpy as np

from .. import dtypes
from ..base.missing import spelled
from ..base.nested import leaves, map_leaves
from ..errors import ArgumentError, ShapeError, TraceError
from ..graph.graph import Graph
from ..graph.interpret import evaluate
from ..graph.node import Node
from ..ops.creation import iota
from ..ops.movement import broadcast_to, moved, reshape
from ..ops.op import apply, as_values, for_members, normal_axis
from ..ops.vmapped import fill_in
from ..tensors.mode import active_trace, grad_mode, is_grad_enabled, no_grad, state
from ..tensors.tensor import Tensor
from ..typing import Array
from .body import BodyTrace
from .trace import replace_tensors, tensors_in

# The axis of each leaf: one for all, or a structure like the beginning of that of the values.
AxisTree: TypeAlias = "int | Sequence[Any] | dict[Any, Any] | None"


@spelled
def vmap(
    f: Callable[..., Any], in_axes: AxisTree = 0, out_axes: AxisTree = 0
) -> Callable[..., Any]:
    """`f`, a function of one member, as a function of many: one call for all, not a loop.

    Each argument has an axis of members, `in_axes`: one integer for all arguments, or a tuple with
    an entry for each: an integer, None (the same for all members), or a structure like that of the
    argument. `out_axes` says where the axis goes in what is returned. As `jax.vmap`; keyword
    arguments have it in front. An argument with None is handed on as it is.

    The result is what stacking `f` of each member would give. So is randomness: member m goes on in
    the random numbers where member m - 1 ended.

    Errors: ArgumentError for axes that do not fit the arguments, ShapeError for different numbers
    of members, TraceError where `f` asks for a number or writes to a tensor from outside.

    >>> import ranvier
    >>> dot = lambda x, y: ranvier.sum(x * y)
    >>> rows = ranvier.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(dot, in_axes=(0, None))(rows, ranvier.tensor([1.0, 10.0]))
    tensor([21., 43.])
    >>> vmap(ranvier.grad(lambda x: x**3))(ranvier.tensor([1.0, 2.0]))
    tensor([ 3., 12.])
    """
    if not callable(f):
        raise ArgumentError(f"vmap: expected a function of tensors, got a {type(f).__name__}")

    @functools.wraps(f)
    def of_members(*args: Any, **kwargs: Any) -> Any:
        axes = _for_arguments(in_axes, len(args))
        call = _Call(f, args, kwargs, axes)
        return call.results(out_axes)

    return of_members


def _for_arguments(in_axes: AxisTree, count: int) -> Sequence[Any]:
    """An entry of `in_axes` for each argument."""
    if not isinstance(in_axes, tuple | list):
        return [in_axes] * count
    if len(in_axes) != count:
        raise ArgumentError(
            f"vmap: in_axes has {len(in_axes)} entries, the function was called with {count} "
            "positional arguments; give one for each, or one integer for all"
        )
    return in_axes


def _spread(axes: object, value: object, what: str) -> list[int | None]:
    """The axis of each leaf of `value`."""
    if axes is None or (isinstance(axes, int | np.integer) and not isinstance(axes, bool)):
        return [None if axes is None else int(axes)] * len(leaves(value))
    same = isinstance(axes, tuple | list | dict) and isinstance(value, tuple | list | dict)
    if same and isinstance(axes, dict) and isinstance(value, dict) and axes.keys() == value.keys():
        return [axis for k in value for axis in _spread(axes[k], value[k], what)]
    lists = isinstance(axes, tuple | list) and isinstance(value, tuple | list)
    if lists and len(axes) == len(value):  # type: ignore[arg-type]
        parts = zip(axes, value, strict=True)  # type: ignore[call-overload]
        return [axis for a, v in parts for axis in _spread(a, v, what)]
    raise ArgumentError(
        f"vmap: {what}={axes!r:.60} does not fit a {type(value).__name__}; expected an integer, "
        "None, or a structure like that of the values"
    )


class _Call:
    """One call: the traced function, and its values for all members."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        in_axes: Sequence[Any],
    ) -> None:
        self.members = 0
        self.tensors: list[Tensor] = []  # mapped arguments, members in front
        self.trace = _MemberTrace(state.trace)
        symbols: list[Tensor] = []

        def enter(leaf: Any, axis: int | None, where: str) -> Any:
            if axis is None or leaf is None:
                return leaf
            t = self._in_front(leaf, axis, where)
            self.tensors.append(t)
            symbol = self.trace.argument(
                t.shape[1:], t.dtype, f"x{len(symbols)}", t._requires_grad, type(t)
            )
            symbols.append(symbol)
            return symbol

        def argument(value: Any, axes: object, where: str) -> Any:
            each = iter(_spread(axes, value, "in_axes"))
            return map_leaves(lambda leaf: enter(leaf, next(each), where), value)

        arguments = [
            argument(value, axes, f"argument {i}")
            for i, (value, axes) in enumerate(zip(args, in_axes, strict=True))
        ]
        named = {name: argument(value, 0, name) for name, value in kwargs.items()}
        if not symbols:
            raise ArgumentError(
                "vmap: in_axes says None of every argument; one has an axis of members"
            )
        with active_trace(self.trace):
            try:
                self.returned = _as_tensors(f(*arguments, **named))
                self.nodes = [self.trace.node_of(t) for t in tensors_in(self.returned)]
                random = self.trace.random_after()
            finally:
                self.trace.restore()
        self.values: dict[Node, Tensor] = dict(zip(self.trace.inputs, self.tensors, strict=True))
        self.mapped = set(self.values)
        for t, node in self.trace.captured.values():
            assert isinstance(t, Tensor)
            self.values[node] = t
        for t, node, after in random:
            self._random(t, node, after)
        self._compute()

    def _in_front(self, leaf: Any, axis: int, where: str) -> Tensor:
        """A mapped argument with the axis of members in front."""
        (value,) = as_values(leaf)
        if not value.ndim:
            raise ArgumentError(
                f"vmap: {where} is a single number and has no axis of members; say None for it in "
                "in_axes"
            )
        t: Tensor = moved(value, normal_axis("vmap", axis, value.ndim), 0)
        if self.tensors and t.shape[0] != self.members:
            raise ShapeError(
                f"vmap: {where} has {t.shape[0]} members, the arguments before it {self.members}; "
                "the axes that in_axes names must be of one size"
            )
        self.members = t.shape[0]
        return t

    def _random(self, t: Tensor, node: Node, after: Node) -> None:
        """Let each member begin in a random state where the one before it ended."""
        step = _advance(t, node, after)
        members = self.members
        with no_grad():
            steps = Tensor(step)
            number = apply(iota, like=t, shape=(members, 2), axis=0, dtype=dtypes.uint32)
            first = broadcast_to(reshape(t, (1, 2)), (members, 2))
            self.values[node] = first + number * broadcast_to(steps, (members, 2))
            self.mapped.add(node)
            t.assign(t + Tensor(step * np.uint32(members)))

    def _compute(self) -> None:
        """The values of all nodes, each with the history that it had in the function."""
        graph = Graph(tuple(self.values), self.nodes)
        with_history = _with_history(tensors_in(self.returned))
        keep = is_grad_enabled()

        def around(node: Node) -> AbstractContextManager[None]:
            return grad_mode(keep and node in with_history)

        fill_in(graph.nodes, self.values, self.mapped, self.members, around)

    def results(self, out_axes: AxisTree) -> Any:
        """What the function returned, with the axis of members where it is wanted."""
        axes = _spread(out_axes, self.returned, "out_axes")
        leaf_axes = zip(leaves(self.returned), axes, strict=True)
        out = [
            self._with_axis(node, axis)
            for node, axis in zip(
                self.nodes, [a for leaf, a in leaf_axes if isinstance(leaf, Tensor)], strict=True
            )
        ]
        return replace_tensors(self.returned, iter(out))

    def _with_axis(self, node: Node, axis: int | None) -> Tensor:
        t = self.values[node]
        if axis is None:
            if node in self.mapped:
                raise ArgumentError(
                    "vmap: out_axes says None of a result that members have one each of; give the "
                    "axis where they are to stand"
                )
            return t
        (t,) = for_members(self.members, [node in self.mapped], t)
        out: Tensor = moved(t, 0, normal_axis("vmap", axis, t.ndim))
        return out


class _MemberTrace(BodyTrace):
    """The trace of one member; of tensors from outside it may change random states alone."""

    def __init__(self, around: Any) -> None:
        super().__init__(
            around,
            "vmap",
            "members would each write another value. Return the value instead",
        )
        self.written: dict[int, Tensor] = {}

    def write(self, t: Tensor, value: Tensor) -> None:
        if t._trace is not self and t.shape == (2,) and t.dtype == dtypes.uint32:
            self.node_of(t)
            self.now[id(t)] = self.node_of(value)
            self.written[id(t)] = t
            return
        super().write(t, value)

    def random_after(self) -> list[tuple[Tensor, Node, Node]]:
        """(random state, what it was, what it is after a member)."""
        return [(t, self.captured[key][1], self.now[key]) for key, t in self.written.items()]


def _advance(t: Tensor, node: Node, after: Node) -> Array:
    """What a member adds to a random state: its number of draws."""
    graph = Graph([node], [after])
    if any(n.op.kind == "input" and n is not node for n in graph.nodes):
        raise TraceError(
            f"vmap: the function writes to {t.name or t.spec} what depends on its arguments; "
            "return the value instead"
        )
    step: Array = evaluate(graph, [np.zeros(2, np.uint32)])[0]
    start = np.array([7, 2**32 - 1], np.uint32)
    if not np.array_equal(evaluate(graph, [start])[0], start + step):
        raise TraceError(
            f"vmap: the function writes to {t.name or t.spec}, which is no random state; "
            "return the value instead"
        )
    return step


def _as_tensors(value: object) -> Any:
    """`value` with its arrays and numbers as tensors."""
    return map_leaves(lambda v: None if v is None else as_values(v)[0], value)


def _with_history(results: Sequence[Tensor]) -> set[Node]:
    """The nodes of the results and of all that their gradients flow to."""
    reached: set[Node] = set()
    stack = [t for t in results if t._requires_grad]
    seen = {id(t) for t in stack}
    while stack:
        t = stack.pop()
        if t._node is not None:
            reached.add(t._node)
        for x in t.inputs:
            if x._requires_grad and id(x) not in seen:
                seen.add(id(x))
                stack.append(x)
    return reached
