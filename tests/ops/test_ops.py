"""Every op against NumPy, finite differences and both executors; and the tests against mistakes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from op_table import TABLE, Array, Row
from ranvier import executors
from ranvier.errors import GradientError, GraphError
from ranvier.graph.batch_plan import ONCE
from ranvier.graph.check import check
from ranvier.graph.graph import Graph, rebuild
from ranvier.graph.interpret import run as run_reference
from ranvier.graph.node import OPS, Node, Spec
from ranvier.ops.backpropagation import backpropagate
from ranvier.ops.elementwise.mathematics import Tanh
from ranvier.ops.op import apply
from ranvier.ops.reduce import Sum
from ranvier.tracing.trace import trace

Executor = Callable[[Graph, list[Any]], Sequence[Any]]

NAMES = sorted(TABLE)
CASES = [(name, dtype) for name in NAMES for dtype in TABLE[name].dtypes]
TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-3}
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.0, -2.5, 1e-3, 80.0, -80.0]


def test_the_table_covers_the_registry_exactly() -> None:
    assert set(TABLE) == set(OPS)


def executor(engine: str) -> Executor:
    """How `engine` runs a graph."""
    return lambda graph, arrays: executors.executor(engine).build(graph, ONCE).run(arrays)


def agree(got: Any, expected: Array, loose: float = 1.0, message: str = "") -> None:
    """Fail unless shape, dtype and values agree; NaN agrees with NaN."""
    got = np.asarray(got)
    assert got.shape == expected.shape, f"{message}: shape {got.shape}, expected {expected.shape}"
    assert got.dtype == expected.dtype, f"{message}: dtype {got.dtype}, expected {expected.dtype}"
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected, message)
        return
    bound = TOLERANCE[expected.dtype.name] * loose
    np.testing.assert_allclose(got, expected, rtol=bound, atol=bound, err_msg=message)


def run_cases(call: Callable[..., Any], cases: list[list[Array]], execute: Executor) -> list[Array]:
    """`call` on every case in one graph; traced specs must be those of the values."""
    flat = [array for case in cases for array in case]
    sizes = [len(case) for case in cases]

    def function(*tensors: Any) -> Any:
        left = list(tensors)
        return [call(*[left.pop(0) for _ in range(size)]) for size in sizes]

    traced, _ = trace(function, [(a.shape, a.dtype) for a in flat])
    check(traced.graph)
    results = [np.asarray(r) for r in execute(traced.graph, [a.copy() for a in flat])]
    for node, result in zip(traced.graph.outputs, results, strict=True):
        assert node.spec == Spec(result.shape, result.dtype), f"{node}: computed {result.shape}"
    return results


def check_row(row: Row, dtype: str, execute: Executor) -> None:
    """Eager value == NumPy's, and traced value == eager value, on all shapes."""
    cases = [row.arrays(shapes, dtype, i) for i, shapes in enumerate(row.shapes)]
    eager = []
    for shapes, case in zip(row.shapes, cases, strict=True):
        value = row.call(*[ranvier.tensor(a) for a in case]).numpy()
        agree(value, row.expected(case), row.loose, f"{dtype} {shapes}")
        eager.append(value)
    for case, value, got in zip(cases, eager, run_cases(row.call, cases, execute), strict=True):
        agree(got, value, row.loose, f"{dtype} {[a.shape for a in case]}")


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_values(name: str, dtype: str) -> None:
    check_row(TABLE[name], dtype, executor("reference"))


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_compiled_values(name: str, dtype: str) -> None:
    check_row(TABLE[name], dtype, executor("compiled"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [n for n in NAMES if TABLE[n].special])
def test_nan_infinity_and_zero(name: str, dtype: str, engine: str) -> None:
    row = TABLE[name]
    inputs = 2 if len(row.shapes[0]) == 2 else 1
    grid = np.meshgrid(*[np.array(EDGES, dtype)] * inputs, indexing="ij")
    case = [np.ascontiguousarray(g.ravel()) for g in grid]
    expected = row.expected(case)
    (got,) = run_cases(row.call, [case], executor(engine))
    agree(got, expected, row.loose * (1 if engine == "reference" else 4), name)


def smooth(kind: str) -> list[str]:
    return [n for n in NAMES if TABLE[n].gradient == kind and "float64" in TABLE[n].dtypes]


MAX_NUMBERS = 400  # whose second differences are taken by default


def numbers_in(shapes: Any) -> int:
    return sum(math.prod(shape) for shape in shapes)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", smooth("smooth"))
def test_gradients(name: str, order: int) -> None:
    row = TABLE[name]
    for i, shapes in enumerate(row.shapes):
        if order == 1 or numbers_in(shapes) <= MAX_NUMBERS:
            ranvier.gradcheck(row.call, row.arrays(shapes, "float64", i), order=order, atol=1e-6)


LARGE = [
    (name, i)
    for name in smooth("smooth")
    for i, shapes in enumerate(TABLE[name].shapes)
    if numbers_in(shapes) > MAX_NUMBERS
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), LARGE)
def test_second_gradients_of_large_shapes(name: str, number: int) -> None:
    row = TABLE[name]
    arrays = row.arrays(row.shapes[number], "float64", number)
    ranvier.gradcheck(row.call, arrays, order=2, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", smooth("smooth"))
def test_gradients_by_both_executors(name: str, engine: str) -> None:
    row = TABLE[name]
    shapes = next((s for s in row.shapes if all(len(one) == 2 for one in s)), row.shapes[0])
    for order in (1, 2):
        arrays = row.arrays(shapes, "float64")
        ranvier.gradcheck(row.call, arrays, order=order, atol=1e-6, engine=engine)


@pytest.mark.parametrize("name", smooth("zero"))
def test_gradients_of_constant_pieces_are_zero(name: str) -> None:
    row = TABLE[name]
    tensors = [ranvier.tensor(a) for a in row.arrays(row.shapes[1], "float64")]
    both = ranvier.grad(lambda *x: ranvier.sum(row.call(*x)), tuple(range(len(tensors))))
    for gradient, tensor in zip(both(*tensors), tensors, strict=True):
        assert gradient.spec == tensor.spec
        assert not gradient.numpy().any()


@pytest.mark.parametrize(
    ("name", "number"), [(n, i) for n in NAMES for i in range(len(TABLE[n].errors))]
)
def test_errors(name: str, number: int) -> None:
    provoke, kind, text = TABLE[name].errors[number]
    with pytest.raises(kind, match=text):
        provoke()


def test_every_op_that_can_fail_has_an_error_in_the_table() -> None:
    without = {name for name, row in TABLE.items() if not row.errors}
    # These take anything that is a number.
    rounding = {"floor", "ceil", "round", "trunc"}
    assert without == {"input", "detach", "isfinite", "logical_not", *rounding}


# --- the tests are tested -------------------------------------------------------------------------


class _TanhABitOff(Tanh):
    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * (1 - out * out) * 1.001,)


