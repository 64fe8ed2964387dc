"""The encoder: columns of a table as arrays for a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..typing import Array
from .plan import Plan

if TYPE_CHECKING:
    import polars


class Encoder:
    """Columns of a table as arrays; everything that it knows comes from the training rows.

    `transform(frame)` gives a dict with those of these arrays that have columns:

        "numbers"    float32 (rows, m)  numbers, ranks, parts of dates, text features, target
                                        statistics; missing ones are the training median
        "flags"      float32 (rows, f)  small categories one-hot (a row of zeros for missing or
                                        unseen), yes/no as +1 and -1 (0 for missing), and 1 where
                                        a number is missing
        "categories" int32 (rows, c)    larger categories: 0 for missing or unseen

    `levels` are the sizes of the categories, code 0 included. `sources` names for each array the
    column of the table that each of its columns comes from, `names` describes each of them.
    """

    levels: tuple[int, ...]
    sources: dict[str, list[str]]
    names: dict[str, list[str]]

    @classmethod
    def fit(cls, frame: polars.DataFrame, plan: Plan) -> Encoder:
        """The encoder for the training rows `frame`."""
        raise NotImplementedError

    @classmethod
    def fit_transform(cls, frame: polars.DataFrame, plan: Plan) -> tuple[Encoder, dict[str, Array]]:
        """The encoder and the arrays to train on.

        NOTE: a network must be trained on these, not on `transform(frame)`: the target statistics
        of a training row leave its own target out.
        """
        raise NotImplementedError

    def transform(self, frame: object) -> dict[str, Array]:
        """The arrays of raw rows, columns in any order; further columns are not read."""
        raise NotImplementedError

    def encode_target(self, frame: polars.DataFrame) -> Array:
        """The target of each row: int64 class index, or float64."""
        raise NotImplementedError

    def decode(self, values: Array) -> Array:
        """Class indices as labels; numbers as they are."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """What a saved file keeps as JSON."""
        raise NotImplementedError

    def arrays(self) -> dict[str, Array]:
        """What a saved file keeps as arrays."""
        raise NotImplementedError

    @classmethod
    def restore(cls, config: Mapping[str, Any], arrays: Mapping[str, Array]) -> Encoder:
        """The encoder of a saved file."""
        raise NotImplementedError
