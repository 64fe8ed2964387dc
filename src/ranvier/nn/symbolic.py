"""Symbolic values: what a model is put together from before there are numbers.

    x = ranvier.Input(shape=(28, 28))      # a Symbolic: it stands for a node of a graph
    h = Dense(16)(Flatten()(x))            # a layer called on it is a node,
    y = h * 2.0 + x[:, 0, :16]             # so is every op

Nothing is computed. The data flow:

    graph    nodes of ops as everywhere (graph/node.py), and three more kinds, each an op of one
             node: `LayerCall` applies a layer, `Output` is one of several values that a layer
             returned, `Constant` is a tensor with numbers
    rows     the first axis has the size `ROWS`; what is made from it stands in shapes and params
             (graph/row_count.py)
    shapes   an op's by its rule; a layer's by running it once in a trace for that many rows
    model    `ranvier.Model(inputs=x, outputs=y)` (train/models/functional.py) takes the part of the
             graph between both, and runs its nodes on real rows

A layer stays one node. So it has its weights, name and masks, works in training as in training,
and is built once; what it computes is traced when the model is.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..base.nested import map_leaves
from ..errors import ArgumentError, ShapeError, TraceError, UnknownSizeError
from ..graph.node import Node, Spec, result_spec
from ..graph.row_count import ROWS
from ..graph.sizes import is_unknown, with_rows
from ..ops.op import Op
from ..tensors.mode import no_trace
from ..tensors.tensor import Tensor, set_symbolic_value
from ..tracing.trace import replace_tensors, tensors_in, trace
from ..typing import DType

if TYPE_CHECKING:
    from .basic.shape_layers import InputLayer
    from .layer import Layer

_TRIED_ROWS = 2  # for a layer whose Python asks for the number

_calls: weakref.WeakKeyDictionary[Layer, list[weakref.ref[Node]]] = weakref.WeakKeyDictionary()
_owners: weakref.WeakKeyDictionary[Layer, weakref.ref[Layer]] = weakref.WeakKeyDictionary()


# --- nodes of a model -----------------------------------------------------------------------------


class _ModelOp(Op):
    """Base of the ops of one node each."""

    kind = "layer"

    def reference(self, *arrays: Any, **params: Any) -> NoReturn:
        raise NotImplementedError(f"{self.name}: the graph of a model is run by the model")

    def gradient(self, grad: Any, out: Any, *inputs: Any, **params: Any) -> NoReturn:
        raise NotImplementedError(f"{self.name}: gradients are those of the traced model")

    def vmap(self, members: int, mapped: Any, *inputs: Any, **params: Any) -> NoReturn:
        raise NotImplementedError(f"{self.name}: members are those of the traced model")


@dataclass(frozen=True)
class _Slot:
    """Where tensor number `index` stands among the arguments of a call."""

    index: int


class LayerCall(_ModelOp):
    """A layer, applied to the inputs of its node.

    arguments   (args, options) of the call, a slot in place of each tensor
    specs       of the tensors that the layer returned
    structure   what it returned, with their numbers in place of the tensors
    """

    def __init__(
        self, layer: Layer, args: Sequence[Any], options: Mapping[str, Any], training: bool | None
    ) -> None:
        self.layer, self.training = layer, training
        slots = map(_Slot, itertools.count())
        self.arguments: Any = replace_tensors((tuple(args), dict(options)), slots)
        self.specs: list[Spec] = []
        self.structure: Any = 0
        self.outputs: dict[int, weakref.ref[Node]] = {}  # the nodes of several tensors

    @property
    def name(self) -> str:  # type: ignore[override]
        return str(self.layer.name)

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return self.specs[0]

    def filled(self, tensors: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments and options with these things in place of the tensors."""
        return map_leaves(  # type: ignore[no-any-return]
            lambda leaf: tensors[leaf.index] if isinstance(leaf, _Slot) else leaf, self.arguments
        )

    def run(self, tensors: Sequence[Any]) -> Any:
        """What the layer returns for these tensors."""
        args, options = self.filled(tensors)
        return self.layer(*args, training=self.training, **options)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "outputs": {}}


