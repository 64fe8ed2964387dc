"""A network in plain NumPy as introductions print it, what is wrong with it, and the right one.

`PRINTED` below cannot run: names are defined nowhere, and because `W2` is assigned inside the
function Python takes it for a local name. With the names mended it runs and is still wrong: the
derivative of the output's sigmoid is left out, so it is not the gradient of the squared error that
is meant (it is that of the cross-entropy), and the hidden layer (W1, b1) never learns.

Every gradient is held against finite differences, which need no formula.
"""

import numpy as np

import ranvier

PRINTED = """
def forward(X):
    hidden = sigmoid(X @ W1 + b1)
    return sigmoid(hidden @ W2 + b2)

def backward(X, y_pred):
    error = y_pred - y_true
    W2 = W2 - learning_rate * hidden.T @ error
    b2 = b2 - learning_rate * error.sum(axis=0)

backward(X, forward(X))
"""

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
Y = np.array([[0], [1], [1], [0]], dtype=np.float64)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(w, x):
    hidden = sigmoid(x @ w["W1"] + w["b1"])
    return hidden, sigmoid(hidden @ w["W2"] + w["b2"])


def loss(w, x, y):
    """Half the squared error, added up over the rows."""
    return 0.5 * np.sum((forward(w, x)[1] - y) ** 2)


def gradient_as_printed(w, x, y):
    hidden, out = forward(w, x)
    error = out - y
    return {
        "W2": hidden.T @ error,
        "b2": error.sum(axis=0),
        "W1": np.zeros_like(w["W1"]),
        "b1": np.zeros_like(w["b1"]),
    }


def gradient(w, x, y):
    hidden, out = forward(w, x)
    at_output = (out - y) * out * (1 - out)  # the derivative of sigmoid is s (1 - s)
    at_hidden = (at_output @ w["W2"].T) * hidden * (1 - hidden)  # through W2 back to layer one
    return {
        "W2": hidden.T @ at_output,
        "b2": at_output.sum(axis=0),
        "W1": x.T @ at_hidden,
        "b1": at_hidden.sum(axis=0),
    }


def finite_differences(w, x, y, step=1e-6):
    """How much the loss changes when one number is moved a little up and down."""
    gradients = {name: np.zeros_like(a) for name, a in w.items()}
    for name, array in w.items():
        for index in np.ndindex(array.shape):
            middle, ends = array[index], []
            for moved in (middle + step, middle - step):
                array[index] = moved
                ends.append(loss(w, x, y))
            array[index] = middle
            gradients[name][index] = (ends[0] - ends[1]) / (2 * step)
    return gradients


def gradient_by_ranvier(w, x, y):
    """No formula at all: `.backward()` finds it."""
    t = {name: ranvier.tensor(a, requires_grad=True) for name, a in w.items()}
    hidden = ranvier.sigmoid(x @ t["W1"] + t["b1"])
    out = ranvier.sigmoid(hidden @ t["W2"] + t["b2"])
    (0.5 * ranvier.sum((out - y) ** 2)).backward()
    return {name: tensor.grad.numpy() for name, tensor in t.items()}


def first_weights():
    random = np.random.default_rng(4)
    shapes = {"W1": (2, 4), "b1": (4,), "W2": (4, 1), "b2": (1,)}
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def train(rule, steps=4000, learning_rate=1.0):
    w = first_weights()
    for _ in range(steps):
        for name, g in rule(w, X, Y).items():
            w[name] -= learning_rate * g
    return loss(w, X, Y)


def farthest(a, b):
    return {name: float(np.abs(a[name] - b[name]).max()) for name in b}


def errors_of_the_printed_text():
    """What Python says, first to the text alone, then with the names it does not define."""
    names = {"sigmoid": sigmoid, "X": X, **first_weights()}
    for missing in ({}, {"y_true": Y, "learning_rate": 1.0, "hidden": None}):
        try:
            exec(PRINTED, {**names, **missing})
        except NameError as error:
            yield f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    for line in errors_of_the_printed_text():
        print("as printed:", line)
    w = first_weights()
    truth = finite_differences(w, X, Y)
    print("largest distance from finite differences")
    print("                      W1        b1        W2        b2")
    for rule in (gradient_as_printed, gradient, gradient_by_ranvier):
        apart = farthest(rule(w, X, Y), truth)
        line = "  ".join(f"{apart[name]:8.1e}" for name in ("W1", "b1", "W2", "b2"))
        print(f"{rule.__name__:20}{line}")
    print(f"loss before training            {loss(w, X, Y):.5f}")
    print(f"after 4000 steps as printed     {train(gradient_as_printed):.5f}")
    print(f"after 4000 steps, corrected     {train(gradient):.5f}")
