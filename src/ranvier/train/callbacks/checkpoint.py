"""The callback that writes checkpoints; what stands in one is in train/fit/resume.py."""

from __future__ import annotations

import os

from ...errors import ArgumentError
from ...io.writing import FilePath, check_suffix
from .callback import Callback


class Checkpoint(Callback):
    """Write a checkpoint of the training, so that `fit(..., resume=filepath)` can go on with it.

    A resumed training ends with the same bits as one that was never interrupted: of weights,
    optimizer and history, whatever the number of threads, on one kind of processor.

    >>> import os, tempfile
    >>> import numpy as np
    >>> import ranvier
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "run.ckpt")
    >>> def train(epochs):
    ...     ranvier.seed(0)
    ...     model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(2,))])
    ...     model.compile("adam", "mse")
    ...     x = np.arange(20, dtype=np.float32).reshape(10, 2) / 20
    ...     return model.fit(
    ...         x, x[:, 0], batch_size=4, epochs=epochs, verbose=0,
    ...         callbacks=[Checkpoint(path, save_freq=2)], resume=path,
    ...     )
    >>> first = train(epochs=3)  # there is no file yet, so it begins
    >>> second = train(epochs=5)  # goes on after the last batch of the third epoch
    >>> len(second.epoch), second.history["loss"][:3] == first.history["loss"]
    (5, True)
    >>> folder.cleanup()

    Args:
        filepath: where; one file, which each save replaces.
        save_freq: "epoch", or a number of batches; a Ctrl-C writes one, too.
    """

    resumes = False

    def __init__(self, filepath: FilePath, save_freq: str | int = "epoch") -> None:
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not whole:
            raise ArgumentError(
                f"Checkpoint: save_freq={save_freq!r}; expected 'epoch', or after how many batches"
            )
        self.filepath = os.fspath(filepath)
        check_suffix(self.filepath, suffix_of(self.filepath))
        self.save_freq = save_freq

    def batches_left(self, done: int) -> int | None:
        """How many batches until the next one is due; None: it goes by epochs."""
        return None if isinstance(self.save_freq, str) else self.save_freq - done % self.save_freq


def suffix_of(path: str) -> str:
    """What a checkpoint's name may end in."""
    return ".safetensors" if path.endswith(".safetensors") else ".ckpt"
