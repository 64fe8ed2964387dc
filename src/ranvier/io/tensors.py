"""The safetensors format, read with care: all that a file says is compared with what is there.

Nothing is allocated by what a header says until its numbers fit the size of the file; then each
tensor is read straight into its array. A file that is sound but holds dtypes that NumPy does not
have is called that, and not damaged.

Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from io import BufferedReader
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from ..errors import ArgumentError, FileError
from ..typing import Array, Shape
from .reading import open_plain
from .writing import FilePath

Arrays = dict[str, Array]

MAX_HEADER_BYTES = 100_000_000  # as in the format's own library
MAX_TENSORS = 1 << 20
MAX_NAME_CHARACTERS = 4096
MAX_AXES = 32
MAX_AXIS_SIZE = 1 << 48
MAX_DEPTH = 100  # of lists and dicts in one another

_DTYPES = {
    "BOOL": "?", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2", "F16": "<f2", "I32": "<i4",
    "U32": "<u4", "F32": "<f4", "I64": "<i8", "U64": "<u8", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
_UNREAD_DTYPES = {  # dtypes that NumPy does not have: name and bits
    "BF16": ("bfloat16", 16),
    **{name: (f"float{name[1:].lower()}", 8) for name in (
        "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"
    )},
    **{name: (f"float{name[1:].lower()}", 6) for name in ("F6_E2M3", "F6_E3M2")},
    "F4": ("float4", 4),
}  # fmt: skip
_ENTRY_KEYS = {"dtype", "shape", "data_offsets"}
_FOREIGN_FORMATS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (Keras .h5)",
    b"PK\x03\x04": "a zip archive (Keras .keras, PyTorch .pt or NumPy .npz)",
    b"\x80": "a Python pickle, which could run code and is never opened",
    b"\x93NUMPY": "a NumPy .npy file",
    b"GGUF": "a GGUF file",
    b"\x08": "an ONNX file",
}


class _Entry(NamedTuple):
    """A tensor as the header has it: dtype, shape, first and last byte."""

    name: str
    dtype: str
    shape: Shape
    first: int
    last: int


def read_tensors(path: FilePath) -> tuple[Arrays, dict[str, str]]:
    """The arrays and the metadata of a safetensors file."""
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            header, start = _header(path, file, size)
            entries = _entries(path, header, size - start)
            metadata = _metadata(path, header)
            _check_dtypes(path, entries)
            return {entry.name: _read(path, file, entry) for entry in entries}, metadata
    except (FileError, ArgumentError):
        raise
    except (OSError, ValueError) as problem:
        what = getattr(problem, "strerror", None) or problem
        raise FileError(f"{path} could not be read: {what}") from problem


def _header(path: FilePath, file: BufferedReader, size: int) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin."""
    start = file.read(16)
    if len(start) < 8:
        raise damaged(path, f"it has only {size} bytes")
    (length,) = struct.unpack("<Q", start[:8])
    if start[8:9] != b"{":
        for magic, name in _FOREIGN_FORMATS.items():
            if start.startswith(magic):
                raise FileError(f"{path} is {name}; expected a model file written by Ranvier")
        raise FileError(f"{path} is no model file: expected a safetensors file written by Ranvier")
    if length > size - 8:
        raise damaged(path, "it ends in the middle of its header")
    if length > MAX_HEADER_BYTES:
        raise damaged(path, f"its header has {length:,} bytes, of {MAX_HEADER_BYTES:,} at most")
    file.seek(8)
    return parse(path, file.read(length), "its header"), 8 + length


def parse(path: FilePath, text: str | bytes, what: str) -> dict[str, Any]:
    """A dict as JSON has it: no key twice, no NaN, not too deep."""
    try:
        return parsed(text)
    except ValueError as problem:
        raise damaged(path, f"{what} {problem}") from None


def parsed(text: str | bytes) -> dict[str, Any]:
    """As `parse`, where there is no file; a ValueError ends the sentence "the text ..."."""
    try:
        content = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("is broken or cut short") from None
    if not isinstance(content, dict):
        raise ValueError(f"is a {type(content).__name__}, not a dict")
    level: list[dict[str, Any] | list[Any]] = [content]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _nested(value)]
        if not level:
            return content
    raise ValueError(f"is nested more than {MAX_DEPTH} deep")


