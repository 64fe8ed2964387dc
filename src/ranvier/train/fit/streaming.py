"""Training on streams: chunks are read, checked and shuffled in a thread while the network trains.

    chunks of a stream -> blocks of about 8 MB -> stretches of batches that run natively

A block is as many chunks as fill it, with the rows that were left over from the block before: all
its batches are whole, but for the last one of an epoch. `fit` with `shuffle` takes the chunks in a
random order, as far as the stream lets it, and the rows of each block in a random order.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import random
from ...base.nested import map_leaves
from ...data.streams.stream import Chunk, Stream
from ...errors import ArgumentError, DataError, FileError, RanvierError
from ...io.writing import FilePath
from ...typing import Array, DataLike, DType, Shape
from ..callbacks.callback import History
from ..intake.arrange import rows_of, stream_columns
from ..intake.heads import Head
from ..intake.rows import Rows
from ..steps.concurrency import trained_elsewhere
from ..steps.kept_rows import Kept
from ..steps.order import Orders
from ..steps.step import Step
from .loop import CtrlC, Training
from .ready import ready

if TYPE_CHECKING:
    from ..models.model import Model

_BLOCK = 8 << 20  # bytes of rows in a block
_BATCHES = 4  # batches in a block at least
_AHEAD = 2  # blocks that wait to be trained on


@dataclass
class Block:
    """Rows with their order, in which the first `steps` batches run now; None: the epoch's end."""

    rows: Rows | None
    order: Array
    steps: int
    order_state: Any = (
        None  # where the random bits were when its epoch began; of an end: the next one
    )


