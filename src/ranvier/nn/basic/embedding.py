"""Embeddings and masks: layers at the beginning of a model of sequences."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ... import dtypes
from ...errors import DataError
from ...ops import elementwise as e
from ...ops.check_index import FRACTION_REFUSALS, REFUSALS, check_index, check_integral, is_integral
from ...ops.gather import take
from ...ops.reduce import any
from ...tensors.mode import state
from ...tensors.tensor import Tensor
from ...typing import Array, Shape
from .. import initializers, regularizers
from ..constructor_options import UNBUILT, LayerOptions, PolicyOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..regularizers import RegularizerLike
from .dense import integer_argument


@register_layer
class Embedding(Layer):
    """A vector for each integer: `out[b, t] = embeddings[ids[b, t]]`.

    Shapes: ids (batch, ...) of 0 to input_dim - 1 give (batch, ..., output_dim). `embeddings` is
    (input_dim, output_dim). The gradient adds up where an id occurs several times. Bengio et al.
    2003, "A Neural Probabilistic Language Model".

    >>> import ranvier
    >>> layer = Embedding(5, 2, embeddings_initializer="ones", mask_zero=True)
    >>> out = layer(ranvier.tensor([[3, 0]]))
    >>> out.shape, out.mask.tolist()
    ((1, 2, 2), [[True, False]])

    Args:
        input_dim: how many ids there are.
        output_dim: numbers in a vector.
        mask_zero: id 0 is padding of short sequences: later layers and the loss ignore it.
        input_length: ids in a row, short for `input_shape=(input_length,)`.
        options: those of every layer: name, input_shape, trainable.

    An id outside the table, a negative one too, is a DataError, eager and compiled.
    """

    in_float32 = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: InitializerLike = "uniform",
        embeddings_regularizer: RegularizerLike = None,
        mask_zero: bool = False,
        input_length: int | None = None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        # NOTE: input_dim counts ids here; everywhere else it is short for input_shape.
        if input_length is not None:
            options.setdefault("input_shape", (input_length,))
        super().__init__(**options)
        self.input_length = input_length
        self.input_dim = integer_argument(self.name, "input_dim", input_dim)
        self.output_dim = integer_argument(self.name, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.mask_zero = mask_zero
        self.embeddings: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            name="embeddings",
        )

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype.kind not in "iu":
            x = e.astype(check_integral(x, what="id", owner=self.name), dtypes.int32)
        if state.trace is not None:
            state.trace.lookups.append((self, state.trace.node_of(x)))
        x = check_index(x, self.input_dim, wrap=False, what="id", owner=self.name)
        out = take(self.embeddings, x, axis=0)
        if self.mask_zero:
            out.mask = e.not_equal(x, 0)
        return out

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def check_ids(self, x: np.ndarray[Any, Any], first: int = 0) -> None:
        """DataError when an id of the rows `x` is outside the table; `first` is x[0]'s number."""
        if not is_integral(x).all():
            _refuse_fractions(self.name, x, first)
        if x.size and not (0 <= x.min() and x.max() < self.input_dim):
            _refuse_ids(self.name, x, self.input_dim, first=first)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "input_dim": self.input_dim}


def _refuse_fractions(owner: str, x: Array, first: int = 0) -> None:
    """DataError for the first of the numbers that is no id; `first` is the row of x[0]."""
    position = tuple(np.argwhere(~is_integral(x))[0])
    raise DataError(
        f"{owner}: {_position_text(position, first)}: {x[position]:g} is no id; expected integers "
        "from 0 on. Numbers that measure something belong in a Dense layer"
    )


def _refuse_ids(owner: str, ids: Array, size: int, axis: int = 0, first: int = 0) -> None:
    """DataError for the first id outside a table of `size` vectors; `first` is ids[0]'s row."""
    index = tuple(np.argwhere((ids < 0) | (ids >= size))[0])
    larger = f"Give Embedding({ids.max() + 1:.0f}, ...), or put" if ids.min() >= 0 else "Put"
    raise DataError(
        f"{owner}: {_position_text(index, first)}: id {ids[index]:.0f} is outside the table of "
        f"{size} vectors; ids go from 0 to {size - 1}. {larger} another id for words "
        "that are not in the vocabulary"
    )


def _position_text(index: tuple[int, ...], first: int) -> str:
    """Where an id is."""
    if not index:
        return "a single id"
    return f"row {first + index[0]}" + (f", position {index[1]}" if len(index) > 1 else "")


REFUSALS["id"] = _refuse_ids
FRACTION_REFUSALS["id"] = _refuse_fractions


@register_layer
class Masking(Layer):
    """Masks the positions of a sequence whose numbers are all `mask_value`, and sets them to 0.

    Shapes: (batch, time, features) -> the same; `mask` (batch, time) is False at such positions,
    and later layers and the loss ignore them.

    >>> import ranvier
    >>> Masking()(ranvier.tensor([[[1.0, 0.0], [0.0, 0.0]]])).mask.tolist()
    [[True, False]]
    """

    in_float32 = True

    def __init__(self, mask_value: float = 0.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def forward(self, x: Tensor) -> Tensor:
        there = any(e.not_equal(x, self.mask_value), axis=-1, keepdims=True)
        out = e.where(there, x, 0)
        out.mask = any(there, axis=-1)
        return out

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
