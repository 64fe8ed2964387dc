"""Callbacks: what happens between epochs and batches, under the names Keras gives the moments.

| callback | what it does |
|---|---|
| `History` | keeps the numbers of every epoch; `fit` returns one |
| `EarlyStopping` | stops when nothing improves and restores the best weights |
| `ModelCheckpoint` | saves the model, or the best one so far |
| `Checkpoint` | saves all that `fit(resume=...)` needs to go on, to the same bits |
| `LearningRateScheduler` | sets the learning rate before each epoch |
| `ReduceLROnPlateau` | lowers the learning rate when nothing improves |
| `SwapEMAWeights` | validates with the averages of the weights that the optimizer keeps |
| `Record` | keeps weights, gradients and activations over time, and draws them |
| `TensorBoard` | writes event files: curves, histograms, graph, settings |
| `MLflow`, `WandB` | log settings and numbers to MLflow, or Weights & Biases |
| `CSVLogger` | one line a epoch in a CSV file |
| `LambdaCallback` | functions for single moments |
| `Diagnose` | looks at the training once an epoch and prints what goes wrong |
| `TerminateOnNaN` | ends training quietly at the first NaN instead of raising NonFiniteError |

Training runs natively between two moments, and Python wakes about ten times a second; a callback
that overrides `on_train_batch_begin` or `on_train_batch_end` makes it wake at every batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.missing import module_getattr
from .diagnosis.live import Diagnose
from .train.callbacks.averages import SwapEMAWeights
from .train.callbacks.callback import (
    Callback,
    CSVLogger,
    History,
    LambdaCallback,
    LearningRateScheduler,
    TerminateOnNaN,
)
from .train.callbacks.checkpoint import Checkpoint
from .train.callbacks.monitors import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "Diagnose",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "MLflow",
    "ModelCheckpoint",
    "Record",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "WandB",
]

if TYPE_CHECKING:
    from .train.recording.record import Record
    from .train.trackers.mlflow import MLflow
    from .train.trackers.tensorboard import TensorBoard
    from .train.trackers.wandb import WandB
else:
    _when_asked = {
        "MLflow": "..train.trackers.mlflow:MLflow",
        "Record": "..train.recording.record:Record",
        "TensorBoard": "..train.trackers.tensorboard:TensorBoard",
        "WandB": "..train.trackers.wandb:WandB",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)
