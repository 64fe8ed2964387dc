"""Units that are always off, or always at their end: nothing is learned through them.

A unit of relu that is 0 for every row has gradient 0 for every row (Lu et al. 2019, "Dying ReLU and
initialization"). One of sigmoid or tanh near its ends passes hardly anything on: at 0.98 the slope
of sigmoid is 0.02, and that of tanh at 0.99 is 0.02 too (Glorot & Bengio 2010 show what follows).

Thresholds, and what 100 clean runs come to:

    DEAD 0.5        of a layer's units; clean 0.31 at most
    SATURATED 0.8   of a layer's outputs over all rows; fresh networks on scaled inputs have less
                    than 0.1
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...train.fit.cautions import lower_rate, rate_of
from ...typing import Array
from ..changes import Change, rate_line, with_activation, with_rate
from ..examination import Examination
from ..finding import Chart, Finding
from ..probe import Units

DEAD = 0.5
SATURATED = 0.8
ABOVE_USUAL = 5.0  # times the optimizer's own default rate: then that is the likely reason
FEWEST = 4  # units of a layer of which a share means something
_END = {"sigmoid": 0.02, "tanh": 0.01, "softmax": 0.02}  # so near to its end is a unit at it


def dead_units(e: Examination) -> Iterator[Finding]:
    """Layers of which at least half of the units are 0 for every row."""
    for units in e.probe.units:
        flat = units.values.reshape(-1, units.values.shape[-1])
        if units.kind != "relu" or flat.shape[1] < FEWEST:
            continue
        active = (flat > 0).mean(axis=0)
        dead = int((active == 0).sum())
        if dead < DEAD * len(active):
            continue
        change, trial = _revive(e, units)
        yield Finding(
            "dead units",
            "problem",
            Message(
                "{dead} of the {count} units of {layer} are 0 for each of {rows} rows, so nothing "
                "is learned through them.",
                dead=dead, count=len(active), layer=repr(units.layer),
                rows=f"{len(units.values):,}",
            ),
            {"dead": float(dead), "share of rows with an output": np.sort(active)[::-1]},
            change,
            trial,
            Chart("bars", ("share of rows with an output",)),
        )  # fmt: skip


def _revive(e: Examination, units: Units) -> tuple[str, Change | None]:
    lower = _slower(e)
    if lower is not None:
        return f"{rate_line(e.model, lower)}  # large steps switch units off", with_rate(lower)
    trial = with_activation(units.layer, "leaky_relu")
    return f'{units.layer}: activation="leaky_relu"', trial


def _slower(e: Examination) -> float | None:
    """A lower rate, where the present one is far above the usual; else None."""
    rate = rate_of(e.model.optimizer)
    if rate is None or rate < ABOVE_USUAL * lower_rate(e.model.optimizer, np.inf):
        return None
    return lower_rate(e.model.optimizer, rate)


def saturated_units(e: Examination) -> Iterator[Finding]:
    """Hidden layers whose sigmoid, tanh or softmax is at its ends for nearly all rows."""
    for units in e.probe.units:
        if units.kind not in _END or units.is_last or units.values.shape[-1] < FEWEST:
            continue
        at_end = _at_end(units.kind, units.values)
        share = float(at_end.mean())
        if share < SATURATED:
            continue
        change, trial = _calm(e, units)
        yield Finding(
            "saturated units",
            "problem",
            Message(
                "{share} of the outputs of {layer} lie at the ends of its {kind}, where its slope "
                "is nearly 0.",
                share=f"{share:.0%}", layer=repr(units.layer), kind=units.kind,
            ),
            {
                "share at the ends": share,
                "output": _edges(units.kind)[:-1],
                "share of outputs": _histogram(units),
            },
            change,
            trial,
            Chart("bars", ("share of outputs",), "output"),
        )  # fmt: skip


def _at_end(kind: str, values: Array) -> Array:
    end = _END[kind]
    if kind == "tanh":
        return np.abs(values) > 1 - end
    if kind == "sigmoid":
        return (values < end) | (values > 1 - end)
    return np.asarray(values.max(axis=-1) > 1 - end)  # one of a row has it all


def _edges(kind: str) -> Array:
    return np.linspace(-1.0 if kind == "tanh" else 0.0, 1.0, 21)


def _histogram(units: Units) -> Array:
    counts, _ = np.histogram(units.values, _edges(units.kind))
    return np.asarray(counts / max(1, units.values.size))


def _calm(e: Examination, units: Units) -> tuple[str, Change | None]:
    lower = _slower(e)
    if lower is not None:
        return f"{rate_line(e.model, lower)}  # large steps made the weights large", with_rate(
            lower
        )
    return (
        "normalize = ranvier.nn.Normalize(); normalize.adapt(x)  # first in the model, and the "
        f"default kernel_initializer in {units.layer!r}"
    ), None
