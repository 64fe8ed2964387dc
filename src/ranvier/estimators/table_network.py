"""The seam between the estimators for tables and the network that they train.

`train` takes and gives what `ranvier.tables.training.train` does. It trains a perceptron on the
encoder's arrays: numbers scaled by their quartiles and clipped smoothly, small categories one-hot
(of larger ones the encoder gives statistics of the target as numbers).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..base.config import switches
from ..errors import DataError
from ..tables.plan import Plan
from ..typing import Array
from .programs import Form, Rule, trainings
from .rows import TrainingRows, outputs
from .solvers import glorot

_HIDDEN = (128, 128)
_RATE = 0.004  # falls to 0 over the epochs
_EPOCHS = 100
_PATIENCE = 25  # epochs without a better loss on the held-out rows
_SMALL_ROWS, _SMALL_BATCH, _BATCH = 4_000, 32, 256
_MAX_LEVELS = 256  # of a category that is made one-hot
_CLIP = 3.0
_SPENT = 0.8  # the share of the budget that epochs are planned for


@dataclass
class Scaling:
    """The columns of the encoder as one array of numbers around 0."""

    levels: tuple[int, ...]
    center: Array
    factor: Array

    @classmethod
    def fit(cls, arrays: Mapping[str, Array], levels: Sequence[int]) -> Scaling:
        """Centre and factor of each number, from its quartiles (Holzmueller et al. 2024)."""
        rows = next(iter(arrays.values())).shape[0]
        x = arrays.get("numbers", np.empty((rows, 0), np.float32)).astype(np.float64)
        low, center, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        width = np.where(high > low, high - low, (x.max(axis=0) - x.min(axis=0)) / 2)
        factor = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
        return cls(tuple(levels), center, factor)

    def __call__(self, arrays: Mapping[str, Array]) -> Array:
        """(rows, columns) of float32."""
        parts = [np.ones((next(iter(arrays.values())).shape[0], 0))]
        if "numbers" in arrays:
            scaled = (arrays["numbers"].astype(np.float64) - self.center) * self.factor
            parts.append(scaled / np.hypot(1.0, scaled / _CLIP))
        if "flags" in arrays:
            parts.append(arrays["flags"])
        if "categories" in arrays:
            parts += [
                arrays["categories"][:, i, None] == np.arange(1, count)
                for i, count in enumerate(self.levels)
                if count <= _MAX_LEVELS
            ]
        return np.concatenate(parts, axis=1).astype(np.float32)


@dataclass
class TableNetwork:
    """A trained network that reads the encoder's arrays."""

    form: Form
    weights: list[Array]
    scaling: Scaling
    shift: float = 0.0
    scale: float = 1.0
    history: dict[str, list[float]] = field(default_factory=dict)

    def predict(self, arrays: Mapping[str, Array]) -> Array:
        """Probabilities (rows, classes), or numbers (rows,) in the target's units."""
        out = outputs(self.form, self.scaling(arrays), self.weights)
        if self.form.output == "identity":
            return out[:, 0].astype(np.float64) * self.scale + self.shift
        return np.concatenate([1 - out, out], axis=1) if out.shape[1] == 1 else out


def train(
    arrays: Mapping[str, Array],
    y: Array,
    held_out: Mapping[str, Array],
    y_held_out: Array,
    *,
    plan: Plan,
    levels: Sequence[int],
    budget: float,
    seed: int = 0,
    verbose: int = 1,
    weights: Array | None = None,
) -> TableNetwork:
    """The network trained on the encoder's arrays; the epoch best on the held-out rows is kept.

    Epochs are planned so that they end within `budget` seconds.
    """
    ends = time.perf_counter() + budget
    scaling = Scaling.fit(arrays, levels)
    x, x_out = scaling(arrays), scaling(held_out)
    count = len(plan.classes)
    output = "identity" if not count else "logistic" if count == 2 else "softmax"
    sizes = (x.shape[1], *_HIDDEN, count if count > 2 else 1)
    form = Form(sizes, "relu", output, "float32", switches.engine)
    network = TableNetwork(form, [], scaling)
    if not count:
        network.shift, network.scale = float(y.mean()), float(y.std()) or 1.0
    targets, targets_out = (network_targets(network, values) for values in (y, y_held_out))
    random = np.random.RandomState(seed)
    network.weights = glorot(sizes, random, form.kind)
    rows = TrainingRows(x, targets, weights, form)
    _run(network, rows, (x_out, targets_out), random, ends, verbose)
    if not all(np.isfinite(w).all() for w in network.weights):
        raise DataError("training on the table ended in weights that are not finite")
    return network


def network_targets(network: TableNetwork, y: Array) -> Array:
    """Targets as the network learns them."""
    if network.form.output == "softmax":
        return y
    return ((y - network.shift) / network.scale)[:, None]


def _run(
    network: TableNetwork,
    rows: TrainingRows,
    held_out: tuple[Array, Array],
    random: np.random.RandomState,
    ends: float,
    verbose: int,
) -> None:
    """Epoch after epoch; the best weights go into the network."""
    form = network.form
    batch = rows.program_batch(_SMALL_BATCH if rows.count <= _SMALL_ROWS else _BATCH)
    best, since, epochs, fastest = np.inf, 0, _EPOCHS, np.inf
    outputs(form, held_out[0], network.weights)  # NOTE: compiled before the clock is looked at
    history: dict[str, list[float]] = {"loss": [], "val_loss": []}
    with trainings.borrowed(form, Rule("adam"), batch, rows.weights is not None) as program:
        program.load(network.weights)
        program.clear_memory()
        program.alpha._array()[...] = 0.0
        epoch = 0
        while epoch < epochs and since < _PATIENCE:
            began = time.perf_counter()
            program.rate._array()[...] = _RATE * (1 - epoch / epochs)
            program.reset()
            rows.run(program.step, random.permutation(rows.count))
            weights = program.taken()
            loss = loss_of(form, outputs(form, held_out[0], weights), held_out[1])
            history["loss"].append(program.loss_sum / rows.count)
            history["val_loss"].append(loss)
            since += 1
            if loss < best or not network.history:
                best, since, network.weights, network.history = loss, 0, weights, history
            epoch += 1
            fastest = min(fastest, time.perf_counter() - began)
            left = max(ends - time.perf_counter(), 0.0)
            if epoch > 1 or not left:  # the first epoch may have had to wait for the compiler
                epochs = min(epochs, epoch + int(left * _SPENT / fastest))
            if verbose:
                numbers = f"loss {history['loss'][-1]:.5f}, held out {loss:.5f}"
                print(f"epoch {epoch} of {epochs}: {numbers}")


def loss_of(form: Form, out: Array, y: Array) -> float:
    """The loss of outputs on the rows held out."""
    if form.output == "identity":
        return float(np.mean((out.astype(np.float64) - y) ** 2) / 2)
    p = np.clip(out.astype(np.float64), 1e-7, 1 - 1e-7)
    right = p[np.arange(len(y)), y] if form.output == "softmax" else np.where(y > 0, p, 1 - p)
    return float(-np.log(right).mean())
