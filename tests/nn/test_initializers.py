"""First values: their variance, bounds, shapes and seeds; and the penalties."""

from __future__ import annotations

import json

import numpy as np
import pytest

import ranvier
from ranvier.errors import ArgumentError
from ranvier.nn import initializers, regularizers

SHAPE = (300, 200)
VARIANCE = {
    "glorot_uniform": 2 / 500,
    "glorot_normal": 2 / 500,
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
}


@pytest.mark.parametrize("name", sorted(VARIANCE))
def test_variance_and_bounds(name: str) -> None:
    ranvier.seed(3)
    values = initializers.get(name)(SHAPE)
    assert values.shape == SHAPE
    assert values.dtype == np.float32
    assert values.var() == pytest.approx(VARIANCE[name], rel=0.03)
    assert values.mean() == pytest.approx(0, abs=0.002)
    limit = np.sqrt(3 * VARIANCE[name])
    if name.endswith("normal"):
        limit = 2 * np.sqrt(VARIANCE[name]) / 0.8796
    assert np.abs(values).max() <= limit * 1.0001


def test_fans_of_convolution_kernels() -> None:
    values = initializers.get("he_uniform")((3, 3, 8, 16))
    assert np.abs(values).max() <= np.sqrt(6 / 72)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 3, 4)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    q = initializers.Orthogonal(gain=2.0)(shape, "float64").reshape(-1, shape[-1])
    product = q @ q.T if len(q) < q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-10)


def test_seed_makes_everything_again() -> None:
    ranvier.seed(5)
    first = initializers.get("he_normal")((4, 4)), initializers.get("orthogonal")((4, 4))
    ranvier.seed(5)
    again = initializers.get("he_normal")((4, 4)), initializers.get("orthogonal")((4, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], initializers.get("he_normal")((4, 4)))
    own = initializers.GlorotUniform(seed=1)
    np.testing.assert_array_equal(own((3, 3)), own((3, 3)))


def test_one_number_everywhere() -> None:
    assert initializers.get("ones")((2,)).tolist() == [1, 1]
    assert initializers.get(0.5)((2,)).tolist() == [0.5, 0.5]
    assert initializers.get(lambda shape: np.full(shape, 7.0))((1,)).tolist() == [7]


def test_configuration_makes_an_equal_one() -> None:
    for name, cls in initializers.CLASSES.items():
        made = cls()
        text = json.dumps({"class": name, "config": made.get_config()})
        assert repr(initializers.get(json.loads(text))) == repr(made)


def test_errors() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'he_normal'"):
        initializers.get("henormal")
    with pytest.raises(ArgumentError, match="at least two axes"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ArgumentError, match="unknown regularizer 'l3'"):
        regularizers.get("l3")
    with pytest.raises(ArgumentError, match="expected a number of at least 0"):
        regularizers.L2(-1.0)


def test_penalties_and_their_gradients() -> None:
    w = ranvier.tensor([3.0, -4.0], requires_grad=True)
    for rule, value, gradient in (
        (regularizers.get("l1"), 0.07, [0.01, -0.01]),
        (regularizers.get("l2"), 0.25, [0.06, -0.08]),
        (regularizers.get("l1_l2"), 0.32, [0.07, -0.09]),
        (regularizers.L1L2(), 0.0, [0.0, 0.0]),
    ):
        w.grad = None
        penalty = rule(w)  # type: ignore[misc]
        assert penalty.item() == pytest.approx(value)
        penalty.backward()
        assert w.grad is not None
        np.testing.assert_allclose(w.grad.numpy(), gradient, rtol=1e-6)


def test_truncated_normal_within_bounds() -> None:
    values = initializers.TruncatedNormal(1.0, 2.0, seed=3, bounds=(0.5, 2.0))((4000,))
    assert 0.5 <= values.min() and values.max() <= 2.0 and 1.2 < values.mean() < 1.3
    assert initializers.TruncatedNormal(bounds=(0.0, 1.0)).get_config()["bounds"] == [0.0, 1.0]
    for bounds in ((1.0, 0.0), (9.0, 10.0), (-10.0, -9.0)):
        with pytest.raises(ArgumentError, match="within four standard deviations"):
            initializers.TruncatedNormal(stddev=1.0, bounds=bounds)
