"""Gradients as attributions: saliency, gradient x input, smooth saliency, integrated gradients."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError, ShapeError
from ...typing import Array
from ..result import Attribution
from ..subject import Output
from .differentiable import Differentiable, Explained, explained

_FIRST_STEPS, _MOST_STEPS = 32, 2048
_POINTS_TOGETHER = 4096


@spelled
def saliency(
    model: object,
    x: object,
    *,
    output: Output = None,
    layer: str | None = None,
    logits: bool = False,
    feature_names: Sequence[str] | None = None,
) -> Attribution:
    """The size of the gradient of an output by each input (Simonyan et al. 2014).

    It says where the smallest change of the input would change the output most, not what the
    output is made of.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(3,))])
    >>> model.set_weights([np.array([[1.0], [-2.0], [0.0]]), np.zeros(1)])
    >>> saliency(model, np.ones((1, 3))).values
    array([[1., 2., 0.]])

    Args:
        model: a `ranvier.Model`, an `ImageModel`, a `TextModel`, or a function of a tensor.
        x: rows, images (rows, height, width[, channels]), ids of tokens, or one text.
        output: number or name; by default the only one, the second of two, or the favoured one.
        layer: a layer whose output is looked at instead of the input; of tokens by default the
            embedding, whose vectors are summed up.
        logits: explain what the final softmax or sigmoid reads, not the probability.
    """
    net = explained(model, x)
    f = Differentiable(net.network, net.x, layer, logits)
    chosen, _, predicted, grads = f.picked(f.points(), output, net.classes)
    return _made("saliency", net, np.abs(grads), predicted, chosen, feature_names, size=True)


@spelled
def gradient_x_input(
    model: object,
    x: object,
    *,
    output: Output = None,
    layer: str | None = None,
    logits: bool = False,
    feature_names: Sequence[str] | None = None,
) -> Attribution:
    """The gradient times the input (Shrikumar et al. 2016): of a linear model its terms.

    Arguments as of `saliency`.
    """
    net = explained(model, x)
    f = Differentiable(net.network, net.x, layer, logits)
    points = f.points()
    chosen, _, predicted, grads = f.picked(points, output, net.classes)
    return _made("gradient x input", net, grads * points, predicted, chosen, feature_names)


@spelled
def smooth_saliency(
    model: object,
    x: object,
    *,
    samples: int = 50,
    noise: float = 0.1,
    output: Output = None,
    layer: str | None = None,
    logits: bool = False,
    feature_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Attribution:
    """The mean saliency of rows with random noise (SmoothGrad: Smilkov et al. 2017).

    Args:
        samples: how many noisy copies of each row.
        noise: standard deviation, as a share of the range of the row.
        model, x, output, layer, logits: as of `saliency`.
    """
    if samples < 2 or not noise > 0:
        raise ArgumentError(f"samples={samples}, noise={noise}: expected 2 or more, and above 0")
    net = explained(model, x)
    f = Differentiable(net.network, net.x, layer, logits, max(samples, len(net.x)))
    points = f.points()
    chosen, pick, predicted, _ = f.picked(points, output, net.classes)
    random = np.random.default_rng(seed)
    values, errors = np.empty(points.shape), np.empty(points.shape)
    for i, point in enumerate(points):
        spread = noise * float(point.max() - point.min() or 1.0)
        noisy = point + random.normal(0.0, spread, (samples, *point.shape))
        _, grads = f(noisy, np.repeat(pick[i : i + 1], samples, axis=0), np.full(samples, i))
        values[i] = np.abs(grads).mean(axis=0)
        errors[i] = np.abs(grads).std(axis=0, ddof=1) / samples**0.5
    made = _made("smooth saliency", net, values, predicted, chosen, feature_names, size=True)
    if made.values.shape == errors.shape:
        return Attribution(**{**vars(made), "errors": errors, "freedom": samples - 1})
    return made


@spelled
def integrated_gradients(
    model: object,
    x: object,
    baseline: object = None,
    *,
    steps: int | None = None,
    tolerance: float = 0.01,
    output: Output = None,
    layer: str | None = None,
    logits: bool = False,
    feature_names: Sequence[str] | None = None,
) -> Attribution:
    """The gradient along the straight way from a baseline, times the change (Sundararajan et al.
    2017): the values sum to the output less that of the baseline.

        phi_i = (x_i - b_i) * integral over t from 0 to 1 of d output(b + t (x - b)) / d x_i

    The integral is a sum over `steps` points of Gauss and Legendre; `gap` says by how much it
    misses. Without `steps` their number is doubled, up to 2048, until the gap of every row is
    below `tolerance` of what is explained.

    >>> import ranvier
    >>> found = integrated_gradients(lambda x: x[:, 0] * x[:, 1], np.array([[2.0, 3.0]]))
    >>> found.values.round(6), found.base_values, found.outputs
    (array([[3., 3.]]), array([0.]), array([6.]))

    Args:
        baseline: one row or as many as x has: what stands for nothing; by default zeros (of tokens
            the zero vector).
        model, x, output, layer, logits: as of `saliency`.
    """
    net = explained(model, x)
    f = Differentiable(net.network, net.x, layer, logits, len(net.x) * (steps or _FIRST_STEPS))
    points = f.points()
    begin = _baseline(baseline, points)
    chosen, pick, predicted, _ = f.picked(points, output, net.classes)
    outs, _ = f(begin, pick)
    base = outs[np.arange(len(points)), chosen]
    count = steps or _FIRST_STEPS
    while True:
        values = _integrated(f, points, begin, pick, count)
        missed = np.abs(predicted - base - values.reshape(len(points), -1).sum(axis=1))
        enough = missed <= tolerance * np.abs(predicted - base) + 1e-6
        if steps is not None or enough.all() or count >= _MOST_STEPS:
            break
        count *= 2
    notes = () if enough.all() else (
        f"{int((~enough).sum())} rows miss their output by more than {tolerance:.0%} with "
        f"{count} steps",
    )  # fmt: skip
    how = f"integrated gradients ({count} steps)"
    return _made(how, net, values, predicted, chosen, feature_names, base=base, notes=notes)


def _integrated(f: Differentiable, points: Array, begin: Array, pick: Array, steps: int) -> Array:
    shares, weights = _quadrature(steps)
    values = np.zeros(points.shape)
    together = max(1, _POINTS_TOGETHER // steps)
    wide = (1,) * (points.ndim - 1)
    for first in range(0, len(points), together):
        rows = np.arange(first, min(first + together, len(points)))
        change = points[rows] - begin[rows]
        way = begin[rows][:, None] + shares.reshape(1, -1, *wide) * change[:, None]
        of = np.repeat(rows, steps)
        _, grads = f(way.reshape(-1, *points.shape[1:]), pick[of], of)
        mean = np.tensordot(weights, grads.reshape(len(rows), steps, *points.shape[1:]), (0, 1))
        values[rows] = mean * change
    return values


@functools.lru_cache(maxsize=16)
def _quadrature(steps: int) -> tuple[Array, Array]:
    """Points between 0 and 1, and their weights, by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return (nodes + 1) / 2, weights / 2