class ModelInput(LayerCall):
    """An `InputLayer`: what the model gets from outside."""

    kind = "input"


class Output(_ModelOp):
    """Tensor number `index` of those that a layer returned."""

    name = "output"

    def __init__(self, index: int) -> None:
        self.index = index

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        raise NotImplementedError("what a layer returns is known to its call")


class Constant(_ModelOp):
    """A tensor with numbers that an op or a layer reads."""

    name = "constant"

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return self.tensor.spec


def call_of(node: Node) -> Node:
    """The node that computes the value of `node`: of an output of a layer its call."""
    return node.inputs[0] if isinstance(node.op, Output) else node


def layer_of(node: Node) -> Any:
    """The layer that computes the value of `node`; None for an op."""
    op = call_of(node).op
    return op.layer if isinstance(op, LayerCall) else None


def output_nodes(call: Node) -> list[Node]:
    """A node for each tensor that the layer of `call` returned: the call itself, if it is one."""
    op = call.op
    if not isinstance(op, LayerCall) or len(op.specs) == 1:
        return [call]
    nodes = []
    for i, spec in enumerate(op.specs):
        known = op.outputs.get(i)
        node = None if known is None else known()
        if node is None:
            node = Node(Output(i), [call], {}, spec)
            op.outputs[i] = weakref.ref(node)
        nodes.append(node)
    return nodes


def call_node(op: LayerCall, inputs: Sequence[Node]) -> Node:
    """A node for a call whose specs are known; its layer remembers it."""
    name = op.layer.name if isinstance(op, ModelInput) else ""
    node = Node(op, inputs, {}, op.specs[0], name=name)
    known = _calls.setdefault(op.layer, [])
    known[:] = [ref for ref in known if ref() is not None]
    known.append(weakref.ref(node))
    return node


# --- values ---------------------------------------------------------------------------------------


