"""Symbolic values: what a model is put together from before there are numbers.

    x = ranvier.Input(shape=(28, 28))      # a Symbolic: its shape, and the call it comes from
    h = Dense(16)(Flatten()(x))            # a layer called on it is noted as a Call
    y = h * 2.0 + x[:, 0, :16]             # so is every op

Nothing is computed. `ranvier.Model(inputs=x, outputs=y)` (train/models/functional.py) walks back
over the calls and runs them again on real rows.

NOTE: the number of rows is not known yet. It stands in shapes and in the numbers given to ops as a
number so large that no other comes near it, `ROWS`; whatever is a multiple of it, give or take a
little, was made from the number of rows, and `with_rows` puts the real one in.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..base.nested import map_leaves
from ..errors import ArgumentError, RanvierError, ShapeError, TraceError
from ..graph.node import Spec
from ..ops.creation import input_node
from ..ops.movement import broadcast_to
from ..ops.op import Op
from ..tensors.mode import no_trace
from ..tensors.tensor import Tensor
from ..tracing.trace import replace_tensors, tensors_in, trace


class BatchSize(int):
    """The number of rows, as long as it is not known; it prints as `rows`."""

    def __repr__(self) -> str:
        return "rows"


ROWS = BatchSize(2**40 + 15)  # a prime, so that no other size divides it

_numbers = itertools.count()
_calls: weakref.WeakKeyDictionary[Any, list[weakref.ref[Call]]] = weakref.WeakKeyDictionary()
_owners: weakref.WeakKeyDictionary[Any, weakref.ref[Any]] = weakref.WeakKeyDictionary()


class Call:
    """One application of a layer or an op to symbolic values.

    layer or op   what is applied; an op by its params too, a layer with options of its forward
    args          Symbolic values, tensors with numbers, or None
    outputs       the Symbolic values it gave, as the layer returns them: one, a tuple, a dict
    """

    __slots__ = (
        "__weakref__", "args", "layer", "number", "op", "options", "specs", "structure", "training",
    )  # fmt: skip

    def __init__(
        self,
        layer: Any = None,
        op: Op | None = None,
        args: Sequence[Any] = (),
        options: Mapping[str, Any] | None = None,
        training: bool | None = None,
    ) -> None:
        self.layer, self.op, self.training = layer, op, training
        self.args, self.options = tuple(args), dict(options or {})
        self.specs: list[Spec] = []
        self.structure: Any = 0  # the layer's return value, numbers of outputs for its tensors
        self.number = next(_numbers)
        if layer is not None:
            known = _calls.setdefault(layer, [])
            known[:] = [ref for ref in known if ref() is not None]
            known.append(weakref.ref(self))

    def given(self) -> list[Any]:
        """The tensors among arguments and options, symbolic or not."""
        return tensors_in([self.args, self.options])

    def arguments(self, value: Callable[[Symbolic], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments and options, with value(v) in place of each symbolic value v."""
        new = [value(v) if isinstance(v, Symbolic) else v for v in self.given()]
        return replace_tensors((self.args, self.options), iter(new))  # type: ignore[no-any-return]

    def outputs(self) -> Any:
        """The symbolic values of this call, in the structure the layer returns."""
        made = [Symbolic.of(self, i, spec) for i, spec in enumerate(self.specs)]
        return packed(self.structure, made)


