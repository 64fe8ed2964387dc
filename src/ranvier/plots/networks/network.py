"""The diagram of a model: neurons and weights of a small one, layers of a large one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...base.missing import spelled
from ...base.quantities import number_text
from ...errors import ArgumentError, StateError, unknown_name
from ...nn.basic.dense import Dense
from ...nn.basic.dropout import Dropout
from ...nn.basic.normalize import Normalize
from ...nn.basic.shape_layers import Activation, Flatten, InputLayer
from ...train.models.model import Model
from ...train.models.sequential import Sequential
from ...train.models.summary import layer_lines
from ...typing import Array, DataLike
from ..drawing import Box, Drawing, Stroke, Words, shortened
from .calls import Piece, pieces_of
from .layer_boxes import draw_layers

KINDS = ("neurons", "layers")
_MOST_NEURONS = 16  # of a layer that is drawn neuron by neuron
_MOST_WEIGHTS = 600
_PASSING = (Activation, Dropout, Flatten, InputLayer, Normalize)  # one number in, one out
_RADIUS = 11.0
_STEP = 32.0  # from one neuron to the next
_COLUMN = 150.0


class _Column(NamedTuple):
    """A dense layer and what is said of it; `kernel` is (inputs, units)."""

    name: str
    about: str
    kernel: Array
    bias: Array | None


@spelled
def network(
    model: Model, kind: str | None = None, x: DataLike | None = None, inside: bool = False
) -> Drawing:
    """A diagram of the network.

    A small network of dense layers is drawn with its neurons and a line for each weight: the
    thicker, the larger; blue above 0, orange below. Of another one each layer is a box with its
    type, output shape and number of parameters, below what it reads.

    Args:
        kind: "neurons" or "layers"; by default what suits the model.
        x: some rows. Of a model with a `forward` of its own they say what its layers read.
        inside: show the layers inside of layers, such as those of residual blocks.

    Raises StateError for a model whose shapes are not known yet, ArgumentError for "neurons" of
    what is no chain of dense layers.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> layers = [Dense(4, "relu", input_shape=(2,)), Dense(1)]
    >>> model = ranvier.Sequential(layers, name="small")
    >>> drawing = network(model)
    >>> drawing.title, len(drawing.rows)
    ('Network small: 2-4-1', 12)
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"network: expected a model, got a {type(model).__name__}")
    if kind is not None and kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    columns = None if kind == "layers" or inside else _columns(model)
    if kind == "neurons" and columns is None:
        raise ArgumentError(
            f"network: {model.name} is no chain of dense layers with up to {_MOST_NEURONS} units, "
            "so its neurons are not drawn; leave kind out, which draws its layers"
        )
    if columns is not None:
        return _neurons(model, columns)
    return _layers(model, x, inside)


# --- layers -------------------------------------------------------------------------------------


def _layers(model: Model, x: DataLike | None, inside: bool) -> Drawing:
    pieces: list[Piece] = []
    own_forward = model.wiring is None and not isinstance(model, Sequential)
    if inside or own_forward:
        pieces = pieces_of(model, x, inside)
    else:
        for line in layer_lines(model):
            name = line.name if line.kind == "op" else line.kind
            pieces.append(Piece(line.name, name, line.shape, line.parameters, line.inputs))
    if not pieces or any(piece.shape == "?" for piece in pieces):
        raise StateError(
            f"network: {model.name} is not built yet, so its shapes are not known; give its first "
            "layer an input_shape, or call fit or predict first"
        )
    drawing = Drawing(
        f"Network {model.name}",
        f"{model.count_params():,} parameters. From the input at the top to the output at the "
        "bottom; each box is a layer with the shape of what it gives.",
    )
    widest = max(len(p.inputs) for p in pieces)
    draw_layers(drawing, pieces, 400.0 if widest < 3 else 640.0)
    drawing.head = ("layer", "type", "output shape", "parameters")
    drawing.rows = [(p.name, p.kind, p.shape, f"{p.parameters:,}") for p in pieces]
    return drawing


# --- neurons ------------------------------------------------------------------------------------


