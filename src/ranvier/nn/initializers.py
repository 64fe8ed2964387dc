"""Initializers: first values of weights.

An initializer is called with a shape and gives a NumPy array; its draws come from the generator
that `ranvier.seed` sets, or from its own `seed=`. For a kernel of shape (inputs, outputs) the
fans are inputs and outputs; the fans of a convolution kernel (..., inputs, outputs) are
multiplied by the number of its positions.

| name | values |
|---|---|
| glorot_uniform, glorot_normal | variance 2 / (fan_in + fan_out): Glorot & Bengio 2010, for tanh |
| he_uniform, he_normal | variance 2 / fan_in: He et al. 2015, for relu |
| lecun_uniform, lecun_normal | variance 1 / fan_in: LeCun et al. 1998, for selu |
| orthogonal | rows or columns of length 1 at right angles: Saxe et al. 2014 |
| zeros, ones, constant | one number |
| random_uniform, random_normal, truncated_normal | given bounds or deviation |

The `_normal` ones are truncated at two standard deviations and scaled so that the variance stays,
as in Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import dtypes, random
from ..base.missing import Spelled, answered, module_getattr
from ..base.sizes import room_for
from ..errors import ArgumentError, unknown_name
from ..executors.philox import numpy_random
from ..typing import Array, ArrayLike, DTypeLike, Shape
from .configuration import configuration, restore

# The standard deviation of a standard normal truncated at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer(Spelled):
    """Base: `initializer(shape)` is a new array."""

    seed: int | None = None

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = dtypes.float32) -> Array:
        """New values for a weight of this shape."""
        shape = (
            (int(shape),) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
        )
        with room_for(type(self).__name__, shape, dtypes.float64):
            return np.asarray(self.values(shape)).astype(dtypes.as_dtype(dtype))

    def values(self, shape: tuple[int, ...]) -> Array:
        """The values in float64."""
        raise NotImplementedError

    def generator(self) -> np.random.Generator:
        """Where draws come from."""
        if self.seed is None:
            return random.generator.host()
        seeded: np.random.Generator = numpy_random().Generator(numpy_random().Philox(self.seed))
        return seeded

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return configuration(self)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v}" for k, v in self.get_config().items() if v is not None)
        return f"{type(self).__name__}({arguments})"


class Constant(Initializer):
    """One number everywhere."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def values(self, shape: tuple[int, ...]) -> Array:
        return np.full(shape, self.value)


class Zeros(Initializer):
    """0 everywhere."""

    def values(self, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape)


class Ones(Initializer):
    """1 everywhere."""

    def values(self, shape: tuple[int, ...]) -> Array:
        return np.ones(shape)


class RandomUniform(Initializer):
    """Uniform between `minval` and `maxval`."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        if not minval <= maxval:
            raise ArgumentError(f"RandomUniform: minval {minval} is above maxval {maxval}")
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def values(self, shape: tuple[int, ...]) -> Array:
        return self.generator().uniform(self.minval, self.maxval, shape)


class RandomNormal(Initializer):
    """Normal with the given mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def values(self, shape: tuple[int, ...]) -> Array:
        return self.generator().normal(self.mean, self.stddev, shape)


