"""Images of digits, as arrays of bytes."""

from __future__ import annotations

import io
from typing import Literal, overload

import numpy as np

from ...base.missing import spelled
from ...errors import FileError
from ...typing import Array
from ..fetch import read, read_packaged
from .published_files import MNIST_FILES
from .splits import Pair, Split, fifth_held_out


@overload
def load_digits(*, split: Literal[True] = True, seed: int = 0) -> Split: ...
@overload
def load_digits(*, split: Literal[False], seed: int = 0) -> Pair: ...
@spelled
def load_digits(*, split: bool = True, seed: int = 0) -> Split | Pair:
    """The UCI handwritten digits: 1,797 images of 8x8 pixels, each 0 (blank) to 16 (full ink).

    Images are (n, 8, 8) uint8, labels (n,) int64. A stratified fifth (360 rows) is held out; with
    `split=False` all rows come back as `(x, y)` in their published order.
    Source: Alpaydin and Kaynak (1998), https://doi.org/10.24432/C50P49, CC BY 4.0.

    >>> (x_train, y_train), (x_test, y_test) = load_digits()
    >>> x_train.shape, x_test.shape, y_train[:5]
    ((1437, 8, 8), (360, 8, 8), array([5, 4, 2, 1, 9]))
    """
    with np.load(io.BytesIO(read_packaged("digits.npz")), allow_pickle=False) as arrays:
        x, y = arrays["images"], arrays["labels"].astype(np.int64)
    return fifth_held_out(x, y, seed) if split else (x, y)


@spelled
def load_mnist() -> Split:
    """MNIST: 60,000 handwritten digits to train on and 10,000 to test, 28x28 pixels from 0 to 255.

    Images are (n, 28, 28) uint8, labels (n,) int64. Read from files, see `MNIST_FILES`.
    Source: LeCun, Bottou, Bengio and Haffner (1998), from NIST's Special Databases 1 and 3.
    """
    import gzip

    x_train, y_train, x_test, y_test = (_idx(gzip.decompress(data)) for data in read(*MNIST_FILES))
    return (x_train, y_train.astype(np.int64)), (x_test, y_test.astype(np.int64))


def _idx(content: bytes) -> Array:
    """An array of bytes in MNIST's format: 0, 0, 8 (bytes), number of axes, sizes, values."""
    zero, kind, axes = content[:2], content[2], content[3]
    sizes = np.frombuffer(content, ">u4", count=axes, offset=4)
    start = 4 + 4 * axes
    if zero != b"\0\0" or kind != 8 or len(content) != start + int(sizes.prod()):
        raise FileError("not an IDX file of unsigned bytes, or a shortened one")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()
