"""The beginning of `fit`: from the user's arguments to a training that can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...base.locks import importing
from ...data.streams.stream import Stream, as_stream
from ...errors import ArgumentError
from ..callbacks.callback import Callback, callbacks_of
from ..callbacks.progress import display
from ..intake.arrange import Learning, rows_of
from ..intake.rows import Rows, split
from ..steps.kept_steps import Steps
from .cautions import Watch, before_fit
from .loop import Training, test_all
from .ready import ready, test_step

if TYPE_CHECKING:
    from ..models.model import Model


class Data(NamedTuple):
    """What a call of `fit` learns from, as the user gives it."""

    x: Any
    y: Any = None
    sample_weight: Any = None
    class_weight: Mapping[Any, float] | str | None = None
    validation_split: float = 0.0
    validation_data: Any = None


def begin(
    model: Model,
    data: Data,
    batch_size: int | None,
    epochs: int,
    verbose: int | str,
    callbacks: Sequence[Callback] | Callback | None,
    shuffle: bool,
    initial_epoch: int,
) -> Training:
    """The training: data made ready, its step traced and compiled, callbacks and cautions at hand.

    If anything of it fails, the model has learned no label and no name of a column.
    """
    with Learning(model):
        blocks = None
        if (stream := as_stream(data.x)) is not None:
            with importing("training on streams"):
                from .streaming import Blocks, StreamTraining, only_stream

            only_stream(data.y, data.sample_weight, data.validation_split)
            blocks = Blocks(model, stream, shuffle, data.class_weight, learn=True)
            rows = blocks.first
        else:
            rows = rows_of(model, data.x, data.y, data.sample_weight, data.class_weight, learn=True)
        rows, held, held_stream = held_out(model, data, rows)
        steps = ready(model, rows)
        before_fit(model, steps.sums.heads, rows, held if data.validation_data is None else None)
        before = steps.seconds
        batch = min(batch_size or rows.count, rows.count)
        if blocks is not None:
            batch = blocks.batch(batch_size)
        step = steps.get("train", batch, rows, model.engine)
        validate = _validation(model, steps, held, held_stream, step.batch)
        listeners = callbacks_of(callbacks)
        shown = display(verbose)
        listeners += [shown] if shown is not None else []
        watch = Watch(model, steps.sums.heads, rows)
        training = (
            Training(model, step, steps.sums, rows, validate, listeners, watch)
            if blocks is None
            else StreamTraining(blocks, model, step, steps.sums, rows, validate, listeners, watch)
        )
    training.shuffle = shuffle and blocks is None
    training.history.seconds["compile"] = steps.seconds - before
    if held is not None:
        training.checked += held.arrays
    return training


def held_out(model: Model, data: Data, rows: Rows) -> tuple[Rows, Rows | None, Stream | None]:
    """(the rows to train on, the rows or the stream to validate on)."""
    stream = as_stream(data.validation_data)
    if stream is not None:
        return rows, None, stream
    if data.validation_data is not None:
        pair = isinstance(data.validation_data, tuple | list)
        if not pair or len(data.validation_data) not in (2, 3):
            raise ArgumentError("validation_data: expected (x, y) or (x, y, sample_weight)")
        return rows, rows_of(model, *data.validation_data), None
    if data.validation_split:
        return *split(rows, data.validation_split), None
    return rows, None, None


def _validation(
    model: Model, steps: Steps, held: Rows | None, stream: Stream | None, batch: int
) -> Callable[[], dict[str, float]] | None:
    """What gives the numbers of the validation at the end of an epoch."""
    if stream is not None:
        with importing("training on streams"):
            from .streaming import evaluate_stream

        return lambda: evaluate_stream(stream, model, batch)
    if held is None:
        return None
    ready(model, held)
    step = test_step(model, steps, held, batch)

    def validate() -> dict[str, float]:
        nonlocal step
        if not step.holds():  # a callback has changed something
            step = test_step(model, steps, held, batch)
        return test_all(steps, step, held)

    return validate
