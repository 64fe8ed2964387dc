"""Models of connected layers as plain data and back: what stands in a file.

Layers go by class and configuration, ops by their name in the closed registry and their params. No
code goes into a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dtypes
from ...errors import ArgumentError, StateError, unknown_name
from ...graph.node import OPS, Node
from ...graph.row_count import ROWS, NotedFloat, RowCount, computed
from ...graph.sizes import float_of
from ...nn.basic.shape_layers import InputLayer
from ...nn.configuration import plain, restore
from ...nn.layer import LAYERS
from ...nn.symbolic import Constant, LayerCall, Output, Symbolic, call_of, packed
from ...ops.op import as_integer
from ...ops.op_params import check_params
from ...tensors.tensor import Tensor
from ...tracing.trace import tensors_in

if TYPE_CHECKING:
    from .functional import Wiring


def to_data(wiring: Wiring) -> dict[str, Any]:
    """Layers, calls, inputs and outputs as JSON-able data."""
    calls = {node: i for i, node in enumerate(wiring.calls)}
    layers = {id(x): i for i, x in enumerate(wiring.layers)}
    constants = {id(x): i for i, x in enumerate(wiring.constants)}
    for symbol in wiring.inputs:
        if symbol.node not in calls:
            raise StateError(
                f"{wiring.name}: input {symbol!r} comes out of another model; a model that "
                "begins inside another one cannot be saved. Call its layers on a new Input"
            )

    def ref(node: Node) -> dict[str, int]:
        if isinstance(node.op, Constant):
            return {"constant": constants[id(node.op.tensor)]}
        index = node.op.index if isinstance(node.op, Output) else 0
        return {"call": calls[call_of(node)], "output": index}

    def described(node: Node) -> dict[str, Any]:
        inputs = [ref(x) for x in node.inputs]
        if not isinstance(node.op, LayerCall):
            params = {k: _written(v) for k, v in node.params.items()}
            return {"args": inputs, "op": node.op.name, "params": params}
        args, options = node.op.filled([_Ref(x) for x in inputs])
        return {
            "args": [_argument(v, wiring.name) for v in args],
            "layer": layers[id(node.op.layer)],
            "options": {k: _argument(v, wiring.name) for k, v in options.items()},
            "training": node.op.training,
        }

    logits = {
        str(i): [v.logits[0], ref(v.logits[1].node)]
        for i, v in enumerate(wiring.outputs)
        if v.logits is not None and isinstance(v.logits[1], Symbolic)
    }
    return {
        "name": wiring.name,
        "layers": [{"class": type(x).__name__, "config": x.get_config()} for x in wiring.layers],
        "constants": [
            {"values": c.numpy().tolist(), "dtype": c.dtype.name, "trained": c.requires_grad}
            for c in wiring.constants
        ],
        "calls": [described(node) for node in wiring.calls],
        "inputs": [_structured(wiring.takes), [ref(v.node) for v in wiring.inputs]],
        "outputs": [_structured(wiring.gives), [ref(v.node) for v in wiring.outputs]],
        "logits": logits,
    }


@dataclass(frozen=True)
class _Ref:
    """A tensor among the arguments of a layer, as it stands in a file."""

    data: dict[str, int]


def _argument(value: object, name: str) -> Any:
    """An argument of a layer as JSON has it."""
    if isinstance(value, _Ref):
        return value.data
    if isinstance(value, list | tuple):
        return [_argument(one, name) for one in value]
    return plain(value, name)


def from_data(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """Symbolic (inputs, outputs) of the described model, its layers new."""
    layers = [restore("layer", c, LAYERS) for c in config["layers"]]
    constants = [
        Tensor(np.array(c["values"], c["dtype"]), requires_grad=c["trained"])
        for c in config["constants"]
    ]
    made: list[list[Any]] = []

    def value(v: Any) -> Any:
        if isinstance(v, list):
            return [value(one) for one in v]
        if isinstance(v, Mapping) and "call" in v:
            return made[v["call"]][v["output"]]
        return constants[v["constant"]] if isinstance(v, Mapping) and "constant" in v else v

    for call in config["calls"]:
        args = [value(v) for v in call["args"]]
        if "op" in call:
            if call["op"] not in OPS:
                raise unknown_name("op", call["op"], OPS)
            params = {k: _read(v) for k, v in call["params"].items()}
            check_params(OPS[call["op"]], args, params)
            out = Symbolic._record(OPS[call["op"]], tuple(args), params)
        else:
            layer = layers[call["layer"]]
            options = {k: value(v) for k, v in call["options"].items()}
            if isinstance(layer, InputLayer):
                out = layer.symbolic()
            else:
                out = layer(*args, training=call["training"], **options)
        made.append(tensors_in(out))
    ends = []
    for structure, refs in (config["inputs"], config["outputs"]):
        ends.append((_unstructured(structure), [value(v) for v in refs]))
    for i, (kind, ref) in config["logits"].items():
        ends[1][1][int(i)].logits = (kind, value(ref))
    return packed(*ends[0]), packed(*ends[1])


def _structured(value: object) -> Any:
    """A structure as JSON has it: a tuple becomes {"tuple": [...]}, a dict {"dict": {...}}."""
    if isinstance(value, tuple):
        return {"tuple": [_structured(v) for v in value]}
    if isinstance(value, list):
        return [_structured(v) for v in value]
    if isinstance(value, dict):
        return {"dict": {k: _structured(v) for k, v in value.items()}}
    return value


def _unstructured(value: object) -> Any:
    if isinstance(value, list):
        return [_unstructured(v) for v in value]
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(_unstructured(v) for v in value["tuple"])
        # NOTE: a file has the keys in the order of the alphabet. The numbers of the values are in
        # the order that the dict had, by which a model that is called on one finds its inputs.
        made = {k: _unstructured(v) for k, v in value["dict"].items()}
        return dict(sorted(made.items(), key=lambda item: _first_number(item[1])))
    return value


def _first_number(value: object) -> float:
    """The first number in a structure."""
    if isinstance(value, dict | list | tuple):
        inner = value.values() if isinstance(value, dict) else value
        return min(map(_first_number, inner), default=math.inf)
    return value if isinstance(value, int) else math.inf


def _written(value: object) -> Any:
    """A param of an op as JSON has it: what is made from the number of rows by its coefficients."""
    if isinstance(value, RowCount):
        return {"rows": list(reversed(value.coefficients)), "float": False}
    if isinstance(value, NotedFloat):
        if value.name == "float" and isinstance(value.operands[0], RowCount):
            return {**_written(value.operands[0]), "float": True}
        return {"computed": [value.name, *[_written(x) for x in value.operands]]}
    if isinstance(value, tuple | list):
        return {"tuple": [_written(v) for v in value]}
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    return plain(value, "an op's param")


def _size(coefficients: object) -> int:
    """The size with these coefficients, that of the highest power first."""
    if not isinstance(coefficients, list) or len(coefficients) > _MAX_COEFFICIENTS:
        raise ArgumentError(f"rows={coefficients!r:.80}; expected the coefficients of a size")
    size = 0
    for c in coefficients:
        size = size * ROWS + as_integer("a size", "rows", c)
    return size


_MAX_COEFFICIENTS = 8  # more axes of rows than any tensor has


def _read(value: object) -> Any:
    if isinstance(value, dict) and "rows" in value:
        size = _size(value["rows"])
        return float_of(size) if value["float"] else size
    if isinstance(value, dict) and "computed" in value:
        return computed(*[_read(v) for v in value["computed"]])
    if isinstance(value, dict) and "tuple" in value:
        return tuple(_read(v) for v in value["tuple"])
    if isinstance(value, dict) and "dtype" in value:
        return dtypes.BY_NAME[value["dtype"]]
    return value
