"""The multilayer perceptron, ready for `fit`."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.missing import spelled
from ..nn import Dense, Dropout, Layer
from ..nn.activations import ActivationLike
from ..optim import Adam
from ..optim.rates import LearningRate
from ..train.models.sequential import Sequential


@spelled
def mlp(
    inputs: int,
    outputs: int = 1,
    hidden: Sequence[int] = (64, 32),
    task: str = "classification",
    activation: ActivationLike = "relu",
    dropout: float = 0.0,
    learning_rate: LearningRate = 0.001,
) -> Sequential:
    """Dense layers, each `h = activation(h W + b)`: Rumelhart, Hinton & Williams 1986.

    For "classification" `outputs` is the number of classes, labels are 0, 1, ...; for "regression"
    the number of values predicted. Weights begin as the activation wants them: He et al. 2015 for
    relu, Glorot & Bengio 2010 else. Scale the features first.

    >>> mlp(4, 3, hidden=[8]).count_params()
    67
    """
    start = "he_normal" if activation == "relu" else "glorot_uniform"
    layers: list[Layer] = []
    for i, units in enumerate(hidden):
        shape = (inputs,) if i == 0 else None
        layers.append(Dense(units, activation, kernel_initializer=start, input_shape=shape))
        if dropout:
            layers.append(Dropout(dropout))
    shape = None if layers else (inputs,)
    if task == "regression":
        end, loss, metric = Dense(outputs, input_shape=shape), "mean_squared_error", "r2"
    elif outputs == 2:
        end, loss = Dense(1, "sigmoid", input_shape=shape), "binary_crossentropy"
        metric = "accuracy"
    else:
        end, loss = Dense(outputs, "softmax", input_shape=shape), "sparse_categorical_crossentropy"
        metric = "accuracy"
    model = Sequential([*layers, end])
    model.compile(Adam(learning_rate), loss, [metric])
    return model
