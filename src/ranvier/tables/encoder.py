"""The encoder: columns of a table as arrays for a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.missing import hint
from ..errors import DataError
from ..typing import Array
from .columns import Column
from .encoding.crossed import CrossedPart, crossed_part
from .encoding.parts import (
    AnswerPart,
    Blocks,
    CodePart,
    DatePart,
    Labels,
    NumberPart,
    OneHotPart,
    OrderedPart,
    Part,
    TextPart,
    part_for,
)
from .encoding.statistics import outputs
from .plan import Plan
from .reading import read_table
from .targets import target_values

if TYPE_CHECKING:
    import polars

PARTS: dict[str, type[Part]] = {
    part.kind: part
    for part in (
        NumberPart, DatePart, AnswerPart, OneHotPart, OrderedPart, CodePart, TextPart, CrossedPart,
    )
}  # fmt: skip
BLOCKS = ("numbers", "flags", "categories")
_DTYPES = {"numbers": np.float32, "flags": np.float32, "categories": np.int32}


class Encoder:
    """Columns of a table as arrays; everything that it knows comes from the training rows.

    `transform(frame)` gives a dict with those of these arrays that have columns:

        "numbers"    float32 (rows, m)  numbers, ranks, parts of dates, features of texts, target
                                        statistics; a missing one is the training median
        "flags"      float32 (rows, f)  small categories one-hot (a row of zeros for missing or
                                        unseen), yes/no as +1 and -1 (0 for missing), and 1 where
                                        a number is missing
        "categories" int32 (rows, c)    larger categories: 0 for missing or unseen

    `levels` are the sizes of the categories, code 0 included. `sources` names for each array the
    column of the table that each of its columns comes from, `names` describes each of them.
    """

    def __init__(self, parts: Sequence[Part], target: Column, classes: Sequence[str]) -> None:
        self.parts = list(parts)
        self.target = target
        self.classes = tuple(classes)
        described = [part.names() for part in self.parts]
        self.names: dict[str, list[str]] = {
            block: [name for names in described for name in names[i]]
            for i, block in enumerate(BLOCKS)
        }
        self.sources: dict[str, list[str]] = {
            block: [
                part.column.name
                for part, names in zip(self.parts, described, strict=True)
                for _ in names[i]
            ]
            for i, block in enumerate(BLOCKS)
        }
        self.levels: tuple[int, ...] = tuple(n for part in self.parts for n in part.levels)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that `transform` needs."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.sources))

    @classmethod
    def fit(cls, frame: polars.DataFrame, plan: Plan) -> Encoder:
        """The encoder for the training rows `frame`, which have the target."""
        return cls._fit(frame, plan)[0]

    @classmethod
    def fit_transform(cls, frame: polars.DataFrame, plan: Plan) -> tuple[Encoder, dict[str, Array]]:
        """The encoder and the arrays to train on.

        NOTE: a network must be trained on these, not on `transform(frame)`: the target statistics
        of a training row leave its own target out.
        """
        encoder, labels = cls._fit(frame, plan)
        blocks = [part.transform_training(part.read(frame), labels) for part in encoder.parts]
        for part in encoder.parts:
            part.state["unread"] = part.unread.share
        return encoder, _joined(blocks, frame.height)

    @classmethod
    def _fit(cls, frame: polars.DataFrame, plan: Plan) -> tuple[Encoder, Labels]:
        target = plan.column(plan.target)
        values = target_values(frame, target, plan.classes)
        known = values >= 0 if plan.classes else np.isfinite(values)
        if not known.all():
            raise DataError(
                f"target {plan.target!r}: {int((~known).sum()):,} of the training rows have none; "
                "train on frame[rows] with rows from plan.split_rows(frame)"
            )
        labels = Labels(outputs(values, len(plan.classes)), plan.split.seed)
        parts: list[Part] = [
            part_for(column).fit(frame[column.name], column, labels) for column in plan.features
        ]
        crossed = crossed_part(frame, plan.features, labels)
        if crossed is not None:
            parts.append(crossed)
        return cls(parts, target, plan.classes), labels

    def transform(self, frame: object) -> dict[str, Array]:
        """The arrays of raw rows, with columns in any order; further columns are not read.

        Raises a DataError that names the columns that are missing.
        """
        import polars as pl

        table = frame if isinstance(frame, pl.DataFrame) else read_table(frame).frame
        missing = [name for name in self.columns if name not in table.columns]
        if missing:
            advice = hint(missing[0], table.columns)
            raise DataError(
                f"the table lacks {len(missing)} of the {len(self.columns)} columns that the model "
                f"was trained on: {', '.join(map(repr, missing[:10]))}{advice}; it has "
                f"{', '.join(table.columns[:20])}"
            )
        return _joined([part.transform(part.read(table)) for part in self.parts], table.height)

    def extra_columns(self, columns: Iterable[str]) -> list[str]:
        """Those of a table's columns that are neither read nor the target."""
        known = {*self.columns, self.target.name}
        return [name for name in columns if name not in known]

    def encode_target(self, frame: polars.DataFrame) -> Array:
        """The target of each row: int64 class index (-1 where missing), or float64 (NaN)."""
        return target_values(frame, self.target, self.classes)

    def decode(self, values: Array) -> Array:
        """Class indices as labels; numbers as they are.

        Integers of a target of classes stay text, as they stand in the file.
        """
        if not self.classes:
            return np.asarray(values)
        return np.array(self.classes)[np.asarray(values, np.int64)]

    def config(self) -> dict[str, Any]:
        """What a saved file keeps as JSON."""
        return {
            "target": _without_profile(self.target),
            "classes": list(self.classes),
            "parts": [
                {"kind": part.kind, "column": _without_profile(part.column), "state": part.state}
                for part in self.parts
            ],
        }

    def arrays(self) -> dict[str, Array]:
        """What a saved file keeps as arrays."""
        return {
            f"{i}.{name}": array
            for i, part in enumerate(self.parts)
            for name, array in part.arrays.items()
        }

    @classmethod
    def restore(cls, config: Mapping[str, Any], arrays: Mapping[str, Array]) -> Encoder:
        """The encoder of a `config()` and its `arrays()`."""
        parts = []
        for i, part in enumerate(config["parts"]):
            prefix = f"{i}."
            mine = {
                name.removeprefix(prefix): array
                for name, array in arrays.items()
                if name.startswith(prefix)
            }
            column = Column.restore(part["column"])
            parts.append(PARTS[part["kind"]](column, part["state"], mine))
        return cls(parts, Column.restore(config["target"]), config["classes"])


def _without_profile(column: Column) -> dict[str, Any]:
    """A column for a saved file: what a report shows of it stays out, levels of large ones too."""
    config = {**column.config(), "profile": {}, "notes": ()}
    if len(column.levels) > 100:
        config["levels"] = ()  # the part has those of the training rows
    return config


def _joined(blocks: Sequence[Blocks], rows: int) -> dict[str, Array]:
    """The blocks side by side; arrays without columns are left out."""
    arrays = {}
    for i, name in enumerate(BLOCKS):
        some = [block[i] for block in blocks if block[i] is not None]
        width = sum(array.shape[1] for array in some if array is not None)
        if not width:
            continue
        joined = np.empty((rows, width), _DTYPES[name])
        np.concatenate([a for a in some if a is not None], axis=1, out=joined)
        arrays[name] = joined
    return arrays
