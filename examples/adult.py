"""Who earns more than 50,000 $ a year? A network on the census of 1994, categories as vectors.

    python examples/adult.py [--epochs 10] [--seed 0]

UCI Adult: 32,561 people to learn from, 16,281 to test. Each of the eight columns of categories has
an embedding, a vector learned for each category (Guo and Berkhahn 2016); so have the bins of four
columns of numbers, because income jumps with them (capital gains of 7,688 $ mean yes, of 6,849 $
no). The numbers themselves come beside them.
"""

import argparse

import numpy as np

import ranvier
from ranvier.data import load_adult
from ranvier.metrics import roc_auc
from ranvier.nn import Concatenate, Dense, Dropout, Embedding, Flatten
from ranvier.optim.schedules import CosineDecay

BATCH = 128
BINNED = "age", "hours-per-week", "capital-gain", "capital-loss"


def numbers(x):
    """The columns of numbers, long tails on a logarithmic scale."""
    age, hours, gain, loss = (x[name].astype(np.float64) for name in BINNED)
    columns = [age, age**2, hours, hours**2, np.log1p(gain), gain > 0, np.log1p(loss), loss > 0]
    columns += [x["education-num"], np.log(x["fnlwgt"])]
    return np.stack(columns, axis=1)


def edges(values):
    """Where the bins of a column end: at its quantiles, zeros apart."""
    return np.unique(np.quantile(values[values > 0], np.linspace(0, 1, 20)))


def codes(x, like):
    """One column of integers for each category and each bin; 0 is what `like` has not."""
    columns = {}
    for name, column in like.items():
        if column.dtype.kind == "U":
            known = np.unique(column)
            indices = np.searchsorted(known, x[name]).clip(0, len(known) - 1)
            columns[name] = np.where(known[indices] == x[name], indices + 1, 0), len(known) + 1
        elif name in BINNED:
            ends = edges(column)
            columns[f"{name} bin"] = np.searchsorted(ends, x[name]), len(ends) + 1
    return columns


def network(sizes, features):
    """{name: how many codes}, how many numbers -> a model with as many inputs."""
    inputs, parts = [], []
    for name, size in sizes.items():
        code = ranvier.Input(shape=(1,), dtype="int32", name=name)
        inputs.append(code)
        parts.append(Flatten()(Embedding(size, min(16, (size + 1) // 2))(code)))
    rest = ranvier.Input(shape=(features,), name="numbers")
    h = Concatenate()([*parts, rest])
    for _ in range(2):
        h = Dropout(0.3)(Dense(64, activation="relu")(h))
    return ranvier.Model([*inputs, rest], Dense(1, activation="sigmoid")(h))


def main(epochs=10, seed=0, verbose=0):
    """Train; returns (accuracy, area under the ROC curve) on the test rows."""
    (x, y), (x_test, y_test) = load_adult(encode=False)
    known, tested = codes(x, x), codes(x_test, x)
    table = numbers(x)
    mean, std = table.mean(axis=0), table.std(axis=0)

    def rows(codes, table):
        columns = [column.astype(np.int32)[:, None] for column, _ in codes.values()]
        return [*columns, ((table - mean) / std).astype(np.float32)]

    ranvier.seed(seed)
    model = network({name: size for name, (_, size) in known.items()}, table.shape[1])
    rate = CosineDecay(0.001, epochs * -(-len(y) // BATCH))
    model.compile(ranvier.optim.AdamW(rate, weight_decay=0.01), loss="binary_crossentropy")
    model.fit(rows(known, table), y, epochs=epochs, batch_size=BATCH, verbose=verbose)
    score = model.predict(rows(tested, numbers(x_test)))[:, 0]
    accuracy, area = float(np.mean((score > 0.5) == y_test)), roc_auc(y_test, score)
    print(f"{model.count_params():,} parameters, {len(y):,} people, {epochs} epochs")
    print(f"test accuracy: {accuracy:.4f}, area under the curve: {area:.4f}")
    return accuracy, area


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
