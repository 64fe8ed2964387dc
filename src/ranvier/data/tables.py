"""Whatever a user holds (list, NumPy array, tensor, pandas, polars or pyarrow table) as an array.

One rule for all of them: fractions become float32 (or the dtype asked for), whole numbers and
true/false stay what they are, text is taken only where labels may be text, and everything else is
an error that names the column or row and says what to do. Tables go through narwhals, which is
imported when the first one arrives.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from ..errors import DataError, RanvierError

FRAME_LIBRARIES = {"pandas", "polars", "pyarrow", "modin", "cudf", "narwhals", "dask", "duckdb"}
_TEXT_FIX = "encode text as numbers, e.g. pandas.get_dummies(table) or polars table.to_dummies()"
_DATE_FIX = "turn dates into numbers, e.g. the year, the month or the days since a fixed day"


def as_array(
    value: Any, role: str = "x", *, float_dtype: DTypeLike = np.float32, text: bool = False
) -> np.ndarray:
    """`value` as an array of numbers with at least one axis (the rows).

    `role` is the argument's name for error messages. `text=True` lets text pass, for labels.
    NaN passes too; `check_finite` looks for it. No copy is made where none is needed.

    >>> as_array([[1, 2.5], [3, 4]])
    array([[1. , 2.5],
           [3. , 4. ]], dtype=float32)
    >>> as_array(["cat", "dog"], "y")
    Traceback (most recent call last):
    ...
    ranvier.errors.DataError: y: expected numbers, got text ('cat' in row 0); ...
    """
    if is_frame(value):
        array = _from_frame(value, role, np.dtype(float_dtype), text)
    else:
        array = _to_numpy(value, role)
    if array.ndim == 0:
        raise DataError(
            f"{role}: expected rows, got the single value {array.item()!r}; try [value]"
        )
    if array.dtype.kind == "O":
        array = _from_objects(array, role, text)
    if array.dtype.kind in "UST":
        if not text:
            _refuse(role, f"text ({_example(array)})", _TEXT_FIX)
        return array.astype(str, copy=False)
    if array.dtype.kind in "mM":
        _refuse(role, f"dates or durations ({_example(array)})", _DATE_FIX)
    if array.dtype.kind == "c":
        _refuse(role, "complex numbers", f"take {role}.real, {role}.imag or numpy.abs({role})")
    if array.dtype.kind == "V":
        _refuse(role, "records with fields", "numpy.lib.recfunctions.structured_to_unstructured")
    if array.dtype.kind == "f":
        return _to_float(array, role, np.dtype(float_dtype))
    return array


def check_finite(array: np.ndarray, role: str = "x", names: Sequence[str] | None = None) -> None:
    """Raise a DataError that names the first NaN or infinity of `array`, if there is any.

    `names` are the columns' names, see `column_names`.

    >>> check_finite(np.array([[1.0, 2.0], [3.0, np.nan]]), "x", ["age", "income"])
    Traceback (most recent call last):
    ...
    ranvier.errors.DataError: x: NaN in row 1, column 1 ('income'); 1 of 4 values ...
    """
    if array.dtype.kind != "f" or array.size == 0:
        return
    with np.errstate(invalid="ignore"):
        if np.isfinite(array.min()) and np.isfinite(array.max()):
            return
    bad = ~np.isfinite(array)
    index = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), array.shape))
    value = array[index]
    what = "NaN" if np.isnan(value) else "infinity"
    keep = (
        ""
        if array.ndim == 1
        else f".all(axis={tuple(range(1, array.ndim)) if array.ndim > 2 else 1})"
    )
    raise DataError(
        f"{role}: {what} in {_place(index, names)}; {bad.sum():,} of {array.size:,} values are NaN "
        f"or infinite. Expected finite numbers. Fill them (with the column's median, say) or drop "
        f"their rows: keep = numpy.isfinite({role}){keep}"
    )


def check_rows(**arrays: Any) -> int:
    """The number of rows that all arrays share; a DataError when they differ or are none.

    >>> check_rows(x=np.zeros((5, 2)), y=np.zeros(4))
    Traceback (most recent call last):
    ...
    ranvier.errors.DataError: x has 5 rows but y has 4; expected one row of each for every example
    """
    rows = {}
    for role, array in arrays.items():
        try:
            rows[role] = len(array)
        except TypeError:
            raise DataError(f"{role}: expected rows, got {_kind_of(array)}") from None
    first, *others = rows
    if rows[first] == 0:
        raise DataError(f"{first} has no rows; expected at least one")
    for role in others:
        if rows[role] != rows[first]:
            raise DataError(
                f"{first} has {rows[first]:,} rows but {role} has {rows[role]:,}; "
                "expected one row of each for every example"
            )
    return rows[first]


def is_frame(value: Any) -> bool:
    """Whether `value` is a table or a column of pandas, polars, pyarrow or a relative of theirs."""
    if isinstance(value, np.ndarray) or type(value).__module__ == "builtins":
        return False
    roots = {base.__module__.partition(".")[0] for base in type(value).__mro__}
    return bool(roots & FRAME_LIBRARIES) and _narwhal(value, "table") is not None


def column_names(value: Any) -> list[str] | None:
    """The names of a table's columns; None for whatever has none.

    >>> column_names(np.zeros((2, 3))) is None
    True
    """
    if not is_frame(value):
        return None
    table = _narwhal(value, "table")
    return [str(name) for name in table.columns] if _is_table(table) else [str(table.name)]


def take_rows(value: Any, rows: np.ndarray) -> Any:
    """The given rows of an array, list or table, in the type it came in."""
    if isinstance(value, (list, tuple)):
        return type(value)([value[i] for i in rows])
    if is_frame(value):
        return _narwhal(value, "table")[rows.tolist()].to_native()
    return value[rows]


# --- arrays, lists, tensors ---------------------------------------------------------------------


def _to_numpy(value: Any, role: str) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        return np.ma.filled(value.astype(np.float64), np.nan)
    if type(value).__module__.startswith("scipy.sparse"):
        _refuse(role, "a sparse matrix", f"a dense array: {role}.toarray()")
    if value is None or isinstance(value, (str, bytes, dict, set, frozenset)):
        _refuse(role, _kind_of(value), "give rows as a list, an array or a table")
    try:
        array = np.asarray(value)
    except RanvierError:
        raise
    except (TypeError, ValueError, RuntimeError) as problem:
        _refuse_ragged(value, role)
        raise DataError(
            f"{role}: could not become a NumPy array: {problem}. Expected a list of rows of equal "
            "length, an array, a tensor or a table"
        ) from problem
    if array.ndim == 0 and array.dtype.kind == "O":
        _refuse(role, _kind_of(value), f"give rows as a list, an array or a table: list({role})?")
    return array


def _from_objects(array: np.ndarray, role: str, text: bool) -> np.ndarray:
    """An array of Python objects as numbers (or as text, where text may pass)."""
    flat = array.ravel()
    if text and flat.size and all(isinstance(item, str) for item in flat):
        return array.astype(str)
    for place, item in enumerate(flat):
        if not isinstance(item, (numbers.Real, np.bool_, Decimal)):
            index = tuple(int(i) for i in np.unravel_index(place, array.shape))
            what = "a missing value" if item is None or str(item) == "<NA>" else _kind_of(item)
            raise DataError(
                f"{role}: expected numbers, got {what} in {_place(index)} of an array of Python "
                f"objects; mend or drop that row, then numpy.asarray({role}, dtype='float32')"
            )
    whole = np.array(array.tolist())
    return array.astype(np.float64) if whole.dtype.kind == "O" else whole


def _to_float(array: np.ndarray, role: str, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        out = array.astype(dtype, copy=False)
    if out is not array and dtype.itemsize < array.dtype.itemsize:
        lost = np.isinf(out) & np.isfinite(array)
        if lost.any():
            index = tuple(int(i) for i in np.argwhere(lost)[0])
            raise DataError(
                f"{role}: {array[index]:.3g} in {_place(index)} is too large for {dtype}; "
                "scale the column or take its logarithm"
            )
    return out


# --- tables -------------------------------------------------------------------------------------


def _narwhal(value: Any, role: str) -> Any:
    """`value` seen through narwhals, or None when it is no table."""
    import narwhals.stable.v2 as nw

    try:
        table = nw.from_native(value, allow_series=True, pass_through=True)
    except nw.exceptions.NarwhalsError as problem:
        raise DataError(f"{role}: this table cannot be read: {problem}") from problem
    if isinstance(table, nw.LazyFrame):
        raise DataError(f"{role}: got a lazy table; compute it first, e.g. {role}.collect()")
    return table if isinstance(table, (nw.DataFrame, nw.Series)) else None


def _is_table(table: Any) -> bool:
    import narwhals.stable.v2 as nw

    return isinstance(table, nw.DataFrame)


def _from_frame(value: Any, role: str, float_dtype: np.dtype, text: bool) -> np.ndarray:
    table = _narwhal(value, role)
    if not _is_table(table):
        return _columns_to_arrays([table], role, text)[0]
    if not table.columns:
        raise DataError(f"{role}: the table has no columns")
    columns = _columns_to_arrays([table[name] for name in table.columns], role, text)
    if any(column.dtype.kind == "f" for column in columns):
        dtype = float_dtype
    else:
        dtype = np.result_type(*columns)
    out = np.empty((len(table), len(columns)), dtype)
    for i, column in enumerate(columns):
        out[:, i] = _to_float(column, role, dtype) if column.dtype.kind == "f" else column
    return out


def _columns_to_arrays(columns: list[Any], role: str, text: bool) -> list[np.ndarray]:
    """Every column as an array of numbers; one error that names all that cannot be."""
    arrays, bad, fixes = [], [], []
    for column in columns:
        array, problem, fix = _column(column, text)
        if array is not None:
            arrays.append(array)
        else:
            bad.append(f"{column.name!r} ({problem})")
            fixes.append(fix)
    if bad:
        which = f"{len(bad)} of {len(columns)} columns hold no numbers: {', '.join(bad)}"
        if len(columns) == 1:
            which = f"the column {bad[0]} holds no numbers"
        raise DataError(
            f"{role}: {which}. {'; '.join(dict.fromkeys(fixes)).capitalize()}; or drop them"
        )
    return arrays


def _column(column: Any, text: bool) -> tuple[np.ndarray | None, str, str]:
    """One column as an array, or None with what is wrong and how to mend it."""
    import narwhals.stable.v2 as nw

    dtype, missing = column.dtype, column.null_count()
    if dtype == nw.Boolean or dtype.is_numeric():
        if missing or dtype == nw.Decimal:
            column = column.cast(nw.Float64)
        array = column.to_numpy()
        return (array.astype(np.float64) if array.dtype.kind == "O" else array), "", ""
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        values = column.drop_nulls()
        if text and not missing:
            return np.array(column.to_list(), dtype=str), "", ""
        what = f"text, such as {values[0]!r}" if len(values) else "text"
        return None, what + (f", {missing:,} missing" if missing else ""), _TEXT_FIX
    if dtype.is_temporal():
        return None, "dates or times", _DATE_FIX
    if dtype == nw.Object:
        try:
            objects = np.array([*column.to_list(), None], dtype=object)[:-1]
            return _from_objects(objects, str(column.name), text), "", ""
        except DataError as problem:
            return None, str(problem), "give the column one type"
    return None, f"{dtype}", "keep one number in each cell"


# --- words of the errors ------------------------------------------------------------------------


def _refuse(role: str, got: str, fix: str) -> NoReturn:
    raise DataError(f"{role}: expected numbers, got {got}; {fix}")


def _refuse_ragged(value: Any, role: str) -> None:
    """Say which row of a nested list has another length than the first."""
    if not isinstance(value, (list, tuple)):
        return
    lengths = [len(row) if isinstance(row, (list, tuple, np.ndarray)) else None for row in value]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            names = ["a single value" if n is None else f"{n} values" for n in (lengths[0], length)]
            raise DataError(
                f"{role}: row 0 has {names[0]} but row {i} has {names[1]}; expected rows of equal "
                "length (pad the short ones)"
            ) from None


def _place(index: Sequence[int], names: Sequence[str] | None = None) -> str:
    if len(index) == 1:
        return f"row {index[0]}"
    if len(index) == 2:
        name = f" ({names[index[1]]!r})" if names is not None else ""
        return f"row {index[0]}, column {index[1]}{name}"
    return f"row {index[0]}, place {tuple(index[1:])}"


def _example(array: np.ndarray) -> str:
    if array.size == 0:
        return "no rows"
    value = str(array.ravel()[0])
    return f"{value if len(value) <= 30 else value[:27] + '...'!r} in row 0"


def _kind_of(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, bool, int, float)):
        return f"{type(value).__name__} {value!r}"
    return f"a {type(value).__name__}"
