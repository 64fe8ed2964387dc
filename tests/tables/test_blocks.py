"""Files in blocks: the rows of the whole, flat memory, and predictions written as they come."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ranvier
from ranvier.cli.main import main
from ranvier.errors import DataError
from ranvier.tables import reading as reading_file
from ranvier.tables.files import blocks, parsing, structured
from ranvier.tables.reading import read_blocks, read_table

ROWS = 300
BODY = "".join(f"{i:03},n{i % 7},{i / 4}\n" for i in range(ROWS))
PLAIN = "id,name,value\n" + BODY
BLOCK = 512  # bytes and, of Parquet, rows / 8


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", BLOCK)
    monkeypatch.setattr(structured, "BLOCK_ROWS", BLOCK // 8)


def frames(path: Path, **how: Any) -> list[pl.DataFrame]:
    return list(read_blocks(path, **how).frames)


LONG = '"' + "two\nlines, " * 90 + '"'  # longer than a block
# name: (the file, how it is read, whether it comes in blocks)
FILES: dict[str, tuple[bytes | str, dict[str, Any], bool]] = {
    "plain.csv": (PLAIN, {}, True),
    "no newline at the end.csv": (PLAIN[:-1], {}, True),
    "windows.csv": (PLAIN.replace("\n", "\r\n"), {}, True),
    "mac.csv": (PLAIN.replace("\n", "\r"), {}, True),
    "blank lines.csv": (PLAIN.replace("n3", "n3\n\n").replace("\n\n,", ",") + "\n\n", {}, True),
    "quoted.csv": (PLAIN.replace("n2", '"a ""word"", and\nanother"'), {}, True),
    "long cells.csv": (PLAIN.replace("n1", LONG), {}, True),
    "semicolons.csv": (PLAIN.replace(",", ";"), {}, True),
    "tabs.tsv": (PLAIN.replace(",", "\t"), {}, True),
    "blanks.txt": (PLAIN.replace(",", "   "), {}, True),
    "single quotes.csv": (PLAIN.replace("n2", "'a, b'"), {}, True),
    "no header.csv": (BODY, {}, True),
    "asked.csv": (PLAIN, {"header": False, "delimiter": ","}, True),
    "mark.csv": (b"\xef\xbb\xbf" + PLAIN.encode(), {}, True),
    "western.csv": (PLAIN.replace("n2", "Müßig").encode("cp1252"), {}, True),
    "utf-16.csv": (PLAIN.encode("utf-16"), {}, True),
    "packed.csv.gz": (gzip.compress(PLAIN.encode()), {}, True),
    "title.csv": (f"Report of 2024\n\n{PLAIN}", {}, True),
    "separator.csv": (f"sep=;\n{PLAIN.replace(',', ';')}", {}, True),
    "header again.csv": (PLAIN + PLAIN, {}, True),
    "long lines.csv": (PLAIN.replace("n5", "n5,x"), {"ragged": "drop"}, True),
    "short lines.csv": (PLAIN + "1,2\n", {"ragged": "drop"}, True),
    "names of rows.csv": ("name,value\n" + BODY, {}, False),
    "names of rows, dropped.csv": ("name,value\n" + BODY, {"ragged": "drop"}, False),
    "one column.csv": ("x\n1\n\n" + "2\n" * ROWS + "\n", {}, False),
    "stray quote.csv": (PLAIN.replace("299,n5", '299,a"b'), {}, False),
    "open quote.csv": (PLAIN + '"300,n6,75.0\n', {}, False),
    "escapes.csv": (PLAIN.replace("n2", '"a \\"b\\", c"'), {}, False),
    "lines.jsonl": ("".join(f'{{"id": {i}, "name": "n"}}\n' for i in range(ROWS)), {}, False),
    "array.json": ("[" + ", ".join(f'{{"id": {i}}}' for i in range(ROWS)) + "]", {}, False),
}


@pytest.mark.parametrize("name", FILES)
def test_blocks_hold_what_the_whole_holds(name: str, tmp_path: Path) -> None:
    text, how, split = FILES[name]
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    whole = read_table(path, **how).frame
    parts = frames(path, **how)
    assert pl.concat(parts).equals(whole)
    assert read_blocks(path, **how).columns == tuple(whole.columns)
    assert (len(parts) > 3) == split


CELLS = st.sampled_from(["", "1", "-2,5", 'a "b"', "two\nlines", "ü", " x ", "a,b;c", "'q'", "NA"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=3, max_size=40), st.data())
def test_blocks_of_any_table(rows: list[list[str]], data: st.DataObject) -> None:
    import csv
    import tempfile

    ends = data.draw(st.sampled_from(["\n", "\r\n"]))
    size = data.draw(st.integers(1, 200))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        path = Path(folder) / "table.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator=ends).writerows([["a", "b", "c"], *rows])
        assert pl.concat(frames(path)).equals(read_table(path).frame)


def test_parquet_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    table = pl.DataFrame({"id": range(ROWS), "x": np.arange(ROWS) / 4, "y": ["a", None, "b"] * 100})
    table.write_parquet(path, row_group_size=100)
    parts = frames(path)
    assert len(parts) == -(-ROWS // (BLOCK // 8))
    assert pl.concat(parts).equals(read_table(path).frame)
    some = read_blocks(path, ["y", "x"])
    assert some.columns == ("id", "x", "y")
    assert pl.concat(list(some.frames)).equals(table.select("x", "y"))
    # Where a column lacks, all are read, so that the error can name them.
    assert next(read_blocks(path, ["y", "z"]).frames).width == 3
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="table.parquet: the Parquet data are damaged"):
        read_blocks(path)
    table[:0].write_parquet(path)
    with pytest.raises(DataError, match="3 columns and no rows"):
        read_blocks(path)


def test_a_column_may_be_empty_in_a_block(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("".join(f"{i},,{i % 3}\n" for i in range(ROWS)) + "1,x,2\n")
    assert {frame.width for frame in frames(path)} == {3}


@pytest.mark.parametrize("name", ["late.csv", "short.csv", "empty.csv", "header.csv"])
def test_errors_are_those_of_the_whole_and_come_first(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    late = {"late.csv": PLAIN + "1,2\n", "short.csv": PLAIN + "1,2,3,4\n", "empty.csv": ""}
    path.write_text(late.get(name, "id,name,value\n"))
    with pytest.raises(DataError) as whole:
        read_table(path)
    with pytest.raises(DataError) as of_blocks:
        read_blocks(path)
    assert str(of_blocks.value) == str(whole.value)


def test_no_block_is_longer_than_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    lengths: list[int] = []
    path.write_text(PLAIN * 40)
    parse = parsing.read_records

    def seen(data: bytes, *rest: Any) -> pl.DataFrame:
        lengths.append(len(data))
        return parse(data, *rest)

    monkeypatch.setattr(blocks, "read_records", seen)
    monkeypatch.setattr(reading_file, "read_delimited", lambda *_: pytest.fail("read whole"))
    assert sum(map(len, frames(path))) == 40 * ROWS
    assert len(lengths) > 200 and max(lengths) <= BLOCK


# --- ranvier predict -o -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and tables for it."""
    folder = tmp_path_factory.mktemp("predict")
    table = pl.DataFrame(
        {
            "id": range(ROWS),
            "size": [i * 37 % 90 for i in range(ROWS)],
            "town": ["a", "b", "c"] * 100,
        }
    ).with_columns(price=pl.col("size") * 3 + 10)
    table.write_csv(folder / "houses.csv")
    table.write_parquet(folder / "houses.parquet", row_group_size=100)
    model = ranvier.fit_table(
        table, "price", drop=["id"], budget=600, epochs=1, members=1, verbose=0
    )
    model.save(folder / "model.safetensors")
    expected = model.columns_of(model.outputs(table))
    pl.DataFrame(expected).write_csv(folder / "expected.csv")
    pl.concat([table, pl.DataFrame(expected)], how="horizontal").write_csv(folder / "kept.csv")
    return folder


