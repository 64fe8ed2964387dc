"""Mixup and CutMix: each row and its target mixed with another one of its batch.

    model.compile("adam", "categorical_crossentropy", augment=ranvier.nn.Mixup(0.2))

Both run inside the compiled training step. The partner of row i is row (i + s) mod n, s drawn for
each batch; `fit` shuffles the rows, so it is a random one.
"""

from __future__ import annotations

from typing import Any

from ... import random
from ...base.missing import Spelled
from ...dtypes import float32, int32
from ...errors import ArgumentError, DataError
from ...ops.composites.functions import clip, sigmoid
from ...ops.creation import iota
from ...ops.elementwise import floor, less, log, logical_and, remainder, sqrt, where
from ...ops.gather import take
from ...ops.movement import reshape
from ...random import Generator
from ...tensors.tensor import Tensor
from ...typing import TensorLike
from ..images.sliding import check_axes
from .photometric import inside
from .preprocessing import as_floats

_GAMMA_CANDIDATES = 6  # for one number by rejection; all are rejected once in 10 ** 8


class _Mixing(Spelled):
    """Base: a subclass writes `mixed(x, other)`, which returns the new x and the fraction of x in
    it, (batch, 1).
    """

    def __init__(self, alpha: float, seed: int | None = None) -> None:
        if not alpha > 0:
            raise ArgumentError(f"{type(self).__name__}: alpha={alpha!r}; expected it above 0")
        self.alpha, self.seed = alpha, seed
        self._source = random.generator if seed is None else random.Generator(seed)

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Any, Any]:
        """Mixed rows and targets; targets (batch, classes) or numbers (batch,) and (batch, 1)."""
        n = x.shape[0]
        if y.dtype.kind != "f":
            raise DataError(
                f"{type(self).__name__} mixes targets, but these are integers ({y.dtype}), "
                "which have no mean. Give one-hot rows as float32, numpy.eye(classes, "
                "dtype='float32')[y], with loss='categorical_crossentropy'; or 0.0 and 1.0 with "
                "'binary_crossentropy'"
            )
        if n == 1:
            return x, y
        rows = iota((n,), axis=0, dtype=int32) + self._source.randint(1, n, (1,), int32)
        partner = remainder(rows, n)
        x, share = self.mixed(as_floats(x), take(as_floats(x), partner))
        share = reshape(share, (n, *(1 for _ in y.shape[1:])))
        return x, y * share + take(y, partner) * (1 - share)

    def mixed(self, x: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """The rows of x mixed with others."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.alpha})"


class Mixup(_Mixing):
    """`x = p x_i + (1 - p) x_j` and `y = p y_i + (1 - p) y_j`, p from Beta(alpha, alpha).

    Zhang, Cisse, Dauphin and Lopez-Paz (2018), arXiv 1710.09412. Rows of any shape.

    >>> import ranvier
    >>> x, y = ranvier.ones((4, 2)), ranvier.eye(4)
    >>> x, y = Mixup(0.2, seed=0)(x, y)
    >>> x.numpy().round(6).min(), y.numpy().sum(axis=1).round(6)
    (np.float32(1.0), array([1., 1., 1., 1.], dtype=float32))
    """

    def __init__(self, alpha: float = 0.2, seed: int | None = None) -> None:
        super().__init__(alpha, seed)

    def mixed(self, x: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        n = x.shape[0]
        share = beta(self._source, self.alpha, n)
        wide = reshape(share, (n, *(1 for _ in x.shape[1:])))
        return x * wide + other * (1 - wide), share


class CutMix(_Mixing):
    """A rectangle of each image comes from another one; targets are mixed by its area.

    The rectangle covers the fraction 1 - p of the image, p from Beta(alpha, alpha), its centre
    anywhere; it is clipped at the edges, and the targets go by the clipped area.
    Yun et al. (2019), arXiv 1905.04899.
    """

    def __init__(self, alpha: float = 1.0, seed: int | None = None) -> None:
        super().__init__(alpha, seed)

    def mixed(self, x: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        check_axes("CutMix", x.shape[1:], 2)
        n, h, w, _ = x.shape
        half = sqrt(1 - reshape(beta(self._source, self.alpha, n), (n, 1, 1, 1))) / 2
        (top, bottom), (left, right) = (self._side(n, size, half) for size in (h, w))
        share = 1 - (bottom - top) * (right - left) / (h * w)
        return where(inside(x, top, left, bottom - top, right - left), other, x), share

    def _side(self, n: int, size: int, half: Tensor) -> tuple[Tensor, Tensor]:
        """The first position along an axis, and the one after the last."""
        middle = self._source.uniform((n, 1, 1, 1), 0, float(size))
        ends = (clip(floor(middle + s * half * size + 0.5), 0.0, float(size)) for s in (-1, 1))
        low, high = ends
        return low, high


def beta(source: Generator, alpha: float, n: int) -> Tensor:
    """n numbers from Beta(alpha, alpha): g / (g + h) of two from Gamma(alpha), by logarithms."""
    if alpha == 1:
        return source.uniform((n,))
    return sigmoid(_log_gamma(source, alpha, n) - _log_gamma(source, alpha, n))


def _log_gamma(source: Generator, alpha: float, n: int) -> Tensor:
    """Logarithms of n numbers from Gamma(alpha).

    Marsaglia and Tsang (2000): `d v` with `v = (1 + c z) ** 3`, taken when
    `log u < z ** 2 / 2 + d (1 - v + log v)`; for Gamma(alpha + 1), times `u ** (1 / alpha)`.
    """
    d = alpha + 1 - 1 / 3
    c = 1 / (9 * d) ** 0.5
    z = source.normal((_GAMMA_CANDIDATES, n), dtype=float32)
    u = 1 - source.uniform((_GAMMA_CANDIDATES, n))
    root = 1 + c * z
    good = less(0, root)
    log_v = 3 * log(where(good, root, 1.0))
    v = root * root * root
    good = logical_and(good, less(log(u), z * z / 2 + d * (1 - v + log_v)))
    accepted: TensorLike = 0.0
    for i in reversed(range(_GAMMA_CANDIDATES)):
        accepted = where(good[i], log_v[i], accepted)
    return accepted + log(1 - source.uniform((n,))) / alpha
