"""Keras' metrics over two batches, plain and weighted. See README.md."""

import numpy as np
from common import keras_in_float64, write_arrays

CLASSES = 4
CASES = {
    "one_hot": {
        "CategoricalAccuracy": [{}],
        "TopKCategoricalAccuracy": [{"k": 2}],
        "F1Score": [
            {"average": a, "threshold": t}
            for a in (None, "macro", "micro", "weighted") for t in (None, 0.3)
        ],
    },
    "labels": {"SparseCategoricalAccuracy": [{}], "SparseTopKCategoricalAccuracy": [{"k": 2}]},
    "binary": {
        "BinaryAccuracy": [{}, {"threshold": 0.3}], "Precision": [{}], "Recall": [{}],
        "F1Score": [{"threshold": 0.5}],
    },
    "real": {
        "MeanAbsoluteError": [{}], "MeanSquaredError": [{}], "RootMeanSquaredError": [{}],
        "R2Score": [{}],
    },
}  # fmt: skip


def data(random):
    """For each kind two batches of (y, p), of 9 and 5 rows."""
    made = {}
    for kind in CASES:
        for batch, rows in enumerate((9, 5)):
            if kind in ("one_hot", "labels"):
                labels = random.integers(0, CLASSES - 1, rows)  # the last class never occurs
                y = np.eye(CLASSES)[labels] if kind == "one_hot" else labels
                p = random.dirichlet(np.ones(CLASSES), rows)
            elif kind == "binary":
                y, p = random.integers(0, 2, (rows, 1)), random.random((rows, 1))
            else:
                y, p = random.normal(size=(rows, 1)), random.normal(size=(rows, 1))
            made[f"{kind}/{batch}/y"], made[f"{kind}/{batch}/p"] = y, p
            made[f"{kind}/{batch}/weight"] = random.random(rows)
    return made


def main() -> None:
    keras = keras_in_float64()
    arrays = data(np.random.default_rng(0))
    for kind, metrics in CASES.items():
        for name, settings in metrics.items():
            for number, config in enumerate(settings):
                for weighted in (False, True):
                    metric = getattr(keras.metrics, name)(**config)
                    for batch in (0, 1):
                        y, p, w = (arrays[f"{kind}/{batch}/{k}"] for k in ("y", "p", "weight"))
                        metric.update_state(y, p, sample_weight=w if weighted else None)
                    said = "weighted" if weighted else "plain"
                    value = keras.ops.convert_to_numpy(metric.result())
                    arrays[f"{kind}/{name}/{number}/{said}"] = value
    write_arrays("keras_metrics", arrays)


if __name__ == "__main__":
    main()
