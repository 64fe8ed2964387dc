"""Cells that hold something which the encoder cannot read, and a word about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import warn
from ...typing import Array
from ..columns import Column
from ..recognition import cells
from ..recognition.facts import short

if TYPE_CHECKING:
    import polars

# How much larger than in training their share must be: of numbers and dates, and of levels, as
# new levels come with new rows.
TOLERANCE = {"number": 0.2, "date": 0.2, "level": 0.5}
_MANY_LEVELS = 50  # whose new rows often have levels that training did not have
_FEW_LEVELS = 8  # as for parts that have a flag for each
_MIN_CELLS = 20  # where single cells are often new or odd


class Unread:
    """The share of a column's cells that were not read, in training and now.

    A cell that is no number where training had numbers counts as missing. A few do no harm; a
    column in another format (a decimal comma, a unit, day and month exchanged), or another one
    under its name, gives wrong predictions, and is warned of once.
    """

    def __init__(self, column: Column, kind: str, state: Mapping[str, Any]) -> None:
        self.column, self.kind, self.state = column, kind, state
        self.share = 0.0  # of the cells looked at last
        self._warned: set[str] = set()

    def look(self, series: polars.Series, absent: Array) -> None:
        """Look at the cells where `absent`; `state["unread"]` is the share in training."""
        import polars as pl

        self.share = 0.0
        if not absent.any():
            return
        bad = cells.text(series.filter(pl.Series(absent)), self.column.parsing).drop_nulls()
        marks = self.column.parsing.get("stand_for_missing", ())
        if marks:
            bad = bad.filter(~bad.cast(pl.Float64, strict=False).is_in(marks).fill_null(False))
        present = len(bad) + int(np.count_nonzero(~absent))
        self.share = len(bad) / max(present, 1)
        known = self.state.get("unread")  # not there in files of earlier versions
        if known is None or self.share <= known + TOLERANCE[self.kind]:
            return
        levels = self.state.get("levels", ())
        if len(levels) > _MANY_LEVELS:
            return
        if (known or len(levels) > _FEW_LEVELS) and present < _MIN_CELLS:
            return
        examples = ", ".join(short(v) for v in bad.unique(maintain_order=True)[:3].to_list())
        what = f"column {self.column.name!r}: {len(bad):,} of {present:,} cells are "
        advice = "Is it the same column, written in the same way?"
        if self.kind == "level":
            had = ", ".join(short(v) for v in levels[:5])
            what += f"values that training did not have, such as {examples} (it had {had})"
        else:
            what += f"no {self.kind}s as in training, such as {examples}"
            advice += " A decimal comma, a unit or another order of day and month make them so"
        warn(f"{what}; they count as missing. {advice}", self._warned, self.column.name)
