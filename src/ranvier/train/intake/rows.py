"""Whatever a user gives as data, as arrays that a step can read; what cannot be used is said by row
and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base.finite import all_finite
from ...data.conversion import as_array, check_finite, column_names
from ...errors import ArgumentError, DataError, RanvierError, ShapeError, unknown_name
from ...typing import Array, DataLike, DTypeLike

if TYPE_CHECKING:
    from ..models.network import Network


class Layout(NamedTuple):
    """How the arguments of a step lie: inputs, targets, perhaps weights, and the count."""

    inputs: int
    targets: int
    weighted: bool

    def parts(self, arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Any, Any]:
        """(inputs, targets, weight or None, count)."""
        end = self.inputs + self.targets
        weight = arguments[end] if self.weighted else None
        return arguments[: self.inputs], arguments[self.inputs : end], weight, arguments[-1]


class Rows:
    """Inputs, targets and perhaps one weight for each row.

    `x` and `y` are arrays, or lists of them for a model with several inputs or targets (or none);
    `names` are then those of the inputs and of the targets.
    """

    def __init__(
        self,
        x: Array | list[Array],
        y: Array | list[Array],
        weight: Array | None = None,
        names: Sequence[str] = ("x", "y"),
    ) -> None:
        self.x, self.y, self.weight = x, y, weight
        self.xs: list[Array] = x if isinstance(x, list) else [x]
        self.ys: list[Array] = y if isinstance(y, list) else [y]
        self.count = len(self.xs[0])
        self.layout = Layout(len(self.xs), len(self.ys), weight is not None)
        self._names = names
        self.names = tuple(names) if weight is None else (*names, "weight")
        # What a step reads, in its order.
        self.arrays = [*self.xs, *self.ys] if weight is None else [*self.xs, *self.ys, weight]

    def part(self, start: int, stop: int) -> Rows:
        """The rows from `start` to before `stop`."""

        return self.taken(slice(start, stop))

    def taken(self, at: slice | Array) -> Rows:
        """The rows of a slice, or those with these numbers."""

        def cut(a: Array | list[Array]) -> Array | list[Array]:
            return [one[at] for one in a] if isinstance(a, list) else a[at]

        weight = None if self.weight is None else self.weight[at]
        return Rows(cut(self.x), cut(self.y), weight, self._names)

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """All rows of the parts, one part after the other."""

        def join(columns: Sequence[Any]) -> Any:
            if isinstance(columns[0], list):
                return [join(column) for column in zip(*columns, strict=True)]
            return None if columns[0] is None else np.concatenate(columns)

        if len(parts) == 1:
            return parts[0]
        x, y, weight = (join([getattr(p, name) for p in parts]) for name in ("x", "y", "weight"))
        return Rows(x, y, weight, parts[0]._names)


# Integers that steps do not take, and what they become.
_WIDER: dict[Any, Any] = {np.dtype(kind): np.int32 for kind in ("int8", "int16", "uint16")}
_WIDER[np.dtype("uint64")] = np.int64


def inputs(x: DataLike, role: str = "x", floats: DTypeLike = np.float32) -> Array:
    """x as finite numbers, ready to gather rows from; `floats` is the dtype of fractions."""
    array = as_array(x, role, float_dtype=floats)
    if not len(array):
        raise DataError(f"{role} has no rows; expected at least one")
    if not all_finite(array):
        check_finite(array, role, column_names(x))
    wider = _WIDER.get(array.dtype)
    return np.ascontiguousarray(array if wider is None else array.astype(wider))


def targets(y: DataLike, role: str = "y", floats: DTypeLike = np.float32) -> Array:
    """y as finite numbers or as text (labels)."""
    array = as_array(y, role, float_dtype=floats, text=True)
    if array.dtype.kind != "U":
        return inputs(array, role, floats) if array.size or not len(array) else array
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def encode(y: Array, classes: Array, role: str = "y") -> Array:
    """Labels as their positions in the sorted `classes`.

    >>> encode(np.array(["dog", "cat"]), np.array(["cat", "dog"]))
    array([1, 0])
    """
    if y.ndim != 1:
        raise ShapeError(f"{role}: expected one label in each row, got shape {y.shape}")
    codes = np.searchsorted(classes, y)
    wrong = (codes == len(classes)) | (classes[np.minimum(codes, len(classes) - 1)] != y)
    if wrong.any():
        row = int(wrong.argmax())
        error = unknown_name("label", y[row].item(), [str(c) for c in classes])
        raise DataError(f"{role}, row {row}: {error}")
    return codes.astype(np.int64)


def decode_labels(y: Array, classes: Array | None, role: str = "y") -> Array:
    """Text as positions in the model's `classes`; numbers as they are."""
    if y.dtype.kind != "U":
        return y
    if classes is None:
        raise DataError(
            f"{role} holds text ({y.ravel()[0].item()!r}), but the model was trained on numbers; "
            "give labels as in training"
        )
    return encode(y, classes, role)


def weights(
    rows: int,
    labels: Array,
    classes: Array | None,
    sample_weight: DataLike | None,
    class_weight: Mapping[Any, float] | str | None,
    floats: DTypeLike = np.float32,
) -> Array | None:
    """One weight for each row, or None when all weigh the same."""
    if sample_weight is None and class_weight is None:
        return None
    weight = np.ones(rows, floats)
    if sample_weight is not None:
        if isinstance(sample_weight, Mapping):
            raise ArgumentError(
                "sample_weight: one weight for each row, for all outputs together; got a dict. Use "
                "compile(loss_weights=...) for how much each output counts"
            )
        each = as_array(sample_weight, "sample_weight", float_dtype=floats)
        if each.shape == (rows, 1):
            each = each[:, 0]
        if each.shape != (rows,):
            raise DataError(
                f"sample_weight: expected one number for each of the {rows:,} rows, got shape "
                f"{each.shape}"
            )
        check_finite(each, "sample_weight")
        if each.min() < 0:
            raise DataError(f"sample_weight: row {int(each.argmin())} is negative ({each.min():g})")
        weight *= each
    if class_weight is not None:
        weight *= _class_weights(labels, classes, class_weight).astype(floats)
    return weight


