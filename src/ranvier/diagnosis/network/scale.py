"""Inputs and targets whose size a network cannot easily take.

Weights are drawn for inputs of about 1 (Glorot & Bengio 2010; He et al. 2015), and the steps of an
optimizer suit columns of like size (LeCun et al. 1998, "Efficient BackProp", 4.3: the condition
of the second moments of the inputs bounds how fast gradients can learn). What counts is what
reaches the first layer with weights, so that a `Normalize` before it is seen to do its work.

Before a training `fit` warns of columns above 1,000 itself (train/fit/cautions.py); here smaller
ones are found too, with the numbers of each column.

Thresholds: LARGE 20 and TINY 0.02 of the root mean square (columns of deviation 1 have 1; the raw
irises 6.6), UNLIKE 1e-3 of the largest deviation. Of targets LARGE_TARGET 100, TINY_TARGET 0.01
and OFFSET 10 deviations, and only where less than half of their variance is explained: scaling is
no end in itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...nn.basic.affine import Biased
from ...nn.sequences.recurrent_layers import Recurrent
from ...typing import Array
from ..changes import with_scaled_inputs
from ..examination import Examination
from ..finding import Chart, Evidence, Finding, number

LARGE, TINY, UNLIKE = 20.0, 0.02, 1e-3
VERY_LARGE = 100.0
LARGE_TARGET, TINY_TARGET, OFFSET = 100.0, 0.01, 10.0
_MOST_BARS = 40
_CHANGE = "normalize = ranvier.nn.Normalize(); normalize.adapt(x)  # first in the model"


def unscaled_inputs(e: Examination) -> Iterator[Finding]:
    """Columns that reach the first layer with weights far from deviation 1 and mean 0."""
    for layer, x in _read_first(e):
        columns = x.reshape(-1, x.shape[-1]).astype(np.float64)
        size, deviation = np.sqrt((columns**2).mean(axis=0)), columns.std(axis=0)
        names = _names(e, len(size))
        largest = int(size.argmax())
        varied = np.where(deviation > 0, deviation, np.inf)
        smallest = int(varied.argmin())
        if size[largest] > LARGE:
            what = Message(
                "Column {column} reaches {layer} with numbers of about {size} (deviation "
                "{deviation}), where about 1 suits the weights.",
                column=names[largest], layer=repr(layer), size=number(size[largest]),
                deviation=number(deviation[largest]),
            )  # fmt: skip
        elif size[largest] < TINY:
            what = Message(
                "All columns reach {layer} with numbers of at most about {size}, where about 1 "
                "suits the weights.",
                layer=repr(layer), size=number(size[largest]),
            )  # fmt: skip
        elif varied[smallest] < UNLIKE * deviation.max():
            what = Message(
                "Column {column} reaches {layer} with a deviation of {deviation}, and others of up "
                "to {largest}: it goes unheard beside them.",
                column=names[smallest], layer=repr(layer), deviation=number(deviation[smallest]),
                largest=number(float(deviation.max())),
            )  # fmt: skip
        else:
            continue
        order = np.argsort(-size)[:_MOST_BARS]
        evidence: dict[str, Evidence] = {
            "column": tuple(names[i] for i in order),
            "root mean square": size[order],
        }
        yield Finding(
            "unscaled inputs",
            "problem" if size[largest] > VERY_LARGE else "caution",
            what,
            evidence,
            _CHANGE,
            with_scaled_inputs(),
            Chart("bars", ("root mean square",), "column", log=True),
        )


def _read_first(e: Examination) -> list[tuple[str, Array]]:
    """(layer, what it reads) of the layers with weights that read an input, at most normalized."""
    probe = e.probe
    made: list[tuple[str, Array]] = []
    seen: set[int] = set()
    for call in probe.calls:
        if not isinstance(call.layer, Biased | Recurrent) or not call.inputs:
            continue
        node = call.inputs[0]
        if probe.is_weighted(node) or id(node) in seen or not node.ndim:
            continue
        seen.add(id(node))
        value = probe.values[node]
        if value.dtype.kind == "f" and value.size and value.ndim > 1:
            made.append((call.layer.name, value))
    return made


def _names(e: Examination, count: int) -> list[str]:
    known = e.columns
    return list(map(repr, known)) if len(known) == count else [str(i) for i in range(count)]


def unscaled_targets(e: Examination) -> Iterator[Finding]:
    """Targets far from 0, or much larger or smaller than what a new network gives, of which it has
    not learned half.
    """
    if e.task != "numbers" or e.targets(e.some) is None:
        return
    y = np.asarray(e.targets(e.some))
    size, mean, deviation = float(np.sqrt((y**2).mean())), float(y.mean()), float(y.std())
    offset = abs(mean) > OFFSET * deviation and size > 1
    if deviation == 0 or not (size > LARGE_TARGET or size < TINY_TARGET or offset):
        return
    errors = e.errors(e.some)
    if errors is None or errors.mean() < 0.5:
        return
    yield Finding(
        "unscaled targets",
        "problem",
        Message(
            "The targets have mean {mean} and deviation {deviation}, a new network gives numbers "
            "of about 1, and {share} of their variance is not explained.",
            mean=number(mean), deviation=number(deviation),
            share=f"{min(1.0, errors.mean()):.0%}",
        ),
        {
            "mean": mean,
            "deviation": deviation,
            "target": _middles(y),
            "rows": np.histogram(y, 20)[0].astype(np.float64),
        },
        "middle, spread = y.mean(), y.std(); model.fit(x, (y - middle) / spread)\n"
        "model.predict(x) * spread + middle",
        None,
        Chart("bars", ("rows",), "target"),
    )  # fmt: skip


def _middles(y: Array) -> Array:
    edges = np.histogram(y, 20)[1]
    return np.asarray((edges[1:] + edges[:-1]) / 2)
