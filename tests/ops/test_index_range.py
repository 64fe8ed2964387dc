"""Indices at and beyond every edge: eager, reference and compiled say the same, in value or error.

Every op that takes indices is tried on axes of size 0, 1 and n with indices from the smallest to
the largest number of each integer dtype. What a refused step would have changed stays as it was.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import ranvier
from compiler.common import threads
from engines import ENGINES
from ranvier import metrics
from ranvier.errors import DataError, DTypeError, IndexRangeError, RanvierError
from ranvier.graph.node import OPS
from ranvier.losses.crossentropy import SparseCategoricalCrossentropy
from ranvier.nn import Dense, Embedding
from ranvier.ops.check_index import FRACTION_REFUSALS, REFUSALS
from ranvier.passes.checks import checks, guard
from ranvier.tracing.trace import trace

pytest.importorskip("llvmlite")

Array = np.ndarray[Any, Any]
DTYPES = ("int64", "int32", "uint8", "uint32")
SIZES = (0, 1, 5)

# name: (call of x with an indexed axis of `size` and indices, shape of x, shape of the indices)
Case = tuple[Callable[..., Any], Callable[[int], tuple[int, ...]], tuple[int, ...]]
CASES: dict[str, Case] = {
    "take": (lambda x, i: ranvier.take(x, i), lambda n: (n, 3), (4,)),
    "take of numbers": (lambda x, i: ranvier.take(x, i), lambda n: (n,), (2, 2)),
    "take, last axis": (lambda x, i: ranvier.take(x, i, axis=1), lambda n: (2, n), (4,)),
    "take of nothing": (lambda x, i: ranvier.take(x, i), lambda n: (n, 0), (4,)),
    "take one": (lambda x, i: ranvier.take(x, i[0]), lambda n: (n, 3), (4,)),
    "take_along_axis": (lambda x, i: ranvier.take_along_axis(x, i, 1), lambda n: (2, n), (2, 4)),
    "scatter_add": (
        lambda x, i: ranvier.scatter_add(x, i, ranvier.ones((4, 3))), lambda n: (n, 3), (4,),
    ),
    "scatter_add of numbers": (
        lambda x, i: ranvier.scatter_add(x, i, ranvier.ones((2, 2))), lambda n: (n,), (2, 2),
    ),
    "scatter_add_along_axis": (
        lambda x, i: ranvier.scatter_add_along_axis(x, i, ranvier.ones((2, 4)), 1),
        lambda n: (2, n), (2, 4),
    ),
    "check_index": (lambda x, i: OPS["check_index"](i, x.shape[0]), lambda n: (n,), (4,)),
    "check_index, no wrap": (
        lambda x, i: OPS["check_index"](i, x.shape[0], wrap=False), lambda n: (n,), (2, 2),
    ),
    "x[i]": (lambda x, i: x[i], lambda n: (n, 3), (4,)),
    "x[:, i]": (lambda x, i: x[:, i], lambda n: (2, n), (2, 2)),
    "x[i, j]": (lambda x, i: x[i, i], lambda n: (n, n), (4,)),
    "x[[0], i]": (lambda x, i: x[[1, -1, 0, 0], i], lambda n: (2, n), (4,)),
    "part of a take": (lambda x, i: ranvier.take(x, i)[:1] * 2, lambda n: (n, 3), (4,)),
    "beside padding": (
        lambda x, i: ranvier.pad(ranvier.take(x, i), ((0, 3), (0, 0)))[5:],
        lambda n: (n, 3), (4,),
    ),
    "before padding": (
        lambda x, i: ranvier.pad(ranvier.take(x, i), ((3, 0), (0, 0)))[:2],
        lambda n: (n, 3), (4,),
    ),
    "beside one of two": (
        lambda x, i: (
            ranvier.pad(ranvier.take(x, i), ((0, 3), (0, 0)))
            + ranvier.pad(ranvier.ones((3, 3)), ((4, 0), (0, 0)))
        )[4:],
        lambda n: (n, 3), (4,),
    ),
    "nothing of a take": (lambda x, i: ranvier.take(x, i)[:0], lambda n: (n, 3), (4,)),
    "product over nothing": (
        lambda x, i: ranvier.take(x, i)[:, :0] @ ranvier.ones((0, 2)), lambda n: (n, 3), (4,),
    ),
    "times zero": (lambda x, i: ranvier.take(x, i) * 0.0, lambda n: (n, 3), (4,)),
    "minus itself": (
        lambda x, i: ranvier.take(x, i) - ranvier.take(x, i), lambda n: (n, 3), (4,),
    ),
    "where": (
        lambda x, i: ranvier.where(ranvier.take(x, i) > 1e9, 1.0, ranvier.take(x, i)),
        lambda n: (n,), (2, 2),
    ),
    "a choice between equals": (
        lambda x, i: ranvier.where(ranvier.take(x, i) > 0, i, ranvier.detach(i)),
        lambda n: (n,), (4,),
    ),
    "take of a flip": (
        lambda x, i: ranvier.take(ranvier.flip(x, 0), i), lambda n: (n, 3), (4,),
    ),
    "gradient": (
        lambda x, i: ranvier.grad(lambda x: ranvier.sum(ranvier.take(x, i) ** 2))(x),
        lambda n: (n, 3), (4,),
    ),
    "computed": (lambda x, i: ranvier.take(x, i * 1 + 0), lambda n: (n, 3), (4,)),
}  # fmt: skip


def edges(dtype: str, size: int) -> list[int]:
    """Numbers of the dtype at and beyond the ends of an axis."""
    limits = np.iinfo(dtype)
    chosen = {-size - 1, -size, -1, 0, size - 1, size, 2 * size, 255, limits.min, limits.max}
    return sorted(v for v in chosen if limits.min <= v <= limits.max)


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What comes of a call: an array, or the class, message and line of its error."""
    try:
        out = call()
    except RanvierError as error:
        return type(error), str(error)
    return (np.asarray(out.numpy() if hasattr(out, "numpy") else out),)


