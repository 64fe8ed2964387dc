"""Checkpoints: all that a training needs to go on after the process is gone, with the same bits.

    weights, slots, rates, generators    every tensor that the training step reads or changes
    position                             epoch, batches done in it, the order of its rows
    sums                                 of loss and metrics over these batches
    history, callbacks                   what they have seen so far

A checkpoint is a safetensors file like a model's: data only, with a checksum, whole or not at all.
It says what it was made with; a training on other data, or of another model, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import random
from ...errors import FileError, RanvierError, StateError
from ...io.packing import pack, unpack
from ...io.writing import FilePath
from ...tensors.tensor import Tensor
from ...typing import Array
from ..callbacks.checkpoint import suffix_of
from ..models.saving import optimizer_tensors

if TYPE_CHECKING:
    from .loop import Training


@dataclass
class Position:
    """Where a training is: `batches` are done in `epoch`, `done` in all; `order` is what the
    orders of the rows of this epoch come from.
    """

    epoch: int
    batches: int
    done: int
    order: Any


# --- what a training consists of ----------------------------------------------------------------


def _tensors(training: Training) -> dict[str, Tensor]:
    """Every tensor of the training by a name, but for the running sums."""
    model, step = training.model, training.step
    tensors = {f"model/{name}": t for name, t in model.named_tensors().items()}
    tensors |= {f"optimizer/{name}": t for name, t in optimizer_tensors(model).items()}
    tensors["random"] = random.generator.state
    known = {id(t) for t in tensors.values()}
    for i, t in enumerate(step.traced.captured):
        if not isinstance(t, Tensor) or id(t) in known:
            continue
        if not np.may_share_memory(t._array(), training.sums.flat):
            tensors[f"other/{i}"] = t
    return tensors


def _digest(parts: Sequence[bytes | memoryview]) -> str:
    import hashlib  # NOTE: loads OpenSSL, which an import of Ranvier need not

    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _of_arrays(arrays: Sequence[Array]) -> str:
    parts: list[bytes | memoryview] = []
    for array in arrays:
        parts += [f"{array.dtype.str}{array.shape}".encode(), np.ascontiguousarray(array).data]
    return _digest(parts)


def facts(training: Training, arrays: Sequence[Array]) -> dict[str, Any]:
    """What must be the same where a training goes on, each under the words that name it."""
    from ...compiler.store import graph_lines  # NOTE: not needed without checkpoints

    named = training.model.named_tensors()
    return {
        "the model's weights": [[name, list(t.shape), t.dtype.name] for name, t in named.items()],
        "the engine": training.step.engine,
        "batch_size": training.step.batch,
        "the data (x, y, weights, validation data)": _of_arrays(arrays),
        "the training step (layers' options, loss, metrics, optimizer, schedule, augmentation)":
            _digest([line.encode() for line in graph_lines(training.step.traced.graph)]),
        "the callbacks": [type(c).__name__ for c in training.resuming()],
    }  # fmt: skip


# --- to a file and back -------------------------------------------------------------------------


def save(path: str, training: Training, position: Position) -> None:
    """Write a checkpoint."""
    from ...io import files

    arrays = {name: t.numpy() for name, t in _tensors(training).items()}
    arrays["sums"] = training.sums.flat
    state = {
        "position": vars(position),
        "stop": training.model.stop_training,
        "swapped": training.model.optimizer.swapped,
        "history": [training.history.epoch, training.history.history],
        "callbacks": [c.get_state() for c in training.resuming()],
    }
    packed = pack(state, "state", arrays)
    about = {"kind": "training", "facts": training.facts(), "state": packed}
    files.write(path, arrays, about, suffix=suffix_of(path))


class Resumed:
    """A checkpoint that was read, for a training it fits."""

    def __init__(self, path: FilePath, training: Training) -> None:
        from ...io import files

        arrays, about = files.read(path)
        if about.get("kind") != "training":
            raise FileError(
                f"{path} holds a {about.get('kind', 'thing of another kind')}, not a training in "
                "progress; fit(resume=...) reads what the callback Checkpoint writes. Read a model "
                "with ranvier.load"
            )
        self.path, self.arrays, self.tensors = path, arrays, _tensors(training)
        with self._reading():
            _compare(path, about["facts"], training.facts())
            sums = arrays["sums"]
        lacking = [n for n, t in self.tensors.items() if n not in arrays or _differ(arrays[n], t)]
        if lacking or sums.shape != training.sums.flat.shape:
            raise StateError(
                f"{path} does not fit this training: {', '.join(lacking[:4]) or 'its sums'} "
                "differ in shape or dtype"
            )
        with self._reading():
            self.state = unpack(about["state"], arrays)
            self.position = Position(**self.state["position"])
            _check_position(self.position, training.fixed_steps)
            _check_history(self.position, *self.state["history"])
            for switch in ("stop", "swapped"):
                if not isinstance(self.state[switch], bool):
                    raise ValueError(f"{switch} is {self.state[switch]!r:.80}")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Whatever fails inside is the file's fault, which may come from anybody."""
        try:
            yield
        except RanvierError:
            raise
        except Exception as problem:
            raise FileError(
                f"{self.path}: this checkpoint is not consistent "
                f"({type(problem).__name__}: {problem}); start again with another file name"
            ) from problem

    def apply(self, training: Training) -> None:
        """Put everything back where it was."""
        with self._reading():
            self._apply(training)

    def _apply(self, training: Training) -> None:
        for name, t in self.tensors.items():
            t.assign(Tensor(self.arrays[name]))
        training.sums.flat[:] = self.arrays["sums"]
        if self.state["stop"]:
            training.model.stop_training = True
        optimizer = training.model.optimizer
        optimizer.innermost.swapped = self.state["swapped"]
        training.history.epoch, training.history.history = self.state["history"]
        training.logs = {k: v[-1] for k, v in training.history.history.items()}
        for callback, state in zip(training.resuming(), self.state["callbacks"], strict=True):
            callback.set_state(state)


