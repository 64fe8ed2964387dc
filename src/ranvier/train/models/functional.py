"""Models put together from layers called on `ranvier.Input` (Keras' functional style).

    graph    the part of the symbolic graph (nn/symbolic.py) between inputs and outputs
    nodes    its nodes in the order in which they were made; `calls` are those that compute
    run      the nodes one after another, on real rows or in a trace

wiring_data.py has the same as plain data, for files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ... import dtypes
from ...errors import ArgumentError
from ...graph.graph import Graph
from ...graph.node import Node
from ...graph.sizes import rows_for
from ...graph.with_rows import params_for
from ...nn.layer import Layer
from ...nn.symbolic import (
    Constant,
    LayerCall,
    ModelInput,
    Output,
    Symbolic,
    call_node,
    call_of,
    layer_of,
    numbered,
    output_nodes,
    packed,
)
from ...nn.walk import walk
from ...ops.elementwise import astype
from ...ops.op import apply
from ...tensors.tensor import Tensor
from ...tracing.trace import tensors_in

if TYPE_CHECKING:
    from .network import Network

_T = TypeVar("_T")
Visit: TypeAlias = Callable[[Node, Sequence[Tensor]], None]


class Wiring:
    """What leads from symbolic inputs to symbolic outputs.

    inputs, outputs            the Symbolic values, and `input_names`, `output_names`
    takes, gives               their structure as the user wrote it: one, a list, a dict
    calls, layers, constants   in the order of the calls; tensors with numbers that ops read
    """

    def __init__(self, inputs: object, outputs: object, name: str) -> None:
        self.name = name
        self.inputs, self.outputs = _symbolic(inputs, "inputs"), _symbolic(outputs, "outputs")
        self.takes, self.gives = _structure(inputs), _structure(outputs)
        self._connect()
        counts = Counter(layer.name for layer in self.layers)
        for twice in (name for name, count in counts.items() if count > 1):
            raise ArgumentError(f"{name}: two layers are called {twice!r}; give one another name")
        self.input_names = _names(inputs, self.inputs)
        self.output_names = _names(outputs, self.outputs)
        self.input_shapes = [tuple(v.shape[1:]) for v in self.inputs]
        one = isinstance(self.gives, int)
        shapes = [tuple(v.shape[1:]) for v in self.outputs]
        self.output_shape: Any = shapes[0] if one else shapes

    def _connect(self) -> None:
        """Find the graph between inputs and outputs."""
        begin = [v.node for v in self.inputs]
        if len(set(begin)) < len(begin):
            raise ArgumentError(f"{self.name}: an input is given twice")
        self.graph = Graph(begin, [v.node for v in self.outputs])
        self.nodes = sorted({*begin, *self.graph.nodes}, key=lambda node: node.number)
        for node in self.nodes:
            if isinstance(node.op, ModelInput) and node not in begin:
                raise ArgumentError(
                    f"{self.name}: an output depends on the Input {node.name!r}, which is "
                    f"not among the inputs; add it: Model(inputs=[..., {node.name}], ...)"
                )
        self.calls = [
            node
            for node in self.nodes
            if not isinstance(node.op, Output | Constant)
            and (node not in begin or isinstance(node.op, ModelInput))
        ]
        self.layers: list[Any] = _once(layer_of(n) for n in self.calls if layer_of(n) is not None)
        self.constants: list[Tensor] = _once(
            node.op.tensor for node in self.nodes if isinstance(node.op, Constant)
        )

    # -- copies and pickles -----------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """All of it, the nodes as a list in which each says by number what it reads.

        NOTE: pickled as they are, nodes would be followed from one to the next: too deep for
        Python.
        """
        begin = self.graph.inputs
        before = {call_of(node) for node in begin}  # of which only the results matter
        nodes = sorted({*self.nodes, *before}, key=lambda node: node.number)
        numbers = {node: i for i, node in enumerate(nodes)}
        rows = [
            (n.op, [] if n in before else [numbers[x] for x in n.inputs],
             n.params, n.spec, n.name)
            for n in nodes
        ]  # fmt: skip
        state = {k: v for k, v in vars(self).items() if k not in _CONNECTED}
        for side in ("inputs", "outputs"):
            state[side] = [
                (numbers[v.node], v.name, _known_logits(v, numbers)) for v in getattr(self, side)
            ]
        return {**state, "nodes": rows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        nodes: list[Node] = []
        for op, numbers, params, spec, name in state.pop("nodes"):
            inputs = [nodes[i] for i in numbers]
            if isinstance(op, Output):
                nodes.append(output_nodes(inputs[0])[op.index])
            elif isinstance(op, LayerCall):
                nodes.append(call_node(op, inputs))
            else:
                nodes.append(Node(op, inputs, params, spec, name=name))
        for side in ("inputs", "outputs"):
            values = []
            for number, name, logits in state[side]:
                values.append(Symbolic.of(nodes[number]))
                values[-1].name = name
                if logits is not None:
                    values[-1].logits = (logits[0], Symbolic.of(nodes[logits[1]]))
            state[side] = values
        vars(self).update(state)
        self._connect()

    # -- running ----------------------------------------------------------------------------------

    def run(self, tensors: Sequence[Tensor], visit: Visit | None = None) -> Any:
        """The outputs for these inputs, in the structure the user gave.

        `visit` is called with each call of a layer and what it is about to read.
        """
        if len(tensors) != len(self.inputs):
            raise ArgumentError(
                f"{self.name}: expected {len(self.inputs)} inputs "
                f"({', '.join(self.input_names)}), got {len(tensors)}"
            )
        rows = rows_for(self.inputs[0].shape[0], tensors[0].shape[0])
        values: dict[Node, Any] = {}
        for node, x in zip(self.graph.inputs, tensors, strict=True):
            values[node] = node.op.layer(x) if isinstance(node.op, ModelInput) else x
        for node in self.nodes:
            if node not in values:
                if visit is not None and isinstance(node.op, LayerCall):
                    visit(node, [values[x] for x in node.inputs])
                values[node] = self._value(node, values, rows)
        return packed(self.gives, [self._output(v, values) for v in self.outputs])

    def _value(self, node: Node, values: Mapping[Node, Any], rows: int) -> Any:
        """The tensor of a node; of a layer that returns several all of them in a list."""
        op, inputs = node.op, [values[x] for x in node.inputs]
        if isinstance(op, Constant):
            return op.tensor
        if isinstance(op, Output):
            return inputs[0][op.index]
        if isinstance(op, LayerCall):
            returned = tensors_in(op.run(inputs))
            return returned[0] if len(op.specs) == 1 else returned
        like = None if inputs else next(iter(values.values()))
        return apply(op, *_as_recorded(node, inputs), like=like, **params_for(node.params, rows))

    def _output(self, symbol: Symbolic, values: Mapping[Node, Any]) -> Any:
        """An output; one that ops made by a softmax or sigmoid says so to its loss."""
        out = values[symbol.node]
        if symbol.logits is not None and isinstance(symbol.logits[1], Symbolic):
            before = values.get(symbol.logits[1].node)
            out.logits = None if before is None else (symbol.logits[0], before)
        return out


_CONNECTED = ("graph", "nodes", "calls", "layers", "constants")  # what _connect finds


def _as_recorded(node: Node, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The inputs of an op in the dtypes that it was recorded with.

    Integers where floats were expected become floats; and where one is float64 (as in
    `Model.verify`), all floats are.
    """
    pairs = [(t, x.dtype) for t, x in zip(tensors, node.inputs, strict=True)]
    wide = any(t.dtype == dtypes.float64 and dtype.kind == "f" for t, dtype in pairs)
    dtypes_now = [dtypes.float64 if wide and d.kind == "f" else d for _, d in pairs]
    return [
        astype(t, dtype) if t.dtype != dtype else t
        for t, dtype in zip(tensors, dtypes_now, strict=True)
    ]


