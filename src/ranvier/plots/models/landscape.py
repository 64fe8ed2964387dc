"""The loss around the weights of a model, along two directions (Li, Xu, Taylor, Studer and
Goldstein 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError, ShapeError
from ...train.models.model import Model
from ...typing import Array, ArrayLike, DataLike
from ..axes import Panel, Scale, tick_text
from ..drawing import Drawing, Words
from .surface import even_levels, heights

_LEVELS = 10
Weights = list[Array]


class _Plane(NamedTuple):
    """Two directions from the weights in the middle, and where a path lies on them."""

    middle: Weights
    directions: tuple[Weights, Weights]
    labels: tuple[str, str]
    path: Array  # (points, 2)


@spelled
def loss_landscape(
    model: Model,
    x: DataLike,
    y: DataLike,
    path: Sequence[Sequence[ArrayLike]] | None = None,
    radius: float = 1.0,
    size: int = 21,
    seed: int = 0,
    log: bool | None = None,
) -> Drawing:
    """The loss of a model over two directions of its weights, as a surface of lines.

    Without a path the directions are random, each filter as long as that of the weights (biases
    and what has one axis stay), so that pictures of different networks can be compared. With a
    path, weights over a training as `get_weights` gives them, they are its first two principal
    components, and the path is drawn. The model keeps its weights.

    Args:
        radius: how far the picture goes, in lengths of the weights; with a path it goes as far as
            that does.
        size: points along each axis, made odd so that the weights themselves are one of them. The
            loss of all rows is computed at each.
        seed: of the random directions.
        log: levels in even steps of logarithms; by default where the loss rises twentyfold.

    Raises StateError for a model that is not compiled, ShapeError for a path of other weights.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(2,))])
    >>> model.compile("sgd", "mse")
    >>> x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    >>> drawing = loss_landscape(model, x, x[:, :1], size=5)
    >>> drawing.rows[0][0], len(drawing.rows)
    ('at the weights', 3)
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"loss_landscape: expected a model, got a {type(model).__name__}")
    if size < 3:
        raise ArgumentError(f"loss_landscape: size={size}; expected 3 or more")
    if not radius > 0:
        raise ArgumentError(f"loss_landscape: radius={radius}; expected more than 0")
    center = _loss(model, x, y)  # NOTE: builds the model, and answers bad rows in its own words
    plane = _random_plane(model, seed) if path is None else _path_plane(model, path)
    a, b = _axes(plane.path, radius, size + 1 - size % 2)
    losses = _losses(model, x, y, plane, a, b)
    return _drawing(model, plane, a, b, losses, center, log)


# --- directions ---------------------------------------------------------------------------------


def _random_plane(model: Model, seed: int) -> _Plane:
    middle = [np.array(w) for w in model.get_weights()]
    moving = _moving(model)
    random = np.random.default_rng(seed)
    directions = []
    for _ in range(2):
        drawn = [random.normal(size=w.shape) for w in middle]
        directions.append(
            [_filters(d, w) if move and w.ndim > 1 else np.zeros_like(w)
             for d, w, move in zip(drawn, middle, moving, strict=True)]
        )  # fmt: skip
    if not any(np.any(d) for d in directions[0]):
        raise ArgumentError(
            f"loss_landscape: {model.name} has no weights of two axes or more that are trained, so "
            "there is no direction to go; give a path of weights over a training"
        )
    return _Plane(middle, (directions[0], directions[1]), ("direction 1", "direction 2"),
                  np.zeros((0, 2)))  # fmt: skip


def _filters(direction: Array, weight: Array) -> Array:
    """The direction with each filter, what leads to one output, as long as that of the weights."""
    axes = tuple(range(weight.ndim - 1))
    length = np.sqrt((direction**2).sum(axis=axes, keepdims=True))
    wanted = np.sqrt((weight.astype(np.float64) ** 2).sum(axis=axes, keepdims=True))
    return np.asarray(direction * wanted / np.maximum(length, 1e-30))


def _path_plane(model: Model, path: Sequence[Sequence[ArrayLike]]) -> _Plane:
    middle = [np.array(w) for w in model.get_weights()]
    moving = _moving(model)
    points = []
    for i, weights in enumerate(path):
        arrays = [np.asarray(w, np.float64) for w in weights]
        if [w.shape for w in arrays] != [w.shape for w in middle]:
            raise ShapeError(
                f"loss_landscape: point {i} of the path has other weights than {model.name}; give "
                "what model.get_weights() returned after each epoch"
            )
        points.append(_flat(arrays, middle, moving))
    if len(points) < 3:
        raise ArgumentError(f"loss_landscape: a path of {len(points)} points; expected 3 or more")
    matrix = np.stack(points)
    _, strength, vectors = np.linalg.svd(matrix, full_matrices=False)
    if strength[0] == 0:
        raise ArgumentError("loss_landscape: all points of the path are the model's weights")
    share = strength**2 / (strength**2).sum()
    labels = [f"component {k + 1} ({100 * share[k]:.0f}% of the path)" for k in range(2)]
    directions = [_unflat(vectors[k], middle, moving) for k in range(2)]
    return _Plane(
        middle, (directions[0], directions[1]), (labels[0], labels[1]), matrix @ vectors[:2].T
    )