class Blocks:
    """The blocks of a stream, epoch after epoch.

    The first chunk is there from the start, as `first`: the model is built for its shape.
    """

    def __init__(
        self,
        model: Model,
        stream: Stream,
        shuffle: bool,
        class_weight: Mapping[Any, float] | str | None = None,
        learn: bool = False,
    ) -> None:
        if class_weight == "balanced":
            raise ArgumentError(
                "class_weight='balanced' counts all rows, and a stream is read piece by piece; "
                "give {class: weight}"
            )
        stream = stream_columns(model, stream, learn)
        self.model, self.stream, self.class_weight = model, stream, class_weight
        self._learn = learn
        self.shuffle = shuffle and not stream.own_order
        self._bits = random.generator.host().bit_generator if self.shuffle else None
        self.heads: list[Head] = []  # whose losses look at the targets of each chunk
        self._form: Any = None
        self._chunk = 0
        if stream.classes is not None and model.classes is None:
            model.classes = stream.classes
        self._state = self._now()
        begun = stream.chunks(self._bits)
        first = next(begun, None)
        if first is None:
            raise DataError("the stream has no rows; expected at least one")
        self.first = self._checked(first)
        self._begun: Iterator[Chunk] | None = chain([first], begun)

    def _now(self) -> Any:
        """Where the random bits are."""
        return None if self._bits is None else dict(self._bits.state)

    def seek(self, state: Any) -> None:
        """The next epoch is the one that began when the random bits were there."""
        if self._bits is not None:
            self._bits.state = state
        self._begun = None

    def batch(self, asked: int | None) -> int:
        """The batch size: that of the stream, if it makes batches, or the one asked for."""
        size = self.stream.batch_size or (self.first.count if self.stream.own_order else asked)
        if size is None:
            raise ArgumentError(
                "batch_size=None puts all rows into one batch; of a stream say how many"
            )
        return min(size, self.stream.rows or size)

    def epochs(self, epochs: int, step: Step) -> Iterator[Block]:
        """The blocks of so many epochs, with an end after each."""
        for _ in range(epochs):
            self._chunk = 0
            state = self._now() if self._begun is None else self._state
            left: list[Rows] = []
            count = 0
            size = self._block_rows(step.batch)
            for chunk in self._chunks():
                left.append(self._checked(chunk, step))
                count += left[-1].count
                if count >= size:
                    block, left = self._block(left, step, count // step.batch)
                    block.order_state = state
                    yield block
                    count = sum(part.count for part in left)
            if count:
                block = self._block(left, step, -(-count // step.batch))[0]
                block.order_state = state
                yield block
            yield Block(None, np.empty(0, np.int64), 0, self._now())

    def _chunks(self) -> Iterator[Chunk]:
        begun, self._begun = self._begun, None
        return self.stream.chunks(self._bits) if begun is None else begun

    def _block_rows(self, batch: int) -> int:
        """How many rows fill a block."""
        row = sum(a[:1].nbytes for a in self.first.arrays)
        return max(_BATCHES * batch, self.stream.buffer_rows or _BLOCK // max(1, row))

    def _block(self, parts: list[Rows], step: Step, steps: int) -> tuple[Block, list[Rows]]:
        """A block of all parts, and the rows that its whole batches leave over."""
        rows = Rows.joined(parts)
        order = Orders(rows.count, step.batch, self.shuffle, step.engine, self._bits).take(1)
        rest = order[steps * step.batch : rows.count]
        left = [_taken(rows, rest)] if len(rest) else []
        return Block(rows, order, steps), left

    def _checked(self, chunk: Chunk, step: Step | None = None) -> Rows:
        """The rows of a chunk: finite, of the same form as those before, fit for the step."""
        self._chunk += 1
        try:
            if len(chunk) < 2:
                raise DataError("it has no targets; expected (x, y) or (x, y, sample weight)")
            weight = chunk[2] if len(chunk) > 2 else None
            rows = rows_of(
                self.model,
                chunk[0],
                chunk[1],
                weight,
                self.class_weight,
                learn_columns=self._learn,
            )
            form = [(a.shape[1:], a.dtype) for a in rows.arrays]
            if self._form is None:
                self._form = form
            for head, y in zip(self.heads, rows.ys, strict=False):
                head.check_targets(y)
            if form != self._form:
                raise DataError(
                    f"rows are {_form_text(form)}, those of the first chunk "
                    f"{_form_text(self._form)}; expected the same shapes and dtypes in all chunks"
                )
            if step is not None:
                step.check_ids(rows.arrays)
        except RanvierError as error:
            error.add_note(f"in chunk {self._chunk} of the stream")
            raise
        return rows


def _taken(rows: Rows, indices: Array) -> Rows:
    """The rows at `indices`, as copies, so that the block they come from can go."""
    low, high = int(indices.min()), int(indices.max()) + 1
    if high - low == len(indices):
        return Rows.joined([rows.part(low, high), rows.part(0, 0)])
    return Rows.joined([rows.part(i, i + 1) for i in indices.tolist()])


def _form_text(form: Sequence[tuple[Shape, DType]]) -> str:
    return ", ".join(f"{dtype}{list(shape)}" for shape, dtype in form)


class Prefetch:
    """What `items` yields, made in a thread, a few ahead; errors come out where they belong."""

    def __init__(self, items: Iterator[Any], ahead: int = _AHEAD) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(ahead)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ranvier stream", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._put((item, None))
                del item  # NOTE: else it would be kept until the next one is there
                if self._stop.is_set():
                    return
        except BaseException as problem:
            error = problem
        self._put((None, error or StopIteration()))

    def _put(self, entry: tuple[Any, BaseException | None]) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(entry, timeout=0.1)
                return
            except queue.Full:
                continue

    def __iter__(self) -> Prefetch:
        return self

    def __next__(self) -> Any:
        item, error = self._queue.get()
        if error is not None:
            raise error
        return item

    def __enter__(self) -> Prefetch:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        while not self._queue.empty():
            self._queue.get_nowait()
        # A stream that waits for something that never comes does not hold up the end.
        self._thread.join(timeout=5)


class StreamTraining(Training):
    """One call of `fit` on a stream; `rows` are those of the block that runs now."""

    def __init__(self, blocks: Blocks, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.blocks = blocks
        blocks.heads = self.sums.heads
        self.steps = -(-(blocks.stream.rows or 0) // self.step.batch)

    @property
    def fixed_steps(self) -> int | None:
        return None  # a stream may say another number of rows than come

    def _in_one_stretch(self, epochs: int) -> bool:
        return False  # a block may be long in coming

    def run(
        self, first: int, epochs: int, params: dict[str, Any], resume: FilePath | None = None
    ) -> History:
        """As of rows in memory."""
        if self.blocks.stream.own_order and (self.checkpoints or resume is not None):
            raise ArgumentError(
                "fit: a generator or loader decides itself which batches come, and cannot be "
                "brought back to where it was; Checkpoint and resume= need arrays or a stream of "
                "ranvier.data"
            )
        return super().run(first, epochs, params, resume)

    def _seek(self, state: Any, orders: Orders) -> None:
        self.blocks.seek(state)

    def _epochs(self, epoch: int, epochs: int, orders: Orders, ctrl_c: CtrlC, at: int = 0) -> None:
        """Epoch after epoch, block after block."""
        if self.model.stop_training:
            return
        # Batches of somebody else may draw from the same generator as the steps: these begin
        # an epoch when the one before has ended, and then the order of draws is always the same.
        together = 1 if self.blocks.stream.own_order else epochs - epoch
        while epoch < epochs:
            with Prefetch(self.blocks.epochs(together, self.step)) as blocks:
                for _ in range(together):
                    if not self._stream_epoch(epoch, blocks, ctrl_c, at):
                        return
                    epoch, at = epoch + 1, 0
                    self._save_epoch(epoch, ctrl_c.asked)
                    if self.model.stop_training:
                        return

    def _stream_epoch(self, epoch: int, blocks: Prefetch, ctrl_c: CtrlC, done: int) -> bool:
        """One epoch but for the batches that are done; False when it was interrupted."""
        self._begin(epoch, done)
        self.before = seen = 0
        for block in blocks:
            self.order_state = block.order_state
            if block.rows is None:
                break
            self.rows = block.rows
            at = min(max(0, done - self.before), block.steps)
            if at < block.steps:
                self.recorder.follow(block.rows, self.before)
            while at < block.steps:
                steps = self._steps_now(block.steps - at)
                self._stretch(epoch, block.order, at, at + steps)
                at += steps
                self._tell(at)
                self._save(epoch, self.before + at, ctrl_c.asked)
                if ctrl_c.asked:
                    return False
            self.before += block.steps
            seen += min(block.steps * self.step.batch, block.rows.count)
        if not seen:
            raise DataError(f"the stream has no rows in epoch {epoch + 1}")
        if done > self.before:
            raise FileError(
                f"the checkpoint was made after batch {done} of epoch {epoch + 1}, which has "
                f"{self.before} batches; it belongs to another stream, or is damaged"
            )
        self.steps = self.before
        self._end(epoch, seen)
        return True


def only_stream(
    y: DataLike | None, sample_weight: DataLike | None, validation_split: float = 0.0
) -> None:
    """A stream brings its own targets and weights, and cannot be cut in two."""
    if y is not None or sample_weight is not None:
        raise ArgumentError(
            "x is a stream, so y and sample_weight must not be given: its chunks are (x, y) or "
            "(x, y, sample weight)"
        )
    if validation_split:
        raise ArgumentError(
            "validation_split: a stream has no last rows known from the start; give "
            "validation_data, which may be a stream too"
        )


def evaluate_stream(stream: Stream, model: Model, batch_size: int | None) -> dict[str, float]:
    """Loss and metrics over all rows of a stream."""
    blocks = Blocks(model, stream, shuffle=False)
    steps = ready(model, blocks.first)
    blocks.heads = steps.test_sums.heads
    step = steps.get("test", blocks.batch(batch_size), blocks.first, model.engine)
    seen = 0
    with steps.evaluating, Prefetch(blocks.epochs(1, step)) as ahead:
        elsewhere = trained_elsewhere(model)
        state = None if elsewhere is None else elsewhere.arrays(step.traced.captured)
        steps.test_sums.reset()
        kept = Kept(steps.test_sums)
        add = kept.add if kept.wanted else None
        for block in ahead:
            if block.rows is None:
                break
            step.run_batches(block.rows.arrays, block.order, 0, block.steps, state=state, keep=add)
            seen += min(block.steps * step.batch, block.rows.count)
        numbers: dict[str, float] = steps.test_sums.results(seen)
    return numbers | kept.results()


def predict_stream(model: Model, stream: Stream, use: Callable[[Any], Any]) -> Any:
    """The outputs for all rows of a stream, of which only x is looked at."""
    with Prefetch(stream_columns(model, stream).chunks()) as chunks:
        parts = [use(chunk[0]) for chunk in chunks]
    if not parts:
        raise DataError("the stream has no rows; expected at least one")
    return map_leaves(lambda *outputs: np.concatenate(outputs), *parts)
