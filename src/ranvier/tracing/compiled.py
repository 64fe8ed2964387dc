"""Compiled functions: traced once for each kind of arguments, then run as one graph."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

from ..base.config import switches
from ..base.locks import ProcessLock
from ..base.missing import spelled
from ..base.nested import leaves, map_leaves, structure_key
from ..errors import ArgumentError, warn
from ..executors import ONCE, executor
from ..graph.graph import Graph
from ..tensors.mode import state
from ..tensors.tensor import Tensor
from ..typing import Array
from .trace import Traced, replace_tensors, tensors_in, trace
from .validity import Variants

MAX_KINDS = 256  # of arguments, for which one function is kept compiled

P = ParamSpec("P")  # the arguments of the function
R = TypeVar("R")  # what it returns


_changing = ProcessLock()


class CompiledFunction(Generic[P, R]):
    """A function that is traced once for each kind of arguments and then runs as one graph.

    Tensors, arrays and Python floats are inputs of the graph; every other argument is part of what
    is compiled: plain values by type and value, other objects by which they are.
    """

    def __init__(self, function: Callable[P, R], engine: str | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.engine = engine
        self._plans: dict[Hashable, Variants[_Plan]] = {}
        self._warned: set[str] = set()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if state.trace is not None:
            return self.function(*args, **kwargs)
        inputs: list[Tensor | Array] = []
        key = (_flatten(args, inputs), _flatten(kwargs, inputs), self.engine or switches.engine)
        variants = self._plans.get(key)
        if variants is None:
            variants = self._begin(key)
        plan = variants.last
        if plan is None or not plan.validity.holds():
            plan = variants.valid()
        if plan is None:
            plan = variants.add(_Plan(self.function, args, kwargs, inputs, key[2]))
        returned: R = plan(inputs)
        return returned

    def _begin(self, key: Hashable) -> Variants[_Plan]:
        """Room for what is compiled for arguments of this kind; the oldest kind is let go."""
        name = getattr(self.function, "__name__", "a compiled function")
        with _changing:
            if len(self._plans) >= MAX_KINDS:
                self._plans.pop(next(iter(self._plans)), None)
                warn(
                    f"{name} has been compiled for more than {MAX_KINDS} kinds of arguments: each "
                    "shape, each Python value and each object that is no tensor is a kind. Make "
                    "functions and other objects once and give the same ones at every call; give "
                    "a number that changes as a float or a tensor",
                    self._warned,
                    "kinds",
                )
            return self._plans.setdefault(key, Variants(name))

    def __reduce__(self) -> str | tuple[Any, ...]:
        """As a function: a name in a module is a name in a copy; what was compiled stays behind."""
        owner: Any = sys.modules.get(getattr(self.function, "__module__", None) or "")
        name = getattr(self.function, "__qualname__", "")
        for part in name.split("."):
            owner = getattr(owner, part, None)
        return name if owner is self else (type(self), (self.function, self.engine))

    def graph(self, *args: P.args, **kwargs: P.kwargs) -> Graph:
        """The traced graph for these arguments, before any pass."""
        return self.traced_for(*args, **kwargs)[0].graph

    def traced_for(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Traced, list[Tensor | Array]]:
        """What is traced for these arguments, and those of them that are inputs of the graph."""
        inputs: list[Tensor | Array] = []
        _flatten(args, inputs)
        _flatten(kwargs, inputs)
        return _Plan(self.function, args, kwargs, inputs, "reference").traced, inputs


class _Plan:
    """One traced and built form of a compiled function."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: Sequence[object],
        kwargs: Mapping[str, object],
        inputs: Sequence[Tensor | Array],
        engine: str,
    ) -> None:
        def call(*symbols: Tensor) -> Any:
            new = iter(symbols)
            return function(*_refill(args, new), **_refill(kwargs, new))

        leaf = [isinstance(x, Tensor) and x._requires_grad for x in inputs]
        specs = [(x.shape, x.dtype) for x in inputs]
        kinds = [type(x) if isinstance(x, Tensor) else Tensor for x in inputs]
        grown = [isinstance(x, Tensor) and x.op is not None for x in inputs]
        self.kept = _objects((args, kwargs))  # NOTE: plans are found by id, which must stay taken
        self.traced, self.returned = trace(
            call, specs, requires_grad=leaf, kinds=kinds, grown=grown, things=self.kept
        )
        self.validity = self.traced.validity
        self.captured = self.traced.captured
        self.result_kinds = [type(t) for t in tensors_in(self.returned)]
        self.run = executor(engine).build(self.traced.graph, ONCE).run

    def __call__(self, inputs: Sequence[Tensor | Array]) -> Any:
        arrays = [x._array() if isinstance(x, Tensor) else x for x in inputs]
        arrays += [t._array() for t in self.captured]
        results = self.run(arrays)
        self.traced.finish(results, inputs)
        if self.returned is None:
            return None
        if isinstance(self.returned, Tensor):
            return self.result_kinds[0]._wrap(results[0])
        new = [kind._wrap(r) for kind, r in zip(self.result_kinds, results, strict=False)]
        return replace_tensors(self.returned, iter(new))