class Symbolic(Tensor):
    """A value of a model that is being put together: output `place` of `call`."""

    __slots__ = ("call", "place")

    call: Call
    place: int

    @classmethod
    def of(cls, call: Call, place: int, spec: Spec, name: str = "") -> Symbolic:
        """Output `place` of `call`."""
        shape = tuple(ROWS if n == ROWS else n for n in spec.shape)
        out: Symbolic = cls._traced(input_node(shape, spec.dtype, name), None)  # type: ignore[assignment]
        out.call, out.place = call, place
        return out

    @classmethod
    def _record(cls, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> Symbolic:
        try:
            spec = op.infer(*[x.spec for x in inputs], **params)
        except RanvierError as error:
            error.args = tuple(str(a).replace(str(int(ROWS)), "rows") for a in error.args)
            raise
        call = Call(op=op, args=[cls._small(x) for x in inputs], options=params)
        call.specs = [spec]
        return cls.of(call, 0, spec)

    @classmethod
    def _small(cls, x: Tensor) -> Tensor:
        """x itself; numbers that were stretched to a row for each of ROWS rows as the op that
        stretches them.
        """
        if isinstance(x, cls) or all(multiple_of_rows(n) is None for n in x.shape):
            return x
        if x.op is not None:
            return cls._record(x.op, x.inputs, dict(x.params))
        array = x._array()
        once = tuple(slice(1) if step == 0 else slice(None) for step in array.strides)
        return cls._record(broadcast_to, (Tensor(array[once]),), {"shape": x.shape})

    def _augmented(self, name: str, new: Any) -> Any:
        # `x += y` makes x the name of another value, as in Keras.
        return new

    def _write(self, value: Any) -> Any:
        self._array()

    def _array(self) -> Any:
        raise TraceError(
            f"{self!r} has no numbers: it stands for data that the model will be given. Build the "
            "model, ranvier.Model(inputs=..., outputs=...), and call that; put code that looks at "
            "numbers into the forward of a layer of your own"
        )

    def __iter__(self) -> Iterator[Any]:
        raise TraceError(f"{self!r}: how many rows there will be is not known; index it: x[:, 0]")

    def __len__(self) -> int:
        raise TraceError(f"{self!r}: how many rows there will be is not known")

    def __repr__(self) -> str:
        made = self.call.layer.name if self.call.layer is not None else self.call.op.name  # type: ignore[union-attr]
        shape = ", ".join(map(str, self.shape))
        return f"Symbolic({self.name or made}: {self.dtype.name}[{shape}])"


def numbered(value: Any) -> Any:
    """`value` with the numbers 0, 1, ... in place of its tensors."""
    return replace_tensors(value, itertools.count())


def packed(structure: Any, things: Sequence[Any]) -> Any:
    """`structure` with things[i] in place of each number i.

    >>> packed({"a": 1, "b": (0, 1)}, ["x", "y"])
    {'a': 'y', 'b': ('x', 'y')}
    """
    return map_leaves(lambda v: things[v] if isinstance(v, int) else v, structure)


def with_rows(value: Any, rows: int) -> Any:
    """`value`, numbers and tuples of them, with `rows` in place of ROWS.

    >>> with_rows((ROWS, 3 * ROWS - 1, 7, "sum"), 10)
    (10, 29, 7, 'sum')
    """

    def known(number: Any) -> Any:
        found = multiple_of_rows(number)
        if found is None:
            return number
        size = found[0] * rows + found[1]
        return float(size) if isinstance(number, float) else size

    return map_leaves(known, value)


def multiple_of_rows(value: Any) -> tuple[int, int] | None:
    """(k, c) of a number that was made as k * rows + c; None for a number of another kind."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) < ROWS // 2:
        return None
    if value != value or value in (float("inf"), float("-inf")) or abs(value) > ROWS * 2**20:
        return None
    times = round(value / ROWS)
    return times, int(value) - times * int(ROWS)


def symbolic_input(layer: Any, dtype: Any) -> Symbolic:
    """What an InputLayer stands for."""
    call = Call(layer=layer)
    call.specs = [Spec((ROWS, *layer.shape), dtype)]
    return Symbolic.of(call, 0, call.specs[0], layer.name)


def record(
    layer: Any, values: Sequence[Any], training: bool | None, options: Mapping[str, Any]
) -> Any:
    """Note that `layer` was called on symbolic values; returns its symbolic outputs.

    The layer runs once in a trace, for two rows: so it is built, and its outputs are known.
    """
    call = Call(layer=layer, args=values, options=options, training=training)
    given = [v for v in call.given() if isinstance(v, Symbolic)]
    specs = [(with_rows(v.shape, 2), v.dtype) for v in given]

    def run(*tensors: Tensor) -> Any:
        made = iter(tensors)
        args, named = call.arguments(lambda v: next(made))
        return layer(*args, training=bool(training), **named)

    with no_trace():
        returned = trace(run, specs, [v.name for v in given])[1]
    found = tensors_in(returned)
    call.structure = numbered(returned)
    if not found:
        raise ArgumentError(f"{layer.name}: its forward returned no tensor")
    for t in found:
        if not t.shape or t.shape[0] % 2:
            raise ShapeError(
                f"{layer.name}: for 2 rows its forward returned a tensor of shape {t.shape}; "
                "expected a first axis of one row for each row of the input"
            )
        times = t.shape[0] // 2
        call.specs.append(Spec((times * int(ROWS), *t.shape[1:]), t.dtype))
    return call.outputs()


def calls_of(layer: Any) -> list[Call]:
    """The calls of a layer on symbolic values of which something still holds the result."""
    return [call for ref in _calls.get(layer, []) if (call := ref()) is not None]


def own(layer: Any, owner: Any) -> None:
    """`layer` is one of `owner`, a model that can put itself together from symbolic values."""
    _owners[layer] = weakref.ref(owner)


def value_of(layer: Any, attribute: str) -> Any:
    """`layer.input` or `layer.output`: the symbolic values of its only call."""
    calls = calls_of(layer)
    owner = _owners.get(layer, lambda: None)()
    if not calls and owner is not None:
        owner.inputs  # noqa: B018  (puts it together)
        calls = calls_of(layer)
    if len(calls) != 1:
        said = f"it was called {len(calls)} times" if calls else "it was not called on any yet"
        raise AttributeError(
            f"{layer.name}.{attribute}: a layer has one if it was called once on symbolic values "
            f"(ranvier.Input); {said}"
        )
    if attribute == "output":
        return calls[0].outputs()
    given = [v for v in calls[0].given() if isinstance(v, Symbolic)]
    return given[0] if len(given) == 1 else given
