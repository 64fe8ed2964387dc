"""Losses beside Keras': rows, values, gradients, weights; alignment; checks of targets; names."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier import losses, nn
from ranvier.errors import ArgumentError, DataError, ShapeError

STORED = np.load(GOLDEN / "losses.npz")
CASES = sorted(key.removesuffix("/rows") for key in STORED if key.endswith("/rows"))
WEIGHTS = STORED["weights"]


def loss_of(case: str) -> losses.Loss:
    options: dict[str, Any] = {}
    name = case
    for ending in ("_large", "_logits", "_smooth", "_0.5"):
        name = name.removesuffix(ending)
    if "_logits" in case or case == "categorical_crossentropy_smooth":
        options["from_logits"] = True
    if case.endswith("_smooth"):
        options["label_smoothing"] = 0.1
    if case == "huber_0.5":
        options["delta"] = 0.5
    return losses.NAMES[name](**options)


def measure(loss: losses.Loss, y: Any, p: Any, weight: Any = None) -> tuple[Any, Any]:
    leaf = ranvier.tensor(p, requires_grad=True)
    value = loss(y, leaf, weight)
    value.backward()
    assert leaf.grad is not None
    return value.item(), leaf.grad.numpy()


def tolerance(case: str, dtype: str) -> tuple[float, float]:
    if dtype == "float32":
        return 3e-5, 1e-5
    if case == "poisson":
        return 1e-6, 1e-6
    if case == "kl_divergence" or ("entropy" in case and "logits" not in case):
        return 3e-6, 3e-6  # Keras keeps probabilities 1e-7 from 0 and 1
    # Keras computes many of its losses in float32, whatever the dtype.
    return 3e-7, 1e-7


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_rows_values_and_gradients(case: str, dtype: str) -> None:
    loss = loss_of(case)
    y, p = STORED[f"{case}/target"], STORED[f"{case}/prediction"].astype(dtype)
    rtol, atol = tolerance(case, dtype)
    np.testing.assert_allclose(loss.per_row(y, p).numpy(), STORED[f"{case}/rows"], rtol, atol)
    for weight, prefix in ((None, ""), (WEIGHTS, "weighted_")):
        value, gradient = measure(loss, y, p, weight)
        np.testing.assert_allclose(value, STORED[f"{case}/{prefix}value"], rtol, atol)
        np.testing.assert_allclose(gradient, STORED[f"{case}/{prefix}gradient"], rtol, atol)


@pytest.mark.parametrize("name", sorted(losses.CLASSES))
def test_gradients_against_finite_differences(name: str) -> None:
    loss = losses.CLASSES[name]()
    random = np.random.default_rng(2)
    p = random.dirichlet([2.0, 2.0, 2.0], 5)
    y: Any = random.uniform(0.1, 0.9, size=(5, 3))
    if "Sparse" in name:
        y = random.integers(0, 3, 5)
    if "inge" in name or name == "Perceptron":
        y = np.where(y > 0.5, 1.0, -1.0)
    _, gradient = measure(loss, y, p)
    h = 1e-6
    for i in np.ndindex(p.shape):
        sides = []
        for side in (h, -h):
            moved = p.copy()
            moved[i] += side
            sides.append(loss(y, ranvier.tensor(moved)).item())
        assert gradient[i] == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-5, abs=1e-8)


def test_the_worked_example_of_one_weight() -> None:
    for name, gradient in (("half_squared_error", 8), ("mean_squared_error", 16)):
        w = ranvier.tensor(5.0, requires_grad=True)
        losses.get(name)(6.0, w * 2.0).backward()
        assert w.grad is not None
        assert w.grad.item() == gradient


@pytest.mark.parametrize(
    ("name", "activation"),
    [
        ("binary_crossentropy", "sigmoid"),
        ("categorical_crossentropy", "softmax"),
        ("sparse_categorical_crossentropy", "softmax"),
    ],
)
def test_probabilities_that_remember_their_logits_stay_exact(name: str, activation: str) -> None:
    z = np.array([[200.0, -200.0], [-200.0, 200.0], [0.0, 0.0]])
    y: Any = np.array([[0.0, 1.0]] * 3)
    if "sparse" in name:
        y = np.array([1, 1, 1])
    exact: Any = losses.NAMES[name]
    from_z, gradient = measure(exact(from_logits=True), y, z)
    leaf = ranvier.tensor(z.astype(np.float32), requires_grad=True)
    loss = losses.get(name)(y, nn.activations.get(activation)(leaf))
    loss.backward()
    assert loss.item() == pytest.approx(from_z, rel=1e-6)
    assert loss.item() > 60
    assert leaf.grad is not None
    np.testing.assert_allclose(leaf.grad.numpy(), gradient, atol=1e-7)


def test_zero_logits_have_the_full_gradient() -> None:
    _, gradient = measure(losses.BinaryCrossentropy(from_logits=True), [1.0, 0.0], np.zeros(2))
    assert gradient.tolist() == [-0.25, 0.25]


def test_the_perceptron_rule() -> None:
    w = ranvier.tensor([[0.0], [0.0]], requires_grad=True)
    x = np.array([[1.0, 2.0], [3.0, 1.0]], np.float32)
    losses.Perceptron()([1, 0], nn.activations.step(ranvier.tensor(x) @ w)).backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad.numpy(), (-(x[:1] - x[1:]) / 2).T)


@pytest.mark.parametrize(("true", "pred"), [((4,), (4, 1)), ((4, 1), (4,)), ((4, 2), (4, 2))])
def test_shapes_that_fit(true: tuple[int, ...], pred: tuple[int, ...]) -> None:
    y = np.arange(np.prod(true), dtype=np.float32)
    value = losses.mean_squared_error(y.reshape(true), y.reshape(pred) + 1)
    assert value.item() == 1


@pytest.mark.parametrize(
    ("true", "pred"), [((4,), (4, 3)), ((1, 4), (4, 1)), ((3,), (4,)), ((4, 1), (4, 3)), ((), (4,))]
)
@pytest.mark.parametrize("name", sorted(losses.CLASSES))
def test_nothing_is_broadcast(name: str, true: tuple[int, ...], pred: tuple[int, ...]) -> None:
    if "Sparse" in name and true in ((4,), (4, 1)) and pred == (4, 3):
        pytest.skip("labels beside classes")
    with pytest.raises(ShapeError) as info:
        losses.CLASSES[name]()(np.zeros(true), np.zeros(pred))
    assert str(true) in str(info.value)
    assert str(pred) in str(info.value)


ROWS = np.zeros(4)


@pytest.mark.parametrize(
    ("name", "y", "outputs", "message"),
    [
        ("mse", [], 1, "there are no targets (shape (0,))"),
        ("mse", [1.0, np.nan], 1, "1 of the targets are NaN or infinite, the first in row 1"),
        ("mse", ["a", "b"], 1, "targets are text or objects such as 'a'"),
        ("mse", ROWS, 3, "have 1 column, the model has 3 outputs; end the model in Dense(1)"),
        ("mse", np.zeros((4, 3)), 1, "have 3 columns, the model has 1 output; end the model in D"),
        ("bce", [0, 1, 2], 1, "targets must be 0 or 1; row 2 holds 2; for several classes"),
        ("bce", [-1, 1], 1, "labels are -1 and 1 here: use (y + 1) / 2"),
        ("hinge", [0, 1, -1], 1, "found -1, 0 and 1 together"),
        ("hinge", [0.5], 1, "found 0.5"),
        ("poisson", [-1.0], 1, "targets are counts"),
        ("categorical_crossentropy", [0, 1], 2, "Use sparse_categorical_crossentropy"),
        ("categorical_crossentropy", [[0], [1]], 1, "so only one class"),
        ("categorical_crossentropy", [[1, 1]], 2, "sum to 1; row 0 is [1, 1]"),
        ("categorical_crossentropy", [[1, 0]], 3, "have 2 columns, the model has 3 outputs"),
        ("sparse_categorical_crossentropy", np.eye(3), 3, "look one-hot"),
        ("sparse_categorical_crossentropy", [1, 2, 3], 3, "labels start at 1 here: subtract 1"),
        ("sparse_categorical_crossentropy", [0, 9], 3, "labels run from 0 to 9, the model has 3"),
        ("sparse_categorical_crossentropy", [-1, 0], 3, "labels must start at 0"),
        ("sparse_categorical_crossentropy", [0.5, 1], 3, "found 0.5. For real-valued targets use"),
        ("sparse_categorical_crossentropy", [0, 1], 1, "so only one class"),
    ],
)
def test_targets_that_cannot_be(name: str, y: Any, outputs: int, message: str) -> None:
    with pytest.raises((DataError, ShapeError), match=re.escape(message)):
        losses.get(name).check_targets(np.asarray(y), outputs)


@pytest.mark.parametrize(
    ("name", "y", "outputs"),
    [
        ("mse", ROWS, 1),
        ("mse", np.zeros((4, 2, 3)), 3),
        ("bce", [0, 1, 0.3], 1),
        ("bce", [True, False], 1),
        ("hinge", [-1, 1], 1),
        ("perceptron", [0, 1], 1),
        ("categorical_crossentropy", np.eye(3), 3),
        ("sparse_categorical_crossentropy", [0.0, 2.0], 3),
        ("sparse_categorical_crossentropy", [[0], [2]], 3),
    ],
)
def test_targets_that_can(name: str, y: Any, outputs: int) -> None:
    losses.get(name).check_targets(np.asarray(y), outputs)


def test_labels_outside_the_classes_are_found_without_fit() -> None:
    with pytest.raises(DataError, match="labels run from 0 to 5"):
        losses.sparse_categorical_crossentropy([0, 5], [[0.5, 0.5], [0.5, 0.5]])


def test_from_logits_after_an_activation_is_refused() -> None:
    p = nn.activations.sigmoid(ranvier.tensor([0.0, 1.0]))
    with pytest.raises(ArgumentError, match="already ends in sigmoid; remove one of the two"):
        losses.BinaryCrossentropy(from_logits=True)([0, 1], p)
    one = nn.activations.softmax(ranvier.tensor([[0.0], [1.0]]))
    with pytest.raises(ArgumentError, match="softmax of one output, which is always 1"):
        losses.BinaryCrossentropy()([0, 1], one)


def test_weights() -> None:
    loss = losses.MeanSquaredError()
    y, p = np.zeros(4), np.array([1.0, 2, 3, 4])
    assert loss(y, p, [1, 0, 0, 1]).item() == 17 / 4
    assert loss(y, p, np.ones((4, 1))).item() == 7.5
    with pytest.raises(ShapeError, match="expected one weight for each of the 4 rows"):
        loss(y, p, [1, 2])


def test_names_and_configurations() -> None:
    assert isinstance(losses.get("MSE"), losses.MeanSquaredError)
    assert isinstance(losses.get("BinaryCrossentropy"), losses.BinaryCrossentropy)
    assert isinstance(losses.get(losses.hinge), losses.Hinge)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    for name, cls in losses.CLASSES.items():
        text = json.dumps({"class": name, "config": cls().get_config()})
        assert repr(losses.get(json.loads(text))) == repr(cls())
    with pytest.raises(ArgumentError, match="unknown loss 'mean_square_error'; did you mean"):
        losses.get("mean_square_error")


def test_own_functions() -> None:
    def my_loss(y: Any, p: Any) -> Any:
        return ranvier.mean((y - p) ** 2, axis=-1)

    loss = losses.get(my_loss)
    assert loss.name == "my_loss"
    assert loss(np.zeros((2, 3)), np.ones((2, 3))).item() == 1
    with pytest.raises(ShapeError, match=re.escape("gave shape () for 2 rows")):
        losses.get(lambda y, p: ranvier.mean(y - p))(np.zeros((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("name", sorted(losses.CLASSES))
def test_compiled_is_the_same(name: str) -> None:
    loss = losses.CLASSES[name]()
    p = np.random.default_rng(0).dirichlet([2.0, 2.0, 2.0], 4).astype(np.float32)
    y: Any = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    y = y.argmax(1) if "Sparse" in name else y
    run = ranvier.compile(lambda y, p: loss(y, p))
    assert run(ranvier.tensor(y), ranvier.tensor(p)).item() == pytest.approx(
        loss(y, p).item(), rel=1e-5
    )


@pytest.mark.parametrize("from_logits", [False, True])
def test_smoothed_labels_are_smoothed_one_hot_rows(from_logits: bool) -> None:
    # PyTorch's CrossEntropyLoss(label_smoothing=0.1) on these logits and labels gives 1.520182.
    z = np.array([[1.0, 2.0, 0.5], [0.2, -1.0, 0.7], [3.0, 0.1, 0.1]], np.float32)
    labels = np.array([1, 0, 2])
    p = z if from_logits else ranvier.softmax(ranvier.tensor(z)).numpy()
    sparse = losses.SparseCategoricalCrossentropy(from_logits, label_smoothing=0.1)
    dense = losses.CategoricalCrossentropy(from_logits, label_smoothing=0.1)
    value, gradient = measure(sparse, labels, p)
    other, wanted = measure(dense, np.eye(3, dtype=np.float32)[labels], p)
    assert value == pytest.approx(other, rel=1e-6) == pytest.approx(1.520182, rel=1e-5)
    np.testing.assert_allclose(gradient, wanted, atol=1e-6)


@pytest.mark.parametrize("weight", [3.0, [0.5, 1.0, 4.0], np.float64(2.0)])
@pytest.mark.parametrize("logits", [True, False])
def test_ones_weigh_more_in_binary_crossentropy(weight: Any, logits: bool) -> None:
    rng = np.random.default_rng(6)
    y, z = rng.integers(0, 2, (5, 3)).astype(np.float64), rng.normal(size=(5, 3)) * 3
    p = 1 / (1 + np.exp(-z))
    expected = -(np.asarray(weight) * y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    slope = (-(np.asarray(weight) * y * (1 - p)) + (1 - y) * p) / z.size
    loss = losses.BinaryCrossentropy(logits, pos_weight=weight)
    value, gradient = measure(loss, y, z if logits else p)
    np.testing.assert_allclose(value, expected, 1e-6)
    if logits:
        np.testing.assert_allclose(gradient, slope, 1e-6, 1e-9)
    again = losses.get(json.loads(json.dumps({"class": "BinaryCrossentropy",
                                              "config": loss.get_config()})))  # fmt: skip
    np.testing.assert_allclose(measure(again, y, z if logits else p)[0], value, 1e-12)


def test_pos_weight_stays_finite_and_is_never_broadcast_over_rows() -> None:
    far = losses.BinaryCrossentropy(True, pos_weight=10.0)([1.0, 0.0], [-1000.0, 1000.0])
    assert far.item() == pytest.approx(5500.0)
    with pytest.raises(ShapeError, match=r"pos_weight has shape \(4,\), predictions \(4, 1\)"):
        losses.BinaryCrossentropy(True, pos_weight=np.ones(4))(np.ones((4, 1)), np.ones((4, 1)))
    for wrong in (-1.0, [1.0, -2.0], float("nan")):
        with pytest.raises(ArgumentError, match="expected 0 or more"):
            losses.BinaryCrossentropy(pos_weight=wrong)


def test_pos_weight_in_fit_and_in_files(tmp_path: Any) -> None:
    x = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    y = (x[:, :1] > 1).astype(np.float32)
    model = ranvier.Sequential([nn.Dense(1, "sigmoid")])
    model.compile("sgd", losses.BinaryCrossentropy(pos_weight=5.0))
    model.fit(x, y, epochs=1, verbose=0)
    p = model.predict(x)
    model.save(tmp_path / "m.safetensors")
    expected = -(5 * y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    found = ranvier.load(tmp_path / "m.safetensors").evaluate(x, y, verbose=0)
    np.testing.assert_allclose(found, expected, 1e-5)
