"""The models with no hidden layer, ready for `fit`."""

from __future__ import annotations

from ..base.missing import spelled
from ..nn import Dense
from ..optim import SGD, Adam
from ..train.models.sequential import Sequential


@spelled
def linear_regression(inputs: int, outputs: int = 1, learning_rate: float = 0.05) -> Sequential:
    """`y = x W + b` by least squares (Legendre 1805, Gauss 1809); scale the features first.

    >>> linear_regression(3).count_params()
    4
    """
    model = Sequential([Dense(outputs, input_shape=(inputs,))])
    model.compile(Adam(learning_rate), "mean_squared_error", ["r2"])
    return model


@spelled
def logistic_regression(inputs: int, classes: int = 2, learning_rate: float = 0.05) -> Sequential:
    """`p = sigmoid(x w + b)`, for more than two classes `softmax(x W + b)`: Cox 1958.

    Trained by maximum likelihood on labels 0, 1, ...; scale the features first.
    """
    if classes == 2:
        layer, loss = Dense(1, "sigmoid", input_shape=(inputs,)), "binary_crossentropy"
    else:
        layer = Dense(classes, "softmax", input_shape=(inputs,))
        loss = "sparse_categorical_crossentropy"
    model = Sequential([layer])
    model.compile(Adam(learning_rate), loss, ["accuracy"])
    return model


@spelled
def perceptron(inputs: int, learning_rate: float = 1.0) -> Sequential:
    """Rosenblatt 1958: `1 if x w + b > 0 else 0`; each mistake moves w by `+-learning_rate x`.

    Labels are 0 and 1. It ends without a mistake if a plane parts the classes (Novikoff 1962).
    Fit it with `batch_size=1`: the rule is for one row at a time.
    """
    model = Sequential([Dense(1, "step", kernel_initializer="zeros", input_shape=(inputs,))])
    model.compile(SGD(learning_rate), "perceptron", ["accuracy"])
    return model
