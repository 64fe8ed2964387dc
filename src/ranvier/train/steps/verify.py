"""Two executors, one truth: the compiled step against the reference, and gradients against finite
differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.config import switches
from ...base.text_table import aligned
from ...nn.policy import is_mixed
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ..intake.arrange import heads_of, outputs_of
from ..intake.heads import Head
from ..intake.rows import Rows
from .step import Step
from .step_functions import forward, gradients

if TYPE_CHECKING:
    from ..models.model import Model

_ROWS = 64  # rows of the data that are looked at
_STEP = 1e-6  # of the finite differences, in float64
_NOTHING = 1e-3  # of the largest gradient: smaller ones are compared with this
_LIMIT = 1e-4  # relative difference that is still float32 rounding
_MIXED_LIMIT = 2e-2  # the same of float16, rounded several times on the way
_SLOPE_LIMIT = 1e-4  # relative difference of a float64 gradient and its finite difference


@dataclass
class Line:
    """One tensor: the largest difference between the executors, relative to the tensor's largest
    number, and between its gradient and finite differences at the sampled elements (None for what
    is no gradient)."""

    name: str
    shape: tuple[int, ...]
    compiled: float
    slope: float | None = None
    limit: float = _LIMIT

    @property
    def ok(self) -> bool:
        """Both differences are within rounding."""
        return self.compiled <= self.limit and (self.slope is None or self.slope <= _SLOPE_LIMIT)


@dataclass
class Report:
    """What `model.verify` found; `report.ok` says whether everything agrees.

    `notes` say which outputs a loss reads as logits.
    """

    engine: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Everything agrees."""
        return all(line.ok for line in self.lines)

    def __str__(self) -> str:
        head = ("tensor", "shape", f"{self.engine} - reference", "gradient - finite difference", "")
        rows = [
            (
                line.name,
                str(line.shape),
                f"{line.compiled:.1e}",
                "" if line.slope is None else f"{line.slope:.1e}",
                "ok" if line.ok else "DIFFERS",
            )
            for line in self.lines
        ]
        text = aligned([head, *rows])
        verdict = "everything agrees" if self.ok else "there are differences"
        note = "relative differences; finite differences on the reference engine in float64"
        return "\n".join([*text, f"{verdict} ({note})", *self.notes])


def verify(model: Model, rows: Rows, samples: int = 5) -> Report:
    """Compare loss, output and every gradient of the first rows, number by number."""
    rows = rows.part(0, min(rows.count, _ROWS))
    engine = model.engine or switches.engine
    names = {id(t): name for name, t in model.named_tensors().items()}
    parameters = model.parameters()
    outputs, shapes = outputs_of(model, rows.xs)
    heads = heads_of(model, outputs, shapes)
    results = {
        e: _run(_step(model, heads, rows, e), rows) for e in dict.fromkeys((engine, "reference"))
    }
    slopes = _slopes(model, heads, rows, parameters, samples)
    report = Report(engine)
    labels = ["loss", *(["output"] if outputs is None else [f"output {n}" for n in outputs])]
    first = len(labels)
    limit = _MIXED_LIMIT if is_mixed(model) else _LIMIT
    labels += [f"gradient of {names[id(p)]}" for p in parameters]
    # A gradient that is 0 but for rounding (a bias that softmax takes away again) is no difference.
    least = _NOTHING * _largest(results["reference"][first:])
    for i, label in enumerate(labels):
        mine, reference = results[engine][i], results["reference"][i]
        slope = slopes[i - first] if i >= first else None
        floor = least if i >= first else 0.0
        difference = _difference(mine, reference, floor)
        report.lines.append(Line(label, mine.shape, difference, slope, limit))
    for head in heads:
        if head.loss is not None and head.loss.from_logits:
            where = f"output {head.name!r}: " if head.name else ""
            report.notes.append(f"{where}{head.loss.name} reads the output as logits")
    return report


def _step(model: Model, heads: Sequence[Head], rows: Rows, engine: str) -> Step:
    """Loss, outputs and gradients of one batch, in training mode, changing no weight."""

    def look(*arguments: Tensor) -> Any:
        batch = forward(model, heads, True, rows.layout, arguments)
        parameters = model.parameters()
        slopes = gradients(batch.loss, parameters)
        return (
            batch.loss,
            batch.outputs,
            [p * 0 if g is None else g for p, g in zip(parameters, slopes, strict=True)],
        )

    arrays = [*rows.arrays, np.zeros((), np.float32)]
    return Step(look, [(a.shape, a.dtype) for a in arrays], [*rows.names, "count"], engine)


def _run(step: Step, rows: Rows) -> list[np.ndarray]:
    """The step's outputs; tensors that it changes (random state) are put back."""
    state = [a.copy() for a in step.state()]
    arguments = [*rows.arrays, np.asarray(rows.count, np.float32)]
    return [np.array(a) for a in step.executable.run([*arguments, *state])]


def _difference(a: np.ndarray, b: np.ndarray, floor: float = 0.0) -> float:
    """The largest difference, relative to the largest number, or to `floor` if that is larger;
    infinite where one is NaN and the other not.
    """
    if not a.size:
        return 0.0
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        difference = np.where(same, 0.0, np.abs(a.astype(np.float64) - b.astype(np.float64)))
    if np.isnan(difference).any():
        return float("inf")
    return float(difference.max() / max(float(np.nanmax(np.abs(b))), floor, 1e-12))


def _largest(gradients: Sequence[np.ndarray]) -> float:
    """The largest number in gradients, by size."""
    return max((float(np.abs(g).max()) for g in gradients if g.size), default=0.0)


def _slopes(
    model: Model, heads: Sequence[Head], rows: Rows, parameters: Sequence[Tensor], samples: int
) -> list[float]:
    """For each parameter: the gradient against central differences at a few elements, everything in
    float64.
    """
    weight = None if rows.weight is None else _wide(rows.weight)
    xs, ys = [_wide(x) for x in rows.xs], [_wide(y) for y in rows.ys]
    wide = Rows(xs, ys, weight, rows.names[: len(xs) + len(ys)])
    with _in_float64(model.state_tensors()):
        step = _step(model, heads, wide, "reference")
        outputs = _run(step, wide)
        grads = outputs[len(outputs) - len(parameters) :]
        worst = []
        least = max(_NOTHING * _largest(grads), 1e-6)
        for p, grad in zip(parameters, grads, strict=True):
            array, difference = p.numpy().reshape(-1), 0.0
            indices = np.linspace(0, array.size - 1, min(samples, array.size)).astype(int)
            scale = max(float(np.abs(grad).max(initial=0.0)), least)
            for index in indices:
                before, values = array[index], []
                for move in (_STEP, -_STEP):
                    array[index] = before + move
                    values.append(float(_run(step, wide)[0]))
                array[index] = before
                slope = (values[0] - values[1]) / (2 * _STEP)
                difference = max(difference, abs(slope - float(grad.reshape(-1)[index])) / scale)
            worst.append(difference)
    return worst


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


@contextmanager
def _in_float64(tensors: Sequence[Tensor]) -> Iterator[None]:
    """The float tensors hold float64 inside and what they held before afterwards."""
    chosen = [t for t in tensors if t.dtype.kind == "f"]
    before = [t._data for t in chosen]
    try:
        with no_grad():
            for t in chosen:
                t._data = np.array(t.numpy(), np.float64, order="C")
        yield
    finally:
        for t, data in zip(chosen, before, strict=True):
            t._data = data
