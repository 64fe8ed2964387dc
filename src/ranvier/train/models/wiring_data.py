"""Models of connected layers as plain data and back: what stands in a file.

Layers go by class and configuration, ops by their name in the closed registry and their params. No
code goes into a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dtypes
from ...errors import StateError, unknown_name
from ...graph.node import OPS
from ...nn.basic.shape_layers import InputLayer
from ...nn.config import plain, restore
from ...nn.layer import LAYERS
from ...nn.symbolic import ROWS, Symbolic, multiple_of_rows, packed
from ...ops.op import apply
from ...ops.op_params import check_params
from ...tensors.tensor import Tensor
from ...tracing.trace import tensors_in

if TYPE_CHECKING:
    from .functional import Wiring


def to_data(wiring: Wiring) -> dict[str, Any]:
    """Layers, calls, inputs and outputs as JSON-able data."""
    positions = {c.number: i for i, c in enumerate(wiring.calls)}
    numbers = {id(x): i for i, x in enumerate(wiring.layers)}
    for symbol in wiring.inputs:
        if symbol.call.number not in positions:
            raise StateError(
                f"{wiring.name}: input {symbol!r} comes out of another model; a model that "
                "begins inside another one cannot be saved. Call its layers on a new Input"
            )

    def ref(v: Any) -> Any:
        if isinstance(v, Symbolic):
            return {"call": positions[v.call.number], "output": v.place}
        if isinstance(v, Tensor):
            return {"constant": next(i for i, c in enumerate(wiring.constants) if c is v)}
        if isinstance(v, list | tuple):
            return [ref(one) for one in v]
        return plain(v, wiring.name)

    calls: list[dict[str, Any]] = []
    for call in wiring.calls:
        said: dict[str, Any] = {"args": [ref(v) for v in call.args]}
        if call.op is not None:
            said |= {"op": call.op.name}
            said["params"] = {k: _written(v) for k, v in call.options.items()}
        else:
            said["layer"] = numbers[id(call.layer)]
            said["options"] = {k: ref(v) for k, v in call.options.items()}
            said["training"] = call.training
        calls.append(said)
    logits = {
        str(i): [v.logits[0], ref(v.logits[1])]
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
        "calls": calls,
        "inputs": [_structured(wiring.takes), [ref(v) for v in wiring.inputs]],
        "outputs": [_structured(wiring.gives), [ref(v) for v in wiring.outputs]],
        "logits": logits,
    }


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
            like = made[0][0] if not args else None
            check_params(OPS[call["op"]], args, params)
            out = apply(OPS[call["op"]], *args, like=like, **params)
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


def _structured(value: Any) -> Any:
    """A structure as JSON has it: a tuple becomes {"tuple": [...]}, a dict {"dict": {...}}."""
    if isinstance(value, tuple):
        return {"tuple": [_structured(v) for v in value]}
    if isinstance(value, list):
        return [_structured(v) for v in value]
    if isinstance(value, dict):
        return {"dict": {k: _structured(v) for k, v in value.items()}}
    return value


def _unstructured(value: Any) -> Any:
    if isinstance(value, list):
        return [_unstructured(v) for v in value]
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(_unstructured(v) for v in value["tuple"])
        return {k: _unstructured(v) for k, v in value["dict"].items()}
    return value


def _written(value: Any) -> Any:
    """A param of an op as JSON has it."""
    found = multiple_of_rows(value)
    if found is not None:
        return {"rows": list(found), "float": isinstance(value, float)}
    if isinstance(value, tuple | list):
        return {"tuple": [_written(v) for v in value]}
    if isinstance(value, np.dtype):
        return {"dtype": value.name}
    return plain(value, "an op's param")


def _read(value: Any) -> Any:
    if isinstance(value, dict) and "rows" in value:
        number = int(ROWS) * value["rows"][0] + value["rows"][1]
        return float(number) if value["float"] else number
    if isinstance(value, dict) and "tuple" in value:
        return tuple(_read(v) for v in value["tuple"])
    if isinstance(value, dict) and "dtype" in value:
        return dtypes.BY_NAME[value["dtype"]]
    return value
