"""Optimizers on a surface: the steps of each, on lines of equal height."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import optim
from ...base.missing import spelled
from ...errors import ArgumentError, unknown_name
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile as compile_function
from ...tracing.transforms import value_and_grad
from ...typing import Array
from ..axes import Panel, Scale
from ..charts.chart_parts import CLASSES, DASHES
from ..drawing import Drawing, Words
from .surface import even_levels, heights

_GRID = 81
_LEVELS = 12
Function = Callable[[Any, Any], Any]


class Surface(NamedTuple):
    """A function of two numbers, where a race on it begins, and what is shown of it.

    `rates` are learning rates with which the usual optimizers get somewhere in a few hundred steps.
    """

    function: Function
    start: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    least: tuple[float, float] | None
    rates: Mapping[str, float]


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def _saddle(x: Any, y: Any) -> Any:
    return x * x - y * y + 0.25 * y**4


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _himmelblau(x: Any, y: Any) -> Any:
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def _valley(x: Any, y: Any) -> Any:
    return 0.05 * x * x + 2 * y * y


SURFACES: dict[str, Surface] = {
    "rosenbrock": Surface(
        _rosenbrock, (-1.2, 1.0), (-2, 2), (-1, 3), (1, 1),
        {"sgd": 1e-3, "momentum": 1e-3, "rmsprop": 0.02, "adam": 0.2, "adagrad": 0.5},
    ),
    "saddle": Surface(
        _saddle, (-1.8, 0.001), (-2, 2), (-2, 2), (0, 2**0.5),
        {"sgd": 0.05, "momentum": 0.02, "rmsprop": 0.02, "adam": 0.05, "adagrad": 0.2},
    ),
    "beale": Surface(
        _beale, (1.0, 1.5), (-1, 4), (-2, 2), (3, 0.5),
        {"sgd": 0.01, "momentum": 0.005, "rmsprop": 0.01, "adam": 0.05, "adagrad": 0.3},
    ),
    "himmelblau": Surface(
        _himmelblau, (-0.5, -1.0), (-5, 5), (-5, 5), None,
        {"sgd": 0.01, "momentum": 0.005, "rmsprop": 0.05, "adam": 0.2, "adagrad": 0.8},
    ),
    "valley": Surface(
        _valley, (-4.0, 1.5), (-5, 5), (-2, 2), (0, 0),
        {"sgd": 0.3, "momentum": 0.1, "rmsprop": 0.05, "adam": 0.2, "adagrad": 0.5},
    ),
}  # fmt: skip
_USUAL = ("sgd", "momentum", "rmsprop", "adam")
_OTHER_RATE = 0.05


@spelled
def optimizer_race(
    surface: str | Function = "rosenbrock",
    optimizers: Sequence[str | optim.Optimizer] | Mapping[str, Any] | None = None,
    steps: int = 200,
    start: Sequence[float] | None = None,
    x: Sequence[float] | None = None,
    y: Sequence[float] | None = None,
) -> Drawing:
    """Optimizers going down a surface of two numbers, their steps as lines on its heights.

    Args:
        surface: "rosenbrock", "saddle", "beale", "himmelblau", "valley", or a function of two
            tensors.
        optimizers: names ("sgd", "momentum", "adam", ...), which get a learning rate that suits
            the surface, or optimizers of your own, also as {name: optimizer}.
        start: where they begin; `x` and `y` are the ends of the axes.

    Raises ArgumentError for surfaces and optimizers that are not known.

    >>> drawing = optimizer_race("valley", ["sgd", "adam"], steps=5)
    >>> [row[0] for row in drawing.rows]
    ['sgd (rate 0.3)', 'adam (rate 0.2)']
    """
    if steps < 1:
        raise ArgumentError(f"optimizer_race: steps={steps}; expected 1 or more")
    ground = _surface(surface, start, x, y)
    runners = _runners(optimizers, ground)
    paths = {name: _path(ground, optimizer, steps) for name, optimizer in runners.items()}
    name = surface if isinstance(surface, str) else "a function"
    drawing = Drawing(
        f"Optimizers on {name}",
        f"{steps} steps of each from the same point; the ground is the stronger in colour the "
        "higher, in even steps of its logarithm. A cross is the lowest point.",
        500, 420,
    )  # fmt: skip
    panel = Panel(drawing, Scale(*ground.x), Scale(*ground.y))
    panel.grid("x", "y")
    values = _heights(ground)
    raised = values - values.min() + 1e-3 * (float(np.ptp(values)) or 1.0)
    heights(panel, raised, even_levels(raised, _LEVELS, log=True), "s5", 0.7, scale=False)
    entries: list[tuple[str, str, Sequence[float]]] = []
    for i, (label, path) in enumerate(paths.items()):
        role, dash = CLASSES[i % len(CLASSES)], DASHES[i // len(CLASSES) % len(DASHES)]
        shown = path[np.isfinite(path).all(axis=1)]
        xs, ys = shown.T.tolist()
        panel.line(xs, ys, role, 2.2, dash)
        panel.dots(xs[-1:], ys[-1:], role, 4)
        entries.append((label, role, dash))
    panel.dots([ground.start[0]], [ground.start[1]], "ink", 4)
    if ground.least is not None:
        at = panel.x(ground.least[0]), panel.y(ground.least[1]) + 6
        drawing.add(Words(*at, "×", "ink", 20, "middle", True))
    panel.legend(entries, "bottom right")
    drawing.head = ("optimizer", "x", "y", "height at the end")
    drawing.rows = [
        (label, f"{path[-1, 0]:.4g}", f"{path[-1, 1]:.4g}", f"{_height(ground, path[-1]):.4g}")
        for label, path in paths.items()
    ]
    return drawing


def _surface(
    surface: str | Function,
    start: Sequence[float] | None,
    x: Sequence[float] | None,
    y: Sequence[float] | None,
) -> Surface:
    if isinstance(surface, str):
        if surface not in SURFACES:
            raise unknown_name("surface", surface, list(SURFACES))
        ground = SURFACES[surface]
    elif callable(surface):
        ground = Surface(surface, (-1.0, 1.0), (-2, 2), (-2, 2), None, {})
    else:
        raise ArgumentError(
            f"optimizer_race: surface={surface!r}; expected a name or a function of two tensors"
        )
    ground = ground._replace(
        start=_pair("start", start, ground.start), x=_pair("x", x, ground.x),
        y=_pair("y", y, ground.y),
    )  # fmt: skip
    if ground.x[0] >= ground.x[1] or ground.y[0] >= ground.y[1]:
        raise ArgumentError("optimizer_race: the ends of an axis are (low, high)")
    return ground


def _pair(
    name: str, pair: Sequence[float] | None, default: tuple[float, float]
) -> tuple[float, float]:
    if pair is None:
        return default
    if len(pair) != 2 or not np.isfinite(pair).all():
        raise ArgumentError(f"optimizer_race: {name}={pair!r}; expected two numbers")
    return float(pair[0]), float(pair[1])


def _runners(
    optimizers: Sequence[str | optim.Optimizer] | Mapping[str, Any] | None, ground: Surface
) -> dict[str, optim.Optimizer]:
    """The optimizers by what they are called; each begins from nothing."""
    chosen = list(_USUAL) if optimizers is None else optimizers
    if isinstance(chosen, Mapping):
        return {str(name): _runner(value, ground)[1] for name, value in chosen.items()}
    if isinstance(chosen, str):
        chosen = [chosen]
    runners: dict[str, optim.Optimizer] = {}
    for value in chosen:
        name, optimizer = _runner(value, ground)
        label = name if name not in runners else f"{name} {len(runners) + 1}"
        runners[label] = optimizer
    if not runners:
        raise ArgumentError("optimizer_race: optimizers holds none")
    return runners


def _runner(value: object, ground: Surface) -> tuple[str, optim.Optimizer]:
    if isinstance(value, optim.Optimizer):
        return str(value), copy.deepcopy(value)
    if not isinstance(value, str):
        raise ArgumentError(
            f"optimizer_race: {value!r} is no optimizer; expected a name or ranvier.optim.Adam(...)"
        )
    rate = ground.rates.get(value.lower(), _OTHER_RATE)
    if value.lower() == "momentum":
        return f"momentum (rate {rate:g})", optim.SGD(rate, momentum=0.9)
    made = optim.get(value)
    made.learning_rate = rate
    return f"{value} (rate {rate:g})", made


def _path(ground: Surface, optimizer: optim.Optimizer, steps: int) -> Array:
    """The points of a race, the first one with them: (steps + 1, 2)."""
    point = [Tensor(np.array(v, np.float64), requires_grad=True) for v in ground.start]
    slope = compile_function(value_and_grad(ground.function, argnums=(0, 1)))
    points = [list(ground.start)]
    for _ in range(steps):
        _, gradients = slope(*point)
        optimizer.apply(zip(point, gradients, strict=True))
        points.append([float(str(p.numpy())) for p in point])
        if not np.isfinite(points[-1]).all():
            break
    return np.array(points)


def _heights(ground: Surface) -> Array:
    xs, ys = np.linspace(*ground.x, _GRID), np.linspace(*ground.y, _GRID)
    across, up = np.meshgrid(xs, ys)
    values = ground.function(Tensor(across), Tensor(up))
    array = values.numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.shape != across.shape or not np.isfinite(array).all():
        raise ArgumentError(
            "optimizer_race: the function must give a finite number at each point, from tensors of "
            f"any shape; on a grid {across.shape} it gave {array.shape}"
        )
    return array


def _height(ground: Surface, point: Array) -> float:
    value = ground.function(Tensor(np.array(point[0])), Tensor(np.array(point[1])))
    return float(str(value.numpy())) if isinstance(value, Tensor) else float(value)
