"""Lists, arrays and tables become arrays; what cannot is named."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from ranvier.data import as_array, check_finite, check_rows, column_names
from ranvier.data.conversion import take_rows
from ranvier.errors import DataError, RanvierError

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

MAKERS = [
    pytest.param(pandas.DataFrame, id="pandas"),
    pytest.param(polars.DataFrame, id="polars"),
    pytest.param(pyarrow.table, id="pyarrow"),
]


# --- lists and arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1.5, 2.5], np.float32),
        (np.array([1.5, 2.5]), np.float32),
        (np.array([1.5, 2.5], np.float16), np.float32),
        (np.array([1.5, 2.5], np.longdouble), np.float32),
        ([1, 2], np.int64),
        (range(1, 3), np.int64),
        (np.array([1, 2], np.uint8), np.uint8),
        ([True, False], np.bool_),
        (np.array([1.5, 2], dtype=object), np.float32),
        (np.array([1, 2], dtype=object), np.int64),
        ([Decimal("1.5"), 2], np.float32),
        ([2**70], np.float32),
        (np.ones((1, 2), np.float32).T, np.float32),
    ],
)
def test_fractions_become_float32_and_integers_stay(value: Any, dtype: Any) -> None:
    array = as_array(value)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.asarray(value).astype(dtype))


def test_float_dtype_can_be_chosen() -> None:
    assert as_array([0.1], float_dtype="float64")[0] == 0.1


def test_no_copy_where_none_is_needed() -> None:
    x = np.zeros((3, 2), np.float32)
    assert as_array(x) is x


def test_anything_with_dunder_array_is_taken() -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.array([[1.0, 2.0]])

    assert as_array(Tensor()).tolist() == [[1.0, 2.0]]


def test_an_error_of_ranvier_itself_passes_through() -> None:
    class Traced:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            raise RanvierError("a traced tensor has no numbers yet")

    with pytest.raises(RanvierError, match="no numbers yet") as caught:
        as_array(Traced())
    assert not isinstance(caught.value, DataError)


def test_masked_values_become_nan() -> None:
    array = as_array(np.ma.masked_array([1, 2], mask=[False, True]))
    assert array[0] == 1 and np.isnan(array[1])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, r"x: expected rows, got the single value 3; try \[value\]"),
        (None, "x: expected numbers, got None; give rows as a list"),
        ("abc", "x: expected numbers, got str 'abc'"),
        ({}, "x: expected numbers, got a dict"),
        ({"a": [[1, 2]]}, r"x\[.a.\]: expected a column, one number for each row, got shape"),
        ({"a": [1], "b": [1, 2]}, r"x\[.a.\] has 1 rows but x\[.b.\] has 2"),
        ((i for i in range(3)), "x: expected numbers, got a generator"),
        (object(), "x: expected numbers, got an object"),
        ([[1, 2], [3]], "x: row 0 has 2 values but row 1 has 1 value; expected rows of equal"),
        ([1, [2]], "x: row 0 has a single value but row 1 has 1 value"),
        ([np.zeros(3), np.zeros(4)], "x: row 0 has 3 values but row 1 has 4 values"),
        ([1, None], "x: expected numbers, got None in row 1"),
        ([[1, 2], [3, "a"]], "x: expected numbers, got text"),
        (np.array([[1, 2], [3, "a"]], object), "x: expected numbers, got str 'a' in row 1, column"),
        ([1, 1j], "x: expected numbers, got complex numbers; take x.real"),
        (["a", "b"], "x: expected numbers, got text .'a' in row 0.; encode text"),
        ([datetime.date(2020, 1, 1)], "x: expected numbers, got a date in row 0"),
        (
            np.array(["2020"], "M8[D]"),
            "x: expected numbers, got dates .*; convert dates to numbers",
        ),
        (np.zeros(2, [("a", float)]), "x: expected numbers, got records with fields"),
        ([1.0, 1e300], r"x: 1e\+300 in row 1 is too large for float32; scale the column"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_become_numbers_is_reported(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_array(value)


def test_sparse_matrices_are_named() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match=r"x: .* sparse matrix; make it dense: x.toarray\(\)"):
        as_array(sparse.csr_array(np.eye(2)))


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog"],
        np.array(["cat", "dog"], object),
        np.array(["cat", "dog"], np.dtypes.StringDType()),
        pandas.Series(["cat", "dog"]),
        pandas.Series(["cat", "dog"], dtype="category"),
        polars.Series(["cat", "dog"]),
        pyarrow.chunked_array([["cat"], ["dog"]]),
    ],
    ids=lambda labels: f"{type(labels).__module__}.{getattr(labels, 'dtype', '')}",
)
def test_labels_may_be_text(labels: Any) -> None:
    array = as_array(labels, "y", text=True)
    assert array.dtype.kind == "U" and array.tolist() == ["cat", "dog"]


@pytest.mark.parametrize("labels", [["cat", None], pandas.Series(["cat", None])])
def test_a_missing_label_is_named(labels: Any) -> None:
    with pytest.raises(DataError, match="y: .*row 1"):
        as_array(labels, "y", text=True)


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
def test_tables_become_arrays(make: Any) -> None:
    table = make({"whole": [1, 2, 3], "part": [0.5, 1.5, 2.5], "flag": [True, False, True]})
    array = as_array(table)
    assert array.dtype == np.float32
    assert array.tolist() == [[1, 0.5, 1], [2, 1.5, 0], [3, 2.5, 1]]
    assert column_names(table) == ["whole", "part", "flag"]


@pytest.mark.parametrize("make", MAKERS)
def test_integers_of_tables_stay_whole(make: Any) -> None:
    assert as_array(make({"a": [1, 2], "b": [3, 4]})).dtype == np.int64
    assert as_array(make({"a": [True, False]})).dtype == np.bool_


@pytest.mark.parametrize("make", MAKERS)
def test_missing_entries_become_nan_and_are_found_by_name(make: Any) -> None:
    table = make({"age": [30, 40, 50], "income": [1, None, 3]})
    array = as_array(table)
    assert np.isnan(array).tolist() == [[False, False], [False, True], [False, False]]
    with pytest.raises(DataError, match=r"x: NaN in row 1, column 1 \('income'\)"):
        check_finite(array, "x", column_names(table))


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "boolean", "int64[pyarrow]"])
def test_missing_entries_of_nullable_columns_become_nan(dtype: str) -> None:
    array = as_array(pandas.Series([1, None, 0], dtype=dtype))
    assert array[[0, 2]].tolist() == [1, 0] and np.isnan(array[1])


@pytest.mark.parametrize("make", MAKERS)
def test_every_column_without_numbers_is_named(make: Any) -> None:
    day = datetime.datetime(2020, 1, 1)
    table = make({"age": [1, 2], "job": ["clerk", "nurse"], "since": [day, day]})
    with pytest.raises(DataError) as caught:
        as_array(table)
    assert str(caught.value) == (
        "x: expected columns of numbers; 2 of 3 cannot be used: 'job' (text such as 'clerk'), "
        "'since' (dates or times). To correct this: encode text as numbers, e.g. "
        "pandas.get_dummies(table) or polars table.to_dummies(); convert dates to numbers, e.g. "
        "the year, the month or the days since a fixed day; or drop them"
    )


def test_a_column_of_objects_names_its_first_odd_cell() -> None:
    table = pandas.DataFrame({"mixed": [1, "x", 2], "fine": pandas.Series([1, 2, 3], dtype=object)})
    with pytest.raises(DataError, match=r"'mixed' \(expected numbers, got str 'x' in row 1\)"):
        as_array(table)
    assert as_array(table[["fine"]]).tolist() == [[1], [2], [3]]


def test_columns_named_by_numbers_are_columns() -> None:
    assert as_array(pandas.DataFrame(np.ones((3, 2)))).shape == (3, 2)


def test_odd_tables_are_named() -> None:
    with pytest.raises(DataError, match="x: got a lazy table; compute it first"):
        as_array(polars.LazyFrame({"a": [1]}))
    with pytest.raises(DataError, match="x: the table has no columns"):
        as_array(pandas.DataFrame())
    with pytest.raises(DataError, match="x: this table cannot be read: .*unique column names"):
        as_array(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_many_bad_columns_are_counted() -> None:
    table = pandas.DataFrame({f"c{i}": ["a"] for i in range(30)})
    with pytest.raises(DataError, match=r"30 of 30 cannot be used: .*'c7' .* and 22 more\."):
        as_array(table)


def test_columns_alone_keep_their_kind() -> None:
    for column in (pandas.Series([1, 2]), polars.Series([1, 2]), pyarrow.chunked_array([[1], [2]])):
        assert as_array(column).tolist() == [1, 2]


@pytest.mark.parametrize("make", MAKERS)
def test_rows_are_taken_in_the_type_they_came_in(make: Any) -> None:
    table = make({"a": [1, 2, 3]})
    part = take_rows(table, np.array([2, 0]))
    assert type(part) is type(table)
    assert as_array(part).tolist() == [[3], [1]]


# --- checks -------------------------------------------------------------------------------------


def test_finite_arrays_pass() -> None:
    for array in (
        np.zeros((2, 2)),
        np.zeros((0, 2)),
        np.arange(3),
        np.array([True]),
        np.array(["a"]),
    ):
        check_finite(array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1, np.nan]), r"y: NaN in row 1; .*: 1 of 2 values.*numpy.isfinite\(y\)$"),
        (np.array([[1, 2], [-np.inf, 3]]), r"y: infinity in row 1, column 0; .*\.all\(axis=1\)$"),
        (
            np.full((2, 3, 4), np.nan),
            r"y: NaN in row 0, position \(0, 0\); .*all\(axis=\(1, 2\)\)$",
        ),
    ],
)
def test_the_first_nan_is_located(array: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_finite(array, "y")


def test_rows_are_compared() -> None:
    assert check_rows(x=np.zeros((5, 2)), y=[1, 2, 3, 4, 5]) == 5
    with pytest.raises(DataError, match="x has 5 rows but sample_weight has 4"):
        check_rows(x=np.zeros((5, 2)), y=np.zeros(5), sample_weight=np.zeros(4))
    with pytest.raises(DataError, match="x has no rows; expected at least one"):
        check_rows(x=np.zeros((0, 2)), y=np.zeros(0))
    with pytest.raises(DataError, match="y: expected rows, got int 3"):
        check_rows(x=np.zeros(3), y=3)
