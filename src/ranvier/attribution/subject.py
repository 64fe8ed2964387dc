"""What is explained: a model as a function of arrays, and which of their elements a feature is.

A raw column of a table becomes a few elements of the encoder's arrays, an image so many pixels, a
text so many tokens. All methods that only ask the model (SHAP values, occlusion, counterfactuals,
partial dependence) go through a `Subject`, so each is written once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from ..errors import ArgumentError, DataError, ShapeError, unknown_name
from ..typing import Array

if TYPE_CHECKING:
    from ..tables.model import TableModel
    from ..tasks.texts import TextModel

Arrays: TypeAlias = Mapping[str, Array]
Output: TypeAlias = int | str | Literal["all"] | None
Rows: TypeAlias = object  # arrays, frames, files, dicts of columns, texts

_ROWS_AT_ONCE = 65_536  # that the model is asked together
_SMALLEST = 1e-7  # probability whose log-odds are told from those of 0
_ONE = "x"  # the name of the only array


@dataclass(frozen=True)
class Encoded:
    """Rows as the arrays that the model reads; `data` are their cells, (rows, features)."""

    arrays: Arrays
    data: Array

    def __len__(self) -> int:
        return len(self.data)

    def take(self, rows: Array | slice) -> Encoded:
        """Some of the rows."""
        return Encoded({name: a[rows] for name, a in self.arrays.items()}, self.data[rows])


class Subject(ABC):
    """A model as a function of arrays.

    `owners` say for every element of a row of each array the number of the feature that it
    belongs to, in the shape of the row; -1 of none. `evaluations` is how often one explanation
    may ask.
    """

    kind = "table"
    evaluations = 2**21
    logits = False  # whether outputs are log-odds of probabilities

    def __init__(
        self, feature_names: Sequence[str], owners: Mapping[str, Array], classes: Sequence[str] = ()
    ) -> None:
        self.feature_names = tuple(feature_names)
        self.owners = dict(owners)
        self.classes = tuple(classes)

    @abstractmethod
    def encode(self, rows: Rows) -> Encoded:
        """Raw rows as arrays."""

    @abstractmethod
    def evaluate(self, arrays: Arrays) -> Array:
        """What the model says: (rows, outputs), float64."""

    def __call__(self, arrays: Arrays) -> Array:
        """`evaluate`, so many rows at a time; with `logits` as log-odds."""
        count = len(next(iter(arrays.values())))
        if count <= _ROWS_AT_ONCE:
            out = self.evaluate(arrays)
        else:
            parts = [
                self.evaluate({k: a[at : at + _ROWS_AT_ONCE] for k, a in arrays.items()})
                for at in range(0, count, _ROWS_AT_ONCE)
            ]
            out = np.concatenate(parts)
        return log_odds(out) if self.logits else out

    def names_of(self, outputs: int) -> tuple[str, ...]:
        """The names of so many outputs."""
        if len(self.classes) == outputs:
            return self.classes
        return tuple(str(i) for i in range(outputs))

    def chosen(self, outputs: Array, output: Output) -> Array:
        """Which output of each row is explained: (rows,) numbers of columns."""
        return chosen_outputs(outputs, output, self.names_of(outputs.shape[1]))

    def grouped(self, groups: Mapping[str, Sequence[str | int]]) -> Subject:
        """The same with these groups of features as features; the others stay as they are."""
        numbers = {name: i for i, name in enumerate(self.feature_names)}
        group_of: dict[int, str] = {}
        for group, members in groups.items():
            for member in members:
                if isinstance(member, str) and member not in numbers:
                    raise unknown_name("feature", member, self.feature_names)
                at = numbers[member] if isinstance(member, str) else int(member)
                if at in group_of or not 0 <= at < len(self.feature_names):
                    raise ArgumentError(
                        f"groups: feature {member!r} of {group!r} "
                        + ("is in two groups" if at in group_of else "does not exist")
                    )
                group_of[at] = group
        names = [group_of.get(i, name) for i, name in enumerate(self.feature_names)]
        merged = list(dict.fromkeys(names))
        numbering = np.array([merged.index(name) for name in names])
        return _Grouped(self, merged, numbering, [names.count(name) for name in merged])


class _Grouped(Subject):
    """A subject whose features are groups of another's."""

    def __init__(
        self, inner: Subject, names: Sequence[str], numbering: Array, sizes: Sequence[int]
    ) -> None:
        owners = {
            name: np.where(owner < 0, -1, numbering[owner]) for name, owner in inner.owners.items()
        }
        super().__init__(names, owners, inner.classes)
        self.inner, self.numbering, self.sizes = inner, numbering, sizes
        self.kind, self.evaluations, self.logits = inner.kind, inner.evaluations, inner.logits

    def encode(self, rows: Rows) -> Encoded:
        encoded = self.inner.encode(rows)
        data = np.empty((len(encoded), len(self.feature_names)), object)
        for i, size in enumerate(self.sizes):
            columns = encoded.data[:, self.numbering == i]
            data[:, i] = columns[:, 0] if size == 1 else [tuple(row) for row in columns]
        return Encoded(encoded.arrays, data)

    def evaluate(self, arrays: Arrays) -> Array:
        return self.inner.evaluate(arrays)


