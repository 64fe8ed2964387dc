"""nn.RNN, nn.LSTM and nn.GRU against PyTorch's numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from paths import GOLDEN
from ranvier.compat import torch
from ranvier.errors import ArgumentError, ShapeError

CASES = json.loads((GOLDEN / "recurrent.json").read_text())["torch"]
VALUES = np.load(GOLDEN / "recurrent.npz")


def of(case: str, key: str) -> Any:
    return VALUES[f"torch/{case}/{key}"]


@pytest.mark.parametrize("case", CASES)
def test_outputs_gradients_and_names_are_those_of_pytorch(case: str) -> None:
    name, options = CASES[case]
    module = getattr(torch.nn, name)(4, 6, dtype=torch.float64, **options)
    head = f"torch/{case}/weight/"
    names = [k.removeprefix(head) for k in VALUES if k.startswith(head)]
    assert [n for n, _ in module.named_parameters()] == names
    module.load_state_dict({n: torch.tensor(of(case, f"weight/{n}")) for n in names})
    x = torch.tensor(of(case, "input"), requires_grad=True)
    out, last = module(x)
    outs = [out, *(last if isinstance(last, tuple) else [last])]
    for i, o in enumerate(outs):
        np.testing.assert_allclose(o.detach().numpy(), of(case, f"output_{i}"), atol=1e-12)
    sum((o * torch.tensor(of(case, f"upstream_{i}"))).sum() for i, o in enumerate(outs)).backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), of(case, "gradient"), atol=1e-11)
    for n, p in module.named_parameters():
        np.testing.assert_allclose(p.grad.numpy(), of(case, f"weight_gradient/{n}"), atol=1e-11)


def test_states_given_and_single_sequences() -> None:
    module = torch.nn.LSTM(4, 6, num_layers=2, bidirectional=True, dropout=0.5).eval()
    x = torch.randn(5, 3, 4)
    out, (h, c) = module(x)
    assert out.shape == (5, 3, 12) and h.shape == c.shape == (4, 3, 6)
    again, _ = module(x, (torch.zeros(4, 3, 6), torch.zeros(4, 3, 6)))
    np.testing.assert_allclose(again.detach().numpy(), out.detach().numpy(), atol=1e-6)
    one, (h1, _) = module(x[:, 1])
    assert h1.shape == (4, 6)
    np.testing.assert_allclose(one.detach().numpy(), out.detach().numpy()[:, 1], atol=1e-6)
    module.train()
    assert abs((module(x)[0] - out).detach().numpy()).max() > 1e-3


def test_what_does_not_fit_is_reported() -> None:
    with pytest.raises(ShapeError, match=r"expected \(time, batch, 4\)"):
        torch.nn.GRU(4, 6)(torch.ones(5, 3, 3))
    with pytest.raises(ArgumentError, match="proj_size=2 is not here"):
        torch.nn.LSTM(4, 6, proj_size=2)
    assert repr(torch.nn.GRU(4, 6, batch_first=True)) == "GRU(4, 6, batch_first=True)"
