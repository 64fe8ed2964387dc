"""The plan: target, task, metric, split and what was noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..base.message import Message
from ..base.missing import hint
from ..diagnosis.data.alone import LEAK
from ..errors import ArgumentError, DataError
from ..typing import Array
from .choice import Choice
from .columns import KINDS, Column
from .reading import read_table
from .recognition.recognize import recognize
from .recognition.signals import copies, duplicated_rows, single_scores
from .splitting import Split, choose_split, split_rows
from .targets import Metric, Target, Task, likely_targets, make_target, target_values

if TYPE_CHECKING:
    import polars

_MIN_ROWS = 10
_MAX_NAMED = 5
_SMALL_ROWS = 500
_RARE_SHARE = 0.1
_TELLING_AREA, _TELLING_R2 = 0.7, 0.25  # of an identifier


@dataclass(frozen=True)
class Plan:
    """What will be learned from a table, and how. `str(plan)` prints it.

    `columns` are all columns of the table, the target too; `features` those that a model reads.
    `classes` are the labels of the target, the positive one last; () for numbers. `scores` say how
    well each column alone predicts the target on rows held out: the area under the ROC curve (the
    highest of one class against the others), or R2.
    """

    target: str
    task: Task
    metric: Metric
    columns: tuple[Column, ...]
    split: Split
    rows: int
    classes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    scores: Mapping[str, float] | None = None
    source: str = "table"

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns that a model reads."""
        return tuple(c for c in self.columns if c.used and c.name != self.target)

    @property
    def warnings(self) -> tuple[Choice, ...]:
        """The choices that may spoil the result."""
        return tuple(choice for choice in self.choices if choice.warning)

    def column(self, name: str) -> Column:
        """The column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        known = [column.name for column in self.columns]
        raise DataError(f"no column {name!r}{hint(name, known)}; the columns: {', '.join(known)}")

    def split_rows(
        self, frame: polars.DataFrame, *, share: float | None = None, seed: int | None = None
    ) -> tuple[Array, Array]:
        """Row numbers to train on and row numbers held out; rows without a target are in neither.

        Calling it again on `frame[train]` holds out a second part in the same way.
        """
        target = target_values(frame, self.column(self.target), self.classes)
        split = replace(
            self.split,
            share=self.split.share if share is None else share,
            seed=self.split.seed if seed is None else seed,
        )
        column = self.column(split.column) if split.column is not None else None
        return split_rows(frame, target, bool(self.classes), split, column)

    def config(self) -> dict[str, Any]:
        """The plan, for JSON."""
        return {**asdict(self), "choices": [choice.config() for choice in self.choices]}

    @classmethod
    def restore(cls, config: Mapping[str, Any]) -> Plan:
        """The plan of a `config()`."""
        return cls(
            **{
                **config,
                "columns": tuple(Column.restore(c) for c in config["columns"]),
                "choices": tuple(Choice.restore(c) for c in config["choices"]),
                "split": Split(**config["split"]),
                "classes": tuple(config["classes"]),
            }
        )

    def _repr_html_(self) -> str:
        """Columns and choices as tables, in a notebook."""
        from ..report.notebook import plan_html

        return plan_html(self)

    def __str__(self) -> str:
        classes = f", classes {', '.join(self.classes[:10])}" if self.classes else ""
        more = f" and {len(self.classes) - 10} more" if len(self.classes) > 10 else ""
        lines = [
            f"{self.source}: {self.rows:,} rows x {len(self.columns)} columns",
            f"target {self.target}: {self.task}{classes}{more}; measured by {self.metric}",
            "",
            "columns",
        ]
        width = min(32, max(len(c.name) for c in self.columns))
        for column in self.columns:
            missing = f"; {column.missing / max(1, column.rows):.1%} missing" * bool(column.missing)
            role = "target" if column.name == self.target else column.kind
            lines.append(f"  {column.name:<{width}}  {role:<10}  {column.reason}{missing}")
            lines += [f"  {'':<{width}}  {'':<10}  - {note}" for note in column.notes]
        lines += ["", "choices", *(f"  {c}" for c in self.choices if not c.warning)]
        if self.warnings:
            lines += ["", "warnings", *(f"  {c}" for c in self.warnings)]
        lines += [
            "",
            "the kind of a column is changed with --as COLUMN=KIND; kinds: " + ", ".join(KINDS),
        ]
        return "\n".join(lines)


def make_plan(
    table: object,
    target: str | None = None,
    *,
    kinds: Mapping[str, str] | None = None,
    task: Task | None = None,
    positive: str | None = None,
    metric: Metric | None = None,
    time: str | None = None,
    group: str | None = None,
    drop: Sequence[str] = (),
    held_out: float = 0.2,
    shuffle: bool = True,
    seed: int = 0,
) -> Plan:
    """The plan for a table: a Reading, or whatever `read_table` takes.

    `kinds` overrides what columns are taken for, {"zipcode": "category"}; `drop` leaves columns
    out; `positive` is the class that a binary task is about; `time` and `group` name a column whose
    last rows, or some of whose groups, are held out; with `shuffle=False` the last rows of the
    table are.
    Raises a DataError that names the likely targets without `target`, and one for a table from
    which nothing can be learned.

    >>> rows = {"size": list(range(40)), "kept": ["yes", "no", "no", "yes"] * 10}
    >>> plan = make_plan(rows, "kept")
    >>> plan.task, plan.classes, [column.name for column in plan.features]
    ('binary', ('no', 'yes'), ['size'])
    """
    _check(task, metric, held_out)
    reading = read_table(table)
    frame = reading.frame
    asked = {**(kinds or {}), **dict.fromkeys(drop, "ignored")}
    if frame.height < _MIN_ROWS and target is not None:
        raise DataError(_too_few(reading.source, frame.height, "row"))
    columns = recognize(frame, asked, reading.decimal)
    if target is None:
        raise DataError(_which_target(columns, reading.source))
    if target not in frame.columns:
        raise DataError(
            f"{reading.source}: no column {target!r} for the target{hint(target, frame.columns)}; "
            f"the columns: {', '.join(frame.columns[:30])}"
            + ("; if its lines hold several cells, give the --delimiter" * (frame.width == 1))
        )
    goal = make_target(frame, next(c for c in columns if c.name == target), task, positive)
    columns = [goal.column if c.name == target else c for c in columns]
    known = len(goal.values) - goal.missing
    if known < _MIN_ROWS:
        raise DataError(_too_few(reading.source, known, "row with a target"))
    choices = [*reading.choices, *goal.choices]
    columns, more = _features(frame, columns, goal, asked)
    choices += more
    split, more = choose_split(columns, goal, time, group, held_out, seed, shuffle)
    choices += more
    scores = single_scores(frame, columns, goal)
    choices += _leaks(columns, scores, goal)
    columns, more = _when_none_is_left(columns, goal, reading.source)
    if more:
        choices = [c for c in choices if c.what != "identifiers"]
    choices += more
    choices += _notes_on_rows(frame, columns, goal)
    return Plan(
        target=target,
        task=goal.task,
        metric=metric or goal.metric,
        columns=tuple(columns),
        split=split,
        rows=frame.height,
        classes=goal.classes,
        choices=tuple(choices),
        scores=scores,
        source=reading.source,
    )


def _too_few(source: str, rows: int, what: str) -> str:
    first, _, rest = what.partition(" ")
    named = f"{first}{'s' * (rows != 1)} {rest}".strip()
    return (
        f"{source}: {rows} {named}; expected at least {_MIN_ROWS}, to learn from some and test on "
        "others"
    )


def _check(task: str | None, metric: str | None, held_out: float) -> None:
    for name, value, kind in (("task", task, Task), ("metric", metric, Metric)):
        if value is not None and value not in get_args(kind):
            known = get_args(kind)
            raise ArgumentError(
                f"{name}: expected one of {', '.join(known)}, got {value!r}{hint(value, known)}"
            )
    if not 0 < held_out < 1:
        raise ArgumentError(f"held_out: expected a share between 0 and 1, got {held_out}")


def _which_target(columns: Sequence[Column], source: str) -> str:
    likely = likely_targets(columns)[:5]
    listed = "; ".join(f"{name} ({reason})" for name, reason in likely)
    return (
        f"{source}: which column is to be predicted? Name it with --target COLUMN (target=...). "
        f"Likely ones: {listed or 'none'}. All columns: {', '.join(c.name for c in columns[:40])}"
    )


# --- features -----------------------------------------------------------------------------------


def _features(
    frame: polars.DataFrame, columns: list[Column], goal: Target, asked: Mapping[str, str]
) -> tuple[list[Column], list[Choice]]:
    """The columns, those left out that copy the target or one another; what was left out, why."""
    target = goal.column.name
    copied = {
        name: original
        for name, original in copies(frame, columns, goal).items()
        if name not in asked
    }
    left_out = {
        name: Message("the same as the target in every row")
        if original == target
        else Message("the same as {column} in every row", column=repr(original))
        for name, original in copied.items()
    }
    choices = [
        Choice(_of(name), Message("left out"), left_out[name], f"--as {name}=KIND", warning=True)
        for name, original in copied.items()
        if original == target
    ]
    groups: dict[str, dict[str, str]] = {"copies": {}, "identifier": {}, "constant": {}}
    groups["copies"] = {n: left_out[n] for n, original in copied.items() if original != target}
    for column in columns:
        if column.name != target and column.kind in groups:
            groups[column.kind][column.name] = column.reason
    choices += [_left_out(kind, reasons) for kind, reasons in groups.items() if reasons]
    columns = [
        replace(c, kind="ignored", reason=left_out[c.name]) if c.name in left_out else c
        for c in columns
    ]
    return columns, choices


def _of(name: str) -> Message:
    return Message("column {name}", name=name)


def _left_out(kind: str, reasons: Mapping[str, str]) -> Choice:
    """One line for all columns that are left out for the same kind of reason."""
    some = list(reasons.items())[:_MAX_NAMED]
    what = {
        "copies": Message("copies"),
        "identifier": Message("identifiers"),
        "constant": Message("constants"),
    }[kind]
    named = [Message("{name}: {reason}", name=name, reason=reason) for name, reason in some]
    if len(reasons) > len(some):
        named.append(Message("and {count} more", count=f"{len(reasons) - len(some):,}"))
    left_out = Message("{count} left out", count=f"{len(reasons):,}")
    return Choice(what, left_out, Message("{columns}", columns=named), f"--as {some[0][0]}=KIND")


def _when_none_is_left(
    columns: list[Column], goal: Target, source: str
) -> tuple[list[Column], list[Choice]]:
    """Identifiers are used when there is nothing else."""
    others = [c for c in columns if c.name != goal.column.name]
    if any(c.used for c in others):
        return columns, []
    identifiers = [c.name for c in others if c.kind == "identifier"]
    if not identifiers:
        raise DataError(
            f"{source}: no column to learn {goal.column.name!r} from; "
            + (
                "; ".join(f"{c.name} is left out: {c.reason}" for c in others[:5])
                or "it is the only column"
            )
        )
    choice = Choice(
        "identifiers",
        Message("used: {columns}", columns=", ".join(identifiers)),
        "there is no other column; a model that knows rows by their names says little about others",
        "--as COLUMN=ignored",
        warning=True,
    )
    numeric = {c.name: c.parsing.get("as") == "number" or _is_number(c) for c in others}
    return [
        replace(
            c,
            kind="number" if numeric[c.name] else "category",
            reason=Message("nothing else is there"),
        )
        if c.name in identifiers
        else c
        for c in columns
    ], [choice]


def _is_number(column: Column) -> bool:
    values = column.profile.get("values", [])
    return bool(values) and all(str(v).lstrip("+-").isdigit() for v, _ in values)


def _leaks(columns: list[Column], scores: Mapping[str, float], goal: Target) -> list[Choice]:
    alone = Message("the area under the ROC curve") if goal.classes else Message("R2")
    telling = _TELLING_AREA if goal.classes else _TELLING_R2
    choices = []
    for column in columns:
        score = scores.get(column.name, 0.0)
        if column.used and score > LEAK:
            choices.append(
                Choice(
                    _of(column.name),
                    Message("may give the answer away"),
                    Message(
                        "alone it reaches {measure} {score} on rows held out; is it known before "
                        "the target is?",
                        measure=alone,
                        score=f"{score:.3f}",
                    ),
                    f"--as {column.name}=ignored",
                    warning=True,
                )
            )
        elif column.kind == "identifier" and score > telling:
            choices.append(
                Choice(
                    _of(column.name),
                    Message("an identifier that tells the target"),
                    Message(
                        "alone it reaches {measure} {score}: rows stand in an order, or their "
                        "names hold more than a name",
                        measure=alone,
                        score=f"{score:.3f}",
                    ),
                    f"--as {column.name}=number",
                    warning=True,
                )
            )
    return choices


# --- rows ---------------------------------------------------------------------------------------


def _notes_on_rows(frame: polars.DataFrame, columns: list[Column], goal: Target) -> list[Choice]:
    choices = []
    rows = len(goal.values) - goal.missing
    repeated = duplicated_rows(frame)
    if repeated:
        choices.append(
            Choice(
                "repeated rows",
                Message("{count} kept", count=f"{repeated:,}"),
                "copies of a row can stand on both sides of the split, which flatters the score",
                warning=repeated > 0.01 * rows,
            )
        )
    if rows < _SMALL_ROWS:
        choices.append(
            Choice("few rows", f"{rows:,}", "scores on so few rows are uncertain", warning=True)
        )
    features = sum(c.used for c in columns) - 1
    if features > rows:
        choices.append(
            Choice(
                "more columns than rows",
                Message("{columns} and {rows}", columns=f"{features:,}", rows=f"{rows:,}"),
                "columns that fit by chance cannot be told from those that matter",
                warning=True,
            )
        )
    if goal.classes:
        counts = np.bincount(goal.values[goal.values >= 0].astype(int), minlength=len(goal.classes))
        rare = int(counts.argmin())
        if counts[rare] < _RARE_SHARE * rows:
            choices.append(
                Choice(
                    "imbalance",
                    Message(
                        "{label} has {share} of the rows",
                        label=repr(goal.classes[rare]),
                        share=f"{counts[rare] / rows:.1%}",
                    ),
                    "rows are not resampled; accuracy says little, look at the other measures",
                )
            )
        if counts[rare] < 2:
            choices.append(
                Choice(
                    "rare classes",
                    Message("{count} with a single row", count=int((counts < 2).sum())),
                    "they cannot be tested",
                    warning=True,
                )
            )
    return choices