def _moving(model: Model) -> list[bool]:
    """Which of the tensors of `get_weights` are trained."""
    trained = {id(t) for t in model.parameters()}
    return [id(t) in trained for t in model.named_tensors().values()]


def _flat(weights: Weights, middle: Weights, moving: list[bool]) -> Array:
    parts = [(w - m).ravel() for w, m, move in zip(weights, middle, moving, strict=True) if move]
    return np.concatenate(parts) if parts else np.zeros(0)


def _unflat(vector: Array, middle: Weights, moving: list[bool]) -> Weights:
    made, start = [], 0
    for w, move in zip(middle, moving, strict=True):
        count = w.size if move else 0
        made.append(vector[start : start + count].reshape(w.shape) if move else np.zeros_like(w))
        start += count
    return made


# --- losses -------------------------------------------------------------------------------------


def _axes(path: Array, radius: float, size: int) -> tuple[Array, Array]:
    """The positions along both directions; 0 is one of them."""
    if not len(path):
        return np.linspace(-radius, radius, size), np.linspace(-radius, radius, size)
    axes = []
    for values in path.T:
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        room = 0.2 * (high - low) or 1.0
        step = (high - low + 2 * room) / (size - 2)
        below = int(np.ceil((room - low) / step))
        axes.append(step * np.arange(-below, size - below))
    return axes[0], axes[1]


def _losses(model: Model, x: DataLike, y: DataLike, plane: _Plane, a: Array, b: Array) -> Array:
    """The loss at each point, (b, a); the weights are put back whatever happens."""
    losses = np.empty((len(b), len(a)))
    first, second = plane.directions
    try:
        for i, up in enumerate(b):
            for j, along in enumerate(a):
                model.set_weights(
                    [(m + along * d + up * e).astype(m.dtype)
                     for m, d, e in zip(plane.middle, first, second, strict=True)]
                )  # fmt: skip
                losses[i, j] = _loss(model, x, y)
    finally:
        model.set_weights(plane.middle)
    return losses


def _loss(model: Model, x: DataLike, y: DataLike) -> float:
    value = model.evaluate(x, y, return_dict=True)
    return float(value["loss"])


# --- the drawing --------------------------------------------------------------------------------


def _drawing(
    model: Model, plane: _Plane, a: Array, b: Array, losses: Array, center: float, log: bool | None
) -> Drawing:
    finite = losses[np.isfinite(losses)]
    if log is None:
        log = bool(finite.size and finite.min() > 0 and finite.max() > 20 * finite.min())
    along = "principal components of the path" if len(plane.path) else "random directions"
    drawing = Drawing(
        f"Loss landscape of {model.name}",
        f"The loss around the weights along two {along}, the stronger the colour the larger; "
        f"lines are of equal loss. The dot is the model as it is, with a loss of "
        f"{tick_text(_short(center))}.",
        480, 400,
    )  # fmt: skip
    panel = Panel(
        drawing, Scale(float(a[0]), float(a[-1])), Scale(float(b[0]), float(b[-1])), right=76
    )
    panel.grid(*plane.labels)
    shown = np.where(np.isfinite(losses), losses, finite.max() if finite.size else 0.0)
    heights(panel, shown, even_levels(shown, _LEVELS, log))
    if len(plane.path):
        xs, ys = plane.path.T.tolist()
        panel.line(xs, ys, "s2", 2)
        panel.dots(xs, ys, "s2", 2.6)
        drawing.add(Words(panel.x(xs[0]) + 6, panel.y(ys[0]) - 6, "begin", "ink", 11))
    panel.dots([0.0], [0.0], "ink", 4.5)
    low = np.unravel_index(np.nanargmin(shown), shown.shape)
    drawing.head = ("point", *plane.labels, "loss")
    high = np.unravel_index(np.nanargmax(shown), shown.shape)
    drawing.rows = [
        ("at the weights", "0", "0", f"{center:.6g}"),
        ("lowest", f"{a[low[1]]:.3g}", f"{b[low[0]]:.3g}", f"{shown[low]:.6g}"),
        ("highest", f"{a[high[1]]:.3g}", f"{b[high[0]]:.3g}", f"{shown[high]:.6g}"),
    ]
    return drawing


def _short(value: float) -> float:
    return float(f"{value:.4g}")
