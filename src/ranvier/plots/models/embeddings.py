"""Vectors in two dimensions: embeddings, outputs of layers, any rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.extras import optional
from ...base.missing import spelled
from ...errors import ArgumentError, ShapeError, unknown_name
from ...nn.basic.embedding import Embedding
from ...nn.layer import Layer
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...typing import Array, ArrayLike, DataLike
from ..axes import Panel, Scale
from ..charts.chart_parts import CLASSES
from ..drawing import Drawing, Words, shortened
from ..projection import principal_components
from .layer_outputs import layer_named, layer_outputs

METHODS = ("pca", "tsne")
_MOST_DOTS = 3000
_MOST_NAMES = 80  # of rows that are written beside their dots
_MOST_CLASSES = 11


@spelled
def embeddings(
    source: Model | ArrayLike,
    labels: Sequence[object] | Array | None = None,
    x: DataLike | None = None,
    layer: str | int | Layer | None = None,
    method: str = "pca",
    seed: int = 0,
) -> Drawing:
    """Rows of numbers as dots in two dimensions, coloured by their labels.

    Args:
        source: rows (n, d); or a model: with `x` the output of a layer for these rows (by default
            the last but one), without it the vectors of its embedding.
        labels: one for each row. A few different ones are colours, names of their own are written
            beside the dots.
        method: "pca", the two directions in which the rows differ most (principal components); or
            "tsne", which keeps neighbours together (needs scikit-learn).

    >>> rows = np.random.default_rng(0).normal(size=(20, 5))
    >>> embeddings(rows, labels=[0, 1] * 10).head
    ('label', 'rows', 'component 1 (41%)', 'component 2 (26%)')
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    vectors, what = _vectors(source, x, layer)
    if vectors.ndim != 2 or len(vectors) < 2:
        raise ShapeError(
            f"embeddings: {what} of shape {vectors.shape}; expected (rows, numbers) of two rows or "
            "more"
        )
    if not np.isfinite(vectors).all():
        raise ArgumentError(f"embeddings: {what} hold NaN or infinity")
    names = None if labels is None else np.asarray(labels).reshape(-1)
    if names is not None and len(names) != len(vectors):
        raise ShapeError(f"embeddings: {len(names):,} labels for {len(vectors):,} rows")
    if len(vectors) > _MOST_DOTS:
        kept = np.linspace(0, len(vectors) - 1, _MOST_DOTS).astype(int)
        vectors, names = vectors[kept], None if names is None else names[kept]
    points, axes = _tsne(vectors, seed) if method == "tsne" else principal_components(vectors)
    return _scatter(f"{what[0].upper()}{what[1:]} in two dimensions", points, axes, names)


def _tsne(vectors: Array, seed: int) -> tuple[Array, tuple[str, str]]:
    manifold = optional("sklearn.manifold", "t-SNE", "sklearn")
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    made = manifold.TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
    return np.asarray(made.fit_transform(vectors)), ("t-SNE 1", "t-SNE 2")


def _vectors(
    source: Model | ArrayLike, x: DataLike | None, layer: str | int | Layer | None
) -> tuple[Array, str]:
    """The rows, and what they are."""
    if not isinstance(source, Model):
        if x is not None or layer is not None:
            raise ArgumentError("embeddings: x and layer are for a model; rows are taken as given")
        array = source.numpy() if isinstance(source, Tensor) else np.asarray(source)
        return (array.reshape(len(array), -1) if array.ndim > 2 else array), "rows"
    chosen = layer_named("embeddings", source, layer)
    if x is None:
        layers = source.sublayers() if chosen is None else [chosen]
        for one in layers:
            if isinstance(one, Embedding) and one.built:
                return one.embeddings.numpy(), f"vectors of {one.name}"
        raise ArgumentError(
            f"embeddings: {source.name} has no embedding layer that is built; give rows, "
            "embeddings(model, labels, x=rows), to see what a layer makes of them"
        )
    outputs = layer_outputs("embeddings", source, x)
    for name, (one, output) in outputs.items():
        if one is chosen:
            return output.reshape(len(output), -1), f"outputs of {name}"
    name = list(outputs)[max(len(outputs) - 2, 0)]
    output = outputs[name][1]
    return output.reshape(len(output), -1), f"outputs of {name}"


def _scatter(title: str, points: Array, axes: tuple[str, str], names: Array | None) -> Drawing:
    drawing = Drawing(title, "Each dot is a row; rows that are alike lie together.", 480, 420)
    panel = Panel(
        drawing, Scale.over(points[:, 0].tolist(), 0.06), Scale.over(points[:, 1].tolist(), 0.06)
    )
    panel.grid(*axes)
    known = [] if names is None else list(dict.fromkeys(names.tolist()))
    few = names is not None and len(known) <= _MOST_CLASSES
    if names is None or not few:
        panel.dots(points[:, 0].tolist(), points[:, 1].tolist(), "s1", 2.4, 0.8)
        if names is not None and len(names) <= _MOST_NAMES:
            for name, (x, y) in zip(names.tolist(), points.tolist(), strict=True):
                text = shortened(str(name), 90, 10)
                drawing.add(Words(panel.x(x) + 4, panel.y(y) - 3, text, "ink", 10))
        drawing.head, drawing.rows = ("rows", *axes), [(len(points), "", "")]
        return drawing
    known.sort(key=str)
    rows = []
    for k, name in enumerate(known):
        chosen = points[names == name]
        xs, ys = chosen.T.tolist()
        panel.dots(xs, ys, CLASSES[k % len(CLASSES)], 2.6, 0.8)
        rows.append((name, len(chosen), *(f"{v:.3g}" for v in chosen.mean(axis=0))))
    panel.legend([(str(n), CLASSES[k % len(CLASSES)], ()) for k, n in enumerate(known)],
                 "top right")  # fmt: skip
    drawing.head, drawing.rows = ("label", "rows", *axes), rows
    return drawing
