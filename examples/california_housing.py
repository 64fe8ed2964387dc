"""House values in California: a network on a table, with coordinates as waves.

    python examples/california_housing.py [--epochs 60] [--seed 0]

The median house value of 20,640 districts from what the census of 1990 counted there. Three things
help a network here: counts on a logarithmic scale, ratios such as rooms for each household, and
sine waves of the coordinates in many directions and lengths (random Fourier features,
Rahimi and Recht 2007), because values change within a few kilometres. It learns the logarithm of
the value, by absolute errors, which the districts at the cap of 500,001 $ disturb less.
"""

import argparse

import numpy as np

import ranvier
from ranvier.nn import Dense, Dropout
from ranvier.optim.schedules import CosineDecay

BATCH = 128
WAVES, SHORTEST = 64, 6.0  # how many; the standard deviation of their frequencies


def measurements(x):
    """What the census counted, most on a logarithmic scale, as float64 columns."""
    _, _, age, rooms, bedrooms, people, households, income = x[:, :8].T.astype(np.float64)
    columns = [age, income]
    columns += [np.log1p(v) for v in (rooms, bedrooms, people, households, income)]
    columns += [np.log1p(rooms / households), np.log1p(bedrooms / rooms)]
    columns += [np.log1p(people / households)]
    return np.concatenate([np.stack(columns, axis=1), x[:, 8:]], axis=1)


def features(x, like):
    """Rows of the table as float32 rows for the network, scaled as the rows `like` are."""
    table, known = measurements(x), measurements(like)
    position = (x[:, :2] - like[:, :2].mean(axis=0)) / like[:, :2].std(axis=0)
    waves = position @ np.random.default_rng(0).normal(scale=SHORTEST, size=(2, WAVES))
    scaled = (table - known.mean(axis=0)) / known.std(axis=0)
    return np.concatenate(
        [scaled, position, np.sin(waves), np.cos(waves)], axis=1, dtype=np.float32
    )


def network():
    """A row -> the value, as a standardized logarithm."""
    hidden = [
        layer
        for _ in range(3)
        for layer in (Dense(128, activation="gelu", kernel_initializer="he_normal"), Dropout(0.1))
    ]
    return ranvier.Sequential([*hidden, Dense(1)])


def main(epochs=60, seed=0, verbose=0):
    """Train; returns the root mean squared error on the fifth held out, in 100,000 $."""
    (x, y), (x_test, y_test) = ranvier.data.load_california_housing()
    logs = np.log(y)
    ranvier.seed(seed)
    model = network()
    rate = CosineDecay(0.002, epochs * -(-len(x) // BATCH))
    model.compile(ranvier.optim.AdamW(rate, weight_decay=0.001), loss="mean_absolute_error")
    target = (logs - logs.mean()) / logs.std()
    model.fit(features(x, x), target, epochs=epochs, batch_size=BATCH, verbose=verbose)
    prices = np.exp(model.predict(features(x_test, x))[:, 0] * logs.std() + logs.mean())
    error = float(np.sqrt(np.mean((prices - y_test) ** 2)))
    print(f"{model.count_params():,} parameters, {len(x):,} districts, {epochs} epochs")
    print(f"test RMSE: {error:.4f} (100,000 $)")
    return error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