def _baseline(baseline: object, points: Array) -> Array:
    if baseline is None:
        return np.zeros_like(points)
    rows = np.asarray(baseline, points.dtype)
    if rows.shape in (points.shape[1:], (1, *points.shape[1:])):
        rows = np.broadcast_to(rows, points.shape)
    if rows.shape != points.shape:
        raise ShapeError(
            f"baseline: shape {rows.shape}; expected that of one row, {points.shape[1:]}, or of "
            f"all, {points.shape}"
        )
    return rows


def _made(
    method: str,
    net: Explained,
    values: Array,
    predicted: Array,
    chosen: Array,
    feature_names: Sequence[str] | None,
    size: bool = False,
    base: Array | None = None,
    notes: Sequence[str] = (),
) -> Attribution:
    """The attribution: vectors of tokens and channels of images as one number each."""
    data: Array = net.x
    kind = net.kind
    names: tuple[str, ...] = tuple(feature_names or ())
    if net.tokens:
        values, data = values[:, net.at], np.array([net.tokens], object)
        names = tuple(net.tokens)
    if net.tokens or (net.x.dtype.kind in "iu" and values.ndim == net.x.ndim + 1):
        values = np.sqrt((values**2).sum(axis=-1)) if size else values.sum(axis=-1)
        kind = "text"
    elif values.ndim == 4 and values.shape == net.x.shape:
        values = values.max(axis=-1) if size else values.sum(axis=-1)
    if not names and values.ndim == 2:
        names = tuple(f"x{i}" for i in range(values.shape[1]))
    if names and values.ndim == 2 and len(names) != values.shape[1]:
        raise ShapeError(f"feature_names: {len(names)} names for {values.shape[1]} features")
    classes = net.classes
    return Attribution(
        method, values, names, base, predicted, data, None,
        tuple(classes[i] if i < len(classes) else str(i) for i in chosen),
        tuple(notes), kind,
    )  # fmt: skip
