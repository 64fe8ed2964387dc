"""What a model says over two features: decision boundary, regression surface, a single neuron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...base.missing import spelled
from ...data.named_columns import names_of
from ...errors import ArgumentError, ShapeError, StateError, unknown_name
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...typing import Array, ArrayLike, DataLike
from ..axes import Panel, Scale
from ..charts.chart_parts import CLASSES
from ..drawing import Drawing
from .layer_outputs import layer_named, layer_outputs
from .surface import area, even_levels, heights, lines

_SHADES = (0.6, 0.75, 0.9)  # probabilities at which a region is darker
_MOST_POINTS = 600
_LEVELS = 9


class _Grid(NamedTuple):
    """Points over two features: `rows` as the model reads them, row by row from low to high y."""

    rows: Array
    x: Scale
    y: Scale
    names: tuple[str, str]
    size: int
    points: Array  # the rows of the data, (n, 2)


@spelled
def decision_boundary(
    model: Model | Callable[[Array], Any],
    X: DataLike,
    y: ArrayLike | None = None,
    features: Sequence[int | str] = (0, 1),
    layer: str | None = None,
    unit: int | None = None,
    size: int = 100,
) -> Drawing:
    """What a model predicts over two features, with the rows as dots.

    Classes are regions, the stronger the colour the more probable, with the boundary between
    them; numbers are a surface with lines of equal height. With `layer` it is the
    output of one neuron instead.

    Args:
        model: a model of rows of numbers, or a function of them, such as `predict_proba`.
        X: rows (n, features), an array or a table. Features that are not shown stay at their
            medians.
        y: the targets of the rows: classes, or numbers of a regression. Without them it is a
            surface unless the outputs are probabilities of several classes.
        features: the two columns, by index or name.
        layer: the name of a layer; `unit` is the index of its neuron.
        size: points along each axis; all are predicted by one call.

    Raises ShapeError for rows of another form, ArgumentError for features, layers or units that
    are not there.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> layers = [Dense(4, "tanh", input_shape=(2,)), Dense(3, "softmax")]
    >>> model = ranvier.Sequential(layers, name="flowers")
    >>> rows = np.random.default_rng(0).normal(size=(30, 2))
    >>> decision_boundary(model, rows, [0, 1, 2] * 10).title
    'Decision boundary of flowers'
    """
    if not (isinstance(model, Model) or callable(model)):
        raise ArgumentError(
            f"decision_boundary: expected a model or a function; got {type(model).__name__}"
        )
    if size < 2:
        raise ArgumentError(f"decision_boundary: size={size}; expected 2 or more points")
    grid = _grid(X, features, size)
    targets = _targets(y, len(grid.points))
    who = model.name if isinstance(model, Model) else "a function"
    if layer is not None or unit is not None:
        return _neuron(model, grid, targets, layer, unit)
    output = np.asarray(model.predict(grid.rows) if isinstance(model, Model) else model(grid.rows))
    if len(output) != len(grid.rows) or output.ndim > 2:
        raise ShapeError(
            f"decision_boundary: {who} gives an output of shape {output.shape} for "
            f"{len(grid.rows):,} rows; expected (rows,) or (rows, outputs)"
        )
    if not np.isfinite(output).all():
        raise StateError(f"decision_boundary: {who} gives NaN or infinity on the grid")
    probabilities = _probabilities(model, grid, output, targets)
    if probabilities is None:
        return _surface(f"Predictions of {who}", "What is predicted", grid, output, targets)
    return _regions(f"Decision boundary of {who}", grid, probabilities, targets, model)


# --- the grid -----------------------------------------------------------------------------------


def _grid(X: DataLike, features: Sequence[int | str], size: int) -> _Grid:
    data, names = _table(X)
    if len(features) != 2:
        raise ArgumentError(f"decision_boundary: features={features!r}; expected two of them")
    chosen = [_index(feature, names) for feature in features]
    points = data[:, chosen]
    x, y = Scale.over(points[:, 0].tolist(), 0.08), Scale.over(points[:, 1].tolist(), 0.08)
    xs, ys = np.linspace(x.low, x.high, size), np.linspace(y.low, y.high, size)
    rows = np.repeat(np.median(data, axis=0)[None], size * size, axis=0)
    rows[:, chosen[0]] = np.tile(xs, size)
    rows[:, chosen[1]] = np.repeat(ys, size)
    labels = names[chosen[0]], names[chosen[1]]
    return _Grid(rows.astype(np.float32), x, y, labels, size, points)


def _table(X: DataLike) -> tuple[Array, list[str]]:
    """The rows as numbers (n, features), and the names of the columns."""
    names = names_of(X)
    data = np.asarray(X.numpy() if isinstance(X, Tensor) else X)
    if data.ndim != 2 or data.shape[1] < 2 or not len(data) or data.dtype.kind not in "fiub":
        raise ShapeError(
            f"decision_boundary: X of shape {data.shape} and type {data.dtype}; expected numbers "
            "(rows, features) of two features or more"
        )
    if not np.isfinite(data).all():
        raise ArgumentError("decision_boundary: X holds NaN or infinity")
    return data.astype(np.float64), names or [f"feature {i}" for i in range(data.shape[1])]


def _index(feature: int | str, names: list[str]) -> int:
    if isinstance(feature, str):
        if feature not in names:
            raise unknown_name("feature", feature, names)
        return names.index(feature)
    if not -len(names) <= feature < len(names):
        raise ArgumentError(f"decision_boundary: feature {feature} of {len(names)} features")
    return feature % len(names)


def _targets(y: ArrayLike | None, rows: int) -> Array | None:
    if y is None:
        return None
    values = y.numpy() if isinstance(y, Tensor) else np.asarray(y)
    if values.ndim == 2 and values.shape[1] > 1:
        values = values.argmax(axis=1)
    if values.ndim == 0 or len(values) != rows or values.size != rows:
        raise ShapeError(
            f"decision_boundary: y of shape {values.shape} for {rows:,} rows; expected one target "
            "for each"
        )
    return values.reshape(-1)


# --- what the outputs are -----------------------------------------------------------------------


def _probabilities(
    model: object, grid: _Grid, output: Array, targets: Array | None
) -> Array | None:
    """Probabilities (points, classes); None: the output is a number."""
    if output.ndim == 2 and output.shape[1] > 1:
        shares = output.min() >= 0 and np.allclose(output.sum(axis=1), 1, atol=1e-3)
        if shares:
            return output
        powers = np.exp(output - output.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    flat = output.reshape(len(output), -1)[:, 0].astype(np.float64)
    labelled = targets is not None and (
        targets.dtype.kind in "OUSb" or set(np.unique(targets)) <= {0, 1}
    )
    if not labelled:
        return None
    signed = isinstance(model, Model) and model._signed(grid.rows[:1])
    yes = 1 / (1 + np.exp(-flat)) if signed else np.clip(flat, 0, 1)
    return np.stack([1 - yes, yes], axis=1)


# --- drawings -----------------------------------------------------------------------------------


def _panel(drawing: Drawing, grid: _Grid, right: float = 22) -> Panel:
    panel = Panel(drawing, grid.x, grid.y, right=right)
    panel.grid(*grid.names)
    return panel


def _regions(
    title: str, grid: _Grid, probabilities: Array, targets: Array | None, model: object
) -> Drawing:
    classes = probabilities.shape[1]
    labels = _labels(model, classes, targets)
    drawing = Drawing(
        title,
        "Each region is the class that is predicted there, the stronger the colour the more "
        "probable; dots are rows in the colour of their true class.",
        460, 400,
    )  # fmt: skip
    panel = _panel(drawing, grid)
    shape = (grid.size, grid.size)
    for k in range(classes):
        share = probabilities[:, k].reshape(shape)
        others = np.delete(probabilities, k, axis=1).max(axis=1).reshape(shape)
        role = CLASSES[k % len(CLASSES)]
        margin = share - others
        area(panel, margin, 0.0, role, 0.14)
        for shade in _SHADES:
            area(panel, np.minimum(share - shade, margin), 0.0, role, 0.1)
        if k or classes > 2:
            lines(panel, margin, 0.0, "ink", 1.4 if classes == 2 else 1.0, 0.8)
    entries: list[tuple[str, str, Sequence[float]]] = []
    codes = None if targets is None else _codes(targets, labels)
    for k in range(classes):
        role = CLASSES[k % len(CLASSES)]
        if codes is not None:
            _dots(panel, grid.points[codes == k], role)
        entries.append((str(labels[k]), role, ()))
    if classes <= 12:
        panel.legend(entries, "top right")
    drawing.head = ("class", "share of the area")
    won = np.bincount(probabilities.argmax(axis=1), minlength=classes) / len(probabilities)
    drawing.rows = [(str(labels[k]), f"{100 * won[k]:.1f}%") for k in range(classes)]
    return drawing


def _surface(title: str, what: str, grid: _Grid, output: Array, targets: Array | None) -> Drawing:
    values = output.reshape(len(output), -1)
    if values.shape[1] != 1:
        raise ShapeError(f"decision_boundary: {values.shape[1]} outputs are no surface")
    heights_of = values[:, 0].astype(np.float64).reshape(grid.size, grid.size)
    drawing = Drawing(
        title,
        f"{what} at each point, the stronger the colour the larger, with lines of equal height; "
        "dots are rows.",
        480, 400,
    )  # fmt: skip
    panel = _panel(drawing, grid, right=76)
    heights(panel, heights_of, even_levels(heights_of, _LEVELS))
    if targets is not None and set(np.unique(targets).tolist()) <= {0, 1}:
        _dots(panel, grid.points[targets == 0], "s1")
        _dots(panel, grid.points[targets == 1], "s2")
    else:
        _dots(panel, grid.points, "ink")
    drawing.head = ("", "value")
    low, middle, high = np.quantile(heights_of, [0, 0.5, 1])
    drawing.rows = [(n, f"{v:.5g}") for n, v in
                    (("lowest", low), ("median", middle), ("highest", high))]  # fmt: skip
    return drawing


def _neuron(
    model: object, grid: _Grid, targets: Array | None, layer: str | None, unit: int | None
) -> Drawing:
    if not isinstance(model, Model) or layer is None:
        raise ArgumentError(
            "decision_boundary: of a neuron it needs a model, the name of a layer and a unit: "
            "decision_boundary(model, X, y, layer='dense', unit=2)"
        )
    chosen = layer_named("decision_boundary", model, layer)
    outputs = layer_outputs("decision_boundary", model, grid.rows)
    values = next((out for known, out in outputs.values() if known is chosen), None)
    if values is None or values.ndim != 2:
        raise ArgumentError(f"decision_boundary: the layer {layer!r} gives no (rows, units)")
    index = 0 if unit is None and values.shape[1] == 1 else unit
    if index is None or not -values.shape[1] <= index < values.shape[1]:
        raise ArgumentError(
            f"decision_boundary: unit={unit} of the layer {layer!r}, which has {values.shape[1]}"
        )
    about = f"The output of neuron {index} of the layer {layer}"
    drawing = _surface(f"Neuron {index} of {layer}", about, grid, values[:, index], targets)
    return drawing


def _labels(model: object, classes: int, targets: Array | None) -> list[Any]:
    """What the classes are called, in their order."""
    if isinstance(model, Model) and model.classes is not None and len(model.classes) == classes:
        return [str(c) for c in model.classes]
    if targets is not None and targets.dtype.kind in "OUS":
        known = sorted({str(t) for t in targets})
        if len(known) == classes:
            return known
    return list(range(classes))


def _codes(targets: Array, labels: list[Any]) -> Array:
    if targets.dtype.kind in "OUS":
        position = {str(label): k for k, label in enumerate(labels)}
        return np.array([position.get(str(t), -1) for t in targets])
    return np.asarray(targets.astype(np.int64))


def _dots(panel: Panel, points: Array, role: str) -> None:
    if not len(points):
        return
    chosen = np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(int)
    xs, ys = points[chosen].T.tolist()
    panel.dots(xs, ys, "panel", 3.6, 0.9)
    panel.dots(xs, ys, role, 2.6)