def _check_position(position: Position, steps: int | None) -> None:
    """Counts that fit together; an epoch has so many `steps`, or None: nobody knows."""
    counts = (position.epoch, position.batches, position.done)
    integers = all(type(n) is int and 0 <= n < 1 << 63 for n in counts)
    if not integers or position.batches > position.done:
        raise ValueError(f"epoch, batches, batches in all: {counts}")
    if steps is None:
        return
    if position.batches > steps:
        raise ValueError(f"{position.batches} batches of an epoch, which has {steps}")
    epochs, rest = divmod(position.done - position.batches, steps)
    if rest or epochs > position.epoch:
        raise ValueError(
            f"{position.done} batches in all, before batch {position.batches + 1} of epoch "
            f"{position.epoch + 1}, of {steps} batches each"
        )


def _check_history(
    position: Position, epochs: Sequence[int], numbers: Mapping[str, Sequence[float]]
) -> None:
    """The epochs before the position, and under each name a number for each of them, at most."""
    named = all(isinstance(name, str) for name in numbers)
    counted = isinstance(epochs, list) and all(type(n) is int for n in epochs)
    first = position.epoch - len(epochs)
    if not named or not counted or first < 0 or epochs != list(range(first, position.epoch)):
        raise ValueError(f"the history before epoch {position.epoch + 1} is none: {epochs!r:.80}")
    for name, values in numbers.items():
        right = isinstance(values, list) and all(type(n) in (int, float) for n in values)
        if not right or len(values) > len(epochs):
            raise ValueError(f"the history of {name!r:.80} is none: {values!r:.80}")


def _differ(array: Array, t: Tensor) -> bool:
    return bool(array.shape != t.shape or array.dtype != t.dtype)


def _compare(path: FilePath, before: Mapping[str, Any], now: dict[str, Any]) -> None:
    """A StateError that names the first thing that is not as it was."""
    for what, value in now.items():
        was = before.get(what)
        if was == value:
            continue
        shown = ""
        if isinstance(value, int | str) and "(" not in what:
            shown = f": {was!r} there, {value!r} here"
        elif isinstance(value, list):
            pairs = [*zip(was or [], value, strict=False)]
            first = next(((a, b) for a, b in pairs if a != b), (len(was or []), len(value)))
            shown = f": {first[0]} there, {first[1]} here"
        raise StateError(
            f"fit(resume={str(path)!r}): this training is another one than that of the checkpoint; "
            f"{what} differ{'' if what.endswith('s') else 's'}{shown}. Call fit as it was called "
            "then (epochs may be more), or start again with another file name"
        )