class _TanhOnceRight(Tanh):
    """The gradient is right; the gradient of the gradient is not, as one factor is held fixed."""

    def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
        return (grad * (1 - ranvier.detach(out) * out),)


class _SumThatKeepsItsAxes(Sum):
    def infer(self, *specs: Spec, **params: Any) -> Spec:
        return specs[0]


class _SumOfWrongGradientShape(Sum):
    def gradient(self, grad: Any, out: Any, x: Any, *, axes: Any) -> tuple[Any, ...]:
        return (grad,)


def test_a_gradient_off_by_a_thousandth_is_caught() -> None:
    planted = _TanhABitOff()
    with pytest.raises(GradientError, match=r"ratio[\s\S]*1\.001"):
        ranvier.gradcheck(planted, [[0.3, -0.4]])


def test_a_wrong_second_gradient_is_caught() -> None:
    planted = _TanhOnceRight()
    assert ranvier.gradcheck(planted, [[0.3, -0.4]])
    with pytest.raises(GradientError, match="second gradient"):
        ranvier.gradcheck(planted, [[0.3, -0.4]], order=2)


def test_a_wrong_shape_rule_is_caught() -> None:
    planted = _SumThatKeepsItsAxes()
    with pytest.raises(AssertionError, match="computed"):
        run_cases(lambda x: apply(planted, x, axes=(0,)), [[np.ones((2, 3))]], run_reference)
    row = Row(_SumOfWrongGradientShape(), np.sum, (((2, 3),),))
    with pytest.raises(GraphError, match="its gradient rule gave"):
        ranvier.gradcheck(row.call, row.arrays(((2, 3),), "float64"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broken_fusion_is_caught(engine: str) -> None:
    def broken(node: Node, inputs: tuple[Node, ...]) -> Node:
        # A pass that loses the negation of what it merges into a sum.
        if node.op is OPS["add"] and inputs[1].op is OPS["negative"]:
            inputs = (inputs[0], inputs[1].inputs[0])
        return rebuild(node, inputs)

    def execute(graph: Graph, arrays: list[Any]) -> Sequence[Any]:
        return executor(engine)(graph.rewrite(broken), arrays)

    row = Row(lambda x, y: x + -y, np.subtract, (((2, 3), (2, 3)),))
    check_row(row, "float64", executor(engine))
    with pytest.raises(AssertionError, match="float64"):
        check_row(row, "float64", execute)


# --- traps of single rules ------------------------------------------------------------------------


def by(f: Callable[..., Any], *values: Any) -> list[Any]:
    """Gradients of the sum of f."""
    both = ranvier.grad(lambda *x: ranvier.sum(f(*x)), tuple(range(len(values))))
    return [g.tolist() for g in both(*[ranvier.tensor(v) for v in values])]


def test_ties_and_kinks() -> None:
    assert by(ranvier.maximum, [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == [[0.5, 0, 1], [0.5, 1, 0]]
    assert by(ranvier.minimum, [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == [[0.5, 1, 0], [0.5, 0, 1]]
    assert by(ranvier.max, [2.0, 2.0, 1.0]) == [[0.5, 0.5, 0.0]]
    assert by(ranvier.abs, [0.0, -2.0]) == [[0.0, -1.0]]
    assert by(ranvier.relu, [0.0, -1.0, 1.0]) == [[0.0, 0.0, 1.0]]
    assert by(lambda x: ranvier.clip(x, -1, 1), [-2.0, 0.0, 2.0]) == [[0.0, 1.0, 0.0]]


def test_an_infinite_gradient_does_not_leak_through_the_side_that_was_not_chosen() -> None:
    (g,) = by(lambda x: ranvier.sqrt(ranvier.maximum(x, 0.0)), [-1.0, 4.0])
    assert g[0] == 0.0 and g[1] == 0.25
    (g,) = by(
        lambda x: ranvier.where(x > 0, ranvier.log(ranvier.where(x > 0, x, 1)), 0), [0.0, 2.0]
    )
    assert g == [0.0, 0.5]


def test_nan_is_not_swallowed() -> None:
    nan = float("nan")
    assert np.isnan(ranvier.relu(ranvier.tensor([nan])).numpy()).all()
    assert np.isnan(ranvier.clip(ranvier.tensor([nan]), 0, 1).numpy()).all()
    assert np.isnan(ranvier.max(ranvier.tensor([1.0, nan])).numpy())
    assert np.isnan(by(ranvier.max, [1.0, nan])[0]).all()


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_prod_keeps_its_gradients_at_zeros(zeros: int) -> None:
    x = np.array([1.5, -2.0, 0.5, 3.0])
    x[:zeros] = 0
    assert ranvier.gradcheck(ranvier.prod, [x])
    assert ranvier.gradcheck(ranvier.prod, [x], order=2)


@pytest.mark.parametrize("exponent", [2, 3, 4, 2.0, 0, 1, 5, 0.5, -1.0, -2])
def test_power_of_a_number(exponent: float) -> None:
    x = np.array([0.5, 1.5, 3.0])
    np.testing.assert_allclose((ranvier.tensor(x) ** exponent).numpy(), x**exponent, rtol=1e-15)
    for order in (1, 2):
        ranvier.gradcheck(lambda x: x**exponent, [x], order=order)


def test_power_where_it_is_not_smooth() -> None:
    assert by(lambda x: x**0, [0.0, 2.0]) == [[0.0, 0.0]]
    assert by(lambda x: x**2, [0.0, -3.0]) == [[0.0, -6.0]]
    by_exponent = by(ranvier.power, [0.0, 0.0, 2.0, -2.0], [2.0, -1.0, 0.0, 3.0])[1]
    expected = [0.0, -np.inf, np.log(2), np.nan]  # the logarithm of -2 is no real number
    np.testing.assert_allclose(by_exponent, expected, 1e-6)
    by_exponent = by(ranvier.power, [-0.0, -0.0, 0.0], [-1.0, -2.0, -1.0])[1]
    assert by_exponent == [np.inf, -np.inf, -np.inf]  # -0 to an odd negative power is -infinity
    inf = float("inf")
    edge = ranvier.tensor([float("nan"), inf, -inf, 0.0])
    with np.errstate(all="ignore"):
        for n in (0, 1, 2, 3, 4, -1):
            np.testing.assert_array_equal((edge**n).numpy(), edge.numpy() ** n)


def test_a_gradient_rule_of_wrong_length_is_a_defect_with_a_name() -> None:
    class Short(Tanh):
        def gradient(self, grad: Any, out: Any, x: Any) -> tuple[Any, ...]:
            return ()

    x = ranvier.tensor([1.0], requires_grad=True)
    with pytest.raises(GraphError, match=re.escape("returned 0 values for 1 inputs")):
        backpropagate(Short()(x), ranvier.ones((1,)), [x])
