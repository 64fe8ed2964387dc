"""The introductions that tutorials print, run as they stand; only the import lines are changed.

Where a snippet is wrong, the test shows what it does, what is right, and the difference.
"""

from __future__ import annotations

import numpy as np
import pytest

import ranvier
from compat.snippets import run
from ranvier.errors import DataError

pytestmark = pytest.mark.usefixtures("engine")

KERAS = """
    import numpy as np
    from tensorflow.keras.models import Sequential
    from tensorflow.keras.layers import Dense

    model = Sequential()
    model.add(Dense(10, input_dim=10, activation='relu'))
    model.add(Dense(10, activation='relu'))
    model.add(Dense(1, activation='sigmoid'))
    model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])

    X = np.random.rand(1000, 10)
    y = TARGETS

    history = model.fit(X, y, epochs=10, batch_size=32, verbose=0)
    loss, accuracy = model.evaluate(X, y, verbose=0)
"""


def test_keras_style_network_trains() -> None:
    text = KERAS.replace("TARGETS", "np.random.randint(2, size=(1000, 1))")
    done = run(text)
    assert [w.shape for w in done["model"].get_weights()] == [
        (10, 10), (10,), (10, 10), (10,), (10, 1), (1,),
    ]  # fmt: skip
    history = done["history"].history
    assert list(history) == ["loss", "accuracy"] and len(history["loss"]) == 10
    assert history["loss"][-1] < history["loss"][0]
    assert 0 < done["accuracy"] < 1


def test_keras_style_runs_on_random_real_targets_and_says_that_accuracy_means_little() -> None:
    """The article's own targets are random numbers between 0 and 1: cross-entropy has a meaning
    for them, accuracy has not.
    """
    with pytest.warns(UserWarning, match="accuracy.*means little.*'mae'"):
        done = run(KERAS.replace("TARGETS", "np.random.rand(1000, 1)"))
    # No prediction does better than log(2) less what the targets themselves are sure of.
    assert 0.6 < done["loss"] < 0.72


def test_keras_style_refuses_targets_that_cross_entropy_cannot_take() -> None:
    with pytest.raises(DataError, match="mean_squared_error"):
        run(KERAS.replace("TARGETS", "np.random.randn(1000, 1)"))


WORKED_EXAMPLE = """
    import torch

    w = torch.tensor(5.0, requires_grad=True)
    x, label, learning_rate = 2.0, 6.0, 0.1

    prediction = w * x
    loss = LOSS
    loss.backward()
    gradient = w.grad.item()
    with torch.no_grad():
        w -= learning_rate * w.grad
"""


@pytest.mark.parametrize(
    ("loss", "gradient", "moved"),
    [
        ("0.5 * (prediction - label) ** 2", 8.0, 4.2),
        ("torch.nn.MSELoss()(prediction, torch.tensor(label))", 16.0, 3.4),
    ],
)
def test_worked_example_of_one_weight(loss: str, gradient: float, moved: float) -> None:
    """The article's gradient 8 is that of half the squared error; the mean squared error's is
    twice as large.
    """
    done = run(WORKED_EXAMPLE.replace("LOSS", loss))
    assert done["gradient"] == gradient
    assert done["w"].item() == pytest.approx(moved, abs=1e-6)


REGRESSION = """
    from sklearn.datasets import make_regression
    from tensorflow.keras.models import Sequential
    from tensorflow.keras.layers import Dense

    X, y = make_regression(n_samples=100, n_features=1, noise=5.0, random_state=1)

    model = Sequential()
    model.add(Dense(1, input_shape=(1,)))
    model.compile(optimizer='sgd', loss='mean_squared_error')
    model.fit(X, y, epochs=1000, verbose=0)
    error = model.evaluate(X, y, verbose=0)
"""


def test_regression_aligns_the_flat_target() -> None:
    """y is (100,), the model's output (100, 1): broadcast to (100, 100) the best line would be
    flat, and its error the variance of y.
    """
    pytest.importorskip("sklearn")
    done = run(REGRESSION)
    x, y = done["X"], done["y"]
    line = np.polyfit(x[:, 0], y, 1)
    noise_floor = float(np.mean((np.polyval(line, x[:, 0]) - y) ** 2))
    assert done["error"] == pytest.approx(noise_floor, rel=0.02)
    assert done["error"] < 0.05 * y.var()


