"""The next day of an electricity transformer, hour by hour, from the week before (ETTh1).

    python examples/electricity.py [--epochs 8] [--seed 0]

Seven series (six loads and the temperature of the oil), 168 hours in, 24 out; trained on the first
12 months, tested on months 17 to 20, as papers cut them; errors are of standardized values. Beside
the network stand the same hours of the last day (seasonal naive) and two linear regressions: one
from all series to all, and one shared by all series that starts from the last value. Their ridge is
chosen on the validation months; the network's settings were, too.
"""

import argparse

import numpy as np

import ranvier
from ranvier.data import load_etth1, seasonal_naive, windows
from ranvier.models import mlp_forecaster
from ranvier.optim.schedules import CosineDecay

LENGTH, HORIZON, BATCH = 168, 24, 32


def parts():
    """(x, y) of the training, validation and test months; the last two look back before them."""
    train, validation, test = load_etth1()
    before = np.concatenate([train, validation])[-LENGTH:]
    spans = train, np.concatenate([train[-LENGTH:], validation]), np.concatenate([before, test])
    return [windows(span, LENGTH, HORIZON) for span in spans]


def lines(x, y):
    """Windows as rows for a regression shared by all series, counted from the last value."""
    x, y = (np.moveaxis(a, 2, 1).astype(np.float64) for a in (x, y))
    last = x[:, :, -1:]
    return (x - last).reshape(-1, LENGTH), (y - last).reshape(-1, HORIZON)


def whole(x, y):
    """Windows as rows for a regression from all series to all."""
    rows = np.concatenate([x.reshape(len(x), -1), np.ones((len(x), 1))], axis=1)
    return rows.astype(np.float64), y.reshape(len(y), -1).astype(np.float64)


def ridge(rows, train, validation, test):
    """The test error of a linear regression."""
    (x, y), (x_held, y_held), (x_test, y_test) = (rows(*p) for p in (train, validation, test))
    errors = []
    for penalty in (1.0, 100.0, 1000.0, 10_000.0):
        w = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
        errors.append((np.mean((x_held @ w - y_held) ** 2), np.mean((x_test @ w - y_test) ** 2)))
    return float(min(errors)[1])


def main(epochs=8, seed=0, verbose=0):
    """Train; returns the mean squared errors of the test months by name."""
    train, validation, test = parts()
    x_test, y_test = test
    errors = {"seasonal naive": np.mean((seasonal_naive(x_test, HORIZON, 24) - y_test) ** 2)}
    errors["linear, all to all"] = ridge(whole, train, validation, test)
    errors["linear, shared"] = ridge(lines, train, validation, test)
    ranvier.seed(seed)
    rate = CosineDecay(0.001, epochs * -(-len(train[0]) // BATCH))
    model = mlp_forecaster(LENGTH, HORIZON, series=7)
    model.compile(ranvier.optim.AdamW(rate, weight_decay=0.01), loss="mean_absolute_error")
    model.fit(*train, epochs=epochs, batch_size=BATCH, verbose=verbose)
    errors["network"] = np.mean((model.predict(x_test) - y_test) ** 2)
    for name, error in errors.items():
        print(f"{name:18} test MSE {error:.4f}")
    return {name: float(error) for name, error in errors.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