def same(found: tuple[Any, ...], expected: tuple[Any, ...], label: str) -> None:
    assert len(found) == len(expected), f"{label}: {found}, eager gave {expected}"
    if len(expected) == 1:
        np.testing.assert_array_equal(found[0], expected[0], label, strict=True)
    else:
        assert found == expected, label


def is_inside(name: str, value: int, size: int) -> bool:
    return (0 if "no wrap" in name else -size) <= value < size


def check_edges(name: str, kinds: Sequence[str], sizes: Sequence[int]) -> None:
    call, shape_of, shape = CASES[name]
    forms = [ranvier.compile(call, engine=engine) for engine in ("reference", "compiled")]
    for dtype, size in itertools.product(kinds, sizes):
        x = np.arange(np.prod(shape_of(size)), dtype=np.float32).reshape(shape_of(size))
        for value in edges(dtype, size):
            i = np.zeros(shape, dtype)
            i.flat[-1 if name != "take one" else 0] = value
            label = f"{name}, size {size}, {dtype} {value}"
            expected = outcome(lambda: call(ranvier.tensor(x), ranvier.tensor(i)))  # noqa: B023
            if is_inside(name, value, size):
                assert len(expected) == 1, f"{label}: {expected}"
            else:
                assert expected[0] is IndexRangeError, f"{label}: {expected}"
            for form in forms:
                same(outcome(lambda: form(x, i)), expected, label)  # noqa: B023


@pytest.mark.parametrize("name", CASES)
def test_edges_mean_the_same_eager_and_compiled(name: str) -> None:
    """Every size with one dtype, every dtype with one size."""
    check_edges(name, DTYPES[:1], SIZES)
    check_edges(name, DTYPES[1:], SIZES[-1:])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_edges_of_every_size_and_dtype(name: str) -> None:
    check_edges(name, DTYPES, SIZES)


@pytest.mark.parametrize("name", CASES)
def test_edges_on_two_threads(name: str) -> None:
    with threads(2):
        check_edges(name, ["int64"], [5])


@pytest.mark.parametrize("name", CASES)
def test_no_index_is_never_outside(name: str) -> None:
    call, shape_of, shape = CASES[name]
    fixed = ("take one", "x[[0], i]", "beside one of two")
    if name in fixed or "scatter_add" in name:
        pytest.skip("the other operands have a fixed shape")
    shape = (*shape[:-1], 0)
    for size in SIZES:
        x = np.ones(shape_of(size), np.float32)
        i = np.zeros(shape, np.int64)
        eager = call(ranvier.tensor(x), ranvier.tensor(i)).numpy()
        out = ranvier.compile(call)(x, i).numpy()
        np.testing.assert_array_equal(out, eager, strict=True)


