"""The tensor as a thing: numbers in and out, in-place changes, what it prints."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.errors import ArgumentError, DTypeError, ShapeError, StateError


def test_numbers_in() -> None:
    a = np.arange(6.0).reshape(2, 3)
    t = ranvier.tensor(a)
    a[0, 0] = 9
    assert t[0, 0].item() == 0.0  # arrays are copied
    assert ranvier.tensor(t).tolist() == t.tolist()
    assert ranvier.tensor([t[0], t[1]]).shape == (2, 3)
    assert ranvier.tensor(np.float64(2.5)).dtype == np.float64
    assert ranvier.tensor([1, 2], dtype="float32").dtype == np.float32
    assert ranvier.tensor(range(3)).tolist() == [0, 1, 2]
    assert ranvier.tensor([]).shape == (0,)


def test_numbers_out() -> None:
    t = ranvier.tensor([[1.0, 2.0]])
    shared = t.numpy()
    t.assign([[5.0, 6.0]])
    assert shared.tolist() == [[5.0, 6.0]]
    assert np.asarray(t).tolist() == [[5.0, 6.0]]
    assert np.array(t, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(t, dtype=np.float64, copy=False)
    assert (float(t[0, 0]), int(t[0, 1]), bool(t[0, 0] > 0)) == (5.0, 6, True)
    assert [1, 2, 3][ranvier.tensor(1)] == 2
    assert len(t) == 1 and [row.tolist() for row in t] == [[5.0, 6.0]]
    assert f"{t[0, 0]:.2f}" == "5.00" and f"{t}" == repr(t)


@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        (lambda t: t.item(), ShapeError, "item: a tensor of shape .2,. holds 2 numbers"),
        (bool, ShapeError, r"not one answer; use .any\(\) or .all\(\)"),
        (lambda t: f"{t:.2f}", ShapeError, "is for one number"),
        (lambda t: [1, 2][t[0]], DTypeError, "a float32 tensor is not an integer"),
        (lambda t: len(t[0]), ShapeError, "has no length"),
        (lambda t: t.to("cuda"), ArgumentError, "computes on the CPU"),
        (lambda t: t & t, DTypeError, "`&` combines bools; this operand is float32"),
        (lambda t: ~t, DTypeError, "`~` combines bools"),
        (lambda t: t.assign([1.0, 2.0, 3.0]), ShapeError, "broadcast_to"),
        (lambda t: t.matrix, AttributeError, "matrix"),
    ],
)
def test_errors(what: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        what(ranvier.tensor([1.0, 2.0]))


def test_an_error_names_the_users_own_line() -> None:
    with pytest.raises(ShapeError) as caught:
        ranvier.reshape(ranvier.zeros(6), (4,))
    assert any(__file__ in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: ranvier.tensor([1.0, 2.5]), "tensor([1. , 2.5])"),
        (lambda: ranvier.tensor(3), "tensor(3)"),
        (lambda: ranvier.tensor([True]), "tensor([ True])"),
        (lambda: ranvier.zeros((1,), "float64"), "tensor([0.], dtype=float64)"),
        (lambda: ranvier.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (lambda: ranvier.zeros((0, 3)), "tensor([], shape=(0, 3))"),
    ],
)
def test_repr(made: Any, text: str) -> None:
    assert repr(made()) == text


def test_dlpack_both_ways() -> None:
    a = np.arange(4.0, dtype=np.float32)
    t = ranvier.from_dlpack(a)
    a[0] = 7.0
    assert t.tolist() == [7.0, 1.0, 2.0, 3.0]  # shared, not copied
    back = np.from_dlpack(ranvier.tensor([1.0, 2.0]))
    assert back.tolist() == [1.0, 2.0]

    class Foreign:
        def __dlpack__(self, **options: Any) -> Any:
            return a.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return a.__dlpack_device__()

    assert ranvier.tensor(Foreign()).tolist() == t.tolist()


def test_numpy_arrays_give_way() -> None:
    a, t = np.array([1.0, 2.0], np.float32), ranvier.tensor([3.0, 4.0])
    for out in (a + t, a * t, a @ t, a < t, np.float32(2.0) * t, a / t):
        assert isinstance(out, ranvier.Tensor)
    assert (a - t).tolist() == [-2.0, -2.0]


def test_comparison_with_none_and_text_is_about_the_tensor_itself() -> None:
    t = ranvier.tensor([1.0])
    assert (t == None) is False  # noqa: E711
    assert (t != "auto") is True
    assert hash(t) != hash(ranvier.tensor([1.0]))
    assert (t == 1).tolist() == [True]


def test_a_result_is_not_changed_by_a_later_assignment() -> None:
    w = ranvier.tensor([[1.0, 2.0], [3.0, 4.0]])
    parts = [w[0], w.T, w.reshape(4), ranvier.flip(w), w[:, 0], w.clone(), w + 0]
    before = [p.tolist() for p in parts]
    w.assign(0.0)
    assert [p.tolist() for p in parts] == before


def test_detached_tensors_share_memory() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    w.detach().assign([3.0, 4.0])
    assert w.tolist() == [3.0, 4.0]
    w.data -= 1.0
    assert w.tolist() == [2.0, 3.0]
    w.data = [7.0, 8.0]
    assert w.tolist() == [7.0, 8.0] and w.requires_grad


def test_in_place_operators() -> None:
    t = ranvier.tensor([1.0, 2.0])
    same = t
    t += 1
    t *= 2
    t -= 1
    t /= 3
    assert same is t and t.tolist() == [1.0, np.float32(5 / 3)]
    t.zero_().add_(2.0, alpha=3.0).mul_(2.0).sub_(1.0)
    assert same.tolist() == [11.0, 11.0]
    t.fill_(4.0)
    assert same.tolist() == [4.0, 4.0]
    w = ranvier.tensor([1.0], requires_grad=True)
    with pytest.raises(StateError, match="cannot be changed in place while history is kept"):
        w -= 0.1
    with ranvier.no_grad():
        w -= 0.5
    assert w.tolist() == [0.5] and w.is_leaf and w.requires_grad


def test_read_only_memory_is_copied_before_it_is_changed() -> None:
    t = ranvier.broadcast_to(ranvier.tensor(1.0), (2,))
    t.assign([3.0, 4.0])
    assert t.tolist() == [3.0, 4.0]


def test_methods_are_the_functions() -> None:
    t = ranvier.tensor([[1.0, -2.0], [3.0, 4.0]])
    for name in ("sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin"):
        assert getattr(t, name)(axis=0).tolist() == getattr(ranvier, name)(t, axis=0).tolist()
    for name in ("abs", "exp", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "softmax"):
        got, expected = getattr(abs(t), name)(), getattr(ranvier, name)(abs(t))
        assert got.tolist() == expected.tolist()
    assert t.flatten().shape == (4,) and t.flatten(1).shape == (2, 2)
    assert t.unsqueeze(0).squeeze(0).shape == t.shape and t.view(1, -1).shape == (1, 4)
    assert t.transpose(0, 1).tolist() == t.T.tolist() == t.mT.tolist() == t.t().tolist()
    assert t.permute(1, 0).tolist() == t.T.tolist()
    kinds = [t.float(), t.double(), t.int(), t.long(), t.bool(), t.to("float16"), t.cpu()]
    names = ["float32", "float64", "int32", "int64", "bool", "float16", "float32"]
    assert [k.dtype.name for k in kinds] == names
    assert ranvier.zeros((2, 0, 3)).flatten(1).shape == (2, 0)


def test_a_tensor_can_be_copied() -> None:
    t = ranvier.tensor([1.0], requires_grad=True)
    again = copy.deepcopy(t)
    again.assign([2.0])
    assert t.tolist() == [1.0] and again.requires_grad


def test_weak_references_are_possible() -> None:
    import weakref

    t = ranvier.tensor(1.0)
    assert weakref.ref(t)() is t


@pytest.mark.parametrize("compiled", [False, True])
def test_retain_grad_keeps_the_gradient_of_what_an_op_made(compiled: bool) -> None:
    def of(x: Any) -> Any:
        z = x * 2.0
        z.retain_grad()
        z.retain_grad()
        loss = (z * z).sum()
        loss.backward()
        return z.grad, (x * 3.0).grad

    w = ranvier.tensor([1.0, -2.0], requires_grad=True)
    kept, other = (ranvier.compile(of, engine="reference") if compiled else of)(w)
    assert kept.tolist() == [4.0, -8.0] and other is None
    assert w.grad is not None and w.grad.tolist() == [8.0, -16.0]


def test_retain_grad_of_leaves_and_of_what_has_no_gradient() -> None:
    leaf = ranvier.tensor([1.0], requires_grad=True)
    leaf.retain_grad()
    z = leaf * 2.0
    assert (leaf.retains_grad, z.retains_grad) == (False, False)
    z.retain_grad()
    assert z.retains_grad
    (z * 1.0).sum().backward()
    (z * 1.0).sum().backward()
    assert z.grad is not None and z.grad.tolist() == [2.0]  # backward adds up
    copied = pickle.loads(pickle.dumps(z))
    assert not copied.retains_grad
    with pytest.raises(StateError, match="no gradient reaches this tensor"):
        ranvier.tensor([1.0]).retain_grad()
