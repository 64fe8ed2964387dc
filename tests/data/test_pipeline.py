"""Pipelines: what each step gives, their sizes, batches for fit, and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.data import Pipeline
from ranvier.errors import ArgumentError, DataError

STEPS: list[tuple[Callable[[Pipeline], Any], Any, int | None]] = [
    (lambda p: p.map(lambda x: x * 10), [0, 10, 20, 30, 40], 5),
    (lambda p: p.filter(lambda x: x % 2 == 1), [1, 3], None),
    (lambda p: p.take(2), [0, 1], 2),
    (lambda p: p.skip(3), [3, 4], 2),
    (lambda p: p.repeat(2), [0, 1, 2, 3, 4] * 2, 10),
    (lambda p: p.repeat().take(7), [0, 1, 2, 3, 4, 0, 1], 7),
    (lambda p: p.concatenate(p.take(1)), [0, 1, 2, 3, 4, 0], 6),
    (lambda p: p.batch(2), [[0, 1], [2, 3], [4]], 3),
    (lambda p: p.batch(2, drop_remainder=True), [[0, 1], [2, 3]], 2),
    (lambda p: p.batch(2).unbatch(), [0, 1, 2, 3, 4], None),
    (lambda p: p.enumerate(5).map(lambda i, x: i + x), [5, 7, 9, 11, 13], 5),
    (lambda p: Pipeline.zip(p, p.skip(1)).map(lambda a, b: b - a), [1, 1, 1, 1], 4),
    (lambda p: p.window(2, 1, drop_remainder=True).flat_map(lambda w: w.batch(2)),
     [[0, 1], [1, 2], [2, 3], [3, 4]], None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_steps(number: int) -> None:
    step, expected, size = STEPS[number]
    pipeline = step(Pipeline.range(5))
    for _ in range(2):  # each pass begins again
        assert [np.asarray(e).tolist() for e in pipeline] == expected
    assert pipeline.size == size
    if size is None:
        with pytest.raises(TypeError, match="how many elements there are is not known"):
            len(pipeline)


def test_shuffle_gives_every_element_once_and_another_order_in_each_pass() -> None:
    pipeline = Pipeline.range(50).shuffle(seed=1)
    first, second = ([int(e) for e in pipeline] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert [int(e) for e in Pipeline.range(50).shuffle(seed=1)] == first


def test_elements_keep_their_structure() -> None:
    rows = Pipeline.from_arrays(({"a": [[1.0], [2.0]]}, [0, 1]))
    (x, y), _ = rows
    assert x["a"].tolist() == [1.0] and x["a"].dtype == np.float32 and y == 0
    assert [e.tolist() for e in Pipeline.from_element([1, 2])] == [[1, 2]]
    assert [int(e) for e in Pipeline.from_generator(lambda: iter([3, 4]))] == [3, 4]


def test_fit_takes_its_batches() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("f4")
    ranvier.seed(0)
    model = ranvier.Sequential([ranvier.nn.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    batches = Pipeline.from_arrays((x, x.sum(1, keepdims=True))).shuffle(seed=0).batch(8)
    history = model.fit(batches, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda: Pipeline.from_arrays(([1, 2], [1])), DataError, r"\(2,\), \(1,\); expected"),
        (lambda: Pipeline.from_generator([1]), ArgumentError, "expected a function that returns"),  # type: ignore
        (lambda: Pipeline.range(3).batch(0), ArgumentError, "batch_size=0; expected at least 1"),
        (lambda: Pipeline.range(3).chunks(), DataError, "single rows; fit takes batches"),
        (lambda: Pipeline.range(3).batch(1).repeat().chunks(), DataError, "repeats for ever"),
        (lambda: list(Pipeline.from_generator(lambda: ([1] * n for n in (1, 2))).batch(2)),
         DataError, r"shapes \(1,\) and \(2,\) make no batch"),
    ],
    ids=range(6),
)  # fmt: skip
def test_errors(make: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        make()
