"""Reading: any format of file, found and said, without a cell lost."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ranvier.errors import ArgumentError, DataError
from ranvier.tables import read_table
from ranvier.tables.files.records import scan

PLAIN = "id,name,value\n" + "".join(f"{i:03},n{i % 7},{i / 4}\n" for i in range(50))
EXPECTED = pl.read_csv(io.StringIO(PLAIN), infer_schema=False)


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("__MACOSX/x", b"")
        archive.writestr("folder/table.csv", data)
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zipped])
def test_compressed_files_are_known_by_their_bytes(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "table.data"
    path.write_bytes(pack(PLAIN.encode()))
    reading = read_table(path)
    assert reading.frame.equals(EXPECTED)
    assert "compression: " in str(reading)


def test_zstd_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.zst"
    pyarrow = pytest.importorskip("pyarrow")
    with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(PLAIN.encode())
    assert read_table(path).frame.equals(EXPECTED)


def test_an_archive_of_files_names_them(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", PLAIN)
        archive.writestr("b.csv", PLAIN)
    with pytest.raises(DataError, match=r"one file in the archive, it holds 2: a\.csv, b\.csv"):
        read_table(path)


def test_files_with_types_keep_them(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "c": [0.5, 1.5, 2.5]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_ndjson(tmp_path / "t.jsonl")
    (tmp_path / "t.json").write_text(frame.write_json())
    for name in ("t.parquet", "t.arrow", "t.jsonl", "t.json"):
        assert read_table(tmp_path / name).frame.equals(frame), name
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:100])
    with pytest.raises(DataError, match=r"cut\.parquet: the Parquet data are damaged"):
        read_table(tmp_path / "cut.parquet")


def test_excel_is_read_or_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    try:
        import fastexcel  # noqa: F401
    except ImportError:
        with pytest.raises(DataError, match=r'pip install "ranvier\[excel\]"'):
            read_table(path)
    else:
        with pytest.raises(DataError, match="no Excel file that can be read"):
            read_table(path)


def test_sheets_of_an_excel_file(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("notes")
        for name in ("north", "south"):
            sheet = book.add_worksheet(name)
            for i, row in enumerate([["a", "b"], [1, "x"], [2.5, "y"]]):
                sheet.write_row(i, 0, row)
    reading = read_table(path)
    assert reading.frame.rows() == [(1.0, "x"), (2.5, "y")]
    assert "sheet: 'north'" in str(reading)
    assert read_table(path, sheet="south").frame.shape == (2, 2)
    assert read_table(path, sheet=3).frame.shape == (2, 2)
    with pytest.raises(DataError, match="no sheet 'east'; it holds notes, north, south"):
        read_table(path, sheet="east")


def test_frames_of_other_libraries_are_let_in() -> None:
    columns = {"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.5, None, 2.0]}
    frame = pl.DataFrame(columns)
    pandas = pd.DataFrame(columns)
    for table in (frame, frame.lazy(), pandas, frame.to_arrow(), columns, frame.to_dicts()):
        read = read_table(table).frame
        assert read["a"].to_list() == columns["a"]
        assert read["b"].to_list() == columns["b"]
        assert [None if v is None or v != v else v for v in read["c"]] == columns["c"]


def test_a_dict_of_single_cells_is_a_row() -> None:
    row = {"age": 31, "city": "Rome", "paid": None, "at": np.float32(2.5)}
    assert read_table(row).frame.rows() == [(31, "Rome", None, 2.5)]
    arrays = {"age": np.array([31, 45]), "city": np.array(["Rome", "Oslo"])}
    assert read_table(arrays).frame.rows() == [(31, "Rome"), (45, "Oslo")]


def test_columns_of_pandas_of_every_kind() -> None:
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["x", "y", "x"]),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "mixed": [1, "a", 2.5],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "none": [None, None, None],
            "flag": [True, False, True],
            "huge": [2**70, 1, 2],
        }
    )
    read = read_table(frame).frame
    assert read["category"].to_list() == ["x", "y", "x"]
    assert read["when"].null_count() == 1
    assert read["mixed"].to_list() == ["1", "a", "2.5"]
    assert read["whole"].to_list() == [1, None, 3]
    assert read["none"].null_count() == 3
    assert read["flag"].to_list() == [True, False, True]
    assert read["huge"].to_list() == [str(2**70), "1", "2"]
    twice = pd.DataFrame(np.ones((3, 2)), columns=["a", "a"])
    assert read_table(twice).frame.columns == ["a", "a_2"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (3, "expected a path, a frame"),
        ([], "a list of dicts"),
        ({}, "no columns"),
        ({"a": [1], "b": [1, 2]}, "different numbers of rows"),
        ({"a": [1, 2], "b": "xy"}, "column 'b': expected a list of cells, got 'xy'"),
        (pl.DataFrame({"a": []}), "no rows"),
    ],
)
def test_what_is_no_table_is_answered(table: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(table)


@pytest.mark.parametrize("argument", [{"delimiter": ";;"}, {"decimal": "x"}, {"quote": "''"}])
def test_marks_are_single_characters(argument: dict[str, str]) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        read_table({"a": [1]}, **argument)  # type: ignore[arg-type]


def test_wrong_encodings_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,é\n2,x\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"t\.csv, line 2: byte 0xe9 is not utf-8"):
        read_table(path, encoding="utf-8")
    with pytest.raises(DataError, match="unknown encoding 'klingon'"):
        read_table(path, encoding="klingon")
    assert read_table(path, encoding="cp1252").frame["b"].to_list() == ["é", "x"]


def test_choices_are_overridden(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b,c\n1;2,3\n4;5,6\n")
    assert read_table(path, delimiter=";").frame.columns == ["a", "b,c"]
    assert read_table(path, delimiter=",").frame.columns == ["a;b", "c"]
    reading = read_table(path, delimiter=";", header=False)
    assert reading.frame.rows()[0] == ("a", "b,c")
    path.write_text("a,b\n'x,1\n'y,2\n")
    assert read_table(path, quote="").frame["a"].to_list() == ["'x", "'y"]


# --- any format ---------------------------------------------------------------------------------

LETTERS = "abcxyz ÄßéЖ水,;|'\"\t\n.-0123456789"
CELLS = st.text(LETTERS, max_size=12).filter(lambda c: c == c.strip())
FORMATS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=2, max_size=8)
    ),
    form=FORMATS,
    encoding=ENCODINGS,
)
def test_cells_come_back_from_any_format(
    rows: list[list[str]], form: dict[str, object], encoding: str, tmp_path: Path
) -> None:
    """With the format given, since a few odd cells do not tell it."""
    names = [f"c{i}" for i in range(len(rows[0]))]
    buffer = io.StringIO()
    writer = csv.writer(buffer, **form)  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    path = tmp_path / "t.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    delimiter = str(form["delimiter"])
    frame = read_table(path, delimiter=delimiter, header=True, quote='"').frame
    expected = [[c.replace("\r\n", "\n") or None for c in row] for row in rows]
    if frame.width == len(names):  # columns without a cell are null throughout
        assert [[cell or None for cell in row] for row in frame.rows()] == expected


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(
        st.tuples(st.integers(-9999, 9999), st.integers(0, 99), st.sampled_from(["red", "blue"])),
        min_size=3, max_size=30,
    ),
    delimiter=st.sampled_from(",;\t|"),
    comma=st.booleans(),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
)  # fmt: skip
def test_the_format_of_ordinary_tables_is_found(
    numbers: list[tuple[int, int, str]], delimiter: str, comma: bool, ending: str, encoding: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    comma = comma and delimiter != ","
    cells = [[f"{a}{',' if comma else '.'}{b:02}", f"{b}", c] for a, b, c in numbers]
    lines = [delimiter.join(row) for row in [["größe", "anzahl", "farbe"], *cells]]
    path = tmp_path / "t.csv"
    path.write_bytes((ending.join(lines) + ending).encode(encoding))
    frame = read_table(path).frame
    assert frame.columns == ["größe", "anzahl", "farbe"]
    assert [list(row) for row in frame.rows()] == cells


@given(
    text=st.text('ab,"\n', max_size=60), size=st.integers(1, 20),
)  # fmt: skip
def test_records_are_counted_the_same_in_chunks(text: str, size: int) -> None:
    """The state at the end of a chunk goes on into the next."""
    from ranvier.tables.files import records

    data = text.encode()
    whole = scan(data, ",", '"')
    try:
        records._CHUNK_BYTES, before = size, records._CHUNK_BYTES
        parts = scan(data, ",", '"')
    finally:
        records._CHUNK_BYTES = before
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