class ArraySubject(Subject):
    """A function of arrays whose rows are features, pixels or steps of a series."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        rows: Rows,
        feature_names: Sequence[str] | None = None,
        classes: Sequence[str] = (),
        patch: int | None = None,
    ) -> None:
        self.function = function
        self.by_name = isinstance(rows, Mapping)
        arrays = self._arrays(rows)
        owners: dict[str, Array] = {}
        names: list[str] = []
        self.grid: tuple[int, ...] | None = None
        for name, a in arrays.items():
            if patch is not None and a.ndim >= 3:
                own, self.grid = patches(a.shape[1:], patch)
                count = int(own.max()) + 1
                self.kind = "image"
            else:
                count = int(np.prod(a.shape[1:]))
                own = np.arange(count).reshape(a.shape[1:])
            owners[name] = own + len(names)
            names += [
                f"{name}[{i}]" if self.by_name or a.ndim > 2 else f"x{i}" for i in range(count)
            ]
        if feature_names is not None:
            if len(feature_names) != len(names):
                raise ShapeError(
                    f"feature_names: {len(feature_names)} names for {len(names)} features"
                )
            names = [str(name) for name in feature_names]
        super().__init__(names, owners, classes)

    def _arrays(self, rows: Rows) -> dict[str, Array]:
        if self.by_name:
            if not isinstance(rows, Mapping):
                raise DataError("expected a dict of arrays by the names of the model's inputs")
            arrays = {str(name): as_rows(a) for name, a in rows.items()}
            if len({len(a) for a in arrays.values()}) > 1:
                raise ShapeError("the inputs have different numbers of rows")
            return arrays
        return {_ONE: as_rows(rows)}

    def encode(self, rows: Rows) -> Encoded:
        arrays = self._arrays(rows)
        for name, a in arrays.items():
            if name not in self.owners or a.shape[1:] != self.owners[name].shape:
                raise ShapeError(
                    f"rows of {name!r} have the shape {a.shape[1:]}, those to explain "
                    f"{self.owners[name].shape if name in self.owners else 'no such input'}"
                )
        count = len(next(iter(arrays.values())))
        if self.grid is None:
            data = np.concatenate([a.reshape(count, -1) for a in arrays.values()], axis=1)
        else:
            data = next(iter(arrays.values()))
        return Encoded(arrays, data)

    def evaluate(self, arrays: Arrays) -> Array:
        out = np.asarray(self.function(dict(arrays) if self.by_name else arrays[_ONE]), np.float64)
        if not out.ndim or len(out) != len(next(iter(arrays.values()))):
            raise ShapeError(
                f"the function gave an array of shape {out.shape} for "
                f"{len(next(iter(arrays.values())))} rows; expected (rows,) or (rows, outputs)"
            )
        return out.reshape(len(out), -1)


def columns_in_pairs(model: TableModel) -> str:
    """What the encoder makes of several columns together, where it does; else ""."""
    known = set(model.encoder.columns)
    made = {name for names in model.encoder.sources.values() for name in names} - known
    return ", ".join(sorted(made))


class TableSubject(Subject):
    """A `TableModel`: features are raw columns, whatever the encoder makes of them."""

    evaluations = 2**16  # its network holds many members

    def __init__(self, model: TableModel) -> None:
        self.model = model
        names = model.encoder.columns
        together = columns_in_pairs(model)
        if together:
            raise ArgumentError(
                f"this model reads {together}, so what it makes of one column alone cannot be told "
                "apart; permutation importance of the report shuffles raw columns: model.report()"
            )
        numbers = {name: i for i, name in enumerate(names)}
        owners = {
            block: np.array([numbers[name] for name in sources], np.int64)
            for block, sources in model.encoder.sources.items()
            if sources
        }
        super().__init__(names, owners, model.classes)

    def encode(self, rows: Rows) -> Encoded:
        from ..tables.reading import read_table

        frame = read_table(rows).frame
        arrays = self.model.encoder.transform(frame)
        data = np.empty((len(frame), len(self.feature_names)), object)
        for i, name in enumerate(self.feature_names):
            data[:, i] = frame[name].to_list()
        return Encoded(arrays, data)

    def missing(self) -> Encoded:
        """A row without any cell."""
        import polars as pl

        empty = pl.DataFrame({name: [None] for name in self.feature_names})
        arrays = self.model.encoder.transform(empty.cast(pl.String))
        return Encoded(arrays, np.full((1, len(self.feature_names)), None, object))

    def evaluate(self, arrays: Arrays) -> Array:
        out = self.model.outputs_of(arrays)
        return out.reshape(len(out), -1)

    def names_of(self, outputs: int) -> tuple[str, ...]:
        return self.classes or (self.model.plan.target,)


class TextSubject(Subject):
    """A `TextModel` and one text: features are its words; one that is left out is a blank."""

    kind = "text"
    evaluations = 2**16

    def __init__(self, model: TextModel, text: Rows) -> None:
        from ..data.text import words

        texts = [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]
        if len(texts) != 1 or not words(texts[0]):
            raise DataError(
                f"{len(texts)} texts to explain: texts differ in their words, so give one at a "
                "time, and one that has words"
            )
        self.model = model
        self.tokens = words(texts[0])[: model.length]
        owner = np.full(model.length, -1)  # what no word owns stays as it is
        owner[model.ids(texts)[0] != 0] = np.arange(len(self.tokens))
        super().__init__(self.tokens, {_ONE: owner}, model.classes)

    def encode(self, rows: Rows) -> Encoded:
        ids = self.model.ids(rows)  # type: ignore[arg-type]
        return Encoded({_ONE: ids}, np.array([self.tokens] * len(ids), object))

    def blank(self) -> Encoded:
        """A text of no words."""
        ids = np.zeros((1, self.model.length), np.int64)
        return Encoded({_ONE: ids}, np.array([[""] * len(self.tokens)], object))

    def evaluate(self, arrays: Arrays) -> Array:
        return np.asarray(self.model.of_ids(arrays[_ONE]), np.float64)


def log_odds(probabilities: Array) -> Array:
    """`log(p / (1 - p))`, what a sigmoid reads; ArgumentError for what is no probability.

    >>> log_odds(np.array([[0.5, 0.9]])).round(3)
    array([[0.   , 2.197]])
    """
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ArgumentError(
            f"logits=True: outputs from {probabilities.min():.4g} to {probabilities.max():.4g} are "
            "no probabilities; they are explained as they are without logits=True"
        )
    p = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    out: Array = np.log(p) - np.log1p(-p)
    return out


def subject_of(
    model: object,
    rows: Rows,
    feature_names: Sequence[str] | None = None,
    patch: int | None = None,
    logits: bool = False,
) -> Subject:
    """The subject for a model and rows of the kind that is to be explained.

    `model` is a `TableModel`, a `TextModel`, any `ranvier.Model`, or a function that takes arrays
    and gives (rows,) or (rows, outputs). With `logits` probabilities become log-odds.
    """
    subject = _plain_subject(model, rows, feature_names, patch)
    if logits and isinstance(subject, TableSubject) and not subject.classes:
        raise ArgumentError(
            f"logits=True: {subject.model.plan.target!r} is a number, which has no probability"
        )
    subject.logits = logits
    return subject


def _plain_subject(
    model: object,
    rows: Rows,
    feature_names: Sequence[str] | None = None,
    patch: int | None = None,
) -> Subject:
    from ..tables.model import TableModel
    from ..tasks.images import ImageModel
    from ..tasks.texts import TextModel
    from ..train.models.model import Model

    if isinstance(model, TableModel):
        if feature_names is not None:
            raise ArgumentError("feature_names: the features of a table are its columns")
        return TableSubject(model)
    if isinstance(model, TextModel):
        return TextSubject(model, rows)
    if isinstance(model, ImageModel):
        return ArraySubject(model.network.predict, rows, feature_names, model.classes, patch)
    if isinstance(model, Model):
        classes = () if model.classes is None else [str(c) for c in model.classes]
        return ArraySubject(model.predict, rows, feature_names, classes, patch)
    if callable(model):
        return ArraySubject(model, rows, feature_names, (), patch)
    raise ArgumentError(
        f"expected a model or a function of arrays, got {type(model).__name__}; of an object that "
        "predicts give the method: estimator.predict_proba"
    )


def chosen_outputs(outputs: Array, output: Output, names: Sequence[str]) -> Array:
    """Which output of each row of (rows, outputs) is meant: (rows,) numbers of columns.

    By default the only one, the second of two, or the one that the model favours.
    """
    count = outputs.shape[1]
    if output is None or output == "all":
        if count <= 2:
            return np.full(len(outputs), count - 1)
        return np.asarray(outputs.argmax(axis=1))
    if isinstance(output, str):
        if output not in names:
            raise unknown_name("output", output, names)
        output = list(names).index(output)
    if not -count <= output < count:
        raise ArgumentError(f"output={output}; the model has {count} outputs")
    return np.full(len(outputs), output % count)


def as_rows(rows: object) -> Array:
    """Rows as an array of at least two axes, float64 as float32."""
    from ..data.conversion import is_frame
    from ..tensors.tensor import Tensor

    if isinstance(rows, Tensor):
        rows = rows.numpy()
    if is_frame(rows):
        rows = np.asarray(rows, np.float64)
    array = np.asarray(rows)
    if array.ndim < 2 or array.dtype.kind not in "fiub":
        raise ShapeError(
            f"rows to explain: got {array.dtype} of shape {array.shape}; expected numbers of shape "
            "(rows, features), or (rows, height, width) of images; of one row write x[:1]"
        )
    return array.astype(np.float32) if array.dtype == np.float64 else array


def patches(shape: Sequence[int], size: int) -> tuple[Array, tuple[int, int]]:
    """The numbers of square patches of a (height, width, ...) image, and how many there are.

    >>> own, grid = patches((4, 6), 2)
    >>> own[0].tolist(), grid
    ([0, 0, 1, 1, 2, 2], (2, 3))
    """
    if size < 1:
        raise ArgumentError(f"patch={size}; expected the side of a square in pixels, at least 1")
    height, width = shape[:2]
    down, across = -(-height // size), -(-width // size)
    own = (np.arange(height) // size)[:, None] * across + np.arange(width) // size
    own = own.reshape(height, width, *[1] * (len(shape) - 2))
    return np.broadcast_to(own, tuple(shape)).copy(), (down, across)
