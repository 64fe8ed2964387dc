"""Occlusion (Zeiler and Fergus 2014): what the output loses when a part of the input is covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.missing import spelled
from ..errors import ShapeError
from ..typing import Array
from .result import Attribution
from .subject import (
    ArraySubject,
    Encoded,
    Output,
    Rows,
    Subject,
    TableSubject,
    TextSubject,
    subject_of,
)


@spelled
def occlusion(
    model: object,
    x: Rows,
    baseline: Any = None,
    *,
    patch: int | None = None,
    groups: Mapping[str, Sequence[str | int]] | None = None,
    output: Output = None,
    logits: bool = False,
    feature_names: Sequence[str] | None = None,
) -> Attribution:
    """How much the output falls when one feature at a time is replaced by the baseline.

    Of a table features are raw columns, of an image squares of `patch` pixels (by default
    a seventh of the height), of a
    text words. The model is only asked, so it may be any function.

    >>> found = occlusion(lambda x: 2 * x[:, 0] + x[:, 1], np.array([[1.0, 5.0]]))
    >>> found.values
    array([[2., 5.]])

    Args:
        baseline: what stands for nothing: a number, one row, or rows of which the mean (of a
            table: the first row) is taken; by default 0, of a table missing cells.
        groups: {name: features} that are covered together.
        model, output, logits, feature_names: as of `shap_values`.
    """
    if patch is None and isinstance(x, np.ndarray) and x.ndim >= 3:
        patch = max(2, x.shape[1] // 7)
    subject = subject_of(model, x, feature_names, patch, logits)
    rows = subject.encode(x)
    nothing = _nothing(subject, rows, baseline)
    if groups is not None:
        subject = subject.grouped(groups)
    outputs = subject(rows.arrays)
    chosen = subject.chosen(outputs, output)
    predicted = outputs[np.arange(len(rows)), chosen]
    values = np.empty((len(rows), len(subject.feature_names)))
    for i in range(len(subject.feature_names)):
        arrays = {
            name: np.where(owner == i, nothing.arrays[name], rows.arrays[name])
            for name, owner in subject.owners.items()
        }
        values[:, i] = predicted - subject(arrays)[np.arange(len(rows)), chosen]
    grid = subject.grid if isinstance(subject, ArraySubject) and subject.grid else ()
    names = subject.names_of(outputs.shape[1])
    return Attribution(
        "occlusion",
        values.reshape(len(rows), *grid) if grid else values,
        subject.feature_names,
        outputs=predicted,
        data=rows.data,
        output_names=tuple(names[i] for i in chosen),
        kind=subject.kind,
    )


def _nothing(subject: Subject, rows: Encoded, baseline: Any) -> Encoded:
    """The row that stands for nothing."""
    if isinstance(subject, TextSubject):
        return subject.blank()
    if isinstance(subject, TableSubject):
        if baseline is None:
            return subject.missing()
        return subject.encode(baseline).take(slice(1))
    if baseline is None or np.ndim(baseline) == 0:
        value = 0 if baseline is None else baseline
        return Encoded(
            {k: np.full_like(a[:1], value) for k, a in rows.arrays.items()}, rows.data[:1]
        )
    if isinstance(baseline, Mapping):
        return subject.encode(baseline).take(slice(1))
    array: Array = np.asarray(baseline)
    shape = next(iter(rows.arrays.values())).shape[1:]
    if array.shape[-len(shape) :] != shape:
        raise ShapeError(f"baseline: shape {array.shape}; expected that of a row, {shape}")
    mean = array.reshape(-1, *shape).mean(axis=0, keepdims=True)
    return subject.encode(mean.astype(next(iter(rows.arrays.values())).dtype))
