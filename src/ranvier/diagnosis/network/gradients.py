"""Gradients that vanish or explode from layer to layer, or along a sequence.

Compared is the root mean square of the loss's gradient by the outputs of layers, first to last
(Glorot & Bengio 2010), and by the numbers of a sequence, early to late (Pascanu et al. 2013). The
gradient by a kernel would not do: where each layer doubles what it is given, forward and backward,
the gradients of all kernels are alike.

Thresholds, and what 100 clean runs come to:

    VANISHED 1e-3    of the last hidden layer's; clean 0.56 at least
    EXPLODED 1e3     clean 2.6 at most
    FORGOTTEN 1e-5   along a sequence: a network that needs its last part only lets the rest go too
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...nn.sequences.recurrent_layers import Recurrent
from ...typing import Array
from ..examination import Examination
from ..finding import Chart, Evidence, Finding, number

VANISHED = 1e-3
EXPLODED = 1e3
FORGOTTEN = 1e-5
_EARLY = 0.1  # the share of a sequence that is its beginning


def vanishing(e: Examination) -> Iterator[Finding]:
    """What reaches the first layer is next to nothing beside what reaches the last hidden one."""
    names, sizes = _by_layer(e)
    if len(sizes) > 1 and 0 < sizes[-1] and sizes[0] < VANISHED * sizes[-1]:
        if _cut_by_dead_units(e):
            return  # that is what is said of those
        first, last = sizes[0], sizes[-1]
        yield _finding(e, "vanishing gradients", names, sizes, _VANISH, Message(
            "The gradient that reaches the outputs of {layer} is {first}, and {last} at {end}: the "
            "first layers hardly learn.",
            layer=repr(names[0]), first=number(first), last=number(last), end=repr(names[-1]),
        ))  # fmt: skip
        return
    for name, along in _by_time(e):
        early, late = _ends(along)
        if early < FORGOTTEN * late:
            yield _along("vanishing gradients", along, _REMEMBER, Message(
                "Along the {count} steps of {layer} the gradient fades from {late} at the end to "
                "{early} at the beginning: what stands there is not learned.",
                count=len(along), layer=repr(name), late=number(late), early=number(early),
            ))  # fmt: skip


def exploding(e: Examination) -> Iterator[Finding]:
    """What reaches the first layer is a thousand times what reaches the last hidden one."""
    names, sizes = _by_layer(e)
    if len(sizes) > 1 and 0 < sizes[-1] and sizes[0] > EXPLODED * sizes[-1]:
        first, last = sizes[0], sizes[-1]
        yield _finding(e, "exploding gradients", names, sizes, _EXPLODE, Message(
            "The gradient grows from {last} at {end} to {first} at the outputs of {layer}: a step "
            "that suits one layer is far too long for another.",
            layer=repr(names[0]), first=number(first), last=number(last), end=repr(names[-1]),
        ))  # fmt: skip
        return
    for name, along in _by_time(e):
        early, late = _ends(along)
        if late > 0 and early > EXPLODED * late:
            yield _along("exploding gradients", along, _EXPLODE, Message(
                "Along the {count} steps of {layer} the gradient grows from {late} at the end to "
                "{early} at the beginning.",
                count=len(along), layer=repr(name), late=number(late), early=number(early),
            ))  # fmt: skip


_VANISH = 'activation="relu", or ranvier.nn.BatchNormalization() between the layers'
_EXPLODE = "optimizer=ranvier.optim.Adam(clipnorm=1.0), and the default initializers"
_REMEMBER = "ranvier.nn.LSTM(units)  # its gates keep what stands far back"


def _finding(
    e: Examination, kind: str, names: list[str], sizes: list[float], change: str, what: Message
) -> Finding:
    evidence: dict[str, Evidence] = {
        "layer": tuple(names),
        "gradient": np.asarray(sizes),
        "update over kernel": _updates(e, names),
    }
    chart = Chart("dots", ("gradient", "update over kernel"), "layer", log=True)
    return Finding(kind, "problem", what, evidence, change, None, chart)


def _updates(e: Examination, names: list[str]) -> Array:
    """How large the next update of each layer's kernel is beside the kernel; about a thousandth is
    usual (clean runs here: 0.0002 to 0.004). Adam keeps them alike where gradients vanish.
    """
    ratios = dict.fromkeys(names, 0.0)
    for moved in e.probe.moved:
        if moved.before.ndim > 1 and moved.layer in ratios:
            size = float(np.linalg.norm(moved.before))
            change = float(np.linalg.norm(moved.after - moved.before))
            ratios[moved.layer] = change / max(size, 1e-30)
    return np.array(list(ratios.values()))


def _along(kind: str, along: Array, change: str, what: Message) -> Finding:
    evidence: dict[str, Evidence] = {"step": np.arange(float(len(along))), "gradient": along}
    return Finding(kind, "caution", what, evidence, change, None,
                   Chart("lines", ("gradient",), "step", log=True))  # fmt: skip


def _by_layer(e: Examination) -> tuple[list[str], list[float]]:
    """Hidden layers with weights, first to last, and the gradient by what each gives out, a row."""
    names, sizes = [], []
    probe = e.probe
    outputs = {n for call in probe.meaning.calls[:1] for n in call.outputs}
    for call in probe.calls:
        if not call.layer.parameters() or not call.outputs or call.outputs[0] in outputs:
            continue
        gradient = probe.gradient(call.outputs[0])
        if gradient is not None:
            names.append(call.layer.name)
            sizes.append(_size(gradient) * probe.rows.count)
    return names, sizes


def _cut_by_dead_units(e: Examination) -> bool:
    return any(u.kind == "relu" and not u.values.any() for u in e.probe.units)


def _by_time(e: Examination) -> Iterator[tuple[str, Array]]:
    """Recurrent layers, and the gradient by what they read at each step of a sequence."""
    for call in e.probe.meaning.calls:
        if isinstance(call.layer, Recurrent) and call.inputs and call.inputs[0].ndim == 3:
            gradient = e.probe.gradient(call.inputs[0])
            if gradient is not None and gradient.shape[1] >= 10:
                powers = gradient.astype(np.float64) ** 2
                yield call.layer.name, np.sqrt(powers.mean(axis=(0, 2))) * len(gradient)


def _ends(along: Array) -> tuple[float, float]:
    """The size at the beginning, and the largest of the end."""
    few = max(1, int(_EARLY * len(along)))
    return float(along[:few].mean()), float(along[-few:].mean())


def _size(a: Array) -> float:
    return float(np.sqrt((a.astype(np.float64) ** 2).mean()))