def shapes_of(returned: object) -> Any:
    """The shape of a row of one tensor; of several a list of them, or a dict."""
    if isinstance(returned, Tensor):
        return tuple(returned.shape[1:])
    if isinstance(returned, dict) and all(isinstance(v, Tensor) for v in returned.values()):
        return {k: tuple(v.shape[1:]) for k, v in returned.items()}
    return [tuple(v.shape[1:]) for v in tensors_in(returned)]


def direct_layers(model: Layer) -> list[Any]:
    """The layers of a model, without those inside them."""
    layers = vars(model).get("layers")
    if isinstance(layers, list):
        return layers
    inside = _once(walk(model).inside)
    nested = {id(x) for layer in inside for x in walk(layer).inside}
    return [layer for layer in inside if id(layer) not in nested]


def ends(model: Network, attribute: str) -> Any:
    """`model.inputs` and its kin: the symbolic values between which the model lies."""
    wiring = model.wired()
    if attribute.endswith("_names"):
        return getattr(wiring, attribute)
    if attribute in ("inputs", "outputs"):
        return list(getattr(wiring, attribute))
    values = wiring.inputs if attribute == "input" else wiring.outputs
    return packed(wiring.takes if attribute == "input" else wiring.gives, values)


def _known_logits(value: Symbolic, numbers: Mapping[Node, int]) -> tuple[str, int] | None:
    """The logits of an output, if they are another value of the model."""
    if value.logits is None or not isinstance(value.logits[1], Symbolic):
        return None
    kind, node = value.logits[0], value.logits[1].node
    return (kind, numbers[node]) if node in numbers else None


def _once(things: Iterable[_T]) -> list[_T]:
    """Each thing once, in their order."""
    return list({id(thing): thing for thing in things}.values())


def _symbolic(value: object, what: str) -> list[Symbolic]:
    tensors = tensors_in(value)
    if not tensors or not all(isinstance(v, Symbolic) for v in tensors):
        wrong = next((v for v in tensors if not isinstance(v, Symbolic)), value)
        raise ArgumentError(
            f"Model: {what} must be made with ranvier.Input and layers called on it (one, a list "
            f"or a dict by name); got {wrong!r}"
        )
    return tensors  # type: ignore[return-value]


def _structure(value: object) -> Any:
    """The structure of values, a list or tuple of one counting as that one, as in Keras."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return numbered(value)


def _names(written: object, values: Sequence[Symbolic]) -> list[str]:
    """The names of inputs or outputs: the dict's keys, else those of the layers or ops."""
    if isinstance(written, Mapping):
        return [str(k) for k in written]
    names: list[str] = []
    for v in values:
        stem = call_of(v.node).op.name
        name, number = stem, 0
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.append(name)
    return names
