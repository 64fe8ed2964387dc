"""The plan: target, task, metric, split and what was noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..typing import Array
from .choice import Choice
from .columns import Column
from .reading import Reading

if TYPE_CHECKING:
    import polars

Task = Literal["binary", "multiclass", "regression", "ordinal"]
Metric = Literal["log_loss", "auc", "accuracy", "rmse", "mae", "r2"]


@dataclass(frozen=True)
class Split:
    """How rows are held out: `method` is "random", "stratified", "time" or "group".

    `column` is the one that rows are ordered or grouped by.
    """

    method: Literal["random", "stratified", "time", "group"] = "random"
    share: float = 0.2
    column: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """What will be learned from a table, and how. `str(plan)` prints it.

    `columns` are all columns of the table, the target too; `features` those that a model reads.
    `classes` are the labels of the target, the positive one last; () for regression.
    """

    target: str
    task: Task
    metric: Metric
    columns: tuple[Column, ...]
    split: Split
    rows: int
    classes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
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
        return next(c for c in self.columns if c.name == name)

    def split_rows(
        self, frame: polars.DataFrame, *, share: float | None = None, seed: int | None = None
    ) -> tuple[Array, Array]:
        """Row numbers to train on and row numbers held out; rows without a target are in neither.

        Calling it again on `frame[train]` holds out a second part in the same way.
        """
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The plan, for JSON."""
        return asdict(self)

    @classmethod
    def restore(cls, config: Mapping[str, Any]) -> Plan:
        """The plan of a `config()`."""
        return cls(
            **{
                **config,
                "columns": tuple(Column.restore(c) for c in config["columns"]),
                "choices": tuple(Choice(**c) for c in config["choices"]),
                "split": Split(**config["split"]),
                "classes": tuple(config["classes"]),
            }
        )


def make_plan(
    table: Reading | polars.DataFrame,
    target: str | None = None,
    *,
    kinds: Mapping[str, str] | None = None,
    task: Task | None = None,
    metric: Metric | None = None,
    time: str | None = None,
    group: str | None = None,
    drop: Sequence[str] = (),
    held_out: float = 0.2,
    seed: int = 0,
) -> Plan:
    """The plan for a table; without `target` a DataError names the likely ones."""
    raise NotImplementedError
