"""Well-known expressions: the textbook's line instead of the one that keeps rounding small.

A softmax is computed less its largest number, a normalization as one product and one sum, a
cross-entropy from the logits. Each line here is made of recorded numbers, computed again, and used
only where it gives the recorded result.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ...graph.node import Node
from ...nn import activations
from ...nn.basic.affine import Biased
from ...nn.layer import Layer
from .elements import Elements
from .expressions import Applied, Constant, Expr, Named, Total
from .names import GRADIENT, LOSS, Names

_MOST = 4096  # terms of a sum that are added up again
_CLOSE = 2e-4  # relative difference that is still float32 rounding


def known(
    elements: Elements, names: Names, who: str, symbol: str, node: Node, index: tuple[int, ...]
) -> Expr | None:
    """The textbook's expression for an element; None where there is none or it does not hold."""
    recorded = float(elements.values[node][index])
    for made in (_softmax, _moments, _normalized, _loss, _loss_gradient):
        expr = made(elements, names, who, symbol, index)
        if expr is not None and _close(expr.computed(), recorded):
            return expr
    return None


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_CLOSE, abs_tol=1e-6)


def _named(
    elements: Elements, names: Names, who: str, symbol: str, index: Sequence[int]
) -> Named | None:
    """The element of a tensor by its symbol."""
    node = names.symbols.get(who, {}).get(symbol)
    if node is None:
        return None
    at = tuple(int(i) for i in index)
    return Named(symbol, at, float(elements.values[node][at]))


def _softmax(
    elements: Elements, names: Names, who: str, symbol: str, index: tuple[int, ...]
) -> Expr | None:
    call = names.calls.get(who)
    if call is None or symbol not in ("a", "out"):
        return None
    source = "z" if "z" in names.symbols[who] else "x"
    node = names.symbols[who].get(source)
    if not _is_softmax(call.layer) or node is None or not index:
        return None

    def power(j: int) -> Expr:
        at = (*index[:-1], j)
        value = float(elements.values[node][at])
        return Applied("exp", (Named(source, at, value),), math.exp(value))

    count = node.shape[-1]
    terms = [power(j) for j in range(count)]
    total = Total("sum", count, terms.__getitem__, math.fsum(t.value for t in terms))
    top = terms[index[-1]]
    return Applied("divide", (top, total), top.value / total.value)


def _is_softmax(layer: Layer) -> bool:
    kind = type(layer).__name__
    if isinstance(layer, Biased) or kind == "Activation":
        return vars(layer)["function"] is activations.softmax
    return kind == "Softmax" and vars(layer)["axis"] == -1


def _moments(
    elements: Elements, names: Names, who: str, symbol: str, index: tuple[int, ...]
) -> Expr | None:
    """Mean and variance: sums over the axes along which they have size 1 and x has more."""
    symbols = names.symbols.get(who, {})
    if symbol not in ("μ", "σ²") or "x" not in symbols or "μ" not in symbols:
        return None
    shape = tuple(symbols["x"].shape)
    if len(index) != len(shape):
        return None
    sizes = symbols["μ"].shape
    over = [range(n) if m == 1 else (i,) for n, m, i in zip(shape, sizes, index, strict=True)]
    where = list(itertools.product(*over))
    if not where or len(where) > _MOST:
        return None
    mean = _named(elements, names, who, "μ", index)

    def term(i: int) -> Expr:
        x = Named("x", where[i], float(elements.values[symbols["x"]][where[i]]))
        if symbol == "μ" or mean is None:
            return x
        centered = Applied("subtract", (x, mean), x.value - mean.value)
        return Applied("power", (centered, Constant(2.0)), centered.value**2)

    total = math.fsum(term(i).value for i in range(len(where)))
    whole = Total("sum", len(where), term, total)
    return Applied("divide", (whole, Constant(float(len(where)))), total / len(where))


