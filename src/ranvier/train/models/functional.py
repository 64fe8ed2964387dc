"""Models put together from layers called on `ranvier.Input` (Keras' functional style).

wiring   the calls that lead from the inputs to the outputs, in the order they were made
run      those calls once more, on real rows

wiring_data.py has the same as plain data, for files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import dtypes
from ...base.nested import map_leaves
from ...errors import ArgumentError
from ...nn.basic.shape_layers import InputLayer
from ...nn.symbolic import Call, Symbolic, multiple_of_rows, numbered, packed, with_rows
from ...nn.walk import walk
from ...ops.elementwise import astype
from ...ops.op import apply
from ...tensors.tensor import Tensor
from ...tracing.trace import tensors_in

_Key = tuple[int, int]  # the number of a call, and which of its outputs


@dataclass(frozen=True)
class _Output:
    """A symbolic value in a copy: output `place` of the call of this number."""

    call: int
    place: int


class Wiring:
    """What leads from symbolic inputs to symbolic outputs.

    inputs, outputs            the Symbolic values, and `input_names`, `output_names`
    takes, gives               their structure as the user wrote it: one, a list, a dict
    calls, layers, constants   in the order of the calls; tensors with numbers that ops read
    """

    def __init__(self, inputs: Any, outputs: Any, name: str) -> None:
        self.name = name
        self.inputs, self.outputs = _symbolic(inputs, "inputs"), _symbolic(outputs, "outputs")
        self.takes, self.gives = _structure(inputs), _structure(outputs)
        self._start = {_key(v) for v in self.inputs}
        if len(self._start) < len(self.inputs):
            raise ArgumentError(f"{name}: an input is given twice")
        self.calls = self._found()
        self.layers = _once(c.layer for c in self.calls if c.layer is not None)
        counts = Counter(layer.name for layer in self.layers)
        for twice in (name for name, count in counts.items() if count > 1):
            raise ArgumentError(f"{name}: two layers are called {twice!r}; give one another name")
        self.constants = _once(
            v for c in self.calls for v in c.given() if not isinstance(v, Symbolic)
        )
        self.input_names = _names(inputs, self.inputs)
        self.output_names = _names(outputs, self.outputs)
        self.input_shapes = [tuple(v.shape[1:]) for v in self.inputs]
        one = isinstance(self.gives, int)
        shapes = [tuple(v.shape[1:]) for v in self.outputs]
        self.output_shape: Any = shapes[0] if one else shapes

    def _found(self) -> list[Call]:
        """The calls between inputs and outputs."""
        found: dict[int, Call] = {}
        stack = [*self.inputs, *self.outputs]
        while stack:
            value = stack.pop()
            call = value.call
            if call.number in found:
                continue
            if _key(value) in self._start:
                if isinstance(call.layer, InputLayer):
                    found[call.number] = call
                continue
            if isinstance(call.layer, InputLayer):
                raise ArgumentError(
                    f"{self.name}: an output depends on the Input {call.layer.name!r}, which is "
                    f"not among the inputs; add it: Model(inputs=[..., {call.layer.name}], ...)"
                )
            found[call.number] = call
            stack.extend(v for v in call.given() if isinstance(v, Symbolic))
        return [found[number] for number in sorted(found)]

    # -- copies and pickles -----------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """All of it, the calls as a list in which each says by number what it is applied to."""
        calls = _once([*self.calls, *[v.call for v in self.inputs]])
        places = {call.number: i for i, call in enumerate(calls)}

        def noted(value: Any) -> Any:
            return _changed(value, Symbolic, lambda v: _Output(places[v.call.number], v.place))

        made = [
            # Of calls before the inputs only the outputs matter.
            (c.layer, c.op, *(noted((c.args, c.options)) if i < len(self.calls) else ((), {})),
             c.training, c.specs, c.structure)
            for i, c in enumerate(calls)
        ]  # fmt: skip
        ends = {
            side: [(noted(v), v.name, _known_logits(v, noted)) for v in getattr(self, side)]
            for side in ("inputs", "outputs")
        }
        return {**vars(self), **ends, "calls": (made, len(self.calls)), "_start": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        calls: list[Call] = []

        def value(noted: _Output) -> Symbolic:
            call = calls[noted.call]
            return Symbolic.of(call, noted.place, call.specs[noted.place])

        made, count = state["calls"]
        for layer, op, args, options, training, specs, structure in made:
            args, options = _changed((args, options), _Output, value)
            calls.append(Call(layer, op, args, options, training))
            calls[-1].specs, calls[-1].structure = specs, structure
        for side in ("inputs", "outputs"):
            values = []
            for noted, name, logits in state[side]:
                values.append(value(noted))
                values[-1].name = name
                values[-1].logits = None if logits is None else (logits[0], value(logits[1]))
            setattr(self, side, values)
        self.calls = calls[:count]
        self._start = {_key(v) for v in self.inputs}

    # -- running ----------------------------------------------------------------------------------

    def run(self, given: Sequence[Any]) -> Any:
        """The outputs for these inputs, in the structure the user gave."""
        if len(given) != len(self.inputs):
            raise ArgumentError(
                f"{self.name}: expected {len(self.inputs)} inputs "
                f"({', '.join(self.input_names)}), got {len(given)}"
            )
        first = multiple_of_rows(self.inputs[0].shape[0])
        rows = given[0].shape[0] // (first[0] if first else 1)
        values: dict[_Key, Any] = {}
        for symbol, value in zip(self.inputs, given, strict=True):
            layer = symbol.call.layer
            values[_key(symbol)] = layer(value) if isinstance(layer, InputLayer) else value
        for call in self.calls:
            if not isinstance(call.layer, InputLayer):
                for i, value in enumerate(tensors_in(self._apply(call, values, rows))):
                    values.setdefault((call.number, i), value)
        return packed(self.gives, [self._output(v, values) for v in self.outputs])

    def _apply(self, call: Call, values: Mapping[_Key, Any], rows: int) -> Any:
        args, options = call.arguments(lambda v: values[_key(v)])
        if call.op is not None:
            like = None if args else next(iter(values.values()))
            params = {k: with_rows(v, rows) for k, v in options.items()}
            return apply(call.op, *_as_recorded(call, args), like=like, **params)
        return call.layer(*args, training=call.training, **options)

    def _output(self, symbol: Symbolic, values: Mapping[_Key, Any]) -> Any:
        """An output; one that ops made by a softmax or sigmoid says so to its loss."""
        out = values[_key(symbol)]
        if symbol.logits is not None and isinstance(symbol.logits[1], Symbolic):
            before = values.get(_key(symbol.logits[1]))
            out.logits = None if before is None else (symbol.logits[0], before)
        return out


def _as_recorded(call: Call, args: Sequence[Any]) -> list[Any]:
    """The arguments of an op in the dtypes that it was recorded with.

    Integers given where floats were expected become floats; and where one is float64 (as in
    `Model.verify`), all floats are.
    """
    kinds = [v.dtype for v in call.args]
    pairs = list(zip(args, kinds, strict=True))
    wide = any(a.dtype == dtypes.float64 and kind.kind == "f" for a, kind in pairs)
    found = []
    for a, kind in pairs:
        to = dtypes.float64 if wide and kind.kind == "f" else kind
        found.append(astype(a, to) if a.dtype != to else a)
    return found


def shapes_of(returned: Any) -> Any:
    """The shape of a row of one tensor; of several a list of them, or a dict."""
    if isinstance(returned, Tensor):
        return tuple(returned.shape[1:])
    if isinstance(returned, dict) and all(isinstance(v, Tensor) for v in returned.values()):
        return {k: tuple(v.shape[1:]) for k, v in returned.items()}
    return [tuple(v.shape[1:]) for v in tensors_in(returned)]


def direct_layers(model: Any) -> list[Any]:
    """The layers of a model, without those inside them."""
    layers = vars(model).get("layers")
    if isinstance(layers, list):
        return layers
    found = _once(walk(model).inside)
    nested = {id(x) for layer in found for x in walk(layer).inside}
    return [layer for layer in found if id(layer) not in nested]


def ends(model: Any, attribute: str) -> Any:
    """`model.inputs` and its kin: the symbolic values between which the model lies."""
    wiring = model.wired()
    if attribute.endswith("_names"):
        return getattr(wiring, attribute)
    if attribute in ("inputs", "outputs"):
        return list(getattr(wiring, attribute))
    values = wiring.inputs if attribute == "input" else wiring.outputs
    return packed(wiring.takes if attribute == "input" else wiring.gives, values)


def _key(value: Any) -> _Key:
    return value.call.number, value.place


def _same(a: Any, b: Symbolic) -> bool:
    return isinstance(a, Symbolic) and _key(a) == _key(b)


def _changed(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """`value`, lists, tuples and dicts, with change(v) in place of each v of this kind."""
    return map_leaves(lambda leaf: change(leaf) if isinstance(leaf, kind) else leaf, value)


def _known_logits(value: Symbolic, noted: Callable[[Any], Any]) -> tuple[str, Any] | None:
    """The logits of an output, if they are another value of the model."""
    if value.logits is None or not isinstance(value.logits[1], Symbolic):
        return None
    try:
        return value.logits[0], noted(value.logits[1])
    except KeyError:
        return None


def _once(things: Any) -> list[Any]:
    found: dict[int, Any] = {}
    for thing in things:
        found.setdefault(id(thing), thing)
    return list(found.values())


def _symbolic(value: Any, what: str) -> list[Symbolic]:
    found = tensors_in(value)
    if not found or not all(isinstance(v, Symbolic) for v in found):
        wrong = next((v for v in found if not isinstance(v, Symbolic)), value)
        raise ArgumentError(
            f"Model: {what} must be made with ranvier.Input and layers called on it (one, a list "
            f"or a dict by name); got {wrong!r}"
        )
    return found  # type: ignore[return-value]


def _structure(value: Any) -> Any:
    """The structure of values, a list or tuple of one counting as that one, as in Keras."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return numbered(value)


def _names(given: Any, values: Sequence[Symbolic]) -> list[str]:
    """The names of inputs or outputs: the dict's keys, else those of the layers or ops."""
    if isinstance(given, Mapping):
        return [str(k) for k in given]
    names: list[str] = []
    for v in values:
        stem = v.call.layer.name if v.call.layer is not None else v.call.op.name  # type: ignore[union-attr]
        name, number = stem, 0
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.append(name)
    return names
