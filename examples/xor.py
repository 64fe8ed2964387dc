"""What one neuron cannot do and seven can: XOR.

A perceptron draws one straight line. AND and OR lie on two sides of a line, XOR does not, so no
number of epochs helps (Minsky & Papert 1969). A hidden layer of four sigmoids bends the line.
"""

import numpy as np

import ranvier
from ranvier.nn import Dense

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TARGETS = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def perceptron(targets):
    """Rosenblatt's neuron, its weights at first zero, trained row by row; returns its answers."""
    model = ranvier.Sequential(
        [Dense(1, activation="step", kernel_initializer="zeros", input_shape=(2,))]
    )
    model.compile(ranvier.optim.SGD(1.0), "perceptron")
    model.fit(INPUTS, targets, epochs=50, batch_size=1, verbose=0)
    return model.predict(INPUTS)[:, 0].astype(int)


def network(targets):
    """2-4-1 with sigmoids; returns the probabilities that it gives."""
    model = ranvier.Sequential(
        [Dense(4, activation="sigmoid", input_shape=(2,)), Dense(1, activation="sigmoid")]
    )
    model.compile(ranvier.optim.Adam(0.1), "binary_crossentropy")
    model.fit(INPUTS, targets, epochs=500, verbose=0)
    return model.predict(INPUTS)[:, 0]


if __name__ == "__main__":
    ranvier.seed(0)
    for name, targets in TARGETS.items():
        answers = perceptron(np.array(targets))
        right = int((answers == targets).sum())
        print(
            f"perceptron  {name:3}  target {targets}  answer {answers.tolist()}  {right} of 4 right"
        )
    outputs = network(np.array(TARGETS["XOR"]))
    right = int(((outputs > 0.5) == TARGETS["XOR"]).sum())
    answer = ", ".join(f"{p:.3f}" for p in outputs)
    print(f"2-4-1       XOR  target {TARGETS['XOR']}  answer [{answer}]  {right} of 4 right")