MOVED = """
    import torch
    import torch.nn as nn
    import torch.optim as optim

    variable = torch.tensor([0.0, 0.0], requires_grad=True)
    target = torch.tensor([3.0, 4.0])
    criterion = nn.MSELoss()
    optimizer = optim.SGD(PARAMETERS, lr=0.1)

    for epoch in range(100):
        optimizer.zero_grad()
        loss = criterion(variable, target)
        loss.backward()
        optimizer.step()
        if epoch % 20 == 0:
            print(f"epoch {epoch}: loss {loss.item():.4f}")
"""


@pytest.mark.parametrize("parameters", ["variable", "[variable]", "(v for v in [variable])"])
def test_tensor_moves_to_its_target(parameters: str, capsys: pytest.CaptureFixture[str]) -> None:
    """PyTorch refuses the article's bare tensor with a TypeError."""
    done = run(MOVED.replace("PARAMETERS", parameters))
    np.testing.assert_allclose(done["variable"].detach().numpy(), [3, 4], atol=1e-3)
    lines = capsys.readouterr().out.splitlines()
    # The error falls by (1 - 0.1) ** 2 a step: the gradient of the mean of two squares is w - t.
    expected = [12.5 * 0.9 ** (2 * epoch) for epoch in (0, 20, 40, 60, 80)]
    for line, epoch, loss in zip(lines, (0, 20, 40, 60, 80), expected, strict=True):
        assert line == f"epoch {epoch}: loss {loss:.4f}"


LOOP = """
    import torch
    import torch.nn as nn
    import torch.optim as optim

    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()
            self.fc1 = nn.Linear(2, 16)
            self.relu = nn.ReLU()
            self.fc2 = nn.Linear(16, 1)
            self.sigmoid = nn.Sigmoid()

        def forward(self, x):
            return self.sigmoid(self.fc2(self.relu(self.fc1(x))))

    model = Net()
    X = torch.randn(200, 2)
    y = (X[:, 0] * X[:, 1] > 0).float().unsqueeze(1)
    criterion = nn.BCELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.02)

    losses = []
    for epoch in range(200):
        optimizer.zero_grad()
        outputs = model(X)
        loss = criterion(outputs, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    model.eval()
    with torch.no_grad():
        accuracy = ((model(X) > 0.5).float() == y).float().mean().item()
"""


def test_linear_relu_linear_sigmoid_loop_learns() -> None:
    done = run(LOOP)
    assert done["losses"][-1] < 0.5 * done["losses"][0]
    assert done["accuracy"] > 0.9
    names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
    assert list(done["model"].state_dict()) == names


def test_the_same_loop_compiled_gives_the_same_numbers() -> None:
    step = """
    @torch.compile
    def step(X, y):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    losses = []
    for epoch in range(200):
        losses.append(step(X, y).item())
    """
    eager = LOOP[: LOOP.index("    losses = []")]
    compiled = run(eager + step)["losses"]
    np.testing.assert_allclose(compiled, run(LOOP)["losses"], rtol=2e-3, atol=1e-5)


MNIST = """
    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras.utils import to_categorical

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train.reshape(-1, 784).astype('float32') / 255
    y_train = to_categorical(y_train, 10)

    tf.random.set_seed(1)
    model = tf.keras.Sequential([
        tf.keras.Input(shape=(784,)),
        tf.keras.layers.Dense(32, activation='relu'),
        tf.keras.layers.Dropout(0.2),
        tf.keras.layers.Dense(10, activation='softmax'),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01),
                  loss=keras.losses.CategoricalCrossentropy(), metrics=['accuracy'])
    stop = keras.callbacks.EarlyStopping(monitor='val_loss', patience=2)
    history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.2,
                        callbacks=[stop], verbose=0)
"""


def test_mnist_tutorial_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the digits that travel in the package, enlarged to MNIST's size."""

    def digits() -> object:
        (x, y), (x_test, y_test) = ranvier.data.load_digits()
        return tuple((np.pad(a * 15, ((0, 0), (10, 10), (10, 10))), b) for a, b in
                     ((x, y), (x_test, y_test)))  # fmt: skip

    monkeypatch.setattr("ranvier.data.load_mnist", digits)
    history = run(MNIST)["history"].history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["val_accuracy"][-1] > 0.85
