"""Splitting rows into those to train on and those held out: at random, by time or by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..base.message import Message
from ..base.missing import hint
from ..errors import ArgumentError, DataError
from ..typing import Array
from .choice import Choice
from .columns import Column
from .recognition import cells, profiles
from .targets import Target

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Split:
    """How rows are held out: `method` is "random", "stratified", "time" or "group".

    `column` is the one that rows are ordered or grouped by; by time without one they stand in
    order.
    """

    method: Literal["random", "stratified", "time", "group"] = "random"
    share: float = 0.2
    column: str | None = None
    seed: int = 0


def choose_split(
    columns: list[Column],
    goal: Target,
    time: str | None,
    group: str | None,
    share: float,
    seed: int,
    shuffle: bool = True,
) -> tuple[Split, list[Choice]]:
    by_name = {c.name: c for c in columns}
    for name in (time, group):
        if name is not None and name not in by_name:
            raise DataError(f"no column {name!r} to split by{hint(name, by_name)}")
    asked = {"time": time is not None, "group": group is not None, "shuffle=False": not shuffle}
    if sum(asked.values()) > 1:
        names = " and ".join(name for name, is_asked in asked.items() if is_asked)
        raise ArgumentError(f"{names}: expected one of them, as each says how rows are held out")
    part = f"{share:.0%}"
    if not shuffle:
        how = Message("the last {share} of the rows", share=part)
        return Split("time", share, None, seed), [Choice("split", how, "as asked", "--shuffle")]
    if time is not None:
        if by_name[time].kind not in ("date", "number", "identifier"):
            raise DataError(
                f"column {time!r} gives no order of time: it is a {by_name[time].kind}; expected "
                f"dates or numbers, or --as {time}=date"
            )
        return Split("time", share, time, seed), [
            Choice(
                "split",
                Message("the last {share} by {column}", share=part, column=time),
                "as asked",
                "--time",
            )
        ]
    if group is not None:
        return Split("group", share, group, seed), [
            Choice(
                "split",
                Message("by {column}", column=group),
                Message(
                    "{share} of the rows held out, no {column} on both sides",
                    share=part,
                    column=group,
                ),
                "--group",
            )
        ]
    method: Literal["stratified", "random"] = "stratified" if goal.classes else "random"
    if goal.classes:
        how = Message("stratified, {share} of the rows held out", share=part)
        reason = Message("as many of each class on both sides")
    else:
        how = Message("random, {share} of the rows held out", share=part)
        reason = Message("rows at random")
    choices = [Choice("split", how, reason, "--time, --group, --held-out")]
    if not share:
        choices = [Choice("split", Message("no rows held out"), "as asked", "--held-out")]
    dates = [c.name for c in columns if c.kind == "date" and c.name != goal.column.name]
    if dates:
        choices.append(
            Choice(
                "split",
                Message("at random although there are dates"),
                Message(
                    "{column} is a date: to predict later rows from earlier ones, the last rows "
                    "must be held out",
                    column=repr(dates[0]),
                ),
                f"--time {dates[0]}",
                warning=True,
            )
        )
    return Split(method, share, None, seed), choices


def split_rows(
    frame: polars.DataFrame, target: Array, classes: bool, split: Split, column: Column | None
) -> tuple[Array, Array]:
    """Row numbers to train on and row numbers held out, of the rows that have a target."""
    random = np.random.default_rng(split.seed)
    rows = np.flatnonzero(target >= 0 if classes else np.isfinite(target))
    if split.share == 0:
        return rows, rows[:0]
    if split.method == "time":
        held = _last_rows(frame, column, rows, split.share)
    elif split.method == "group" and column is not None:
        held = _some_groups(frame, column.name, rows, split.share, random)
    else:
        strata = target[rows] if split.method == "stratified" else np.zeros(len(rows))
        held = rows[_stratified(strata, split.share, random)]
    return np.setdiff1d(rows, held), np.sort(held)


def _stratified(strata: Array, share: float, random: np.random.Generator) -> Array:
    """Positions held out: of each stratum its share, at least one where it has two rows."""
    order = random.permutation(len(strata))
    held = []
    for value in np.unique(strata):
        rows = order[strata[order] == value]
        count = round(share * len(rows))
        held.append(rows[: max(count, 1) if len(rows) > 1 else 0])
    return np.concatenate(held) if held else order[:0]


def _last_rows(frame: polars.DataFrame, column: Column | None, rows: Array, share: float) -> Array:
    order = rows
    if column is not None:
        series = frame[column.name]
        if column.kind == "date":
            values = profiles.date_values(series, column.parsing).cast(float).to_numpy()
        else:
            values = cells.numbers(series, column.parsing).to_numpy()
        order = rows[np.argsort(np.nan_to_num(values[rows], nan=-np.inf), kind="stable")]
    return order[len(order) - max(1, round(share * len(order))) :]


def _some_groups(
    frame: polars.DataFrame, name: str, rows: Array, share: float, random: np.random.Generator
) -> Array:
    names = cells.text(frame[name]).fill_null("").to_numpy()[rows].astype(str)
    groups, of_row, sizes = np.unique(names, return_inverse=True, return_counts=True)
    if len(groups) < 2:
        raise DataError(f"column {name!r} names one group; expected two or more to split by")
    order = random.permutation(len(groups))
    before = np.cumsum(sizes[order]) - sizes[order]
    chosen = order[before < share * len(rows)][: len(groups) - 1]
    return rows[np.isin(of_row, chosen)]
