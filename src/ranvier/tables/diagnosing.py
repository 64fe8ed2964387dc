"""The diagnosis of a model of a table: raw columns for checks of data, one copy of its network for
checks inside.

What the training of tables chooses itself is not judged: rates, losses, scaling, and when it ends.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ..base.locks import computed_once
from ..base.message import Message
from ..diagnosis.data.columns import Columns
from ..diagnosis.data.examined import MOST_ROWS, Data, Part
from ..diagnosis.diagnose import examine
from ..diagnosis.examination import Examination
from ..diagnosis.finding import Diagnosis
from ..errors import DataError
from ..typing import Array
from .reading import read_table
from .recognition import cells

if TYPE_CHECKING:
    import polars

    from .model import TableModel

_LEVELS = ("category", "ordered", "yes/no")
_WORDS = 2**24  # numbers that a text is told from others by, which float32 holds
# The options of `ranvier train` that change it.
_CHANGES = {
    "leaking columns": "{columns}",
    "constant columns": "{columns}",
    "duplicate columns": "{columns}",
    "repeated rows": "--group COLUMN  # keeps copies on one side; or leave them out of the file",
    "class imbalance": "model.predict_proba(rows)[:, 1] > 0.2  # a threshold below 0.5",
    "missing classes": "--held-out 0.3",
    "small validation set": "--held-out 0.3",
    "drift": "--time COLUMN  # tests on the newest rows; and train again with the new ones",
}
OF_DATA = (*_CHANGES, "label noise")  # kinds that need no look inside the network


class TableExamination(Examination):
    """Rows of a table: encoded for the network, raw for the checks of data."""

    chosen_by = Message("chosen by the training of tables")

    def __init__(
        self,
        table_model: TableModel,
        table: object,
        validation_data: object = None,
        new_data: object = None,
        numbers: Array | None = None,
    ) -> None:
        self.table_model = table_model
        self.frame, known = _with_target(table_model, table, "diagnose")
        self.numbers = known if numbers is None else numbers[known]
        self.held = None
        if validation_data is not None:
            self.held, self.held_numbers = _with_target(
                table_model, validation_data, "validation_data"
            )
        self.new = None if new_data is None else read_table(new_data).frame
        network = copy.deepcopy(table_model.trained.network)
        classes = table_model.classes
        network.compile("adam", "sparse_categorical_crossentropy" if classes else "mse")
        held = None if self.held is None else self._encoded(self.held)
        super().__init__(
            network, *self._encoded(self.frame), validation_data=held,
            history=table_model.history,
            new_data=None if self.new is None else self._inputs(self.new),
        )  # fmt: skip
        self.name = f"model of {table_model.plan.target}"

    def _inputs(self, frame: polars.DataFrame) -> dict[str, Array]:
        network = self.table_model.trained.network
        arrays = self.table_model.encoder.transform(frame)
        return {name: arrays[name] for name in network.input_names}

    def _encoded(self, frame: polars.DataFrame) -> tuple[dict[str, Array], Array]:
        y = self.table_model.encoder.encode_target(frame)
        return self._inputs(frame), y if self.table_model.classes else y.astype(np.float32)

    @computed_once
    def data(self) -> Data:
        """The raw columns that the model reads."""
        frames = [f for f in (self.frame, self.held, self.new) if f is not None]
        raw = iter(_columns(self.table_model, [_some(f) for f in frames]))
        train = self._part(self.frame, next(raw), self.numbers)
        held = None
        if self.held is not None:
            held = self._part(self.held, next(raw), self.held_numbers)
        new = None if self.new is None else next(raw)
        classes = tuple(self.table_model.classes)
        return Data(train, held, new, classes, changes=_CHANGES)

    def _part(self, frame: polars.DataFrame, columns: Columns, numbers: Array) -> Part:
        at, frame = _evenly(len(frame)), _some(frame)
        y = self.table_model.encoder.encode_target(frame)
        known = np.nan_to_num(columns.numbers, nan=-1e30)
        exact = np.concatenate([known, columns.codes, *self._others(frame)], axis=1)

        def predicted() -> Array:
            values = self.table_model.outputs(frame)
            return values.argmax(axis=1) if self.table_model.classes else values

        return Part(columns, exact.astype(np.float32), y, numbers[at], predicted)

    def _others(self, frame: polars.DataFrame) -> list[Array]:
        """Columns that are neither numbers nor levels, each as (rows, 1) numbers of its texts."""
        features = self.table_model.plan.features
        names = [c.name for c in features if c.kind not in ("number", *_LEVELS)]
        return [frame.select(n).hash_rows().to_numpy()[:, None] % _WORDS for n in names]


def diagnose_table(
    model: TableModel,
    table: object,
    validation_data: object = None,
    new_data: object = None,
    *,
    numbers: Array | None = None,
    kinds: Collection[str] | None = None,
    seconds: float = math.inf,
) -> Diagnosis:
    """See `TableModel.diagnose`; `numbers` say where the rows stand in their file, by default that
    is `table`; `kinds` are those looked for; no further check begins after so many seconds.
    """
    examination = TableExamination(model, table, validation_data, new_data, numbers)
    return examine(examination, kinds, seconds)


def _with_target(model: TableModel, table: object, what: str) -> tuple[polars.DataFrame, Array]:
    """The rows of a table that have the target, and their numbers."""
    frame, target = read_table(table).frame, model.plan.target
    if target not in frame.columns:
        raise DataError(
            f"{what}: the table has no column {target!r}, the target; it has "
            f"{', '.join(frame.columns[:8])}"
        )
    y = model.encoder.encode_target(frame)
    known = np.flatnonzero(y >= 0 if model.classes else np.isfinite(y))
    if not len(known):
        raise DataError(f"{what}: no row has a target that the model knows")
    return frame[known], known


def _some(frame: polars.DataFrame) -> polars.DataFrame:
    return frame if len(frame) <= MOST_ROWS else frame[_evenly(len(frame))]


def _evenly(count: int) -> Array:
    return np.linspace(0, count - 1, min(count, MOST_ROWS)).astype(np.int64)


def _columns(model: TableModel, frames: list[polars.DataFrame]) -> list[Columns]:
    """The columns that the model reads, raw, with the same codes in all frames."""
    numeric = [c for c in model.plan.features if c.kind == "number"]
    levels = [c for c in model.plan.features if c.kind in _LEVELS]
    codes: dict[str, dict[str, int]] = {}
    for column in levels:
        texts = {t for f in frames for t in cells.text(f[column.name]).to_list() if t is not None}
        codes[column.name] = {text: i for i, text in enumerate(sorted(texts))}
    made = []
    for frame in frames:
        numbers = [
            cells.numbers(frame[c.name], c.parsing).to_numpy().astype(np.float64) for c in numeric
        ]
        coded = [
            np.array([codes[c.name].get(t, -1) for t in cells.text(frame[c.name]).to_list()])
            for c in levels
        ]
        made.append(
            Columns(
                tuple(c.name for c in (*numeric, *levels)),
                np.stack(numbers, axis=1) if numbers else np.empty((len(frame), 0)),
                np.stack(coded, axis=1) if coded else np.empty((len(frame), 0), np.int64),
            )
        )
    return made
