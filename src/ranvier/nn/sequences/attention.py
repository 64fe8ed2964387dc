"""Attention: each position of a sequence takes a weighted mean over the positions of another.

    out[t] = sum over s of p[t, s] value[s],   p[t] = softmax over s of score(query[t], key[s])

Shapes here: batch, T positions of the queries, S positions of the keys and values. Positions that
the mask of a sequence excludes are never attended to. Where every position is excluded the result
is the mean of all values, a number without meaning but no NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from ... import dtypes, random
from ...base.missing import spelled
from ...base.observer import note
from ...errors import ArgumentError, ShapeError
from ...ops import elementwise as e
from ...ops.composites.shaping import expand_dims
from ...ops.contraction import matmul, swap_last
from ...ops.creation import iota
from ...ops.op import apply, as_values
from ...ops.reduce import max, sum
from ...tensors.tensor import Tensor
from ...typing import Shape, TensorLike
from .. import initializers
from ..basic.dropout import Dropout, dropped
from ..constructor_options import UNBUILT, LayerOptions
from ..layer import Layer, as_input, register_layer
from ..settable import HandedOn

Noise = Callable[[Any], Any]


@spelled
def scaled_dot_product_attention(
    q: TensorLike,
    k: TensorLike,
    v: TensorLike,
    mask: TensorLike | None = None,
    causal: bool = False,
    scale: float | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """`softmax(q @ k.T * scale) @ v`: Vaswani et al. 2017, "Attention Is All You Need", section 3.

    Shapes: q (..., T, depth), k (..., S, depth), v (..., S, width) give (..., T, width).

    >>> import ranvier
    >>> q = k = ranvier.zeros((1, 2, 4))
    >>> v = ranvier.tensor([[[1.0], [3.0]]])
    >>> scaled_dot_product_attention(q, k, v).tolist()
    [[[2.0], [2.0]]]
    >>> scaled_dot_product_attention(q, k, v, causal=True).tolist()
    [[[1.0], [2.0]]]

    Args:
        mask: broadcast to (..., T, S): bools, True where t may attend to s; or floats that are
            added to the scores.
        causal: position t attends to positions up to t only.
        scale: by default `1 / sqrt(depth)`.
        dropout: each weight is 0 with this probability, the others are `1 / (1 - dropout)` times
            as large.
    """
    q, k, v = as_values(q, k, v)
    if k.shape[-1] != q.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: q {q.shape}, k {k.shape}, v {v.shape}; expected "
            "q (..., T, depth), k (..., S, depth), v (..., S, width)"
        )
    noise = (lambda p: dropped(p, dropout, random.generator, p.shape)) if dropout else None
    _, sums, totals = attend(scores(q, k, scale), v, mask, causal, noise)
    return sums / totals


def scores(q: Tensor, k: Tensor, scale: float | None = None) -> Tensor:
    """`q @ k.T * scale`: (..., T, depth) and (..., S, depth) give (..., T, S)."""
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    return matmul(q, swap_last(k)) * factor


def attend(
    score: Tensor,
    v: Tensor,
    mask: TensorLike | None = None,
    causal: bool = False,
    noise: Noise | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """(weights, weights @ v, sum of the weights) for scores (..., T, S) and values (..., S, width).

    The weights are e ** score up to a factor for each t: the result still has to be divided by
    the sum, (..., T, 1).

    NOTE: dividing afterwards is less work for long sequences. It also leaves the gradient of the
    scores to the end of one product, `weights * (grad @ v.T - ...)`, as in FlashAttention (Dao et
    al. 2022), instead of a pass over all T x S of its own.
    """
    score = masked(score, mask, causal)
    weights = e.exp(score - max(e.detach(score), -1, keepdims=True))
    totals = sum(weights, -1, keepdims=True)
    note("score", score)
    note("e", weights)
    note("total", totals)
    if noise is not None:
        weights = noise(weights)
    return weights, matmul(weights, v), totals


def masked(score: Tensor, mask: TensorLike | None = None, causal: bool = False) -> Tensor:
    """Scores (..., T, S), the smallest number where t must not attend to s."""
    least = float(np.finfo(score.dtype).min)
    if mask is not None:
        (mask,) = as_values(mask, like=score)
        score = e.where(mask, score, least) if mask.dtype.kind == "b" else score + mask
    if causal:
        row, column = (
            apply(iota, like=score, shape=score.shape[-2:], axis=a, dtype=dtypes.int64)
            for a in (0, 1)
        )
        score = e.where(e.less_equal(column, row), score, least)
    return score


class AttentionLayer(Layer):
    """Base of attention layers: called with query, value and perhaps key, or a list of them.

    Without a value the sequence attends to itself. The key is by default the value. `value_shape`
    and `key_shape` are the shapes of their rows when `build` is called.
    """

    in_float32 = True
    keeps_mask = True  # that of the query

    def __init__(self, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.value_shape: Shape | None = None
        self.key_shape: Shape | None = None

    def __call__(
        self,
        *inputs: TensorLike | Sequence[TensorLike] | None,
        training: bool | None = None,
        **options: Any,
    ) -> Any:
        """`(query, value=None, key=None)` or `([query, value, key],)`; see `forward`."""
        arguments: list[Any] = list(inputs)
        if len(arguments) == 1 and isinstance(arguments[0], list | tuple):
            arguments = list(arguments[0])
        arguments += [
            options.pop(name, None) for name in ("query", "value", "key")[len(arguments) :]
        ]
        if len(arguments) > 3 or arguments[0] is None:
            raise ArgumentError(
                f"{self.name}: got {len(arguments)} inputs; expected query, value and perhaps key"
            )
        made: list[Any] = [
            x if x is None or isinstance(x, Tensor) else as_input(x, self) for x in arguments
        ]
        query, value, key = made
        value = query if value is None else value
        key = value if key is None else key
        if query.ndim < 3 or key.shape[:-1] != value.shape[:-1] or query.shape[0] != value.shape[0]:
            raise ShapeError(
                f"{self.name}: query {query.shape}, value {value.shape}, key {key.shape}; expected "
                "(batch, T, depth), (batch, S, width) and (batch, S, depth)"
            )
        if not self.built:
            self.value_shape, self.key_shape = value.shape[1:], key.shape[1:]
        return super().__call__(query, value, key, training=training, **options)

    def allowed(
        self,
        like: Tensor,
        mask: TensorLike | None,
        query: TensorLike | None,
        value: TensorLike | None,
        key: TensorLike | None,
    ) -> Tensor | None:
        """The positions that a query may attend to, (batch, T or 1, S) or None.

        From `mask`, which is broadcast to (batch, T, S), and the masks of query (batch, T), value
        and key (batch, S); each may be None.
        """
        masks = [(mask, None), (query, -1), (value, 1), (None if key is value else key, 1)]
        combined: Tensor | None = None
        for m, axis in masks:
            if m is not None:
                m = e.astype(as_values(m, like=like)[0], dtypes.bool_)
                m = m if axis is None else expand_dims(m, axis)
                combined = m if combined is None else e.logical_and(combined, m)
        return combined


class _SingleHead(AttentionLayer):
    """Base of the layers with one head and without projections."""

    dropout: Any = HandedOn("noise.rate")

    def __init__(
        self,
        use_scale: bool,
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.use_scale, self.dropout, self.seed = use_scale, dropout, seed
        self.noise = Dropout(dropout, seed=seed)
        self.scale: Tensor | None = None

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        """(batch, T, depth) and (batch, S, depth) -> (batch, T, S)."""
        raise NotImplementedError

    def forward(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor,
        mask: Sequence[TensorLike | None] | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(batch, T, width), and with `return_attention_scores` also the weights (batch, T, S).

        `mask` is as in Keras: [query mask, value mask], each (batch, time) bools or None.
        """
        inside = value.mask if mask is None else mask[1]
        query_mask = query.mask if mask is None else mask[0]
        if inside is not None:
            inside = expand_dims(as_values(inside, like=value)[0], 1)
        score = self.score(query, key)
        weights, sums, totals = attend(score, value, inside, use_causal_mask, self.noise)
        out = sums / totals
        if query_mask is not None:  # as in Keras
            out = e.where(expand_dims(as_values(query_mask, like=value)[0], -1), out, 0)
        return (out, weights / totals) if return_attention_scores else out

    def output_shape(self, input_shape: Shape) -> Shape:
        width = input_shape if self.value_shape is None else self.value_shape
        return (*input_shape[:-1], width[-1])


