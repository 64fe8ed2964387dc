"""Streams over files: every row once, whatever the pieces, and errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.data import (
    Stream,
    stream_arrays,
    stream_batches,
    stream_csv,
    stream_images,
    stream_npy,
    stream_parquet,
)
from ranvier.data.streams import table_streams
from ranvier.data.streams.stream import as_stream
from ranvier.errors import ArgumentError, DataError, FileError


def whole(stream: Stream, bits: Any = None) -> list[np.ndarray]:
    return [np.concatenate(column) for column in zip(*stream.chunks(bits), strict=True)]


def table(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(rows, 3)).astype(np.float32)
    return x, np.arange(rows)


def test_npy_files_are_read_in_pieces(tmp_path: Path) -> None:
    x, y = table()
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    stream = stream_npy(tmp_path / "x.npy", tmp_path / "y.npy", chunk_rows=70)
    assert [len(c[0]) for c in stream] == [70, 70, 70, 70, 20] and stream.rows == 300
    found = whole(stream)
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], y)
    mixed = whole(stream, np.random.Philox(0))
    assert (mixed[1] != y).any()
    np.testing.assert_array_equal(mixed[0], x[mixed[1]])


def test_npy_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        stream_npy(tmp_path / "none.npy")
    np.save(tmp_path / "f.npy", np.asfortranarray(table()[0]))
    with pytest.raises(FileError, match="rows in C order"):
        stream_npy(tmp_path / "f.npy")
    (tmp_path / "t.npy").write_text("text")
    with pytest.raises(FileError, match=r"cannot be read as \.npy"):
        stream_npy(tmp_path / "t.npy")
    np.save(tmp_path / "x.npy", table()[0])
    stream = stream_npy(tmp_path / "x.npy", chunk_rows=100)
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(2000)
    with pytest.raises(FileError, match="has become shorter"):
        whole(stream)


def test_memory_mapped_arrays_and_windows(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", table()[0])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    x, y = ranvier.data.windows(mapped, 24, 6, targets=0)
    found = whole(stream_arrays(x, y, chunk_rows=50))
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], y)
    with pytest.raises(DataError, match=r"different numbers of rows: \[271, 270\]"):
        stream_arrays(x, y[1:])
    with pytest.raises(DataError, match="no rows"):
        stream_arrays(x[:0])


def test_parquet_files_row_group_by_row_group(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    x, y = table()
    for i in range(2):
        part = slice(i * 150, (i + 1) * 150)
        columns = {"a": x[part, 0], "b": x[part, 1], "y": y[part]}
        kinds = np.array(["cat", "dog"])[y[part] % 2]
        made = pa.table({**columns, "kind": kinds})
        pq.write_table(made, tmp_path / f"{i}.parquet", row_group_size=40)
    stream = stream_parquet(tmp_path, "y", ["b", "a"])
    assert stream.rows == 300 and [len(c[0]) for c in stream] == [40, 40, 40, 30] * 2
    found = whole(stream)
    np.testing.assert_array_equal(found[0], x[:, [1, 0]])
    np.testing.assert_array_equal(found[1], y)
    labelled = stream_parquet(tmp_path, "kind", ["a"], classes=["dog", "cat"])
    assert whole(labelled)[1][:2].tolist() == ["cat", "dog"]
    model = ranvier.Sequential([nn.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(labelled, verbose=0)
    assert set(model.predict_classes(x[:50, :1])) <= {"cat", "dog"}
    with pytest.raises(ArgumentError, match="did you mean 'kind'"):
        stream_parquet(tmp_path, "kinds")
    with pytest.raises(DataError, match=r"'kind' \(text such as"):
        whole(stream_parquet(tmp_path, "y"))
    with pytest.raises(FileError, match=r"no files that end in \.parquet"):
        (tmp_path / "empty").mkdir()
        stream_parquet(tmp_path / "empty")


@pytest.mark.parametrize("ending", ["\n", ""])
def test_csv_files_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(table_streams, "_CSV_PART_BYTES", 1000)
    x, y = table()
    lines = [f'{a:.4f},"{b:.4f}",{c:.4f},{n}' for (a, b, c), n in zip(x, y, strict=True)]
    path = tmp_path / "t.csv"
    path.write_text('a,"b",c,y\n' + "\n".join(lines) + ending)
    stream = stream_csv(path, "y")
    assert len(list(stream)) > 5 and stream.rows is None
    found = whole(stream)
    np.testing.assert_allclose(found[0], x, atol=1e-4)
    np.testing.assert_array_equal(found[1], y)
    assert found[1].dtype == np.int64
    mixed = whole(stream, np.random.Philox(1))
    assert (mixed[1] != y).any() and sorted(mixed[1]) == y.tolist()
    only = whole(stream_csv(path, features=["c"]))
    assert only[0].shape == (300, 1)
    model = ranvier.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(stream_csv(path, "c", ["a", "b"]), epochs=2, verbose=0).epoch == [0, 1]


def test_csv_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,kind\n1.0,cat\n,dog\n")
    with pytest.raises(DataError, match=r"t\.csv, in the lines after byte 7: .* classes="):
        whole(stream_csv(path, "kind"))
    with pytest.raises(DataError, match="could not convert string ''"):
        whole(stream_csv(path, "kind", classes=["cat", "dog"]))
    with pytest.raises(ArgumentError, match="no columns left for x"):
        stream_csv(path, "kind", [])
    path.write_text("a,kind\n")
    with pytest.raises(DataError, match="no rows below its header"):
        stream_csv(path, "kind")
    with pytest.raises(FileError, match="does not exist"):
        stream_csv(tmp_path / "none.csv")


def folder_of_images(folder: Path, count: int = 70) -> None:
    image = pytest.importorskip("PIL.Image")
    for i in range(count):
        name = ("dark", "light")[i % 2]
        (folder / name).mkdir(exist_ok=True)
        pixels = np.full((8, 6, 3), (i, i, i) if name == "dark" else (255 - i, 200, 255), np.uint8)
        image.fromarray(pixels).save(folder / name / f"{i:03}.png")


def test_folders_of_images(tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    stream = stream_images(tmp_path, (8, 6))
    assert stream.rows == 70 and stream.classes is not None
    assert stream.classes.tolist() == ["dark", "light"]
    x, y = whole(stream)
    assert x.shape == (70, 8, 6, 3) and x.dtype == np.uint8
    assert y.tolist() == [0] * 35 + [1] * 35 and x[1, 0, 0].tolist() == [2, 2, 2]
    mixed, labels = whole(stream, np.random.Philox(0))
    assert labels.tolist() != y.tolist() and (mixed[labels == 0].max() < 80)
    grey = whole(stream_images(tmp_path, (4, 4), "grayscale"))[0]
    assert grey.shape == (70, 4, 4, 1)
    model = ranvier.Sequential([nn.Rescaling(1 / 255), nn.Flatten(), nn.Dense(2, "softmax")])
    adam = ranvier.optim.Adam(0.01)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    ranvier.seed(0)
    model.fit(stream, epochs=20, verbose=0)
    assert model.evaluate(stream)[1] > 0.9
    assert set(model.predict_classes(stream)) == {"dark", "light"}


def test_folders_that_hold_no_images(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    with pytest.raises(FileError, match="is no folder"):
        stream_images(tmp_path / "none")
    with pytest.raises(DataError, match="no images found"):
        stream_images(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_text("no image")
    with pytest.raises(FileError, match="cannot be read as an image"):
        whole(stream_images(tmp_path))
    with pytest.raises(ArgumentError, match="did you mean 'grayscale'"):
        stream_images(tmp_path, color="greyscale")


def test_what_is_a_stream_and_what_is_not() -> None:
    assert as_stream(stream_batches([])) is not None and as_stream(iter([1])) is not None
    for other in (None, [1], (1,), np.ones(3), ranvier.ones(3), {"a": 1}, "text", 3, range(3)):
        assert as_stream(other) is None
    for library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        assert as_stream(frames.DataFrame({"a": [1]})) is None
        assert as_stream(frames.Series([1])) is None
    with pytest.raises(ArgumentError, match="got int; expected batches"):
        stream_batches(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("chunk_rows", [1, 3, 4, 7, 100])
def test_batches_have_one_size_across_the_borders_of_chunks(chunk_rows: int) -> None:
    x, y = table(23)
    found = list(stream_arrays(x, y, chunk_rows=chunk_rows).in_batches(4))
    assert [len(b) for _, b in found] == [4, 4, 4, 4, 4, 3]
    np.testing.assert_array_equal(np.concatenate([a for a, _ in found]), x)
    mixed = stream_arrays(x, y, chunk_rows=chunk_rows).in_batches(4, np.random.Philox(0))
    assert sorted(np.concatenate([b for _, b in mixed])) == y.tolist()
    with pytest.raises(ArgumentError, match="batch_size=0; expected at least 1"):
        next(stream_arrays(x).in_batches(0))


def test_labels_of_images_in_the_form_asked_for(tmp_path: Path) -> None:
    folder_of_images(tmp_path)
    forms = {mode: whole(stream_images(tmp_path, (4, 4), label_mode=mode))
             for mode in ("int", "categorical", "binary", None)}  # fmt: skip
    y = forms["int"][1]
    np.testing.assert_array_equal(forms["categorical"][1], np.eye(2, dtype=np.float32)[y])
    np.testing.assert_array_equal(forms["binary"][1], y[:, None].astype(np.float32))
    assert len(forms[None]) == 1
    with pytest.raises(ArgumentError, match="unknown label_mode 'float'"):
        stream_images(tmp_path, label_mode="float")


@pytest.mark.parametrize("seed", [None, 0, 5])
def test_both_parts_of_a_folder_of_images(tmp_path: Path, seed: int | None) -> None:
    folder_of_images(tmp_path)
    everything = whole(stream_images(tmp_path, (4, 4)))[0]
    parts = [
        stream_images(tmp_path, (4, 4), validation_split=0.2, subset=name, seed=seed)
        for name in ("training", "validation")
    ]
    assert [p.rows for p in parts] == [56, 14]
    found = np.concatenate([whole(p)[0] for p in parts])
    assert sorted(a.tobytes() for a in found) == sorted(a.tobytes() for a in everything)
    mixed = len(set(whole(parts[1])[1])) == 2
    assert mixed is (seed is not None)
    for wrong in ({"subset": "training"}, {"validation_split": 0.2},
                  {"validation_split": 1.5, "subset": "training"},
                  {"validation_split": 0.5, "subset": "test"}):  # fmt: skip
        with pytest.raises(ArgumentError, match="give both"):
            stream_images(tmp_path, **wrong)  # type: ignore[arg-type]
