"""MLPClassifier and MLPRegressor beside scikit-learn's: times of a fit, and test scores.

    python benchmarks/estimators.py            times
    python benchmarks/estimators.py --scores   scores on six tables, five seeds

Both are asked for the same epochs in the same process, one after the other; the best of some rounds
counts. scikit-learn computes on one thread and on all (threadpoolctl), and its better time counts.
It needs RANVIER_DATA for all but the digits.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from workload import adult

from ranvier import estimators

_ROUNDS, _SECONDS = 3, 0.2
_EPOCHS = 20
_SEEDS = 5
TABLES = {
    "pima_diabetes": "diabetes",
    "mammography": "class",
    "car_evaluation": "class",
    "airfoil": "TARGET",
    "concrete": "strength",
    "wine_quality": "quality",
}
Case = tuple[str, np.ndarray, np.ndarray, dict[str, Any]]


def tables() -> Path:
    """The folder of the tables."""
    return Path(os.environ["RANVIER_DATA"]) / "tables"


def table(name: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a table with categories as 0 and 1, incomplete ones left out, and the target."""
    with gzip.open(tables() / f"{name}.csv.gz", "rt") as file:
        frame = pd.read_csv(file, sep="\t" if name == "airfoil" else ",").dropna()
    y = frame.pop(target).to_numpy()
    return pd.get_dummies(frame).to_numpy(np.float64), y


def cases() -> Iterator[Case]:
    """Name of the class, rows, targets, and options."""
    x, y = load_digits(return_X_y=True)
    yield "MLPClassifier", x / 16, y, {}
    yield "MLPClassifier", x / 16, y, {"solver": "lbfgs"}
    if "RANVIER_DATA" not in os.environ:
        return
    x, y = table("california_housing", "median_house_value")
    x = StandardScaler().fit_transform(x)
    yield "MLPRegressor", x, (y - y.mean()) / y.std(), {}
    x, y = adult()
    yield "MLPClassifier", x.astype(np.float64), y.ravel(), {}


def seconds(call: Callable[[], object]) -> float:
    """The shortest of the calls that fit into a fifth of a second."""
    best, end = np.inf, time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - began)
    return best


def times() -> None:
    """A table of the times of a fit, and of outputs for one row and for all."""
    print("| network | dtype | what | scikit-learn, 1 thread | all threads | Ranvier | ratio |")
    print("|---|---|---|---|---|---|---|")
    for kind, x, y, options in cases():
        for dtype in (np.float64, np.float32):
            rows = x.astype(dtype)
            common = {"max_iter": _EPOCHS, "tol": 0.0, "random_state": 0} | options
            theirs = getattr(neural_network, kind)(**common)
            ours = getattr(estimators, kind)(**common)
            ours.fit(rows, y)  # compiles
            name = f"{kind} {rows.shape} {options or ''}"
            fits = [lambda e=e, x=rows, y=y: e.fit(x, y) for e in (theirs, ours)]
            row(name, dtype, f"fit, {_EPOCHS} epochs", *fits)
            one = [lambda e=e, x=rows: e.predict(x[:1]) for e in (theirs, ours)]
            row(name, dtype, "one row", *one)
            many = [lambda e=e, x=rows: e.predict(x) for e in (theirs, ours)]
            row(name, dtype, "all rows", *many)


def row(name: str, dtype: Any, what: str, theirs: Any, ours: Any) -> None:
    """Measure in turn, and print one line."""
    best = [np.inf] * 3
    for _ in range(_ROUNDS):
        for i, call in enumerate((theirs, theirs, ours)):
            with threadpool_limits(1) if i == 0 else nullcontext():
                best[i] = min(best[i], seconds(call))
    shown = [f"{1e3 * t:.2f} ms" for t in best]
    ratio = min(best[:2]) / best[2]
    cells = [name, str(np.dtype(dtype)), what, *shown, f"{ratio:.1f}"]
    print("|", " | ".join(cells), "|", flush=True)


def scores() -> None:
    """A table of mean test scores (accuracy, R2) over the seeds, and how far apart they are."""
    print("| table | scikit-learn | Ranvier | largest difference of a seed |")
    print("|---|---|---|---|")
    for name, target in TABLES.items():
        x, y = table(name, target)
        regression = y.dtype.kind == "f" or name == "wine_quality"
        kind = "MLPRegressor" if regression else "MLPClassifier"
        if regression:
            y = (y - y.mean()) / y.std()
        reached = np.empty((2, _SEEDS))
        for seed in range(_SEEDS):
            parts = train_test_split(x, y, random_state=seed)
            for i, library in enumerate((neural_network, estimators)):
                model = make_pipeline(StandardScaler(), getattr(library, kind)(random_state=seed))
                reached[i, seed] = model.fit(parts[0], parts[2]).score(parts[1], parts[3])
        a, b = reached.mean(axis=1)
        print(f"| {name} | {a:.4f} | {b:.4f} | {np.abs(reached[0] - reached[1]).max():.1e} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", action="store_true", help="test scores instead of times")
    warnings.simplefilter("ignore", ConvergenceWarning)
    scores() if parser.parse_args().scores else times()
