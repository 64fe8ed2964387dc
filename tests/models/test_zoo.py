"""The ready models learn what they are for, on small real data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import models
from ranvier.data import load_digits, load_iris


def digits() -> tuple[Any, Any, Any, Any]:
    (x, y), (x_test, y_test) = load_digits()
    x, x_test = (part.reshape(len(part), 64).astype(np.float32) / 16 for part in (x, x_test))
    return x, y, x_test, y_test


def iris() -> tuple[Any, Any]:
    x, y = load_iris(split=False)
    return (x - x.mean(0)) / x.std(0), y


def test_linear_regression_finds_the_least_squares_line() -> None:
    x, _ = iris()
    features, target = x[:, :3], x[:, 3]
    ranvier.seed(0)
    model = models.linear_regression(3)
    model.fit(features, target, batch_size=None, epochs=2000, verbose=0)
    best, *_ = np.linalg.lstsq(features, target, rcond=None)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], best, atol=0.01)


def test_logistic_regression_and_perceptron_part_the_irises() -> None:
    x, y = iris()
    ranvier.seed(0)
    model = models.logistic_regression(4, 3)
    model.fit(x, y, epochs=60, verbose=0)
    assert model.evaluate(x, y)[1] >= 0.95
    two = models.logistic_regression(4)
    two.fit(x, y == 0, epochs=20, verbose=0)
    assert two.evaluate(x, y == 0)[1] == 1
    rule = models.perceptron(4)
    rule.fit(x, y == 0, batch_size=1, epochs=10, verbose=0)
    assert rule.evaluate(x, y == 0)[1] == 1


def test_the_multilayer_perceptron_reads_digits() -> None:
    x, y, x_test, y_test = digits()
    ranvier.seed(0)
    model = models.mlp(64, 10, dropout=0.1)
    model.fit(x, y, epochs=30, verbose=0)
    assert model.evaluate(x_test, y_test)[1] >= 0.96
    line = models.mlp(3, 1, [16], task="regression", learning_rate=0.01)
    z, _ = iris()
    line.fit(z[:, :3], z[:, 3], epochs=30, verbose=0)
    assert line.evaluate(z[:, :3], z[:, 3])[1] > 0.9
    assert models.mlp(4, 2, []).count_params() == 5


def test_a_dense_autoencoder_beats_as_many_principal_components(tmp_path: Any) -> None:
    x, _, x_test, _ = digits()
    ranvier.seed(0)
    model = models.dense_autoencoder(64, code=4, hidden=[64])
    model.fit(x, x, epochs=60, verbose=0)
    middle = x.mean(0)
    axes = np.linalg.svd(x - middle, full_matrices=False)[2][:4]
    linear = ((x_test - middle) @ axes.T @ axes + middle - x_test) ** 2
    again = (model.predict(x_test) - x_test) ** 2
    assert again.mean() < 0.9 * linear.mean()
    np.testing.assert_allclose(model.decode(model.encode(x_test)), model.predict(x_test), atol=1e-6)
    model.save(tmp_path / "m")
    same = ranvier.load(tmp_path / "m")
    np.testing.assert_array_equal(same.predict(x_test), model.predict(x_test))


def test_a_convolutional_autoencoder_takes_noise_away() -> None:
    x, _, x_test, _ = (part.reshape(-1, 8, 8, 1) if part.ndim == 2 else part for part in digits())
    ranvier.seed(0)
    model = models.convolutional_autoencoder((8, 8, 1), code=24, noise=0.3)
    model.fit(x, x, epochs=6, verbose=0)
    noisy = x_test + 0.3 * ranvier.random.normal(x_test.shape).numpy()
    before, after = ((part - x_test) ** 2 for part in (noisy, model.predict(noisy)))
    assert after.mean() < 0.5 * before.mean()


def test_the_variational_autoencoder_makes_digits(tmp_path: Any) -> None:
    x, y, x_test, _ = digits()
    ranvier.seed(0)
    model = models.VariationalAutoencoder(64, code=8)
    model.fit(x, x, epochs=60, verbose=0)
    # The mean image leaves 0.40 nats a pixel; codes cost something too.
    mean = np.clip(x.mean(0), 1e-4, 1 - 1e-4)
    plain = -(x_test * np.log(mean) + (1 - x_test) * np.log(1 - mean)).mean()
    assert model.evaluate(x_test, x_test) < 0.92 * plain
    codes = model.encode(x)
    assert np.abs(codes.mean(0)).max() < 0.4
    # New rows look like digits: real neighbours are not twice as far as those of real rows.
    new = model.generate(200)
    near = lambda rows: np.sort(((rows[:, None] - x) ** 2).sum(-1), axis=1)  # noqa: E731
    assert np.median(near(new)[:, 0]) < 2 * np.median(near(x_test)[:, 0])
    model.save(tmp_path / "m")
    again = ranvier.load(tmp_path / "m")
    np.testing.assert_array_equal(again.predict(x_test), model.predict(x_test))


def test_the_gan_draws_petals() -> None:
    x, _ = load_iris(split=False)
    x = (x[:, 2:] - x[:, 2:].mean(0)) / x[:, 2:].std(0)
    ranvier.seed(1)
    generator = ranvier.Sequential(
        [ranvier.nn.Dense(32, "relu", input_shape=(4,)), ranvier.nn.Dense(2)]
    )
    judge = ranvier.Sequential(
        [ranvier.nn.Dense(32, "relu", input_shape=(2,)), ranvier.nn.Dense(1)]
    )
    gan = models.GAN(generator, judge, code=4, learning_rate=0.002)
    seen = gan.fit(x, count=400, batch_size=50)
    assert len(seen["generator"]) == 400
    new = gan.generate(2000)
    np.testing.assert_allclose(new.mean(0), 0, atol=0.35)
    np.testing.assert_allclose(new.std(0), 1, atol=0.35)
    assert np.corrcoef(new.T)[0, 1] > 0.85  # 0.96 in the real ones


def agreement(labels: Any, classes: Any) -> float:
    """The best share of rows whose cluster stands for their class, over all ways to pair them."""
    optimize = pytest.importorskip("scipy.optimize")
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, classes), 1)
    return float(counts[optimize.linear_sum_assignment(-counts)].sum() / len(labels))


def test_kmeans_agrees_with_scikit_learn() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    threadpoolctl = pytest.importorskip("threadpoolctl")
    x, y = load_digits(split=False)
    x = x.reshape(-1, 64).astype(np.float32) / 16
    ranvier.seed(0)
    centers, labels = models.kmeans(x, 10)
    own = ((x - centers[labels]) ** 2).sum()
    with threadpoolctl.threadpool_limits(1):
        peer = cluster.KMeans(10, n_init=3, random_state=0).fit(x).inertia_
    assert own == pytest.approx(peer, rel=0.01)
    assert agreement(labels, y) > 0.7


@pytest.mark.slow
def test_deep_clustering_finds_the_ten_digits() -> None:
    x, y = load_digits(split=False)
    x = x.reshape(-1, 64).astype(np.float32) / 16
    ranvier.seed(0)
    model = models.DeepClustering(10).fit(x, pretrain_epochs=60)
    found = agreement(model.predict(x), y)
    assert found >= 0.82  # k-means on the pixels: 0.79
    np.testing.assert_allclose(model.memberships(x).sum(1), 1, atol=1e-5)


def test_the_map_keeps_neighbours_together() -> None:
    x, y, x_test, y_test = digits()
    ranvier.seed(0)
    sheet = models.SelfOrganizingMap(12, 12)
    sheet.fit(x, count=1)
    before = sheet.quantization_error(x_test)
    sheet.fit(x, count=25)
    assert sheet.quantization_error(x_test) < 0.9 * before
    assert sheet.topographic_error(x_test) < 0.2
    # Each node stands for the class most of its training rows have.
    votes = np.zeros((144, 10))
    np.add.at(votes, (sheet.winners(x), y), 1)
    right = votes.argmax(1)[sheet.winners(x_test)] == y_test
    assert right.mean() > 0.85


def ratings() -> tuple[Any, Any, float]:
    """Made-up ratings, as none travel in the package: 3 + b_u + b_i + p_u . q_i + noise.

    60 users, 80 items, vectors of 3 normal numbers of deviation 0.6, biases of 0.4, noise of 0.1;
    half of the pairs are known, a fifth of these held out.
    """
    chance = np.random.default_rng(0)
    p, q = chance.normal(0, 0.6, (60, 3)), chance.normal(0, 0.6, (80, 3))
    b, c = chance.normal(0, 0.4, (60, 1)), chance.normal(0, 0.4, (1, 80))
    full = 3 + b + c + p @ q.T + chance.normal(0, 0.1, (60, 80))
    pairs = np.argwhere(chance.random((60, 80)) < 0.5)
    chance.shuffle(pairs)
    return pairs, full[pairs[:, 0], pairs[:, 1]].astype(np.float32), 0.1


@pytest.mark.parametrize("kind", ["MatrixFactorization", "NeuralRecommender"])
def test_recommenders_know_unseen_pairs(kind: str, tmp_path: Any) -> None:
    pairs, rating, noise = ratings()
    held = len(pairs) // 5
    ranvier.seed(0)
    options = {"mean": 3.0, "penalty": 1e-4} if kind == "MatrixFactorization" else {}
    model = getattr(models, kind)(60, 80, **options)
    model.compile(ranvier.optim.Adam(0.01), "mse")
    model.fit(pairs[held:], rating[held:], batch_size=64, epochs=40, verbose=0)
    error = np.sqrt(((model.predict(pairs[:held])[:, 0] - rating[:held]) ** 2).mean())
    assert error < (0.25 if kind == "MatrixFactorization" else 0.45) < rating.std() / 1.5
    model.save(tmp_path / "m")
    same = ranvier.load(tmp_path / "m")
    np.testing.assert_array_equal(same.predict(pairs[:held]), model.predict(pairs[:held]))


def test_spiking_neurons_read_digits() -> None:
    x, y, x_test, y_test = digits()
    ranvier.seed(0)
    model = models.spiking_classifier(64, 10)
    model.fit(x, y, epochs=15, verbose=0)
    assert model.evaluate(x_test, y_test)[1] >= 0.9
    fired = model.layers[1](model.layers[0](ranvier.tensor(x_test))).numpy()
    assert set(np.unique(fired)) == {0.0, 1.0}


def test_the_activation_of_a_recommender_is_that_of_its_last_layer() -> None:
    pairs = np.array([[0, 1], [2, 3]])
    model = models.NeuralRecommender(3, 4)
    raw = model.predict(pairs)
    model.activation = "sigmoid"
    np.testing.assert_allclose(model.predict(pairs), 1 / (1 + np.exp(-raw)), rtol=1e-5)
    assert model.get_config()["activation"] == "sigmoid"
    assert models.NeuralRecommender.from_config(model.get_config()).out.activation == "sigmoid"
