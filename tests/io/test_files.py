"""Files are whole or absent, and one flipped bit is noticed."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from ranvier.errors import FileError
from ranvier.io import files

ARRAYS: dict[str, np.ndarray] = {
    "dense.kernel": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "count": np.asarray(7, np.int64),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 3), np.float64),
    "key": np.array([1, 2], np.uint32),
}


def test_arrays_and_description_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    checksum = files.write(path, ARRAYS, {"kind": "weights", "text": "ümläut"})
    arrays, about = files.read(path)
    assert about == {"kind": "weights", "text": "ümläut", "format": 1, "checksum": checksum}
    assert sorted(arrays) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert np.array_equal(arrays[name], array)


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        files.write(tmp_path / name, ARRAYS, {"kind": "weights", "x": [1, 2], "y": "z"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_flipped_bit_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    files.write(path, {"w": np.linspace(0, 1, 9, dtype=np.float32)}, {"kind": "weights"})
    whole = path.read_bytes()
    expected, about = files.read(path)
    for offset in range(len(whole)):
        flipped = bytearray(whole)
        flipped[offset] ^= 1 << (offset % 8)
        path.write_bytes(flipped)
        try:
            arrays, now = files.read(path)
        except FileError:
            continue
        # Only white space between the words of the header may change without consequence.
        assert whole[offset : offset + 1].isspace(), offset
        assert now == about and np.array_equal(arrays["w"], expected["w"])


def test_no_cut_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    files.write(path, ARRAYS, {"kind": "weights"})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match=r"damaged|no model file|is empty"):
            files.read(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "HDF5"),
        (b"PK\x03\x04" + bytes(20), "zip archive"),
        (pickle.dumps({"a": 1}), "pickle"),
        (b"hello, this is a text file", "no model file"),
        (b"", "is empty"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(data)
    with pytest.raises(FileError, match=message):
        files.read(path)


def test_a_safetensors_file_of_another_program(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(2, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(FileError, match="another program"):
        files.read(tmp_path / "other.safetensors")


def test_missing_file_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        files.read(tmp_path / "none")
    with pytest.raises(FileError, match="does not exist; make it first"):
        files.write(tmp_path / "none" / "a", ARRAYS, {})
    with pytest.raises(FileError, match="is a folder"):
        files.write(tmp_path, ARRAYS, {})


def test_a_later_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FORMAT", 2)
    files.write(tmp_path / "a", ARRAYS, {})
    monkeypatch.setattr(files, "FORMAT", 1)
    with pytest.raises(FileError, match="upgrade Ranvier"):
        files.read(tmp_path / "a")


def full_disk(handle: int, data: memoryview) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def shortened(handle: int, data: memoryview) -> int:
    """A disk that says it took everything and kept half."""
    real_write(handle, data[: len(data) // 2])
    return len(data)


def stuck(handle: int, data: memoryview) -> int:
    return 0


real_write = os.write


@pytest.mark.parametrize("failing", [full_disk, shortened, stuck])
def test_the_file_before_survives_a_failed_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: object
) -> None:
    path = tmp_path / "a.safetensors"
    files.write(path, ARRAYS, {"kind": "first"})
    before = path.read_bytes()
    monkeypatch.setattr(os, "write", failing)
    with pytest.raises(FileError, match="what was there before is unchanged"):
        files.write(path, ARRAYS, {"kind": "second"})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_slow_disk_that_takes_parts_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda handle, data: real_write(handle, data[:100]))
    files.write(tmp_path / "a", ARRAYS, {"kind": "weights"})
    assert files.read(tmp_path / "a")[1]["kind"] == "weights"