class Symbolic(Tensor):
    """A value of a model that is being put together: it stands for a node."""

    __slots__ = ()

    @classmethod
    def of(cls, node: Node) -> Symbolic:
        """What stands for `node`."""
        return cls._traced(node, None)

    @property
    def node(self) -> Node:
        """The node it stands for."""
        assert self._node is not None
        return self._node

    @classmethod
    def _record(cls, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> Symbolic:
        if op.kind == "random":
            raise TraceError(
                f"{op.name}: random numbers for rows that are not there yet would be the same for "
                "all data; draw them in the forward of a layer"
            )
        spec = result_spec(op, inputs, params)
        return cls.of(Node(op, [_node_of(x) for x in inputs], params, spec))

    def _augmented(self, name: str, new: Symbolic) -> Symbolic:
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
        shape = ", ".join(map(str, self.shape))
        name = self.name or call_of(self.node).op.name
        return f"Symbolic({name}: {self.dtype.name}[{shape}])"


set_symbolic_value(Symbolic)


def _node_of(x: Tensor) -> Node:
    """The node that `x` stands for; of a tensor with numbers a new constant."""
    if isinstance(x, Symbolic):
        return x.node
    if x.is_traced:
        raise TraceError(
            f"a tensor ({x.spec}) of a function that is being traced was combined with values of a "
            "model that is being put together; put the model together outside of the function"
        )
    return Node(Constant(x), (), {}, x.spec, name=x.name)


def numbered(value: object) -> Any:
    """`value` with the numbers 0, 1, ... in place of its tensors."""
    return replace_tensors(value, itertools.count())


def packed(structure: object, things: Sequence[Any]) -> Any:
    """`structure` with things[i] in place of each number i.

    >>> packed({"a": 1, "b": (0, 1)}, ["x", "y"])
    {'a': 'y', 'b': ('x', 'y')}
    """
    return map_leaves(lambda v: things[v] if isinstance(v, int) else v, structure)


def _values(call: Node) -> Any:
    """The symbolic values of a layer's call, in the structure that the layer returns."""
    nodes = output_nodes(call)
    return packed(call.op.structure, [Symbolic.of(n) for n in nodes])  # type: ignore[attr-defined]


# --- layers on values -----------------------------------------------------------------------------


def symbolic_input(layer: InputLayer, dtype: DType) -> Symbolic:
    """What an InputLayer stands for."""
    op = ModelInput(layer, (), {}, None)
    op.specs = [Spec((ROWS, *layer.shape), dtype)]
    return Symbolic.of(call_node(op, ()))


def record(
    layer: Layer, values: Sequence[Any], training: bool | None, options: Mapping[str, Any]
) -> Any:
    """Note that `layer` was called on symbolic values; returns its symbolic outputs.

    The layer runs once in a trace: so it is built, and its outputs are known.
    """
    op = LayerCall(layer, values, options, training)
    tensors = tensors_in([values, options])
    try:
        returned, grows = _tried(op, tensors, ROWS), _grown
    except UnknownSizeError:
        returned, grows = _tried(op, tensors, _TRIED_ROWS), _grown_from_tried
    outputs = tensors_in(returned)
    op.structure = numbered(returned)
    if not outputs:
        raise ArgumentError(f"{layer.name}: its forward returned no tensor")
    for t in outputs:
        if not t.shape or (first := grows(t.shape[0])) is None:
            raise ShapeError(
                f"{layer.name}: its forward returned a tensor of shape {t.shape}; expected a first "
                "axis of one row for each row of the input"
            )
        op.specs.append(Spec((first, *t.shape[1:]), t.dtype))
    return _values(call_node(op, [_node_of(t) for t in tensors]))


def _tried(op: LayerCall, tensors: Sequence[Any], rows: int) -> Any:
    """What the layer returns in a trace, for so many rows."""
    symbols = [t for t in tensors if isinstance(t, Symbolic)]

    def run(*traced: Tensor) -> Any:
        stand_ins = iter(traced)
        args, options = op.filled(
            [next(stand_ins) if isinstance(t, Symbolic) else t for t in tensors]
        )
        return op.layer(*args, training=bool(op.training), **options)

    specs = [(with_rows(t.shape, rows), t.dtype) for t in symbols]
    with no_trace():
        return trace(run, specs, [t.name for t in symbols])[1]


def _grown(first: int) -> int | None:
    """The size of a first axis, if it grows with the rows."""
    return first if is_unknown(first) else None


def _grown_from_tried(first: int) -> int | None:
    """The size of a first axis as that of so many rows as were tried tells it."""
    return None if not first or first % _TRIED_ROWS else first // _TRIED_ROWS * ROWS


def own(layer: Layer, owner: Layer) -> None:
    """`layer` is one of `owner`, a model that can put itself together from symbolic values."""
    _owners[layer] = weakref.ref(owner)


def calls_of(layer: Layer) -> list[Node]:
    """The calls of a layer on symbolic values of which something still holds the result."""
    return [call for ref in _calls.get(layer, []) if (call := ref()) is not None]


def value_of(layer: Layer, attribute: str) -> Any:
    """`layer.input` or `layer.output`: the symbolic values of its only call."""
    calls = calls_of(layer)
    owner = _owners.get(layer, lambda: None)()
    if not calls and owner is not None:
        owner.inputs  # noqa: B018  (puts it together)
        calls = calls_of(layer)
    if len(calls) != 1:
        times = f"it was called {len(calls)} times" if calls else "it was not called on any yet"
        raise AttributeError(
            f"{layer.name}.{attribute}: a layer has one if it was called once on symbolic values "
            f"(ranvier.Input); {times}"
        )
    (call,) = calls
    if attribute == "output":
        return _values(call)
    symbols = [Symbolic.of(n) for n in call.inputs if not isinstance(n.op, Constant)]
    return symbols[0] if len(symbols) == 1 else symbols
