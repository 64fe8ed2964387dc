"""Whatever a user holds (list, NumPy array, tensor, dict of columns, pandas, polars or pyarrow
table) as an array.

One rule for all of them: fractions become float32 (or the dtype asked for), integers and
true/false stay what they are, text is taken only where labels may be text, and everything else is
an error that names the column or row and says what to do. Tables go through narwhals, which is
imported when the first one arrives.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from ..base.finite import all_finite
from ..errors import DataError, RanvierError
from ..typing import Array, DataLike, DType, DTypeLike, Shape
from .cell_kinds import DATE_FIX, kind_of_cells

if TYPE_CHECKING:
    import narwhals.stable.v2 as narwhals

    Column = narwhals.Series[Any]
    Table = narwhals.DataFrame[Any] | Column

_TEXT_TYPES: tuple[type, ...] = (str,)
_NUMBER_TYPES: tuple[type, ...] = (numbers.Real, np.bool_)
FRAME_LIBRARIES = {"pandas", "polars", "pyarrow", "modin", "cudf", "narwhals", "dask", "duckdb"}

_Data = TypeVar("_Data", bound=DataLike)


def as_array(
    value: DataLike, role: str = "x", *, float_dtype: DTypeLike = np.float32, text: bool = False
) -> Array:
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
    if type(value) is np.ndarray and value.ndim and value.dtype == float_dtype:
        return value  # the common case, quickly
    table = _as_table(value, role)
    if table is None:
        if isinstance(value, Mapping) and value:
            return _from_mapping(value, role, float_dtype, text)
        array = _to_numpy(value, role)
    else:
        array = _from_table(table, role, np.dtype(float_dtype), text)
    if array.ndim == 0:
        raise DataError(
            f"{role}: expected rows, got the single value {array.item()!r}; try [value]. One row "
            "of several columns is [[a, b, ...]], or {'a': [a], 'b': [b], ...} by their names"
        )
    if array.dtype.kind == "O":
        array = _from_objects(array, role, text)
    if array.dtype.kind in "UST":
        if not text:
            _refuse_text(array, role)
        return np.array(array.tolist(), dtype=str) if array.dtype.kind == "T" else array.astype(str)
    if array.dtype.kind in "mM":
        _refuse(role, f"dates or durations ({_example(array)})", DATE_FIX)
    if array.dtype.kind == "c":
        _refuse(role, "complex numbers", f"take {role}.real, {role}.imag or numpy.abs({role})")
    if array.dtype.kind == "V":
        _refuse(role, "records with fields", "give plain columns of numbers")
    if array.dtype.kind == "f":
        return _to_float(array, role, np.dtype(float_dtype))
    return array


def check_finite(array: Array, role: str = "x", names: Sequence[str] | None = None) -> None:
    """Raise a DataError that names the first NaN or infinity of `array`, if there is any.

    `names` are the columns' names, see `column_names`.

    >>> check_finite(np.array([[1.0, 2.0], [3.0, np.nan]]), "x", ["age", "income"])
    Traceback (most recent call last):
    ...
    ranvier.errors.DataError: x: NaN in row 1, column 1 ('income'); NaN or infinite in all: ...
    """
    if all_finite(array):
        return
    bad = ~np.isfinite(array)
    index = _unravel(int(bad.argmax()), array.shape)
    what = "NaN" if np.isnan(array[index]) else "infinity"
    axes = tuple(range(1, array.ndim))
    every = f".all(axis={axes if len(axes) > 1 else 1})" if axes else ""
    raise DataError(
        f"{role}: {what} in {_position_text(index, names)}; NaN or infinite in all: "
        f"{bad.sum():,} of {array.size:,} values. Expected finite numbers. Fill them (with the "
        f"column's median, say) or drop their rows: keep = numpy.isfinite({role}){every}"
    )


def check_rows(**arrays: object) -> int:
    """The number of rows that all arrays share; a DataError when they differ or are none.

    >>> check_rows(x=np.zeros((5, 2)), y=np.zeros(4))
    Traceback (most recent call last):
    ...
    ranvier.errors.DataError: x has 5 rows but y has 4; expected one row of each for every example
    """
    rows = {}
    for role, array in arrays.items():
        try:
            rows[role] = len(array)  # type: ignore[arg-type]
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


def column_names(value: DataLike) -> list[str] | None:
    """The names of the columns of a table or of a dict of columns; None for whatever has none.

    >>> column_names(np.zeros((2, 3))) is None
    True
    """
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    table = _as_table(value)
    if table is None:
        return None
    return [str(column.name) for column in _columns(table)]


def is_frame(value: object) -> bool:
    """Whether `value` is a table of columns, and neither an array nor a single column."""
    table = _as_table(value)
    return table is not None and all(table is not column for column in _columns(table)[:1])


def take_columns(value: DataLike, names: Sequence[str]) -> Any:
    """The named columns of a table or dict of columns, in this order."""
    if isinstance(value, Mapping):
        keys = {str(key): key for key in value}
        return {name: value[keys[name]] for name in names}
    table: Any = _as_table(value)
    at = {str(column.name): i for i, column in enumerate(_columns(table))}
    return table[:, [at[name] for name in names]].to_native()


def take_rows(value: DataLike, rows: Array) -> Any:
    """These rows of an array, list or table, in the type it came in."""
    if isinstance(value, (list, tuple)):
        return type(value)([value[i] for i in rows])
    array: Any = value
    table = _as_table(value)
    return array[rows] if table is None else table[rows.tolist()].to_native()


# --- arrays, lists, tensors ---------------------------------------------------------------------


def _to_numpy(value: DataLike, role: str) -> Array:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        return np.ma.filled(value.astype(np.float64), np.nan)
    if type(value).__module__.startswith("scipy.sparse"):
        _refuse(role, "a sparse matrix", f"make it dense: {role}.toarray()")
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
        _refuse(role, _kind_of(value), "give rows as a list, an array or a table")
    return array


def _from_objects(array: Array, role: str, text: bool) -> Array:
    """An array of Python objects as numbers (or as text, where text may pass)."""
    flat = array.ravel()
    if text and flat.size and isinstance(flat[0], str):
        wanted, allowed = "text", _TEXT_TYPES
    else:
        from decimal import Decimal

        wanted, allowed = "numbers", (*_NUMBER_TYPES, Decimal)
    if not text and flat.size and all(isinstance(item, str) or item is None for item in flat):
        _refuse_text(np.array(["" if v is None else v for v in flat]).reshape(array.shape), role)
    for offset, item in enumerate(flat):
        if isinstance(item, Mapping):
            where = _position_text(_unravel(offset, array.shape))
            raise DataError(
                f"{role}: expected {wanted}, got a dict in {where}; "
                "make a table of a list of dicts: pandas.DataFrame(rows) or polars.DataFrame(rows)"
            )
        if not isinstance(item, allowed):
            raise DataError(
                f"{role}: expected {wanted}, got {_kind_of(item)} in "
                f"{_position_text(_unravel(offset, array.shape))}; correct or drop that row"
            )
    plain = np.array(array.tolist())
    return array.astype(np.float64) if plain.dtype.kind == "O" else plain


def _to_float(array: Array, role: str, dtype: np.dtype) -> Array:
    with np.errstate(over="ignore"):
        out = array.astype(dtype, copy=False)
    if out is not array and dtype.itemsize < array.dtype.itemsize:
        lost = np.isinf(out) & np.isfinite(array)
        if lost.any():
            index = _unravel(int(lost.argmax()), array.shape)
            raise DataError(
                f"{role}: {array[index]:.3g} in {_position_text(index)} is too large for {dtype}; "
                "scale the column or take its logarithm"
            )
    return out


# --- tables -------------------------------------------------------------------------------------


def _as_table(value: object, role: str = "table") -> Table | None:
    """`value` as a narwhals DataFrame or Series, or None when it is neither."""
    if isinstance(value, np.ndarray) or type(value).__module__ == "builtins":
        return None
    if not FRAME_LIBRARIES & {base.__module__.partition(".")[0] for base in type(value).__mro__}:
        return None
    import narwhals.stable.v2 as nw

    try:
        table = nw.from_native(value, allow_series=True, pass_through=True)
    except nw.exceptions.NarwhalsError as problem:
        raise DataError(f"{role}: this table cannot be read: {problem}") from problem
    if isinstance(table, nw.LazyFrame):
        raise DataError(f"{role}: got a lazy table; compute it first, e.g. {role}.collect()")
    return table if isinstance(table, (nw.DataFrame, nw.Series)) else None


def _columns(table: Table) -> list[Column]:
    import narwhals.stable.v2 as nw

    if isinstance(table, nw.Series):
        return [table]
    columns: list[Any] = list(table.iter_columns())
    return columns


def _from_table(table: Table, role: str, float_dtype: DType, text: bool) -> Array:
    """All columns side by side; one error that names every column that holds no numbers."""
    columns, arrays, bad = _columns(table), [], {}
    for column in columns:
        array, problem, fix = _from_column(column, text)
        if problem:
            bad["the column" if column.name is None else repr(column.name)] = (problem, fix)
        else:
            arrays.append(array)
    if bad:
        shown = [f"{name} ({problem})" for name, (problem, _) in bad.items()][:8]
        more = f" and {len(bad) - len(shown)} more" if len(bad) > len(shown) else ""
        fixes = dict.fromkeys(fix for _, fix in bad.values())
        raise DataError(
            f"{role}: expected columns of numbers; {len(bad)} of {len(columns)} cannot be used: "
            f"{', '.join(shown)}{more}. To correct this: {'; '.join(fixes)}; or drop them"
        )
    if not columns:
        raise DataError(f"{role}: the table has no columns")
    if table is columns[0]:
        return arrays[0]
    fractions = any(array.dtype.kind == "f" for array in arrays)
    out = np.empty((len(table), len(arrays)), float_dtype if fractions else np.result_type(*arrays))
    for i, array in enumerate(arrays):
        out[:, i] = _to_float(array, role, out.dtype) if array.dtype.kind == "f" else array
    return out


def _from_mapping(
    columns: Mapping[Any, Any], role: str, float_dtype: DTypeLike, text: bool
) -> Array:
    """A dict of columns side by side."""
    arrays = []
    for name, column in columns.items():
        array = as_array(column, f"{role}[{name!r}]", float_dtype=float_dtype, text=text)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise DataError(
                f"{role}[{name!r}]: expected a column, one number for each row, got shape "
                f"{array.shape}"
            )
        arrays.append(array)
    check_rows(**{f"{role}[{name!r}]": a for name, a in zip(columns, arrays, strict=True)})
    if len({array.dtype.kind == "U" for array in arrays}) > 1:
        raise DataError(f"{role}: some of the columns hold text and others numbers")
    fractions = any(array.dtype.kind == "f" for array in arrays)
    return np.stack(arrays, axis=1, dtype=float_dtype if fractions else None)


def _from_column(column: Column, text: bool) -> tuple[Array, str, str]:
    """One column as an array, with what is wrong and how to correct it, both empty if nothing."""
    import narwhals.stable.v2 as nw

    none = np.empty(0)
    dtype, missing = column.dtype, column.null_count()
    if dtype == nw.Boolean or dtype.is_numeric():
        if missing or dtype == nw.Decimal:
            column = column.cast(nw.Float64)
        return column.to_numpy(), "", ""
    if missing and missing == len(column):
        return none, "all missing", "leave out what is empty"
    if not len(column):
        return np.empty(0), "", ""  # of no kind; that there are no rows is said by who needs them
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        if missing and text:
            row = column.is_null().to_list().index(True)
            return none, f"{missing:,} missing, first in row {row}", "fill or drop the rows"
        if text:
            return np.array(column.to_list()), "", ""
        cells = ["" if v is None else v for v in column.to_list()]
        kind = kind_of_cells(cells, f"table[{column.name!r}]")
        what = "text" if dtype == nw.String else "categories"
        example = f"{what} such as {column.drop_nulls()[0]!r}"
        return none, example if kind.kind == "labels" else kind.description, kind.fix
    if dtype.is_temporal():
        return none, "dates or times", DATE_FIX
    if dtype == nw.Object:
        items = np.empty(len(column), dtype=object)
        items[:] = column.to_list()
        try:
            return _from_objects(items, "", text), "", ""
        except DataError as problem:
            return none, str(problem).removeprefix(": ").partition(";")[0], "give it one type"
    return none, f"{dtype}", "keep one number in each cell"


# --- errors -------------------------------------------------------------------------------------


def _refuse(role: str, got: str, fix: str) -> NoReturn:
    raise DataError(f"{role}: expected numbers, got {got}; {fix}")


def _refuse_text(array: Array, role: str) -> NoReturn:
    kind = kind_of_cells(array, role)
    _refuse(role, f"text ({kind.description})" if array.size else "text (no rows)", kind.fix)


def _refuse_ragged(value: object, role: str) -> None:
    """Name the row of a nested list that has another length than the first."""
    if not isinstance(value, (list, tuple)):
        return
    lengths = [len(row) if isinstance(row, (list, tuple, np.ndarray)) else None for row in value]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            names = [
                "a single value" if n is None else f"{n} value{'s' * (n != 1)}"
                for n in (lengths[0], length)
            ]
            raise DataError(
                f"{role}: row 0 has {names[0]} but row {i} has {names[1]}; expected rows of equal "
                "length (pad the short ones)"
            ) from None


def _unravel(offset: int, shape: Shape) -> Shape:
    return tuple(int(i) for i in np.unravel_index(offset, shape))


def _position_text(index: Sequence[int], names: Sequence[str] | None = None) -> str:
    if len(index) == 1:
        return f"row {index[0]}"
    if len(index) == 2:
        name = f" ({names[index[1]]!r})" if names is not None else ""
        return f"row {index[0]}, column {index[1]}{name}"
    return f"row {index[0]}, position {tuple(index[1:])}"


def _example(array: Array) -> str:
    if array.size == 0:
        return "no rows"
    value = str(array.ravel()[0])
    return f"{value if len(value) <= 30 else value[:27] + '...'!r} in row 0"


def _kind_of(value: object) -> str:
    if value is None or str(value) in ("<NA>", "NaT"):
        return f"{value} (missing)" if value is not None else "None"
    if isinstance(value, (str, bytes, bool, int, float)):
        return f"{type(value).__name__} {value!r}"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