def predict(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


@pytest.mark.parametrize("data", ["houses.csv", "houses.parquet"])
@pytest.mark.parametrize("keep", [False, True])
def test_predictions_in_blocks_are_those_in_one_go(
    data: str, keep: bool, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    done = predict(folder / "model.safetensors", folder / data, "-o", out, *["--keep"] * keep)
    assert done.exit_code == 0, done.output
    assert f"{ROWS} predictions written: {out}" in done.output
    assert "columns that the model does not read: id" in done.output
    assert out.read_bytes() == (folder / ("kept.csv" if keep else "expected.csv")).read_bytes()


def test_what_fails_on_the_way_leaves_no_part(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("before")
    count, parse = iter(range(100)), parsing.read_records

    def breaks(*arguments: Any) -> pl.DataFrame:
        if next(count) == 3:
            raise DataError("houses.csv: the disk is gone")
        return parse(*arguments)

    monkeypatch.setattr(blocks, "read_records", breaks)
    done = predict(folder / "model.safetensors", folder / "houses.csv", "-o", out)
    assert done.exit_code == 2 and "the disk is gone" in done.output
    assert os.listdir(tmp_path) == ["out.csv"] and out.read_text() == "before"


def test_the_data_are_never_written_over(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes((folder / "houses.csv").read_bytes())
    (tmp_path / "link.csv").symlink_to(data)
    for out in (data, tmp_path / "link.csv"):
        done = predict(folder / "model.safetensors", data, "-o", out)
        assert done.exit_code == 2 and "is being read as data" in done.output
    assert data.read_bytes() == (folder / "houses.csv").read_bytes()


def test_kept_columns_and_predictions_have_names_of_their_own(folder: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data.csv", tmp_path / "out.csv"
    pl.read_csv(folder / "houses.csv").with_columns(prediction=0).write_csv(data)
    done = predict(folder / "model.safetensors", data, "-o", out, "--keep")
    assert done.exit_code == 2 and "the data have a column 'prediction'" in done.output
    assert not out.exists()
    assert predict(folder / "model.safetensors", data, "-o", out).exit_code == 0


def test_lacking_columns_are_named(folder: Path, tmp_path: Path) -> None:
    for kind in ("csv", "parquet"):
        data = tmp_path / f"data.{kind}"
        table = pl.read_csv(folder / "houses.csv").drop("town")
        table.write_csv(data) if kind == "csv" else table.write_parquet(data)
        done = predict(folder / "model.safetensors", data, "-o", tmp_path / "out.csv")
        assert done.exit_code == 2, done.output
        assert "lacks 1 of the 2 columns" in done.output and "it has id, size, price" in done.output
