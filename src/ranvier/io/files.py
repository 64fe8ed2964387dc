"""Arrays and a description in one safetensors file: data only, whole or not at all, checked when
read.

    file = safetensors: 8 bytes of length, a JSON header, the numbers of every array
    header["__metadata__"]["ranvier"] = JSON: {"format", "version", "checksum", ...description}

The checksum (SHA-256) covers every array with its name, dtype and shape, and the description, so
one flipped bit is noticed. It is written through `writing`: a failed save leaves the file that was
there before.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from .writing import FilePath, check_output, check_suffix, write_whole

FORMAT = 1
_KEY = "ranvier"
_FOREIGN = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (Keras .h5)",
    b"PK\x03\x04": "a zip archive (Keras .keras, PyTorch .pt or NumPy .npz)",
    b"\x80": "a Python pickle, which could run code and is never opened",
    b"\x93NUMPY": "a NumPy .npy file",
    b"GGUF": "a GGUF file",
    b"\x08": "an ONNX file",
}

SUFFIX = ".safetensors"

Arrays = dict[str, np.ndarray]


def write(
    path: FilePath,
    arrays: Mapping[str, Any],
    description: Mapping[str, Any],
    foreign: Collection[str] = (),
) -> str:
    """Write arrays and description to `path`; returns the checksum.

    A suffix of another format is refused, but for those in `foreign`.

    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.safetensors")
    ...     checksum = write(path, {"w": np.ones(2, np.float32)}, {"kind": "weights"})
    ...     arrays, description = read(path)
    >>> arrays["w"], description["kind"], description["checksum"] == checksum
    (array([1., 1.], dtype=float32), 'weights', True)
    """
    from safetensors.numpy import save

    check_suffix(path, SUFFIX, foreign)
    check_output(path)
    # NOTE: order="C" with a copy: safetensors writes the memory as it lies, transposed views
    # included.
    plain = {name: np.array(array, order="C") for name, array in arrays.items()}
    about = {**description, "format": FORMAT}
    about["checksum"] = _checksum(plain, about)
    write_whole(path, save(plain, {_KEY: json.dumps(about, sort_keys=True, allow_nan=False)}))
    return str(about["checksum"])


def read(path: FilePath) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the description in the file `path`, its checksum verified."""
    arrays, metadata = _parse(Path(path))
    if _KEY not in metadata:
        raise FileError(
            f"{path}: a safetensors file of another program, without Ranvier's description; "
            "expected a file written by save() or save_weights(). To use its numbers, load them "
            "with safetensors.numpy.load_file and give them to set_weights()"
        )
    try:
        about = json.loads(metadata[_KEY])
        claimed = about.pop("checksum")
        known = about["format"] <= FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(path, "its description cannot be read") from None
    if _checksum(arrays, about) != claimed:
        raise _damaged(path, "its checksum does not match its contents")
    if not known:
        raise FileError(
            f"{path}: written in format {about['format']}, this version of Ranvier reads up to "
            f"{FORMAT}; upgrade Ranvier"
        )
    about["checksum"] = claimed
    return arrays, about


def _parse(path: Path) -> tuple[Arrays, dict[str, str]]:
    """The arrays and the metadata of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"{path} does not exist (looked in {path.parent.resolve()})") from None
    except OSError as problem:
        raise FileError(f"{path} could not be read: {problem.strerror or problem}") from problem
    if len(data) < 8:
        raise _damaged(path, f"it has only {len(data)} bytes")
    (length,) = struct.unpack("<Q", data[:8])
    if data[8:9] != b"{":
        for magic, name in _FOREIGN.items():
            if data.startswith(magic):
                raise FileError(f"{path} is {name}; expected a model file written by Ranvier")
        raise FileError(f"{path} is no model file: expected a safetensors file written by Ranvier")
    if length > len(data) - 8:
        raise _damaged(path, "it ends in the middle of its header")
    try:
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        return dict(load(data)), metadata
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _damaged(path, "it is cut short or its header is broken") from None


def _damaged(path: FilePath, how: str) -> FileError:
    return FileError(f"{path} is damaged: {how}. Use another copy, or train and save again")


def _checksum(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> str:
    """SHA-256 over the description and over each array's name, dtype, shape and numbers."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
