"""Multi-head and grouped-query attention: each head has projections of its own."""

from __future__ import annotations

import math
from typing import Any, Unpack

from ...errors import ArgumentError, ShapeError
from ...ops.composites.shaping import expand_dims
from ...ops.contraction import matmul
from ...ops.movement import permute_dims, reshape
from ...tensors.tensor import Tensor
from ...typing import Shape, TensorLike
from .. import initializers, regularizers
from ..basic.dense import integer_argument
from ..basic.dropout import Dropout
from ..constructor_options import LayerOptions, ProjectionOptions
from ..initializers import InitializerLike
from ..layer import register_layer
from ..regularizers import RegularizerLike
from ..settable import HandedOn
from .attention import AttentionLayer, attend, scores

_INPUT_NAMES = ("query", "key", "value")


class _MultiHead(AttentionLayer):
    """Base: `heads` queries; groups of them share one of `groups` keys and values.

    The kernels have the shapes that Keras gives them: query (features, heads, key_dim), key
    (features, groups, key_dim), value (features, groups, value_dim), output (heads, value_dim,
    outputs).
    """

    query_kernel: Tensor
    key_kernel: Tensor
    value_kernel: Tensor
    output_kernel: Tensor
    output_bias: Tensor | None

    dropout: Any = HandedOn("noise.rate")

    def __init__(
        self,
        dropout: float = 0.0,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.dropout, self.use_bias, self.seed = dropout, use_bias, seed
        self.noise = Dropout(dropout, seed=seed)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.heads, self.groups = 1, 1
        self.sizes = 1, 1  # of a key and of a value in a head
        self.outputs: int | None = None
        for side in (*_INPUT_NAMES, "output"):
            setattr(self, f"{side}_kernel", None)
            setattr(self, f"{side}_bias", None)

    def build(self, input_shape: Shape) -> None:
        depth, width = self.sizes
        value = input_shape if self.value_shape is None else self.value_shape
        key = value if self.key_shape is None else self.key_shape
        outputs = self.outputs or input_shape[-1]
        shapes: dict[str, Shape] = {
            "query": (input_shape[-1], self.heads, depth),
            "key": (key[-1], self.groups, depth),
            "value": (value[-1], self.groups, width),
            "output": (self.heads, width, outputs),
        }
        for side, shape in shapes.items():
            self._add(f"{side}_kernel", shape, self.kernel_initializer, self.kernel_regularizer)
            if self.use_bias:
                bias = shape[-1:] if side == "output" else shape[1:]
                self._add(f"{side}_bias", bias, self.bias_initializer, self.bias_regularizer)

    def _add(
        self, name: str, shape: Shape, initializer: InitializerLike, regularizer: RegularizerLike
    ) -> None:
        setattr(self, name, self.add_weight(shape, initializer, regularizer=regularizer, name=name))

    def forward(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor,
        attention_mask: TensorLike | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
        query_mask: TensorLike | None = None,
        value_mask: TensorLike | None = None,
        key_mask: TensorLike | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(batch, T, outputs), and with `return_attention_scores` the weights (batch, heads, T, S).

        `attention_mask` is broadcast to (batch, T, S): True where a position may be attended to.
        Masks of query (batch, T), value and key (batch, S) count too: by default those that they
        carry. The result at a masked position of the query is a number without meaning.
        """
        masks = [
            x.mask if m is None else m
            for x, m in ((query, query_mask), (value, value_mask), (key, key_mask))
        ]
        q, k, v = (
            self._project(side, x)
            for side, x in zip(_INPUT_NAMES, (query, key, value), strict=True)
        )
        mask = self.allowed(query, attention_mask, *masks)
        if mask is not None:
            mask = reshape(mask, (*(1,) * (3 - mask.ndim), *mask.shape))
            mask = expand_dims(mask, (1, 2))
        score = scores(q, k, 1.0)
        weights, sums, totals = attend(score, v, mask, use_causal_mask, self.noise)
        # NOTE: divided in the order of the output, so that one pass does both.
        order = (0, 3, 1, 2, 4)
        out = permute_dims(sums, order) / permute_dims(totals, order)
        batch, time = query.shape[:2]
        out = self._joined(reshape(out, (batch, time, self.heads * self.sizes[1])))
        if not return_attention_scores:
            return out
        p = weights / totals
        return out, reshape(p, (batch, self.heads, *p.shape[-2:]))

    def _project(self, side: str, x: Tensor) -> Tensor:
        """(batch, time, features) -> (batch, groups, heads in a group, time, size)."""
        kernel, bias = getattr(self, f"{side}_kernel"), getattr(self, f"{side}_bias")
        features, heads, size = kernel.shape
        if x.shape[-1] != features:
            raise ShapeError(
                f"{self.name}: {side} has {x.shape[-1]} features; it was built for {features}"
            )
        out: Tensor = matmul(x, reshape(kernel, (features, heads * size)))
        if bias is not None:
            out = out + reshape(bias, (heads * size,))
        if side == "query":
            # NOTE: scaled here, where it is one number for each query, not for each score.
            out = out * (1 / math.sqrt(size))
        each = heads // self.groups
        parts = reshape(out, (*x.shape[:2], self.groups, each, size))
        return permute_dims(parts, (0, 2, 3, 1, 4))

    def _joined(self, x: Tensor) -> Tensor:
        kernel, bias = self.output_kernel, self.output_bias
        out = matmul(x, reshape(kernel, (x.shape[-1], kernel.shape[-1])))
        return out if bias is None else out + bias

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.outputs or input_shape[-1])


@register_layer
class MultiHeadAttention(_MultiHead):
    """Attention by parallel heads, each over projections of its own: Vaswani et al. 2017, section
    3.2.2.

        head_i = softmax((q Wq_i) (k Wk_i)^T / sqrt(key_dim)) (v Wv_i)
        out = [head_1, head_2, ...] Wo

    Shapes: query (batch, T, ...), value and key (batch, S, ...) give (batch, T, outputs), with as
    many outputs as the query has features. With one input it is self-attention.

    >>> import ranvier
    >>> x = ranvier.zeros((2, 5, 8))
    >>> layer = MultiHeadAttention(num_heads=2, key_dim=4)
    >>> out, weights = layer(x, x, return_attention_scores=True)
    >>> out.shape, weights.shape
    ((2, 5, 8), (2, 2, 5, 5))

    Args:
        num_heads: how many heads.
        key_dim: size of a query and a key in a head.
        value_dim: size of a value in a head; None: as `key_dim`.
        dropout: fraction of the weights that are 0 in training.
        use_bias: projections add a bias.
        output_shape: numbers in an output; None: as in the query.
        options: kernel_initializer ("glorot_uniform"), bias_initializer ("zeros"),
            kernel_regularizer, bias_regularizer, seed, and those of every layer.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        **options: Unpack[ProjectionOptions],
    ) -> None:
        super().__init__(dropout, use_bias, **options)
        self.num_heads = integer_argument(self.name, "num_heads", num_heads)
        self.key_dim = integer_argument(self.name, "key_dim", key_dim)
        self.value_dim = (
            None if value_dim is None else integer_argument(self.name, "value_dim", value_dim)
        )
        if output_shape is not None:
            self.outputs = integer_argument(self.name, "output_shape", output_shape)
        self.heads = self.groups = self.num_heads
        self.sizes = self.key_dim, self.value_dim or self.key_dim

    def get_config(self) -> dict[str, Any]:
        # NOTE: `output_shape` is also the method every layer has.
        config = self._arguments("input_shape", "output_shape")
        return {**config, "output_shape": self.outputs}


@register_layer
class GroupedQueryAttention(_MultiHead):
    """`MultiHeadAttention` in which groups of heads share one key and value: Ainslie et al. 2023.

    With as many keys as queries it is MultiHeadAttention, with one it is the multi-query attention
    of Shazeer 2019.

    >>> import ranvier
    >>> layer = GroupedQueryAttention(head_dim=4, num_query_heads=6, num_key_value_heads=2)
    >>> layer(ranvier.zeros((2, 5, 8))).shape, layer.key_kernel.shape
    ((2, 5, 8), (8, 2, 4))

    Args:
        head_dim: size of a query, key and value in a head.
        num_query_heads: how many queries; a multiple of `num_key_value_heads`.
        num_key_value_heads: how many keys and values.
        dropout, use_bias, options: those of `MultiHeadAttention`.
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        **options: Unpack[ProjectionOptions],
    ) -> None:
        super().__init__(dropout, use_bias, **options)
        self.head_dim = integer_argument(self.name, "head_dim", head_dim)
        self.num_query_heads = integer_argument(self.name, "num_query_heads", num_query_heads)
        self.num_key_value_heads = integer_argument(
            self.name, "num_key_value_heads", num_key_value_heads
        )
        if num_query_heads % num_key_value_heads:
            raise ArgumentError(
                f"{self.name}: num_query_heads={num_query_heads} is not a multiple of "
                f"num_key_value_heads={num_key_value_heads}"
            )
        self.heads, self.groups = self.num_query_heads, self.num_key_value_heads
        self.sizes = self.head_dim, self.head_dim