def _columns(model: Model) -> list[_Column] | None:
    """The dense layers, if the model is a chain of small ones."""
    if not isinstance(model, Sequential) or not model.built:
        return None
    columns: list[_Column] = []
    before: list[str] = []
    for layer in model.layers:
        if isinstance(layer, Dense):
            function = str(layer.activation or "linear")
            about = "" if function == "linear" else function
            bias = None if layer.bias is None else layer.bias.numpy()
            columns.append(_Column(layer.name, about, layer.kernel.numpy(), bias))
        elif isinstance(layer, _PASSING):
            before.append(type(layer).__name__)
            if columns and isinstance(layer, Activation):
                columns[-1] = columns[-1]._replace(about=str(layer.activation))
        else:
            return None
    sizes = [len(columns[0].kernel), *(c.kernel.shape[1] for c in columns)] if columns else [99]
    weights = sum(c.kernel.size for c in columns)
    row = model.built_shape
    flat = columns and row is not None and int(np.prod(row)) == sizes[0]
    return columns if flat and max(sizes) <= _MOST_NEURONS and weights <= _MOST_WEIGHTS else None


def _neurons(model: Model, columns: list[_Column]) -> Drawing:
    sizes = [len(columns[0].kernel), *(c.kernel.shape[1] for c in columns)]
    drawing = Drawing(
        f"Network {model.name}: {'-'.join(map(str, sizes))}",
        "Each circle is a number: on the left the inputs, then the outputs of each layer. Each "
        "line is a weight: the thicker, the larger; blue above 0, orange below.",
        110 + _COLUMN * len(columns),
        74 + _STEP * max(sizes),
    )
    names = list(map(str, model.column_names.get("x", [])))
    centers = [
        [(58 + _COLUMN * k, 28 + _STEP * (max(sizes) - size + 2 * i + 1) / 2) for i in range(size)]
        for k, size in enumerate(sizes)
    ]
    largest = max((float(np.abs(c.kernel).max(initial=0.0)) for c in columns), default=0.0) or 1.0
    rows: list[tuple[object, ...]] = []
    for k, column in enumerate(columns):
        for (i, j), weight in np.ndenumerate(column.kernel):
            size = abs(float(weight)) / largest
            start, end = _name(columns, names, k, i), _name(columns, names, k + 1, j)
            text = number_text(float(weight))
            rows.append((start, end, text))
            drawing.add(
                Stroke(
                    [centers[k][i], centers[k + 1][j]], "s1" if weight >= 0 else "s2",
                    0.5 + 4.0 * size, opacity=0.35 + 0.6 * size, tip=f"{start} to {end}: {text}",
                )
            )  # fmt: skip
    for k, column_centers in enumerate(centers):
        for i, (x, y) in enumerate(column_centers):
            bias = None if k == 0 else columns[k - 1].bias
            tip = _name(columns, names, k, i)
            tip += "" if bias is None else f", bias {number_text(float(bias[i]))}"
            box = (x - _RADIUS, y - _RADIUS, 2 * _RADIUS, 2 * _RADIUS)
            drawing.add(
                Box(*box, "panel", 1.0, _RADIUS),
                Box(*box, "s5" if k == 0 else "s1", 0.15, _RADIUS, "ink", tip=tip),
            )
            if k == 0 and i < len(names):
                short = shortened(str(names[i]), 40, 10.5)
                drawing.add(Words(x - _RADIUS - 4, y + 4, short, "ink", 10.5, "end", tip=tip))
        title = "inputs" if k == 0 else columns[k - 1].name
        below = "" if k == 0 else columns[k - 1].about
        x = centers[k][0][0]
        drawing.add(
            Words(x, 18, shortened(title, _COLUMN - 12, 12), "ink", 12, "middle", True),
            Words(x, drawing.height - 14, below, "muted", 11, "middle"),
        )
    drawing.head, drawing.rows = ("from", "to", "weight"), rows
    return drawing


def _name(columns: list[_Column], names: list[str], k: int, i: int) -> str:
    """What a neuron is called."""
    if k == 0:
        return str(names[i]) if i < len(names) else f"input {i}"
    return f"{columns[k - 1].name} {i}"
