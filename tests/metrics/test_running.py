"""Metrics summed up in loops of one's own: the same numbers as of all rows at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import metrics
from ranvier.metrics import Mean, Running, Sum

RNG = np.random.default_rng(4)
P = RNG.random((60, 3)).astype(np.float32)
LABELS = RNG.integers(0, 3, 60)
YES = RNG.integers(0, 2, (60, 1))
WEIGHT = RNG.random(60).astype(np.float32)
TARGETS: dict[str, tuple[Any, Any]] = {
    "labels": (LABELS, P),
    "one_hot": (np.eye(3, dtype=np.float32)[LABELS], P),
    "binary": (YES, P[:, :1]),
    "real": (RNG.normal(size=(60, 3)), P),
}
CASES = [
    (metric, form)
    for metric in (
        metrics.Accuracy(), metrics.BinaryAccuracy(threshold=0.3), metrics.TopK(2),
        metrics.Precision(), metrics.Recall(), metrics.F1(), metrics.F1Score("macro", 0.3),
        metrics.AUC(num_thresholds=50), metrics.R2(), metrics.MeanAbsoluteError(),
        metrics.RootMeanSquaredError(),
    )
    for form in metric.fits
    if form in ("real", "binary") or "real" not in metric.fits
    if not (isinstance(metric, metrics.AUC) and form != "binary")
]  # fmt: skip


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(("metric", "form"), CASES, ids=lambda c: getattr(c, "name", c))
def test_batches_make_the_metric_of_all_rows(
    metric: metrics.Metric, form: str, weight: Any
) -> None:
    y, p = TARGETS[form]
    running, by_first_batch = Running(metric, form), Running(metric)
    for part in (slice(0, 25), slice(25, 60)):
        for one in (running, by_first_batch):
            one.update_state(y[part], p[part], None if weight is None else weight[part])
    found = running.result()
    expected = metric.bound(form, p.shape[-1], metric.threshold or 0.5)(y, p, weight)
    assert isinstance(found, float) and found == pytest.approx(expected, rel=1e-5)
    assert by_first_batch.result() == pytest.approx(found, rel=1e-12)
    running.reset_state()
    running.update_state(y[:25], p[:25], None if weight is None else weight[:25])
    again = Running(metric, form)
    again.update_state(y[:25], p[:25], None if weight is None else weight[:25])
    np.testing.assert_equal(running.result(), again.result())


def test_a_number_for_each_class_and_before_the_first_batch() -> None:
    running = Running(metrics.F1Score())
    assert running.result() == 0.0
    running.update_state(*TARGETS["one_hot"])
    each = running.result()
    assert isinstance(each, np.ndarray) and each.shape == (3,)


def test_positions_that_a_mask_excludes_do_not_count() -> None:
    p = ranvier.tensor(P[:4].reshape(2, 2, 3))
    p.mask = ranvier.tensor([[True, False], [True, True]])
    running = Running(metrics.Accuracy(), "labels")
    running.update_state(P[:4].argmax(-1).reshape(2, 2) * [[1, -1], [1, 1]], p)
    assert running.result() == 1.0


def test_in_a_compiled_step() -> None:
    accuracy, mean = Running(metrics.Accuracy(), "labels"), Mean()
    accuracy.update_state(LABELS[:20], P[:20])
    mean.update_state(P[:20], WEIGHT[:20, None])

    @ranvier.compile
    def step(y: Any, p: Any, w: Any) -> Any:
        accuracy.update_state(y, p)
        mean.update_state(p, w)
        return p.sum()

    for part in (slice(20, 40), slice(40, 60)):
        step(ranvier.tensor(LABELS[part]), ranvier.tensor(P[part]),
             ranvier.tensor(WEIGHT[part, None]))  # fmt: skip
    assert accuracy.result() == pytest.approx((P.argmax(-1) == LABELS).mean())
    expected = (P * WEIGHT[:, None]).sum(dtype=np.float64) / WEIGHT.sum(dtype=np.float64)
    assert mean.result().item() == pytest.approx(expected, rel=1e-6)


def test_sums_and_means_of_numbers() -> None:
    total, mean = Sum(), Mean()
    assert mean.result().item() == total.result().item() == 0
    for batch in ([1.0, 2.0], 6.0):
        total.update_state(batch)
        mean.update_state(batch)
    assert total.result().item() == 9 and mean.result().item() == 3
    mean.reset_state()
    mean.update_state([1.0, 3.0], sample_weight=[3.0, 1.0])
    assert math.isclose(mean.result().item(), 6 / 4)