def _nested(value: dict[str, Any] | list[Any]) -> list[dict[str, Any] | list[Any]]:
    """The dicts and lists directly inside one."""
    values = value.values() if isinstance(value, dict) else value
    return [v for v in values if isinstance(v, dict | list)]


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands twice")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _metadata(path: FilePath, header: Mapping[str, Any]) -> dict[str, str]:
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise damaged(path, "its metadata is not a dict of texts")
    return metadata


def _entries(path: FilePath, header: Mapping[str, Any], room: int) -> list[_Entry]:
    """Where each tensor lies; all of them together fill the `room` bytes behind the header."""
    if len(header) > MAX_TENSORS:
        raise damaged(path, f"it names {len(header):,} tensors, of {MAX_TENSORS:,} at most")
    entries = [_entry(path, k, v) for k, v in header.items() if k != "__metadata__"]
    entries.sort(key=lambda entry: (entry.first, entry.last))
    at = 0
    for entry in entries:
        if entry.first != at or entry.last < entry.first:
            raise damaged(path, f"{entry.name!r} does not begin where the tensor before it ends")
        at = entry.last
        bits = 8 * (entry.last - entry.first)
        if bits != math.prod(entry.shape) * _bits(entry.dtype):
            raise damaged(path, f"{entry.name!r} has another size than its shape says")
    if at != room:
        raise damaged(path, f"its tensors take {at:,} bytes, and {room:,} are there")
    return entries


def _entry(path: FilePath, name: str, description: object) -> _Entry:
    """One tensor of the header, checked."""
    if len(name) > MAX_NAME_CHARACTERS:
        raise damaged(path, f"a name has {len(name):,} characters")
    if not isinstance(description, dict) or description.keys() != _ENTRY_KEYS:
        raise damaged(path, f"{name!r} is not described by dtype, shape and data_offsets")
    dtype, shape, ends = description["dtype"], description["shape"], description["data_offsets"]
    if not isinstance(dtype, str) or not (_are_sizes(shape) and _are_sizes(ends)):
        raise damaged(path, f"{name!r} is described by something else than numbers")
    if len(ends) != 2 or len(shape) > MAX_AXES:
        raise damaged(path, f"{name!r} has a wrong number of axes or ends")
    if dtype not in _DTYPES and dtype not in _UNREAD_DTYPES:
        raise FileError(
            f"{path}: {name!r} has the dtype {dtype!r}, which this version of Ranvier does not "
            f"know; it reads {', '.join(_DTYPES)}"
        )
    return _Entry(name, dtype, tuple(shape), *ends)


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(
        type(n) is int and 0 <= n <= MAX_AXIS_SIZE for n in value
    )


def _bits(dtype: str) -> int:
    if dtype in _UNREAD_DTYPES:
        return _UNREAD_DTYPES[dtype][1]
    return 8 * np.dtype(_DTYPES[dtype]).itemsize


def _check_dtypes(path: FilePath, entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.dtype in _UNREAD_DTYPES:
            raise FileError(
                f"{path} is sound, but {entry.name!r} is {_UNREAD_DTYPES[entry.dtype][0]}, a dtype "
                "that NumPy does not have and Ranvier does not read; write it as float32 (in "
                "PyTorch: tensor.float()) and load that file"
            )


def _read(path: FilePath, file: BufferedReader, entry: _Entry) -> Array:
    array = np.empty(math.prod(entry.shape), _DTYPES[entry.dtype])
    raw = array.view(np.uint8)
    if file.readinto(raw.data) != len(raw):
        raise damaged(path, "it became shorter while it was read")
    if array.dtype == bool and (raw > 1).any():
        raise damaged(path, f"{entry.name!r} holds bools other than 0 and 1")
    return array.astype(array.dtype.newbyteorder("="), copy=False).reshape(entry.shape)


def damaged(path: FilePath, how: str) -> FileError:
    """The error for a file whose parts do not fit one another."""
    return FileError(f"{path} is damaged: {how}. Use another copy, or train and save again")
