"""Gradients compared with finite differences."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, GradientError
from ..ops.reduce import sum
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from ..tracing.compiled import compile
from ..tracing.trace import tensors_in
from ..tracing.transforms import grad
from ..typing import Array, TensorLike


@spelled
def gradcheck(
    f: Callable[..., Any],
    inputs: Sequence[TensorLike],
    order: int = 1,
    eps: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    engine: str | None = None,
    seed: int = 0,
) -> bool:
    """True when the gradients of `f` at `inputs` agree with finite differences, else GradientError.

    Float inputs are taken in float64; others are passed as they are. The elements of what `f`
    returns are weighted by random numbers and summed. `order=2` checks the gradient of the
    gradient. With `engine` both sides run compiled.

    >>> import ranvier
    >>> gradcheck(lambda x: ranvier.tanh(x) * x, [[0.5, -1.0]], order=2)
    True
    >>> gradcheck(lambda x: ranvier.detach(x) * x, [[0.5, -1.0]])
    Traceback (most recent call last):
    ranvier.errors.GradientError: gradcheck: ...
    """
    if order not in (1, 2):
        raise ArgumentError(f"gradcheck: order must be 1 or 2; got {order!r}")
    if isinstance(inputs, Tensor | np.ndarray | int | float):
        raise ArgumentError(
            f"gradcheck: inputs is a {type(inputs).__name__}; expected a list with one entry for "
            "each argument of f: gradcheck(f, [w])"
        )
    arrays = [_as_input(x) for x in inputs]
    float_inputs = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
    if not float_inputs:
        raise ArgumentError("gradcheck: none of the inputs is a float")
    rng = np.random.default_rng(seed)
    value = _weighted_sum(f, rng)
    for _ in range(order - 1):
        value = _weighted_sum(grad(value, tuple(float_inputs)), rng)
    ours = grad(value, tuple(float_inputs))
    if engine is not None:
        value(*[Tensor(x) for x in arrays])  # fixes the weights before the trace
        value, ours = compile(value, engine=engine), compile(ours, engine=engine)
    gradients = ours(*[Tensor(x) for x in arrays])
    for i, gradient in zip(float_inputs, gradients, strict=True):
        differences = _central_differences(value, arrays, i, eps)
        _compare(i, gradient.numpy(), differences, order, rtol, atol)
    return True


def _as_input(x: TensorLike) -> Array:
    array = x.numpy() if isinstance(x, Tensor) else np.asarray(x)
    return array.astype(np.float64) if array.dtype.kind == "f" else np.array(array)


def _weighted_sum(f: Callable[..., Any], rng: np.random.Generator) -> Callable[..., Tensor]:
    """The sum of the elements of all float tensors that f returns, each with its own weight."""
    weights: list[Array] = []

    def value(*args: Tensor) -> Tensor:
        outs = [t for t in tensors_in(f(*args)) if t.dtype.kind == "f"]
        if not outs:
            raise ArgumentError("gradcheck: the function returns no float tensor")
        while len(weights) < len(outs):
            weights.append(rng.uniform(0.5, 1.5, outs[len(weights)].shape))
        terms = [sum(t * Tensor(w, t.dtype)) for t, w in zip(outs, weights, strict=True)]
        return functools.reduce(Tensor.__add__, terms)

    return value


def _central_differences(
    value: Callable[..., Tensor], arrays: list[Array], argument: int, eps: float
) -> Array:
    """Central differences (f(x + h) - f(x - h)) / 2h for each element of one input."""
    out = np.zeros(arrays[argument].shape)
    for index in np.ndindex(out.shape):
        sides = []
        for sign in (1.0, -1.0):
            moved = [x.copy() for x in arrays]
            h = eps * max(1.0, abs(float(moved[argument][index])))
            moved[argument][index] += sign * h
            with no_grad():
                sides.append(value(*[Tensor(x) for x in moved]).item())
        out[index] = (sides[0] - sides[1]) / (2 * h)
    return out


def _compare(
    argument: int, ours: Array, theirs: Array, order: int, rtol: float, atol: float
) -> None:
    """Raise GradientError where a gradient differs from the differences by more than allowed."""
    with np.errstate(invalid="ignore"):
        over = np.abs(ours - theirs) - (atol + rtol * np.abs(theirs))
    bad = ~(over <= 0)
    if not bad.any():
        return
    worst = sorted(
        zip(*np.nonzero(bad), strict=True), key=lambda i: -np.nan_to_num(over[i], nan=np.inf)
    )
    kind = "gradient" if order == 1 else "second gradient"
    lines = [
        f"gradcheck: the {kind} of input {argument} differs from finite differences at "
        f"{int(bad.sum())} of {bad.size} elements (rtol {rtol:g}, atol {atol:g}); the worst:",
        f"  {'element':<16} {'gradient':>16} {'differences':>16} {'ratio':>10}",
    ]
    for index in worst[:5]:
        a, b = float(ours[index]), float(theirs[index])
        ratio = f"{a / b:.6f}" if b else "-"
        name = str([int(i) for i in index]) if index else "the number"
        lines.append(f"  {name:<16} {a:>16.9g} {b:>16.9g} {ratio:>10}")
    lines.append(
        "A gradient rule is wrong there, or the function is not smooth (a kink, a step, a tie), or "
        "not the same at each call (randomness)."
    )
    raise GradientError("\n".join(lines))