@pytest.mark.parametrize("dtype", ["bool", "float32"])
@pytest.mark.parametrize("name", ["take", "take_along_axis", "scatter_add", "check_index"])
def test_indices_are_integers(name: str, dtype: str) -> None:
    call, shape_of, shape = CASES[name]
    x, i = np.ones(shape_of(5), np.float32), np.zeros(shape, dtype)
    eager = outcome(lambda: call(ranvier.tensor(x), ranvier.tensor(i)))
    assert eager[0] is DTypeError and "indices must be integers" in eager[1]
    assert outcome(lambda: ranvier.compile(call)(x, i)) == eager


def test_every_op_that_takes_indices_is_tried() -> None:
    names = {name for name, op in OPS.items() if op.kind in ("gather", "check")}
    assert names - {"check_integral"} <= set(CASES)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_error_names_op_index_position_and_line(engine: str) -> None:
    def chosen(x: Any, i: Any) -> Any:
        return ranvier.take(x, i, axis=1)

    with pytest.raises(IndexRangeError) as found:
        ranvier.compile(chosen, engine=engine)(np.ones((2, 3), "f4"), np.array([[0, 1], [2, -4]]))
    message = "take: index -4 is outside axis 1 of size 3 (indices[1, 1]); expected -3 to 2"
    assert str(found.value) == message and isinstance(found.value, IndexError)
    (note,) = found.value.__notes__
    line = chosen.__code__.co_firstlineno + 1
    assert re.search(rf"test_index_range.py:{line}$", note), note


# --- nothing is stored ----------------------------------------------------------------------------


def updating(engine: str) -> tuple[Any, list[Any]]:
    """A step that changes tensors before and after it gathers, and the tensors."""
    a, b = ranvier.zeros(3), ranvier.zeros(3)
    table = ranvier.tensor(np.arange(12.0, dtype="f4").reshape(4, 3))

    @ranvier.compile(engine=engine)
    def step(i: Any) -> Any:
        with ranvier.no_grad():
            a.assign(a + 1)
            row = ranvier.take(table, ranvier.astype(a[0], "int64") - 1 + i, axis=0)
            b.assign(b + row)
            table.assign(table * 2)
        return row

    return step, [a, b, table]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 2])
def test_a_refused_step_has_changed_nothing(engine: str, count: int) -> None:
    with threads(count):
        step, tensors = updating(engine)
        step(np.int64(0))
        before = [t.numpy().copy() for t in tensors]
        with pytest.raises(IndexRangeError, match="index 5 is outside axis 0 of size 4"):
            step(np.int64(4))
        for t, was in zip(tensors, before, strict=True):
            np.testing.assert_array_equal(t.numpy(), was)
        np.testing.assert_array_equal(step(np.int64(-1)).numpy(), before[2][0])