class TruncatedNormal(Initializer):
    """Normal, truncated: draws beyond two standard deviations of the mean, or outside of
    `bounds`, are drawn again.

    >>> bool((TruncatedNormal(stddev=1.0, seed=0, bounds=(0.0, 0.5))((9,)) >= 0).all())
    True
    """

    def __init__(
        self,
        mean: float = 0.0,
        stddev: float = 0.05,
        seed: int | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        self.mean, self.stddev, self.seed, self.bounds = mean, stddev, seed, bounds
        if bounds is None:
            return
        low, high = bounds
        reach = 4 * stddev
        if not (low < high and low <= mean + reach and high >= mean - reach):
            raise ArgumentError(
                f"TruncatedNormal: bounds={bounds} for mean {mean} and stddev {stddev}; expected "
                "the lower one first, within four standard deviations of the mean"
            )

    def values(self, shape: tuple[int, ...]) -> Array:
        generator = self.generator()
        if self.bounds is None:
            return self.mean + self.stddev * truncated_normal(generator, shape)
        low, high = self.bounds
        draws = generator.normal(self.mean, self.stddev, shape)
        while (outside := (draws < low) | (draws > high)).any():
            draws[outside] = generator.normal(self.mean, self.stddev, int(outside.sum()))
        return draws


class _VarianceScaling(Initializer):
    """Base of those with variance `scale / fan`."""

    scale = 1.0
    fan = "in"
    normal = False

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def values(self, shape: tuple[int, ...]) -> Array:
        fan_in, fan_out = fans(shape)
        count = (fan_in + fan_out) / 2 if self.fan == "mean" else fan_in
        variance = self.scale / max(1.0, count)
        if self.normal:
            deviation = math.sqrt(variance) / _TRUNCATED_STDDEV
            return deviation * truncated_normal(self.generator(), shape)
        limit = math.sqrt(3 * variance)
        return self.generator().uniform(-limit, limit, shape)


class GlorotUniform(_VarianceScaling):
    """Uniform within `sqrt(6 / (fan_in + fan_out))`: Glorot & Bengio 2010, equation 16.

    >>> float(abs(GlorotUniform(seed=1)((300, 100))).max()) <= (6 / 400) ** 0.5
    True
    """

    fan = "mean"


class GlorotNormal(_VarianceScaling):
    """Normal with variance `2 / (fan_in + fan_out)`: Glorot & Bengio 2010, equation 12."""

    fan = "mean"
    normal = True


class HeUniform(_VarianceScaling):
    """Uniform within `sqrt(6 / fan_in)`: He et al. 2015, equation 10."""

    scale = 2.0


class HeNormal(_VarianceScaling):
    """Normal with variance `2 / fan_in`: He et al. 2015, equation 10."""

    scale = 2.0
    normal = True


class LecunUniform(_VarianceScaling):
    """Uniform within `sqrt(3 / fan_in)`: LeCun et al. 1998, "Efficient BackProp"."""


class LecunNormal(_VarianceScaling):
    """Normal with variance `1 / fan_in`: LeCun et al. 1998, "Efficient BackProp"."""

    normal = True


class Orthogonal(_VarianceScaling):
    """`gain` times a matrix whose shorter side is an orthonormal set: Saxe et al. 2014.

    Axes before the last are read as one.

    >>> q = Orthogonal(seed=0)((3, 3))
    >>> bool(abs(q @ q.T - np.eye(3)).max() < 1e-6)
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def values(self, shape: tuple[int, ...]) -> Array:
        if len(shape) < 2:
            raise ArgumentError(f"Orthogonal: a shape of at least two axes is needed; got {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draws = self.generator().normal(size=(max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(draws)
        q = q * np.sign(np.diag(r))  # makes the choice uniform over all rotations
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many numbers one output sums over, and how many outputs one input reaches.

    >>> fans((784, 10)), fans((3, 3, 8, 16))
    ((784, 10), (72, 144))
    """
    if len(shape) < 2:
        n = shape[0] if shape else 1
        return n, n
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@answered
def truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal draws between -2 and 2."""
    z = generator.standard_normal(shape)
    while (outside := np.abs(z) > 2).any():
        z = np.where(outside, generator.standard_normal(shape), z)
    return z


CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Constant, Zeros, Ones, RandomUniform, RandomNormal, TruncatedNormal, GlorotUniform,
        GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
    )
}  # fmt: skip
_NAMES: dict[str, type[Initializer]] = {
    "constant": Constant,
    "zeros": Zeros,
    "ones": Ones,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "random_normal": RandomNormal,
    "normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
}


# A name, an initializer, its class or config, a number everywhere, or a function of a shape.
InitializerLike: TypeAlias = (
    str | Initializer | type[Initializer] | Mapping[str, Any] | float | Callable[[Shape], ArrayLike]
)


@answered
def get(initializer: InitializerLike) -> Callable[..., Array]:
    """An initializer from a name, object, number (constant), function of shape or a config.

    >>> get("zeros")((2,))
    array([0., 0.], dtype=float32)
    """
    if isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, str) and initializer.lower() in _NAMES:
        return _NAMES[initializer.lower()]()
    if isinstance(initializer, Mapping):
        return restore("initializer", initializer, CLASSES)
    if isinstance(initializer, type) and issubclass(initializer, Initializer):
        return initializer()
    if isinstance(initializer, int | float) and not isinstance(initializer, bool):
        return Constant(float(initializer))
    if callable(initializer):
        function: Callable[..., Any] = initializer
        return lambda shape, dtype=dtypes.float32: np.asarray(function(shape), dtype)
    raise unknown_name("initializer", initializer, _NAMES)


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