def _class_weights(y: Array, classes: Array | None, weights: Mapping[Any, float] | str) -> Array:
    """The weight of each row's class."""
    codes = _codes(y)
    if isinstance(weights, str):
        if weights != "balanced":
            raise unknown_name("class_weight", weights, ("balanced",))
        counts = np.bincount(codes)
        table = len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return table[codes]
    size = int(codes.max()) + 1 if classes is None else len(classes)
    known = list(range(size)) if classes is None else [c.item() for c in classes]
    if not isinstance(weights, Mapping):
        raise ArgumentError(
            f"class_weight: expected a dict, such as {{0: 1.0, 1: 2.0}}, or 'balanced'; got a "
            f"{type(weights).__name__}"
        )
    table = np.ones(size)
    for name, value in weights.items():
        plain = name.item() if isinstance(name, np.generic) else name
        if plain not in known:
            if isinstance(plain, int) and classes is None:
                continue  # a class that these rows happen not to hold
            if str(plain) in map(str, known):
                raise ArgumentError(
                    f"class_weight: the class {plain!r} is a {type(plain).__name__}, the labels "
                    f"are {type(known[0]).__name__}: {', '.join(map(repr, known[:8]))}"
                )
            raise unknown_name("class in class_weight", plain, [str(k) for k in known])
        if not isinstance(value, Real) or not 0 <= value < np.inf:
            raise ArgumentError(
                f"class_weight: class {plain!r} has weight {value!r}; expected a number of at "
                "least 0"
            )
        table[known.index(plain)] = value
    return table[codes]


def _codes(y: Array) -> Array:
    """The class number of each row, from numbers or one-hot rows."""
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(y.argmax(axis=1))
    flat = y.reshape(len(y))
    codes = flat.astype(np.int64)
    if (codes != flat).any() or codes.min() < 0:
        raise DataError(
            "class_weight needs class labels 0, 1, 2, ..., text labels or one-hot rows as targets; "
            f"got {flat[int(((codes != flat) | (codes < 0)).argmax())]:g}"
        )
    return codes


def check_features(model: Network, x: Array) -> None:
    """The rows of x must have the shape the model was built for, or one that all its layers take,
    such as a sequence of another length.
    """
    if (
        not model.built
        or model.built_shape is None
        or tuple(x.shape[1:]) == tuple(model.built_shape)
        or _taken(model, tuple(x.shape[1:]))
    ):
        return
    first = model.first_layer()
    raise ShapeError(
        f"{first.name} ({type(first).__name__}): expected rows of shape "
        f"{_shape(model.built_shape)}, received rows of shape {_shape(x.shape[1:])} (x has shape "
        f"{x.shape}). " + _shape_fix(tuple(model.built_shape), tuple(x.shape))
    )


def _taken(model: Network, shape: tuple[int, ...]) -> bool:
    """Whether a built model can also do rows of this shape, with as many axes."""
    if model.built_shape is None or len(shape) != len(model.built_shape) or not shape:
        return False
    if shape not in model.taken_shapes:
        try:
            model.trace_rows(shape)
        except RanvierError:
            return False
        model.taken_shapes.add(shape)
    return True


def _shape(shape: Sequence[int]) -> str:
    """A row's shape in words.

    >>> _shape((10,)), _shape((8, 8)), _shape(())
    ('(10,): 10 features', '(8, 8)', '(): a single number')
    """
    if len(shape) == 1:
        return f"{tuple(shape)}: {shape[0]} feature{'s' * (shape[0] != 1)}"
    return f"{tuple(shape)}{': a single number' * (not shape)}"


def _shape_fix(expected: tuple[int, ...], x: tuple[int, ...]) -> str:
    got = x[1:]
    if x in (expected, (*expected, 1)):
        return (
            "This is one row, and a model takes rows: write x[None] for an array, [row] for a "
            "list, table.iloc[[i]] for row i of a data frame, which makes them a batch of one"
        )
    if not got and expected == (1,):
        return "Make a column of x: x.reshape(-1, 1)"
    if np.prod(expected) == np.prod(got):
        return f"Reshape x: x.reshape({('-1, ' + ', '.join(map(str, expected)))})"
    if len(expected) == len(got) + 1 and expected[0] == got[0]:
        return "Add the missing axis at the end: x[..., None]"
    if len(x) == 2 and x[:1] == expected:
        return "Rows stand along the first axis; did you mean the transpose, x.T?"
    return "Give the columns that the model was built for, or build a new model for these"


def split(rows: Rows, share: float) -> tuple[Rows, Rows]:
    """The last `share` of the rows is held out for validation, as in Keras."""
    if not 0.0 < share < 1.0:
        raise ArgumentError(
            f"validation_split={share!r}: expected a share between 0 and 1, such as 0.2"
        )
    at = int(rows.count * (1.0 - share))
    if at == 0 or at == rows.count:
        raise DataError(
            f"validation_split={share!r} leaves {at} rows to train on and {rows.count - at} held "
            f"out, of {rows.count}; each part needs one"
        )
    return rows.part(0, at), rows.part(at, rows.count)


def features(x: DataLike, role: str = "x", floats: DTypeLike = np.float32) -> Array:
    """x as `inputs`; a single column (n,) becomes (n, 1), as in Keras."""
    array = inputs(x, role, floats)
    return array.reshape(-1, 1) if array.ndim == 1 else array
