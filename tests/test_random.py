"""Random numbers: the published bits, the right distributions, state that a graph carries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.errors import ArgumentError, TraceError
from ranvier.ops.counter_rng import _NumPyMachine, threefry
from ranvier.random import Generator


# Vectors of the Random123 library (kat_vectors, threefry2x32 with 20 rounds).
@pytest.mark.parametrize(
    ("counter", "key", "bits"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((2**32 - 1,) * 2, (2**32 - 1,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_is_the_published_one(counter: Any, key: Any, bits: Any) -> None:
    words = [np.array([w], np.uint32) for w in (*key, *counter)]
    with np.errstate(over="ignore"):
        got = threefry(_NumPyMachine(), *words)
    assert (int(got[0][0]), int(got[1][0])) == bits


def draws(g: Generator) -> list[Any]:
    return [
        g.bits((3, 2)), g.uniform((5,)), g.uniform((4,), -1, 3, "float64"), g.normal((7,)),
        g.uniform((4,), dtype="float16"), g.bernoulli(0.3, (6,)), g.randint(-3, 9, (8,)),
        g.rand(2, 2), g.randn((3,)), g.normal((3,), 1.0, 2.0, "float64"),
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_numbers_and_the_next_draw_others() -> None:
    first, again = draws(Generator(5)), draws(Generator(5))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    g = Generator(5)
    assert g.uniform((9,)).tolist() != g.uniform((9,)).tolist()
    assert Generator(5).uniform((9,)).tolist() != Generator(6).uniform((9,)).tolist()
    assert Generator().uniform((9,)).tolist() != Generator().uniform((9,)).tolist()
    assert repr(g) == "Generator(seed=5, draws=2)"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_compiled_function_draws_what_an_eager_one_draws_and_goes_on(engine: str) -> None:
    eager, compiled = Generator(3), Generator(3)
    f = ranvier.compile(lambda: draws(compiled), engine=engine)
    for _ in range(3):
        for a, b in zip(draws(eager), f(), strict=True):
            assert a.spec == b.spec
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)
    assert eager.state.tolist() == compiled.state.tolist()


def test_the_global_generator() -> None:
    ranvier.seed(11)
    a = ranvier.random.normal((4,))
    ranvier.random.seed(11)
    assert a.tolist() == ranvier.random.normal((4,)).tolist()
    ranvier.seed(2**40 + 1)  # more than 32 bits count, they are not cut off
    b = ranvier.random.uniform((4,)).tolist()
    ranvier.seed(1)
    assert b != ranvier.random.uniform((4,)).tolist()


def test_a_saved_state_continues_the_same_numbers() -> None:
    g = Generator(1)
    g.uniform((2,))
    saved = g.state.numpy().copy()
    a = g.uniform((4,)).tolist()
    g.state.assign(saved)
    assert g.uniform((4,)).tolist() == a


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_distributions(dtype: str) -> None:
    g, n = Generator(0), 100_000
    u = g.uniform((n,), dtype=dtype).numpy()
    assert u.dtype == dtype and 0 <= u.min() and u.max() < 1
    u = u.astype(np.float64)
    np.testing.assert_allclose([u.mean(), u.var()], [1 / 2, 1 / 12], atol=4e-3)
    # Ten equal bins: chi-squared with 9 degrees of freedom stays below 27.9 at 99.9 %.
    counts = np.histogram(u, 10, (0, 1))[0]
    assert ((counts - n / 10) ** 2 / (n / 10)).sum() < 27.9
    z = g.normal((n,), dtype=dtype).numpy().astype(np.float64)
    assert np.isfinite(z).all()
    moments = [z.mean(), z.var(), (z**3).mean(), (z**4).mean()]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.08)


def test_integers_and_truth_values() -> None:
    g = Generator(0)
    r = g.randint(-2, 3, (50_000,)).numpy()
    assert set(r.tolist()) == {-2, -1, 0, 1, 2}
    np.testing.assert_allclose(np.bincount(r + 2) / r.size, 0.2, atol=0.01)
    kept = g.bernoulli(0.25, (50_000,)).numpy()
    assert kept.dtype == bool and abs(kept.mean() - 0.25) < 0.01
    p = ranvier.tensor([0.0, 1.0])
    assert g.bernoulli(p).tolist() == [False, True]


def test_permutation() -> None:
    a, b = Generator(4), Generator(4)
    p = a.permutation(1000).numpy()
    assert sorted(p.tolist()) == list(range(1000)) and p.tolist() != list(range(1000))
    np.testing.assert_array_equal(p, b.permutation(1000).numpy())
    assert a.permutation(1000).tolist() != p.tolist()
    assert a.permutation(0).tolist() == []
    assert Generator(4).host().integers(1000) == Generator(4).host().integers(1000)
    # Pinned, so that a change of the bits is noticed.
    assert Generator(0).permutation(6).tolist() == [0, 2, 1, 5, 4, 3]
    assert Generator(0).bits(2).tolist() == [0x6B200159, 1351547692]


def test_errors() -> None:
    g = Generator(0)
    for wrong in (1.5, "a", True, -1):
        with pytest.raises(ArgumentError, match="seed: seed=.*; expected an integer of at least 0"):
            g.seed(wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="p is a probability"):
        g.bernoulli(1.5)
    with pytest.raises(ArgumentError, match="high must be above low"):
        g.randint(3, 3)
    with pytest.raises(ArgumentError, match="must be a float"):
        g.normal((2,), dtype="int64")
    with pytest.raises(TraceError, match="call it outside"):
        ranvier.compile(lambda: g.permutation(3), engine="reference")()
