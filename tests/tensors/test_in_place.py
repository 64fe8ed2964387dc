"""Every in-place method: the values it leaves, and the gradient that they have."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier.compat import torch
from ranvier.errors import DTypeError, ShapeError, StateError, TraceError

STORED = json.loads((GOLDEN / "in_place.json").read_text())
CASES: dict[str, Any] = STORED["cases"]
KINDS = {"ranvier": ranvier.Tensor, "torch": torch.Tensor}
RANDOM = ("normal_", "uniform_")
BOOLS = ("__iand__", "__ior__", "__ixor__")
# Methods that change no values: they have tests of their own.
FLAGS = {"requires_grad_"}
# PyTorch has no gradient of floor_divide; here it is 0, as that of floor.
OURS_ALONE = {"__ifloordiv__", "floor_divide_"}


def methods(kind: type) -> set[str]:
    """All in-place methods, by their names."""
    named = {n for n in dir(kind) if n.endswith("_") and not n.startswith("_")}
    augmented = {n for n in dir(kind) if n.startswith("__i") and f"__{n[3:]}" in dir(kind)}
    return named | augmented


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_is_in_the_table(kind: str) -> None:
    found = methods(KINDS[kind])
    assert len(found) > 15 and found - FLAGS <= set(CASES)


def every(situation: str) -> list[tuple[str, str, bool]]:
    """(class, method, whether it is traced) for all methods with this situation."""
    return [
        (kind, name, traced)
        for kind in KINDS
        for name, case in CASES.items()
        if situation in case["situations"] and hasattr(KINDS[kind], name)
        for traced in (False, True)
    ]


def tensor(kind: str, values: Any, name: str, grad: bool) -> Any:
    array = np.asarray(values)
    made = KINDS[kind](array > 1 if name in BOOLS else array)
    made.requires_grad = grad
    return made


def changed(x: Any, name: str, other: Any, grad: bool = True) -> None:
    given = {"other": other, "mask": np.array([[True, False], [False, True]])}
    arguments = [given.get(a, a) if isinstance(a, str) else a for a in CASES[name]["arguments"]]
    with contextlib.nullcontext() if grad else ranvier.no_grad():
        out = getattr(x, name)(*arguments)
    assert out is x or name == "__setitem__"


def outcome(
    kind: str, name: str, traced: bool, situation: str, used: bool = False
) -> dict[str, Any]:
    """What the golden script does, with our tensors."""
    a = tensor(kind, STORED["values"], name, situation not in ("plain", "other"))
    other = tensor(kind, STORED["other"], name, situation in ("both", "other"))

    def work() -> Any:
        x = a if situation in ("plain", "leaf", "other") else a * 2.0
        before = x * x if used else x + 3
        alias = x
        changed(x, name, other, situation != "no_grad")
        assert alias is x
        flags.append(x.requires_grad)
        if name not in BOOLS:
            loss = (x * np.array(STORED["weights"])).sum() + before.sum()
            if loss.requires_grad:
                loss.backward()
        return x * 1

    flags: list[bool] = []
    x = ranvier.compile(work, engine="reference")() if traced else work()
    found: dict[str, Any] = {"requires_grad": flags[0]}
    if name not in RANDOM:
        found["value"] = x.tolist()
    found["gradient"] = None if a.grad is None else a.grad.tolist()
    found["other"] = None if other.grad is None else other.grad.tolist()
    return found


def agree(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found["requires_grad"] == expected["requires_grad"]
    for key in ("value", "gradient", "other"):
        if expected.get(key) is None:
            assert key == "value" or found[key] is None
        else:
            np.testing.assert_allclose(found[key], expected[key], rtol=1e-12)


@pytest.mark.parametrize("situation", ["plain", "history", "no_grad", "both", "other"])
def test_values_and_gradients_are_those_of_pytorch(situation: str) -> None:
    cases = every(situation)
    assert cases
    for kind, name, traced in cases:
        expected = CASES[name]["situations"][situation]
        if name in OURS_ALONE and expected == "error":
            continue
        try:
            agree(outcome(kind, name, traced, situation), expected)
        except Exception as error:
            error.add_note(f"{kind}.Tensor.{name}, {situation}, traced={traced}")
            raise


def test_a_leaf_that_requires_a_gradient_is_refused() -> None:
    for kind, name, traced in every("leaf"):
        if CASES[name]["situations"]["leaf"] == "error":
            with pytest.raises(StateError, match="a leaf that requires a gradient cannot be"):
                outcome(kind, name, traced, "leaf")
        else:
            agree(outcome(kind, name, traced, "leaf"), CASES[name]["situations"]["leaf"])


def test_what_was_computed_before_keeps_the_former_values() -> None:
    # PyTorch raises an error here: it has only the new numbers.
    a = np.array(STORED["values"])
    for kind, name, traced in every("history"):
        expected = CASES[name]["situations"]["history"]
        if expected == "error":
            continue
        # the gradient of sum(x * x) with x = 2 a stands where that of sum(x + 3) stood
        wanted = {**expected, "gradient": np.array(expected["gradient"]) - 2 + 8 * a}
        agree(outcome(kind, name, traced, "history", used=True), wanted)


def test_the_numbers_that_no_grad_replaces_are_missed() -> None:
    for kind, name, traced in every("no_grad"):
        if name != "detach_":
            with pytest.raises(StateError, match="have been replaced since"):
                outcome(kind, name, traced, "no_grad", used=True)


def test_assign_takes_the_new_history() -> None:
    for traced in (False, True):
        x, w = ranvier.tensor(3.0, requires_grad=True), ranvier.tensor(5.0, requires_grad=True)

        def work(x: Any = x, w: Any = w) -> None:
            y = x * 2.0
            y.assign(w * 4.0)
            (y * 3.0).backward()

        (ranvier.compile(work, engine="reference") if traced else work)()
        assert x.grad is not None and w.grad is not None
        assert (x.grad.item(), w.grad.item()) == (0.0, 12.0)


def test_no_gradient_flows_through_an_assignment_to_a_leaf() -> None:
    mean, x = ranvier.zeros(()), ranvier.tensor(3.0, requires_grad=True)
    mean.assign(0.5 * mean + 0.5 * x)
    assert mean.item() == 1.5 and mean.is_leaf and not mean.requires_grad


def test_changes_one_after_another() -> None:
    def work(x: Any) -> Any:
        y = x * 2.0
        first = y * y
        y += x
        second = y * y
        y *= y
        y[0] = 7.0 * x[1]
        y.zero_().add_(x, alpha=5.0)
        third = y * y
        y.detach_()
        y = y * 2.0
        return (first + second + third + y).sum()

    def functional(x: Any) -> Any:
        return (4.0 * x * x + 9.0 * x * x + 25.0 * x * x).sum()

    x = ranvier.tensor([3.0, 2.0], requires_grad=True)
    expected = ranvier.grad(functional)(x)
    work(x).backward()
    assert x.grad is not None and x.grad.tolist() == expected.tolist()
    for engine in ("reference", "compiled"):
        step = ranvier.compile(lambda x: work(x).backward(), engine=engine)
        x.grad = None
        step(x)
        assert x.grad is not None and x.grad.tolist() == expected.tolist()


def test_a_long_chain_of_changes() -> None:
    x = ranvier.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    for _ in range(2000):
        y += x
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2001.0, 2001.0]


def test_memory_that_is_shared() -> None:
    x = ranvier.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    shown, array = y.detach(), y.numpy()
    y.mul_(3.0)
    assert shown.tolist() == array.tolist() == [6.0, 12.0]
    y.mul_(y.detach())  # by what it held when it was called
    assert y.tolist() == [36.0, 144.0]
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [36.0, 72.0]
    y = x * 2.0
    with pytest.raises(StateError, match=r"shares its memory .*other.clone\(\)"):
        y.mul_(y.detach().requires_grad_())
    z = y * y
    y.data *= 2.0  # no history sees this
    with pytest.raises(StateError, match="have been replaced since"):
        z.sum().backward()


def test_a_result_is_a_value_of_its_own() -> None:
    # The documented rule, eager and compiled alike: slices and reshaped tensors are no views.
    def work(x: Any) -> list[Any]:
        for part in (x[0], x.T, x.reshape(4), x.unsqueeze(0), x.view(1, 4), x[:, 1:]):
            part.zero_()
            part += 1.0
        return [x, part]

    for run in (work, ranvier.compile(work, engine="reference")):
        x, part = run(ranvier.tensor([[1.0, 2.0], [3.0, 4.0]]))
        assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]] and part.tolist() == [[1.0], [1.0]]
    x = ranvier.tensor([[1.0, 2.0], [3.0, 4.0]])
    x[0] += 1.0
    assert x.tolist() == [[2.0, 3.0], [3.0, 4.0]]


def test_flags() -> None:
    x = ranvier.tensor([1.0], requires_grad=True)
    y = x * 2.0
    assert y.requires_grad_() is y
    with pytest.raises(StateError, match=r"result of an op.*take x.detach\(\)"):
        y.requires_grad_(False)
    z = y * 3.0
    assert y.detach_() is y and y.is_leaf and not y.requires_grad
    z.backward()
    assert x.grad is not None and x.grad.tolist() == [6.0]
    x.grad *= 0.5
    x.grad.add_(1.0)
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda x: x.add_(ranvier.ones((3, 2))), ShapeError, r"add_: the result has shape \(3, 2"),
        (lambda x: ranvier.tensor([1]).add_(0.5), DTypeError, "add_: the result is float32, which"),
        (lambda x: ranvier.tensor([1]).__itruediv__(2), DTypeError, "/=: the result is float32"),
        (lambda x: ranvier.tensor([True]).add_(1), DTypeError, "a tensor of bool cannot hold"),
    ],
)
def test_errors(change: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        change(ranvier.tensor([1.0, 2.0]))


def test_a_compiled_function_does_not_change_results_of_ops_outside() -> None:
    x = ranvier.tensor([1.0], requires_grad=True)
    y = x * 2.0
    for change in (
        lambda t: t.add_(1.0),
        lambda t: t.assign(1.0),
        lambda t: t.zero_(),
        lambda t: t.detach_(),
    ):
        with pytest.raises(TraceError, match="from outside that is the result of an op"):
            ranvier.compile(lambda c=change: c(y), engine="reference")()
    with pytest.raises(TraceError, match="from outside that is the result of an op"):
        ranvier.compile(lambda t: t.assign(1.0), engine="reference")(y)
    write = ranvier.compile(lambda t: t.assign(1.0), engine="reference")
    write(x)  # a leaf of the same shape: not the plan of a result
    with pytest.raises(TraceError, match="from outside that is the result of an op"):
        write(y)
    state = ranvier.zeros((1,))
    put = ranvier.compile(lambda: state.assign(3.0).sum(), engine="reference")
    put()
    state.copy_(x * 2.0)
    with pytest.raises(TraceError, match="from outside that is the result of an op"):
        put()


def test_a_buffer_changed_in_a_compiled_step_has_no_history_after_it() -> None:
    mean, w = ranvier.zeros(()), ranvier.tensor(3.0, requires_grad=True)

    @ranvier.compile(engine="reference")
    def step() -> None:
        mean.mul_(0.5).add_(w * w)
        mean.backward()

    for expected in (9.0, 13.5):
        w.grad = None
        step()
        assert mean.item() == expected and mean.is_leaf and not mean.requires_grad
        assert w.grad is not None and w.grad.item() == 6.0


def test_inplace_layers_change_their_input() -> None:
    nn = torch.nn
    for layer in (nn.ReLU(inplace=True), nn.LeakyReLU(0.1, True), nn.Hardtanh(inplace=True)):
        a: Any = torch.tensor([[-2.0, 3.0]], requires_grad=True)
        x = a * 1.0
        out = layer(x)
        assert out is x
        (out + x).sum().backward()
        slope: Any = {"LeakyReLU": [0.2, 2.0], "ReLU": [0.0, 2.0], "Hardtanh": [0.0, 0.0]}
        np.testing.assert_allclose(a.grad.numpy()[0], slope[type(layer).__name__], rtol=1e-6)
    x = torch.ones(2, 50)
    dropped = nn.Dropout(0.5, inplace=True).train()(x)
    assert dropped is x and (x.numpy() == 0).any()


def test_symbolic_values_of_a_model() -> None:
    x = ranvier.Input((2,))
    h = ranvier.nn.Dense(2)(x)
    with pytest.raises(TraceError, match="has no numbers"):
        h.zero_()
    h += x
    assert ranvier.Model(x, h)(np.ones((1, 2), np.float32)).shape == (1, 2)


@pytest.mark.parametrize("grad", [True, False])
def test_losses_read_no_logits_from_before_a_change(grad: bool) -> None:
    loss = ranvier.losses.SparseCategoricalCrossentropy(from_logits=False)
    values, y = np.array([[2.0, -1.0, 0.5]]), np.array([1])

    def work(change: Any) -> Any:
        z = ranvier.tensor(values, requires_grad=grad) * 1.0
        p = ranvier.softmax(z)
        change(z, p)
        return p

    for change in (
        lambda z, p: z.mul_(3.0),  # p is still the softmax of what z was
        lambda z, p: z.data.mul_(3.0),
        lambda z, p: p.mul_(0.5).add_(0.5 / 3),
        lambda z, p: p.assign([[0.2, 0.3, 0.5]]),
    ):
        p = work(change)
        assert loss(y, p).item() == pytest.approx(-np.log(p.numpy()[0, 1]), rel=1e-9)