# Part of what is compiled by their value.
_CONSTANTS = (int, str, bytes, type(None), np.generic)
_INPUTS = (Tensor, np.ndarray, float)


def _flatten(value: object, inputs: list[Tensor | Array]) -> Hashable:
    """A hashable key of `value`'s structure; its tensors and arrays are appended to `inputs`."""

    def key(leaf: object) -> Hashable:
        if isinstance(leaf, Tensor):
            array = leaf._array()
            inputs.append(leaf)
            gradient = (leaf._requires_grad, leaf.op is None)
            return (type(leaf), array.shape, array.dtype, gradient)
        if isinstance(leaf, np.ndarray):
            array = Tensor(leaf, copy=False)._array()
            inputs.append(array)
            return ("tensor", array.shape, array.dtype, (False, True))
        if isinstance(leaf, float):
            inputs.append(np.asarray(leaf, np.float32))
            return "float"
        if isinstance(leaf, np.generic):  # by its bytes, since -0.0 == 0.0 and NaN != NaN
            return (leaf.dtype, leaf.tobytes())
        if isinstance(leaf, _CONSTANTS):
            return (type(leaf), leaf)
        return ("object", id(leaf))

    return structure_key(value, key)


def _objects(value: object) -> list[Any]:
    """Every argument that is known to a key only by its id."""
    return [leaf for leaf in leaves(value) if not isinstance(leaf, _INPUTS + _CONSTANTS)]


def _refill(value: object, new: Iterator[object]) -> Any:
    """`value` with each tensor, array and float replaced by the next symbol."""
    return map_leaves(lambda leaf: next(new) if isinstance(leaf, _INPUTS) else leaf, value)


@overload
def compile(function: Callable[P, R], *, engine: str | None = None) -> CompiledFunction[P, R]: ...
@overload
def compile(
    function: None = None, *, engine: str | None = None
) -> Callable[[Callable[P, R]], CompiledFunction[P, R]]: ...
@spelled
def compile(function: Callable[..., Any] | None = None, *, engine: str | None = None) -> Any:
    """Compile a function of tensors: traced at its first call, then run as one graph.

    Parameters and other tensors that the function reads or changes are read and changed at every
    call.

    >>> import ranvier
    >>> @ranvier.compile
    ... def f(x):
    ...     return ranvier.sum(x * x)
    >>> f(ranvier.tensor([1.0, 2.0]))
    tensor(5.)
    """
    if function is None:
        return lambda f: CompiledFunction(f, engine)
    if not callable(function):
        raise ArgumentError(
            f"compile: expected a function of tensors, got a {type(function).__name__}; models "
            "are compiled with model.compile(optimizer, loss)"
        )
    return CompiledFunction(function, engine)
