"""Every op's `vmap` rule: what members make at once is what each of them makes alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from op_table import TABLE, Array, Row
from ranvier import executors
from ranvier.graph.batch_plan import ONCE
from ranvier.ops.windows import convolution
from ranvier.tracing.trace import trace

MEMBERS = 3
# Made of nothing: there is nothing that members could have one each of.
WITHOUT_INPUTS = {"full", "iota"}
NAMES = sorted(TABLE.keys() - WITHOUT_INPUTS)


def kinds(row: Row) -> list[str]:
    """A dtype of each kind: a rule moves axes, whatever is in them."""
    return list({np.dtype(d).kind: d for d in reversed(row.dtypes) if d != "float16"}.values())


CASES = [(name, dtype) for name in NAMES for dtype in kinds(TABLE[name])]
# What is compiled for a dtype is tested in test_ops.py: one of each op is enough by default.
ENGINES_OF_CASES = [
    pytest.param(
        name, dtype, engine,
        marks=[pytest.mark.slow] * (engine != "reference" and dtype != kinds(TABLE[name])[0]),
    )
    for name, dtype in CASES
    for engine in ENGINES
]  # fmt: skip


def run_at(engine: str, function: Callable[..., Any], arrays: list[Array]) -> list[Array]:
    """`function` traced as one graph and run by an engine."""
    traced, _ = trace(function, [(a.shape, a.dtype) for a in arrays])
    results = executors.executor(engine).build(traced.graph, ONCE).run([a.copy() for a in arrays])
    return [np.asarray(r) for r in results]


def members_of(row: Row, shapes: Any, dtype: str) -> list[list[Array]]:
    """For each member its inputs: numbers of its own in each."""
    each = [row.arrays(shapes, dtype, seed) for seed in range(MEMBERS)]
    if dtype == "uint32" and len(shapes) == 1:  # keys, which the row does not draw
        each = [[a + np.uint32(7 * m) for a in one] for m, one in enumerate(each)]
    return each


def ways(inputs: int) -> list[tuple[int | None, ...]]:
    """Which inputs members have one each of, in all ways but none of them."""
    every = itertools.product((0, None), repeat=inputs)
    return [axes for axes in every if any(a == 0 for a in axes)]


def stacked(each: list[list[Array]], axes: tuple[int | None, ...]) -> list[Array]:
    """The inputs of all members, stacked where each has its own, else those of the first."""
    return [
        np.stack([one[i] for one in each]) if axis == 0 else each[0][i]
        for i, axis in enumerate(axes)
    ]


def alone(each: list[list[Array]], axes: tuple[int | None, ...], member: int) -> list[Array]:
    """The inputs of one member."""
    return [each[member if axis == 0 else 0][i] for i, axis in enumerate(axes)]


def bound(dtype: np.dtype[Any], loose: float) -> float:
    return {"float64": 1e-12, "float32": 2e-6, "float16": 4e-3}.get(dtype.name, 0.0) * loose


@pytest.mark.parametrize(("name", "dtype", "engine"), ENGINES_OF_CASES)
def test_values(name: str, dtype: str, engine: str) -> None:
    """Eager and in one graph, against each member alone (see test_ops.py)."""
    row = TABLE[name]
    arguments: list[Array] = []
    parts: list[tuple[tuple[int | None, ...], int]] = []
    expected: list[Array] = []
    for shapes in row.shapes:
        each = members_of(row, shapes, dtype)
        for axes in ways(len(shapes)):
            xs = stacked(each, axes)
            one = [row.call(*map(ranvier.tensor, alone(each, axes, m))) for m in range(MEMBERS)]
            expected.append(np.stack([t.numpy() for t in one]))
            if engine == "reference":
                got = ranvier.vmap(row.call, axes)(*map(ranvier.tensor, xs)).numpy()
                assert got.dtype == expected[-1].dtype
                loose = bound(got.dtype, row.loose)
                message = f"{shapes} {axes}"
                np.testing.assert_allclose(got, expected[-1], loose, loose, err_msg=message)
            arguments += xs
            parts.append((axes, len(xs)))

    def all_at_once(*tensors: Any) -> Any:
        left = iter(tensors)
        return [
            ranvier.vmap(row.call, axes)(*itertools.islice(left, count)) for axes, count in parts
        ]

    for got, want in zip(run_at(engine, all_at_once, arguments), expected, strict=True):
        loose = bound(got.dtype, row.loose)
        np.testing.assert_allclose(got, want, loose, loose)


def with_gradient() -> list[str]:
    return [n for n in NAMES if TABLE[n].gradient and "float64" in TABLE[n].dtypes]


def pulled(call: Callable[..., Any], floats: list[int]) -> Callable[..., Any]:
    """The gradients by the float inputs of a sum of the result with weights."""

    def weighted(*xs: Any) -> Any:
        out = call(*xs)
        weights = ranvier.reshape(ranvier.arange(out.size, dtype=out.dtype) + 1.0, out.shape)
        return ranvier.sum(out * weights)

    return ranvier.grad(weighted, tuple(floats))


@pytest.mark.parametrize("name", with_gradient())
def test_gradients_inside_and_outside(name: str) -> None:
    """The gradient of one member for many, and the gradient of many: both are those of each."""
    row = TABLE[name]
    for shapes in row.shapes:
        each = members_of(row, shapes, "float64")
        floats = [i for i, a in enumerate(each[0]) if a.dtype.kind == "f"]
        gradient = pulled(row.call, floats)
        for axes in ways(len(shapes)):
            xs = stacked(each, axes)
            one = [gradient(*map(ranvier.tensor, alone(each, axes, m))) for m in range(MEMBERS)]
            expected = [np.stack([g[k].numpy() for g in one]) for k in range(len(floats))]
            inside = ranvier.vmap(gradient, axes)(*map(ranvier.tensor, xs))

            def total(*tensors: Any, axes: Any = axes) -> Any:
                outs = ranvier.vmap(row.call, axes)(*tensors)
                of_one = outs.size // MEMBERS
                weights = ranvier.arange(of_one, dtype=outs.dtype) + 1.0
                return ranvier.sum(ranvier.reshape(outs, (MEMBERS, of_one)) * weights)

            outside = ranvier.grad(total, tuple(floats))(*map(ranvier.tensor, xs))
            for k, i in enumerate(floats):
                message = f"{shapes} {axes} input {i}"
                np.testing.assert_allclose(
                    inside[k].numpy(), expected[k], 1e-9, 1e-9, err_msg=message
                )
                want = expected[k] if axes[i] == 0 else expected[k].sum(0)
                np.testing.assert_allclose(outside[k].numpy(), want, 1e-9, 1e-9, err_msg=message)


def test_convolutions_of_many_members_are_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(3, 2, 5, 5, 4)).astype(np.float32)
    w = np.random.default_rng(1).normal(size=(3, 2, 2, 2, 6)).astype(np.float32)

    def f(x: Any, w: Any) -> Any:
        return ranvier.convolution(x, w, groups=2)

    one_by_one = ranvier.vmap(f)(ranvier.tensor(x), ranvier.tensor(w)).numpy()
    monkeypatch.setattr(convolution, "MAX_UNROLLED", 2)
    in_groups = ranvier.vmap(f)(ranvier.tensor(x), ranvier.tensor(w)).numpy()
    np.testing.assert_allclose(in_groups, one_by_one, 1e-5, 1e-5)


def test_the_rule_of_ops_without_inputs_is_never_asked() -> None:
    out = ranvier.vmap(lambda x: ranvier.zeros(2) + ranvier.iota((2,)))(ranvier.ones(3))
    assert out.tolist() == [[0.0, 1.0]] * 3
