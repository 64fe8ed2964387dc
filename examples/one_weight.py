"""One weight, one step of training, by four ways that give the same numbers.

The neuron is w * x with w = 5 and x = 2; the label is 6, the learning rate 0.1. The prediction is
10, wrong by 4. The textbook's gradient 8 is the one of *half* the squared error,

    d/dw  (w x - y)^2 / 2  =  (w x - y) x  =  4 * 2  =  8       w becomes 5 - 0.1 *  8 = 4.2

while the mean squared error, without the half, has twice the gradient:

    d/dw  (w x - y)^2      = 2 (w x - y) x = 16                 w becomes 5 - 0.1 * 16 = 3.4
"""

import numpy as np

import ranvier

X, LABEL, RATE = 2.0, 6.0, 0.1
LOSSES = {"half_squared_error": 0.5, "mean_squared_error": 1.0}


def by_hand(factor):
    """The formulas above."""
    gradient = 2 * factor * (5.0 * X - LABEL) * X
    return gradient, 5.0 - RATE * gradient


def by_backward(factor):
    """PyTorch's way: `.backward()` computes the gradient, we move the weight."""
    w = ranvier.tensor(5.0, requires_grad=True)
    loss = factor * (w * X - LABEL) ** 2
    loss.backward()
    gradient = w.grad.item()
    with ranvier.no_grad():
        w -= RATE * w.grad
    return gradient, w.item()


def by_compiled_step(factor):
    """The same lines as one compiled graph: forward, gradient and update."""
    w = ranvier.tensor(5.0, requires_grad=True)
    optimizer = ranvier.optim.SGD(w, lr=RATE)

    @ranvier.compile
    def step():
        optimizer.zero_grad()
        loss = factor * (w * X - LABEL) ** 2
        loss.backward()
        optimizer.step()
        return loss

    step()
    return w.grad.item(), w.item()


def by_fit(loss):
    """Keras' way: a model of one layer with one weight."""
    model = ranvier.Sequential([ranvier.nn.Dense(1, use_bias=False, input_shape=(1,))])
    model.set_weights([np.array([[5.0]])])
    model.compile(ranvier.optim.SGD(RATE), loss)
    model.fit(np.array([[X]]), np.array([LABEL]), verbose=0)
    moved = model.get_weights()[0].item()
    model.fit(np.array([[X]]), np.array([LABEL]), epochs=50, verbose=0)
    return (5.0 - moved) / RATE, moved, model.get_weights()[0].item()


if __name__ == "__main__":
    for name, factor in LOSSES.items():
        print(name)
        for way in (by_hand, by_backward, by_compiled_step):
            gradient, w = way(factor)
            print(f"  {way.__name__:16}  gradient {gradient:7.4f}   w {w:.4f}")
        gradient, w, end = by_fit(name)
        print(
            f"  {'by_fit':16}  gradient {gradient:7.4f}   w {w:.4f}   after 50 more steps {end:.4f}"
        )
