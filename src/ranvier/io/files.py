"""Arrays and a description in one safetensors file: data only, whole or not at all, checked when
read.

    file = safetensors: 8 bytes of length, a JSON header, the numbers of every array
    header["__metadata__"]["ranvier"] = JSON: {"format", "version", "checksum", ...description}

The checksum (SHA-256) covers every array with its name, dtype and shape, and the description, so
one flipped bit is noticed. It is written through `writing`: a failed save leaves the file that was
there before.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..errors import FileError
from ..typing import Array, ArrayLike
from .tensors import Arrays, damaged, parse, read_tensors
from .writing import FilePath, check_output, check_suffix, write_whole

FORMAT = 1
_METADATA_KEY = "ranvier"
SUFFIX = ".safetensors"


def write(
    path: FilePath,
    arrays: Mapping[str, ArrayLike],
    description: Mapping[str, Any],
    foreign: Collection[str] = (),
    suffix: str = SUFFIX,
) -> str:
    """Write arrays and description to `path`; returns the checksum.

    A suffix of another format than that of `suffix` is refused, but for those in `foreign`.

    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.safetensors")
    ...     checksum = write(path, {"w": np.ones(2, np.float32)}, {"kind": "weights"})
    ...     arrays, description = read(path)
    >>> arrays["w"], description["kind"], description["checksum"] == checksum
    (array([1., 1.], dtype=float32), 'weights', True)
    """
    from safetensors.numpy import save

    check_suffix(path, suffix, foreign)
    check_output(path)
    # NOTE: order="C" with a copy: safetensors writes the memory as it lies, transposed views
    # included.
    plain = {name: np.array(array, order="C") for name, array in arrays.items()}
    about = {**description, "format": FORMAT}
    about["checksum"] = _checksum(plain, about)
    text = json.dumps(about, sort_keys=True, allow_nan=False)
    write_whole(path, save(plain, {_METADATA_KEY: text}))
    return str(about["checksum"])


def read(path: FilePath) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the description in the file `path`, its checksum verified."""
    arrays, metadata = read_tensors(path)
    if _METADATA_KEY not in metadata:
        raise FileError(
            f"{path}: a safetensors file of another program, without Ranvier's description; "
            "expected a file written by save() or save_weights(). To use its numbers, load them "
            "with safetensors.numpy.load_file and give them to set_weights()"
        )
    about = parse(path, metadata[_METADATA_KEY], "its description")
    claimed, form = about.pop("checksum", None), about.get("format")
    if not isinstance(claimed, str) or type(form) is not int:
        raise damaged(path, "its description has no checksum or format")
    if _checksum(arrays, about) != claimed:
        raise damaged(path, "its checksum does not match its contents")
    if form > FORMAT:
        raise FileError(
            f"{path}: written in format {form}, this version of Ranvier reads up to "
            f"{FORMAT}; upgrade Ranvier"
        )
    about["checksum"] = claimed
    return arrays, about


def _checksum(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> str:
    """SHA-256 over the description and over each array's name, dtype, shape and numbers."""
    import hashlib  # NOTE: loads OpenSSL, which an import of Ranvier need not

    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