@register_layer
class Attention(_SingleHead):
    """Dot-product attention: Luong et al. 2015, "Effective Approaches to Attention-based NMT".

        score(q, k) = scale * q . k                                   score_mode "dot"
        score(q, k) = weight * sum(tanh(scale * (q + k)))             score_mode "concat"

    Shapes: query (batch, T, depth), value (batch, S, width), key (batch, S, depth) give
    (batch, T, width). Called with `[query, value]` or `[query, value, key]`.

    >>> import ranvier
    >>> x = ranvier.zeros((2, 3, 4))
    >>> Attention()([x, x]).shape
    (2, 3, 4)

    Args:
        use_scale: learn `scale`, which begins at 1; else it is 1.
        score_mode: "dot" or "concat".
        dropout: fraction of the weights that are 0 in training.
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(use_scale, dropout, seed, **options)
        if score_mode not in ("dot", "concat"):
            raise ArgumentError(f"{self.name}: score_mode={score_mode!r}; expected dot or concat")
        self.score_mode = score_mode
        self.concat_score_weight: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        if self.score_mode == "dot":
            score = scores(query, key, 1.0)
            return score if self.scale is None else score * self.scale
        both = expand_dims(query, 2) + expand_dims(key, 1)
        if self.scale is not None:
            both = both * self.scale
        return self.concat_score_weight * sum(e.tanh(both), -1)


@register_layer
class AdditiveAttention(_SingleHead):
    """Additive attention: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to
    Align and Translate".

        score(q, k) = sum(scale * tanh(q + k))

    Shapes: query (batch, T, depth), value (batch, S, width), key (batch, S, depth) give
    (batch, T, width).

    >>> import ranvier
    >>> x = ranvier.zeros((2, 3, 4))
    >>> AdditiveAttention()([x, x]).shape
    (2, 3, 4)

    Args:
        use_scale: learn `scale`, one number for each feature; else it is 1.
        dropout: fraction of the weights that are 0 in training.
    """

    def __init__(
        self,
        use_scale: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(use_scale, dropout, seed, **options)

    def build(self, input_shape: Shape) -> None:
        if self.use_scale:
            self.scale = self.add_weight(
                (input_shape[-1],), initializers.get("glorot_uniform"), name="scale"
            )

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        both = e.tanh(expand_dims(query, 2) + expand_dims(key, 1))
        return sum(both if self.scale is None else both * self.scale, -1)
