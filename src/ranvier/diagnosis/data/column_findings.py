"""What the checks of columns say: numbers of each kind as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...base.message import Message
from ..finding import Chart, Evidence, Finding, number
from .columns import Columns
from .copies import constants, duplicates, is_sparse
from .drift import Drift, drift
from .examined import Data
from .leaks import leaks

if TYPE_CHECKING:
    from ..examination import Examination

_NAMED = 5
_MOVED_SHARE = 0.02  # of rows in which a column has another value than the only one known
_CLEAR_AREA, _CLEAR_DISTANCE = 0.75, 0.3  # of a drift that spoils the result


def data_of_checks(e: Examination) -> Data:
    data = e.data
    assert data is not None  # the table of checks asks for it
    return data


def listed(names: Sequence[str]) -> str:
    """Names side by side, of many the first ones.

    >>> listed(["a", "b"]), listed([f"x{i}" for i in range(9)])
    ('a, b', 'x0, x1, x2, x3, x4 ...')
    """
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")


def percent(share: float) -> str:
    """A share as it is written in texts.

    >>> percent(0.125), percent(1.0)
    ('12.5 %', '100 %')
    """
    return f"{100 * share:.3g} %"


def _without(data: Data, kind: str, names: Sequence[str]) -> str:
    """The line that leaves columns out."""
    return data.change(kind, _without_in_arrays(data, names), names)


def _without_in_arrays(data: Data, names: Sequence[str]) -> str:
    numbers = [data.train.columns.names.index(name) for name in names]
    if all(name == f"x{at}" for name, at in zip(names, numbers, strict=True)):
        return f"x = numpy.delete(x, {numbers}, axis=1)  # and from all other rows"
    return f"x = x.drop(columns={list(names)})  # and from all other rows"


# --- columns ------------------------------------------------------------------------------------


def leaking_columns(e: Examination) -> Iterator[Finding]:
    """A column that alone tells the target of held-out rows, where all others together do not."""
    data = data_of_checks(e)
    target = data.train.target
    if target is None:
        return
    for leak in leaks(data.train.columns, target, len(data.classes)):
        evidence: dict[str, Evidence] = {
            "by": (f"{leak.name} alone", "all others together"),
            "told right": np.array([leak.right, leak.others]),
        }
        if data.classes:
            what = Message(
                "{column} alone tells {right} of the held-out rows of each class right, all other "
                "columns together {others}: it may hold the answer. Is it known before the target "
                "is?",
                column=leak.name,
                right=percent(leak.right),
                others=percent(leak.others),
            )
            evidence |= {"low": leak.low, "high": leak.high, "area under ROC": leak.score}
        else:
            what = Message(
                "{column} alone explains {right} of the target's variance in held-out rows, all "
                "other columns together {others}: it may hold the answer. Is it known before the "
                "target is?",
                column=leak.name,
                right=percent(leak.right),
                others=percent(max(leak.others, 0.0)),
            )
        evidence |= {"held-out rows": float(leak.rows)}
        chart = Chart("bars", ("told right",), "by")
        change = _without(data, "leaking columns", [leak.name])
        yield Finding("leaking columns", "problem", what, evidence, change, chart=chart)


def constant_columns(e: Examination) -> Iterator[Finding]:
    """Columns with one value in all training rows."""
    data = data_of_checks(e)
    names = constants(data.train.columns)
    if not names:
        return
    moved = [name for name in names if any(_moves(data, part, name) for part in _others(data))]
    if moved:
        yield Finding(
            "constant columns",
            "problem",
            Message(
                "{names} held one value in all rows it was trained on, and other values in rows "
                "that it is used on: what it makes of them is by chance.",
                names=listed(moved),
            ),
            {"columns": tuple(moved)},
            _without(data, "constant columns", moved),
        )
        names = [name for name in names if name not in moved]
    if names and not is_sparse(data.train.columns):
        yield Finding(
            "constant columns",
            "caution",
            Message(
                "{count} of {all} columns hold one value in all rows: {names}.",
                count=len(names),
                all=len(data.train.columns.names),
                names=listed(names),
            ),
            {"columns": tuple(names)},
            _without(data, "constant columns", names),
        )


def _others(data: Data) -> list[Columns]:
    parts = [data.validation.columns] if data.validation is not None else []
    return [*parts, *([data.new] if data.new is not None else [])]


def _moves(data: Data, part: Columns, name: str) -> bool:
    """Whether a column, the same in all training rows, has other values in rows of a part."""
    once = data.train.columns.values(name)[0]
    others = part.values(name)
    return bool(((others != once) & ~(np.isnan(others) & np.isnan(once))).mean() > _MOVED_SHARE)


def duplicate_columns(e: Examination) -> Iterator[Finding]:
    """Columns that say what another one says, also in another unit."""
    data = data_of_checks(e)
    copies = duplicates(data.train.columns)
    if not copies:
        return
    first = copies[0]
    same = first.slope == 1.0 and first.offset == 0.0
    form = Message("the same") if same else f"{number(first.slope)} x {first.original}"
    if not same and abs(first.offset) > 1e-6 * abs(first.slope):
        form = f"{form} {'+' if first.offset > 0 else '-'} {number(abs(first.offset))}"
    yield Finding(
        "duplicate columns",
        "caution",
        Message(
            "Copies of other columns: {count}. {name} is that of {original} ({form}). Both share "
            "one task, and importance is split between them.",
            count=len(copies),
            name=first.name,
            original=first.original,
            form=form,
        ),
        {
            "copies": tuple(copy.name for copy in copies),
            "originals": tuple(copy.original for copy in copies),
        },
        _without(data, "duplicate columns", [copy.name for copy in copies]),
    )


# --- drift --------------------------------------------------------------------------------------


def drifted(e: Examination) -> Iterator[Finding]:
    """New rows that are not like those it was trained on."""
    data = data_of_checks(e)
    assert data.new is not None
    change = drift(data.train.columns, data.new)
    if change is None or not change.differs:
        return
    evidence: dict[str, Evidence] = {
        "area of telling new rows": change.area,
        "its error": change.error,
        "rows": np.array(change.rows, float),
    }
    if change.columns:
        evidence |= {
            "column": tuple(c.name for c in change.columns),
            "distance": np.array([c.distance for c in change.columns]),
            "corrected chance": np.array([c.chance for c in change.columns]),
        }
    if change.telling:
        evidence |= {
            "columns that give it away": tuple(name for name, _ in change.telling),
            "area lost without each": np.array([lost for _, lost in change.telling]),
        }
    strong = change.area > _CLEAR_AREA or any(c.distance > _CLEAR_DISTANCE for c in change.columns)
    chart = Chart("bars", ("distance",), "column") if len(change.columns) > 1 else None
    yield Finding(
        "drift",
        "problem" if strong else "caution",
        _what_drifted(change),
        evidence,
        data.change(
            "drift",
            "model.fit(x_with_new_rows, y_with_new_rows, ...)  # it knows nothing of such rows yet",
        ),
        chart=chart,
    )


def _what_drifted(change: Drift) -> str:
    if not change.columns:
        return Message(
            "No column by itself, but all together tell new rows from those it was trained on: "
            "small networks rank a new row above one of them in {area} of all pairs, most by "
            "{columns}.",
            area=percent(change.area),
            columns=listed([name for name, _ in change.telling]),
        )
    first = change.columns[0]
    return Message(
        "Columns that are not as in the rows it was trained on: {count}, most of all {name}, whose "
        "values are {distance} apart{values}.",
        count=len(change.columns),
        name=first.name,
        distance=percent(first.distance),
        values=Message(" ({before} before, {after} now)", before=first.before, after=first.after)
        if first.before
        else "",
    )
