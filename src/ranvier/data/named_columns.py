"""Columns matched by name between training and prediction.

A model that was trained on a table remembers the names of its columns. A later table gives
the same columns in any order: they are put in the order of training, with a warning; one that
is missing is an error, one more is left out.

    table or dict of columns -> ColumnNames.arrange -> the columns of training, in their order
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from ..base.spelling import nearest
from ..errors import DataError, warn
from ..typing import DataLike
from .conversion import column_names, is_frame, take_columns

_MAX_SHOWN_NAMES = 8  # in a message

_Data = TypeVar("_Data", bound=DataLike)


class ColumnNames(Mapping[str, list[str]]):
    """The names of the columns of each part of the data, by its role: "x", "y", "x['image']".

    >>> names = ColumnNames()
    >>> names.learn("x", ["age", "income"])
    >>> names["x"]
    ['age', 'income']
    """

    def __init__(self, names: Mapping[str, Sequence[str]] | None = None) -> None:
        self._names = {role: list(names_of_part) for role, names_of_part in (names or {}).items()}
        self._warned: set[str] = set()

    def __getitem__(self, role: str) -> list[str]:
        return self._names[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(self._names)

    def copy(self) -> ColumnNames:
        """The same names, and the warnings that were given."""
        other = ColumnNames.__new__(ColumnNames)
        # `learn` puts another list in place of one; none is changed.
        other._names, other._warned = self._names.copy(), self._warned.copy()
        return other

    def learn(self, role: str, names: Sequence[str]) -> None:
        """These are the columns of `role` from now on."""
        self._names[role] = list(names)

    def arrange(self, value: _Data, role: str = "x", learn: bool = False) -> _Data:
        """A table or dict of columns with the columns of training in their order.

        With `learn`, the names of a part that has none yet are kept. What has no names (an array)
        comes back as it is.
        """
        names = names_of(value)
        if names is None:
            return value
        if role not in self._names:
            if learn:
                self.learn(role, names)
            return value
        wanted = self.order(names, role)
        return value if wanted is None else take_columns(value, wanted)

    def order(self, names: Sequence[str], role: str = "x") -> list[str] | None:
        """The columns to take out of `names`, in their order; None: all of them as they are.

        Columns that are only numbered (0, 1, 2, ... as pandas does it) go by position.
        Raises DataError for a column that is missing.
        """
        known = self._names.get(role)
        if known is None or list(names) == known:
            return None
        if is_numbered(names) or (is_numbered(known) and not set(known) & set(names)):
            return None
        missing = [name for name in known if name not in set(names)]
        extra = [name for name in names if name not in set(known)]
        if missing:
            raise DataError(_describe_missing(role, known, missing, extra))
        changes = []
        left = [name for name in names if name in set(known)]
        if left != known:
            row = next(i for i, name in enumerate(known) if left[i] != name)
            changes.append(
                f"the columns stand in another order than in training (column {row} is "
                f"{left[row]!r}, it was {known[row]!r}) and were put back by name"
            )
        if extra:
            were = "was" if len(extra) == 1 else "were"
            new = f"{_counted(extra)} that {were} not there in training"
            changes.append(f"{new} {were} left out: {_listed(extra)}")
        warn(f"{role}: {'; '.join(changes)}", self._warned)
        return known

    def arrange_targets(self, y: _Data, role: str = "y", learn: bool = False) -> _Data:
        """As `arrange`; a single column may have any name."""
        names = names_of(y)
        if names is not None and len(names) == 1 and len(self._names.get(role, names)) == 1:
            if learn and role not in self._names:
                self.learn(role, names)
            return y
        return self.arrange(y, role, learn)


def names_of(value: DataLike) -> list[str] | None:
    """The names of the columns of a table or of a dict of columns; None for all else.

    >>> names_of({"age": [30, 40], "income": [1.0, 2.0]}), names_of([[1, 2]])
    (['age', 'income'], None)
    """
    if type(value) is np.ndarray:
        return None
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    return column_names(value) if is_frame(value) else None


def is_numbered(names: Sequence[str]) -> bool:
    """Whether columns have only numbers: 0, 1, 2, ... or column_0, column_1, ... (polars).

    >>> is_numbered(["0", "1"]), is_numbered(["1", "0"]), is_numbered(["a", "b"])
    (True, False, False)
    """
    return all(name in (str(i), f"column_{i}") for i, name in enumerate(names))


def _describe_missing(
    role: str, known: Sequence[str], missing: Sequence[str], extra: Sequence[str]
) -> str:
    similar = nearest(missing[0], extra)
    hint = f"; is {similar!r} here what was called {missing[0]!r}?" if similar else ""
    one = len(missing) == 1
    part = f"{len(missing)} {'is' if one else 'are'} missing: {_listed(missing)}{hint}"
    if len(missing) == len(known):
        part = f"none is here: {_listed(missing)}; this table has {_listed(extra) or 'no columns'}"
    return (
        f"{role}: of the {len(known)} columns of training {part}. Expected the same columns, "
        "in any order. Columns that get_dummies made of words which no row here holds are 0: "
        f"table.reindex(columns=model.column_names[{role!r}], fill_value=0) in pandas. Arrays "
        "without names go by position: table.to_numpy()"
    )


def _counted(names: Sequence[str], what: str = " column") -> str:
    return f"{len(names)}{what}{'s' * (len(names) > 1) if what else ''}"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _MAX_SHOWN_NAMES} more" if len(names) > _MAX_SHOWN_NAMES else ""
    return ", ".join(map(repr, names[:_MAX_SHOWN_NAMES])) + more
