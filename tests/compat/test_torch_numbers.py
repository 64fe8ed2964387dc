"""Numbers that were not PyTorch's, by hand; `test_torch_samples.py` has them by the hundred."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import ranvier.compat.torch as torch
import ranvier.compat.torch.nn.functional as F
from ranvier.errors import ArgumentError, DTypeError, RanvierError, ShapeError

inf = math.inf


def test_cosine_similarity_of_broadcast_inputs() -> None:
    x, y = torch.tensor([[[1.0, 1.0]]]), torch.tensor([[[1.0, 1.0]], [[1.0, -1.0]]])
    found = F.cosine_similarity(x, y, dim=-1)
    np.testing.assert_allclose(found.numpy(), [[1.0], [0.0]], atol=1e-6)
    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.normal(size=s)) for s in ((4, 1, 3), (5, 3)))
    assert F.cosine_similarity(x, y, dim=-1).abs().max().item() <= 1 + 1e-12


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, -1, -2, inf, -inf, "fro"])
@pytest.mark.parametrize("dim", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_norms(p: Any, dim: Any, keepdim: bool) -> None:
    x = np.array([[3.0, -4.0, 1.0], [0.5, 2.0, -0.25]])
    flat = x.ravel() if dim in (None, (0, 1)) else x
    axis = None if dim in (None, (0, 1)) else dim
    expected = np.linalg.norm(flat, 2 if p == "fro" else p, axis)
    given = torch.from_numpy(x).requires_grad_()
    found = given.norm(p, dim, keepdim)
    np.testing.assert_allclose(found.numpy().ravel(), np.ravel(expected), 1e-12)
    assert found.ndim == (2 if keepdim else np.ndim(expected))


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, inf, -inf])
def test_norms_of_zeros_have_no_nan(p: float) -> None:
    x = torch.zeros(3, requires_grad=True)
    x.norm(p).backward()
    assert x.norm(p).item() == 0
    assert x.grad is None or x.grad.tolist() == [0, 0, 0]
    assert F.normalize(torch.zeros(1, 3)).tolist() == [[0, 0, 0]]


def test_topk_of_masked_logits() -> None:
    values, indices = torch.topk(torch.tensor([1.0, -inf, -inf]), 2)
    assert values.tolist() == [1, -inf] and indices.tolist() == [0, 1]
    values, indices = torch.tensor([2**53 + 1, 2**53 + 2, 2**53]).topk(2)
    assert values.tolist() == [2**53 + 2, 2**53 + 1] and indices.tolist() == [1, 0]


def test_sizes_make_a_tensor_of_that_shape() -> None:
    assert torch.Tensor(3).shape == (3,) and torch.Tensor(2, 3).shape == (2, 3)
    assert torch.FloatTensor(2).dtype == torch.float32 and torch.LongTensor(2, 1).shape == (2, 1)
    assert torch.LongTensor([2, 1]).tolist() == [2, 1] and torch.Tensor().shape == (0,)
    assert torch.nn.Parameter(torch.Tensor(4, 2)).shape == (4, 2)
    with pytest.raises(ArgumentError, match=r"torch.tensor\(3.5\)"):
        torch.Tensor(3.5)


def test_bools_stay_bools() -> None:
    a, b = torch.tensor([True, True, False]), torch.tensor([True, False, False])
    for found, expected in (
        (a + b, a | b), (a * b, a & b), (a.add(b), a | b), (a.mul(b), a & b),
        (torch.maximum(a, b), a | b), (a.min(b), a & b), (a * True, a),
    ):  # fmt: skip
        assert found.dtype == torch.bool and found.tolist() == expected.tolist()
    assert torch.arange(3)[a * b].tolist() == [0]
    for wrong in (lambda: a - b, lambda: -a, lambda: a.neg()):
        with pytest.raises(DTypeError, match="bools"):
            wrong()


@pytest.mark.parametrize("name", [
    "sum", "mean", "var", "std", "amax", "argmax", "prod", "any", "all", "cumsum", "logsumexp",
    "softmax", "log_softmax", "max", "min", "sort", "argsort", "norm", "squeeze",
])  # fmt: skip
def test_a_single_number_has_an_axis_0(name: str) -> None:
    x = torch.tensor(2.0)
    for dim in (0, -1):
        more = {"unbiased": False} if name in ("var", "std") else {}
        found = getattr(x, name)(dim=dim, **more)
        assert all(part.shape == () for part in (found if isinstance(found, tuple) else [found]))
    with pytest.raises(RanvierError):
        getattr(x, name)(dim=1)


def test_softmax_of_a_single_number() -> None:
    x = torch.tensor(2.0)
    assert F.softmax(x, 0).item() == 1 and F.log_softmax(x, dim=-1).shape == ()


def test_var_of_a_bool_is_of_all() -> None:
    x = torch.tensor([[1.0, 3.0], [5.0, 7.0]])
    assert x.var(False).item() == 5.0
    np.testing.assert_allclose(torch.std(x, True), np.std([1, 3, 5, 7], ddof=1), 1e-6)


REFUSED = [
    lambda x: torch.multinomial(torch.tensor([0.5, -0.1]), 1),
    lambda x: torch.multinomial(torch.tensor([0.0, 0.0]), 1),
    lambda x: torch.multinomial(torch.tensor([1.0, math.nan]), 1),
    lambda x: torch.multinomial(torch.tensor([1.0, 0.0]), 2),
    lambda x: torch.arange(0, 3, -1),
    lambda x: torch.arange(0, inf),
    lambda x: torch.normal(0.0, -1.0, (2,)),
    lambda x: torch.linspace(x[0], 1, 3),
    lambda x: x.masked_fill(x > 0, torch.tensor([1.0])),
    lambda x: x.masked_fill(x, 0.0),
    lambda x: F.prelu(x, torch.ones(2, 2)),
    lambda x: torch.ones(2, 2, 2).t(),
    lambda x: x.mean(dtype=torch.int64),
    lambda x: x.topk(3),
    lambda x: x.split([1, 2]),
    lambda x: x.gather(0, torch.tensor([[0, 1, 1]])),
    lambda x: x.index_select(0, torch.tensor([[0]])),
    lambda x: F.avg_pool2d(torch.ones(1, 1, 4, 4), 2, divisor_override=0),
    lambda x: F.one_hot(torch.tensor([0, 3]), 3),
    lambda x: F.one_hot(torch.tensor([-1, 2])),
    lambda x: F.pad(x, (3, 0), mode="reflect"),
    lambda x: x.norm("nuc"),
    lambda x: torch.arange(3).norm(),
    lambda x: x.div(2, rounding_mode="up"),
]


@pytest.mark.parametrize("call", REFUSED)
def test_what_pytorch_refuses(call: Any) -> None:
    with pytest.raises((ArgumentError, DTypeError, ShapeError)):
        call(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize("end", ["none", "softmax", "log_softmax", "log", "prior", "conv"])
def test_nll_of_what_is_no_logarithm_is_reported(end: str) -> None:
    torch.manual_seed(0)
    z = torch.nn.Linear(4, 3)(torch.randn(5, 4))
    x = {
        "none": lambda: z,
        "softmax": lambda: torch.softmax(z, 1),
        "log_softmax": lambda: torch.nn.LogSoftmax(dim=1)(z),
        "log": lambda: torch.log(torch.softmax(z, 1)),
        "prior": lambda: torch.log_softmax(z, 1) + torch.log(torch.tensor([0.5, 0.3, 0.2])),
        "conv": lambda: torch.nn.Conv1d(4, 3, 1)(torch.randn(5, 4, 1))[:, :, 0],
    }[end]()
    y = torch.tensor([0, 1, 2, 0, 1])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        torch.nn.NLLLoss()(x, y).backward()
    words = [str(w.message) for w in warned if "log-probabilities" in str(w.message)]
    assert len(words) == (end in ("none", "softmax", "conv"))


def test_fill_is_pytorchs_and_no_helper_of_the_tables() -> None:
    x = torch.tensor([1.0, math.nan], requires_grad=True)
    value = torch.tensor(3.0, requires_grad=True)
    out = torch.fill(x, value)
    out.sum().backward()
    assert out.tolist() == [3.0, 3.0]
    assert x.grad is not None and x.grad.tolist() == [0.0, 0.0]
    assert value.grad is not None and value.grad.item() == 2.0
    assert torch.fill(torch.tensor([4, 5]), True).tolist() == [1, 1]


@pytest.mark.parametrize("name", ["fill", "mode", "random"])
def test_what_a_module_imports_for_itself_takes_no_name_of_pytorchs(name: str) -> None:
    """`torch.mode` is a function and `torch.random` a module of PyTorch's."""
    assert name in torch.__all__ or not hasattr(torch, name)


def test_the_seed_is_set_in_torch_random_too() -> None:
    torch.random.manual_seed(3)
    first = torch.rand(3)
    torch.manual_seed(3)
    assert torch.rand(3).tolist() == first.tolist()