class Choose(ranvier.nn.Layer):
    """A row of a table by a number in the data, which nothing looks at before."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.table = self.add_weight((5, 2), "ones", name="table")

    def forward(self, x: Any) -> Any:
        return ranvier.take(self.table, ranvier.astype(x[:, 0], "int64"))

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return (2,)


def chooser(engine: str) -> tuple[Any, Array]:
    """A model that gathers, and rows for it."""
    ranvier.seed(0)
    model = ranvier.Sequential([Choose(), Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.engine = engine
    return model, (np.arange(40) % 5).astype(np.float32).reshape(-1, 1)


def weights(model: Any) -> list[Array]:
    return [w.numpy().copy() for w in model.parameters()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 2])
def test_fit_stops_before_the_wrong_batch(engine: str, count: int) -> None:
    how: dict[str, Any] = {"batch_size": 8, "verbose": 0, "shuffle": False}
    with threads(count):
        model, x = chooser(engine)
        model.fit(x[:24], x[:24], epochs=1, **how)
        expected = weights(model)
        model, x = chooser(engine)
        x[27] = -6
        with pytest.raises(IndexRangeError, match="take: index -6 is outside axis 0 of") as found:
            model.fit(x, x, epochs=3, **how)
    for a, b in zip(weights(model), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    message = "in batch 3, of which nothing was stored; its row 3 is row 27 of the data"
    assert found.value.__notes__[-1] == message


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate_and_predict_refuse_alike(engine: str) -> None:
    model, x = chooser(engine)
    model.fit(x, x, batch_size=8, verbose=0)
    good = model.predict(x, batch_size=8)
    x[33] = 7
    for batch_size in (8, 40):
        for call in (
            lambda: model.evaluate(x, x, batch_size=batch_size, verbose=0),  # noqa: B023
            lambda: model.predict(x, batch_size=batch_size),  # noqa: B023
            lambda: model.predict(x[33]),
            lambda: model.predict(x[33:34]),
        ):
            with pytest.raises(IndexRangeError, match="take: index 7 is outside axis 0 of size 5"):
                call()
    x[33] = 3
    np.testing.assert_array_equal(model.predict(x, batch_size=8), good)


def test_predict_refuses_on_every_thread() -> None:
    with threads(2):
        model, x = chooser("compiled")
        x = np.tile(x, (500, 1))
        good = model.predict(x, batch_size=64)
        x[9_999] = 5
        for _ in range(3):
            with pytest.raises(IndexRangeError, match="index 5 is outside axis 0 of size 5"):
                model.predict(x, batch_size=64)
        x[9_999] = 4
        np.testing.assert_array_equal(model.predict(x, batch_size=64), good)


# --- loops, losses, layers ------------------------------------------------------------------------


def looped(table: Any, i: Any) -> Any:
    """Rows of a table, one in each iteration, by an index that the loop computes."""

    def step_of_loop(total: Any, step: Any) -> tuple[Any, Any]:
        row = ranvier.take(table, ranvier.astype(step, "int64") * 2, axis=0)
        return total + row, total

    return ranvier.scan(step_of_loop, ranvier.zeros(3), i)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("engine", [None, *ENGINES])
def test_in_a_loop(engine: str | None, count: int) -> None:
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    call = looped if engine is None else ranvier.compile(looped, engine=engine)
    with threads(count):
        last, _ = call(ranvier.tensor(table), ranvier.tensor([0.0, 1.0, -2.0]))
        np.testing.assert_array_equal(last.numpy(), table[0] + table[2] + table[-4])
        with pytest.raises(IndexRangeError, match="take: index 4 is outside axis 0 of size 4"):
            call(ranvier.tensor(table), ranvier.tensor([0.0, 2.0, 1.0]))


@pytest.mark.parametrize("label", [3, 9, -1])
@pytest.mark.parametrize("engine", [None, *ENGINES])
def test_a_label_beyond_the_classes(engine: str | None, label: int) -> None:
    w = ranvier.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    loss = SparseCategoricalCrossentropy(from_logits=True)

    def step(x: Any, y: Any) -> Any:
        value = loss(y, x @ w)
        value.backward()
        with ranvier.no_grad():
            w.assign(w - 0.1 * w.grad)  # type: ignore[operator]
        w.grad = None
        return value

    call = step if engine is None else ranvier.compile(step, engine=engine)
    x = ranvier.ones((4, 2))
    assert call(x, ranvier.tensor([0, 1, 2, 0])).item() > 0
    before = w.numpy().copy()
    with pytest.raises(DataError, match=rf"labels run from .*{label}.* the model has 3 outputs"):
        call(x, ranvier.tensor([0, 1, label, 0]))
    np.testing.assert_array_equal(w.numpy(), before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 5])
def test_one_hot_refuses_labels_outside_the_classes(size: int, dtype: str) -> None:
    def call(i: Any) -> Any:
        return ranvier.one_hot(i, size)

    for value in edges(dtype, size):
        labels = np.array([0, value], dtype)
        answers = [outcome(lambda: call(ranvier.tensor(labels)))]  # noqa: B023
        answers += [outcome(lambda e=e: ranvier.compile(call, engine=e)(labels)) for e in ENGINES]  # type: ignore[misc]  # noqa: B023
        for answer in answers[1:]:
            same(answer, answers[0], f"{dtype} {value} of {size}")
        if 0 <= value < size:
            np.testing.assert_array_equal(answers[0][0], np.eye(size)[labels])
        else:
            expected = f"one_hot: label {value} (labels[1]) is none of the {size} classes; "
            assert answers[0] == (IndexRangeError, f"{expected}expected 0 to {size - 1}")


def of_labels() -> dict[str, Callable[[Any], Any]]:
    """What reads numbers as labels or ids, of 4 rows and 3 classes."""
    p = ranvier.tensor(np.full((4, 3), 1 / 3, np.float32))
    calls: dict[str, Callable[[Any], Any]] = {
        "loss": lambda y: SparseCategoricalCrossentropy(from_logits=False)(y, p),
        "loss of logits": lambda y: SparseCategoricalCrossentropy(from_logits=True)(y, p),
        "embedding": lambda y: Embedding(3, 2, embeddings_initializer="ones", name="table")(y),
    }
    for name in ("sparse_categorical_accuracy", "top_k_categorical_accuracy", "f1"):

        def counted(y: Any, name: str = name) -> Any:
            metric = metrics.get(name)
            metric.form, metric.outputs = "labels", 3
            state = [ranvier.zeros(shape) for shape in metric.shapes()]
            return metric.update(state, y, p, ranvier.ones(4))[0]

        calls[name] = counted
    return calls


@pytest.mark.parametrize("wrong", [1.5, 0.999, math.nan, math.inf, 1e30])
@pytest.mark.parametrize("name", of_labels())
def test_numbers_that_are_no_labels(name: str, wrong: float) -> None:
    """Floats may hold labels; a fraction among them used to lose its digits in a compiled loop."""
    call = of_labels()[name]
    good, bad = np.array([0, 1, 2, 0], np.float32), np.array([0, 1, wrong, 0], np.float32)
    expected = call(ranvier.tensor(good)).numpy()
    answers = []
    for engine in (None, *ENGINES):
        form = call if engine is None else ranvier.compile(call, engine=engine)
        np.testing.assert_allclose(form(ranvier.tensor(good)).numpy(), expected, 1e-6)
        answers.append(outcome(lambda: form(ranvier.tensor(bad))))  # noqa: B023
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] is DataError
    assert f"{np.float32(wrong)}" in answers[0][1] or f"{wrong:g}" in answers[0][1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fraction_as_label_changes_nothing(engine: str) -> None:
    w = ranvier.tensor(np.ones((2, 3), np.float32), requires_grad=True)

    @ranvier.compile(engine=engine)
    def step(x: Any, y: Any) -> Any:
        value = SparseCategoricalCrossentropy(from_logits=True)(y, x @ w)
        value.backward()
        with ranvier.no_grad():
            w.assign(w - 0.1 * w.grad)  # type: ignore[operator]
        w.grad = None
        return value

    step(ranvier.ones((4, 2)), ranvier.tensor([0.0, 1.0, 2.0, 0.0]))
    before = w.numpy().copy()
    with pytest.raises(DataError, match="must be class labels .integers.; found 1.5"):
        step(ranvier.ones((4, 2)), ranvier.tensor([0.0, 1.0, 1.5, 0.0]))
    np.testing.assert_array_equal(w.numpy(), before)


def test_every_what_of_the_checks_is_tried() -> None:
    assert set(FRACTION_REFUSALS) == {"label", "id"}
    assert set(REFUSALS) == {"index", "class", "label", "id", "prediction"}


@pytest.mark.parametrize("wrong", [-1, 5, 2**40])
def test_an_id_outside_the_table_has_the_same_words_everywhere(wrong: int) -> None:
    layer = Embedding(5, 2)
    model = ranvier.Sequential([layer, Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    ids = np.array([[0, 1], [4, wrong]])
    model(ids.clip(0, 4))
    calls: list[Callable[[], Any]] = [
        lambda: layer(ranvier.tensor(ids)),
        lambda: model(ids),
        lambda: model.predict(ids),
        lambda: model.evaluate(ids, ids[..., None], verbose=0),
        *[
            lambda engine=engine: ranvier.compile(layer, engine=engine)(ids)  # type: ignore[misc]
            for engine in ("reference", "compiled")
        ],
    ]
    outcomes = {outcome(call) for call in calls}
    assert len(outcomes) == 1, outcomes
    ((kind, text),) = outcomes
    assert kind is DataError and f"row 1, position 1: id {wrong} is outside the table of 5" in text


@pytest.mark.parametrize("name", CASES)
def test_indices_that_were_checked_are_not_checked_again(name: str) -> None:
    call, shape_of, shape = CASES[name]
    for dtype in DTYPES:
        graph = trace(call, [(shape_of(5), "float32"), (shape, dtype)])[0].graph
        once = checks(graph)
        assert str(checks(once)) == str(once)
        assert any(node.op is guard for node in once.nodes) or "gradient" in name


def test_a_refusal_is_of_the_numbers_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may change them while the error is being written."""
    from ranvier.ops import gather
    from ranvier.ops.check_index import check_inside

    x, index = np.zeros(3, np.float32), np.array([5])
    check = check_inside

    def changed(*args: Any) -> Any:
        index[:] = 0
        return check(*args)

    call = ranvier.compile(lambda x, i: ranvier.take(x, i) * 2.0)
    call(x, np.array([1]))
    monkeypatch.setattr(gather, "check_inside", changed)
    with pytest.raises(IndexRangeError, match="5"):
        call(x, index)
