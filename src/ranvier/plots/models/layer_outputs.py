"""What the layers of a model give for some rows: one forward pass, traced and run."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ...base.observer import observed
from ...errors import ArgumentError, unknown_name
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...nn.layer import Layer
from ...nn.modes import training_mode
from ...tensors.mode import no_grad
from ...tracing.trace import trace
from ...train.intake.arrange import inputs_of
from ...train.models.model import Model
from ...train.walkthrough.meaning import Meaning
from ...typing import Array, DataLike


def layer_outputs(call: str, model: object, x: DataLike) -> dict[str, tuple[Layer, Array]]:
    """By its name each layer, those inside others too, and what it gives. A layer called again has
    a number behind its name.
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"{call}: expected a model, got a {type(model).__name__}")
    model.predict(x)  # NOTE: builds it, and answers bad rows in its own words
    _, arrays = inputs_of(model, x)
    meaning = Meaning()
    with no_grad(), training_mode(False), observed(meaning):
        traced, _ = trace(model, [(a.shape, a.dtype) for a in arrays])
    calls = [c for c in meaning.calls if c.depth and c.outputs]
    # NOTE: not all that layers give is needed for the output of the model.
    graph = Graph(traced.graph.inputs, [c.outputs[0] for c in calls])
    values: dict[Node, Array] = {}
    inputs = [*arrays, *(np.array(t._array()) for t in traced.captured)]
    results = evaluate(graph, inputs)
    values.update(zip(graph.outputs, results, strict=False))
    seen: Counter[str] = Counter()
    named = {}
    for one in calls:
        name = one.layer.name
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} (call {seen[name]})"
        named[key] = (one.layer, values[one.outputs[0]])
    return named


def layer_named(call: str, model: Model, layer: str | int | Layer | None) -> Layer | None:
    """A layer by its name, its index among the layers, or itself; None stays None."""
    if layer is None or isinstance(layer, Layer):
        return layer
    known = [x for x in model.sublayers() if x is not model]
    if isinstance(layer, int):
        if not -len(known) <= layer < len(known):
            raise ArgumentError(f"{call}: layer={layer}; {model.name} has {len(known)} layers")
        return known[layer]
    by_name = {x.name: x for x in known}
    if layer not in by_name:
        raise unknown_name("layer", layer, list(by_name))
    return by_name[layer]