def _normalized(
    elements: Elements, names: Names, who: str, symbol: str, index: tuple[int, ...]
) -> Expr | None:
    call = names.calls.get(who)
    if call is None or symbol != "out" or "σ²" not in names.symbols[who]:
        return None
    shape = names.symbols[who]["out"].shape

    def at(name: str) -> Named | None:
        node = names.symbols[who].get(name)
        if node is None or node.ndim > len(shape):
            return None
        sizes = (1,) * (len(shape) - node.ndim) + tuple(node.shape)
        at_own = [0 if n == 1 else i for n, i in zip(sizes, index, strict=True)]
        return _named(elements, names, who, name, at_own[len(shape) - node.ndim :])

    x, mean, variance = at("x"), at("μ"), at("σ²")
    if x is None or mean is None or variance is None:
        return None
    epsilon = Constant(float(vars(call.layer).get("epsilon", 0.0)))
    wide = Applied("add", (variance, epsilon), variance.value + epsilon.value)
    root = Applied("sqrt", (wide,), math.sqrt(max(wide.value, 0.0)))
    over = Applied("subtract", (x, mean), x.value - mean.value)
    expr: Expr = Applied("divide", (over, root), over.value / root.value if root.value else 0.0)
    gamma, beta = at("γ"), at("β")
    if gamma is not None:
        expr = Applied("multiply", (expr, gamma), expr.value * gamma.value)
    if beta is not None:
        expr = Applied("add", (expr, beta), expr.value + beta.value)
    return expr


def _target(names: Names, elements: Elements, index: tuple[int, ...]) -> tuple[Expr, int] | None:
    """The target beside element `index` of p, as it stands in the formula, and the class.

    1 or 0 where the rows have class labels.
    """
    recording = names.recording
    if len(recording.heads) != 1 or len(recording.rows.ys) != 1 or not index:
        return None
    y = recording.rows.ys[0]
    if recording.heads[0].loss is None:
        return None
    if recording.heads[0].loss.name == "sparse_categorical_crossentropy":
        label = int(y.reshape(-1)[index[0]])
        return Constant(float(index[-1] == label)), label
    if y.shape == tuple(names.symbols[LOSS]["p"].shape):
        at = index
    elif y.ndim == 1 and len(index) == 2:
        at = index[:1]
    else:
        return None
    return Named("y", at, float(y[at])), int(np.argmax(y[index[0]])) if y.ndim > 1 else 0


def _loss(
    elements: Elements, names: Names, who: str, symbol: str, index: tuple[int, ...]
) -> Expr | None:
    """-log(p) of the class, for a row of probabilities."""
    if who != LOSS or symbol != "l" or "p" not in names.symbols[LOSS]:
        return None
    name = names.recording.heads[0].loss
    p = names.symbols[LOSS]["p"]
    if name is None or not name.name.endswith("categorical_crossentropy") or p.ndim != 2:
        return None
    target = _target(names, elements, (*index, 0))
    if target is None:
        return None
    chosen = _named(elements, names, LOSS, "p", (index[0], target[1]))
    if chosen is None or chosen.value <= 0:
        return None
    log = Applied("log", (chosen,), math.log(chosen.value))
    return Applied("negative", (log,), -log.value)


def _loss_gradient(
    elements: Elements, names: Names, who: str, symbol: str, index: tuple[int, ...]
) -> Expr | None:
    """(p - y) / (n m): of a cross-entropy by what its sigmoid or softmax was taken of, and of half
    the squared error by p.
    """
    call = names.calls.get(who)
    if "p" not in names.symbols.get(LOSS, {}) or not symbol.startswith(GRADIENT):
        return None
    p = names.symbols[LOSS]["p"]
    loss = names.recording.heads[0].loss
    made_it = call is not None and any(n is p for n in call.outputs)
    if loss is None or not (made_it or who == LOSS):
        return None
    if names.symbols[who][symbol].shape != p.shape or symbol[len(GRADIENT) :] not in "zpaout":
        return None
    target, chosen = _target(names, elements, index), _named(elements, names, LOSS, "p", index)
    if target is None or chosen is None:
        return None
    count = p.shape[0] if "categorical" in loss.name else p.size
    error = Applied("subtract", (chosen, target[0]), chosen.value - target[0].value)
    whole: Expr = error
    if loss.name == "mean_squared_error":
        whole = Applied("multiply", (Constant(2.0), error), 2 * error.value)
    if count == 1:
        return whole
    return Applied("divide", (whole, Constant(float(count))), whole.value / count)
