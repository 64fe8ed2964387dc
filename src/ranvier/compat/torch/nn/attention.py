"""`torch.nn`'s attention and Transformer layers.

Masks say the opposite of Ranvier's own layers: True in `attn_mask` and `key_padding_mask` is a
position that is not attended to; in `F.scaled_dot_product_attention` it is one that is.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ....errors import ArgumentError, ShapeError
from ....nn.initializers import GlorotUniform, Zeros
from ....nn.sequences import attention
from ....ops import elementwise as e
from ....ops import movement, reduce
from ....ops.composites import shaping
from ....typing import DTypeLike, TensorLike
from ..tensor import Tensor, of
from . import functional as F
from .layers import Dropout, Linear, Weighted
from .module import ModuleList
from .norm_layers import LayerNorm


class MultiheadAttention(Weighted):
    """Several attentions side by side: Vaswani et al. 2017.

    Shapes: query (T, batch, embed_dim), key (S, batch, kdim), value (S, batch, vdim), or with
    `batch_first` the batch first; returns (output, weights or None).

    >>> import ranvier
    >>> out, weights = MultiheadAttention(8, 2, batch_first=True)(*[ranvier.zeros((1, 3, 8))] * 3)
    >>> tuple(out.shape), tuple(weights.shape)
    ((1, 3, 8), (1, 3, 3))
    """

    dropout: Any
    kdim: Any
    vdim: Any
    takes = (
        "embed_dim, num_heads, dropout=0.0, bias=True, kdim=None, vdim=None, batch_first=False, "
        "device=None, dtype=None"
    )

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        size = self.embed_dim
        if size % self.num_heads:
            raise ArgumentError(
                f"MultiheadAttention({size}, {self.num_heads}): embed_dim must be a multiple of "
                "num_heads"
            )
        self.kdim, self.vdim = self.kdim or size, self.vdim or size
        self._same = self.kdim == self.vdim == size
        sides = {"q": size, "k": self.kdim, "v": self.vdim}
        shapes = {f"{s}_proj_weight": (size, n) for s, n in sides.items()}
        if self._same:
            shapes = {"in_proj_weight": (3 * size, size)}
        self.weights(GlorotUniform(), dtype, **shapes)
        self.weights(Zeros(), dtype, in_proj_bias=(3 * size,) if bias else None)
        self.out_proj = Linear(size, size, bias, dtype=dtype)
        if bias:
            self.out_proj.bias.assign(0)

    def forward(
        self,
        query: TensorLike,
        key: TensorLike,
        value: TensorLike,
        key_padding_mask: TensorLike | None = None,
        need_weights: bool = True,
        attn_mask: TensorLike | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """(output, weights): weights (batch, T, S), or (batch, heads, T, S) if not averaged."""
        sides = [of(x) for x in (query, key, value)]
        single = sides[0].ndim == 2
        if single:
            sides = [shaping.expand_dims(x, 0) for x in sides]
        elif not self.batch_first:
            sides = [shaping.swapaxes(x, 0, 1) for x in sides]
        q, k, v = self._projected(sides)
        mask = self._mask(key_padding_mask, attn_mask, q)
        noise = (lambda p: F.dropout(p, self.dropout)) if self.dropout and self.training else None
        score = attention.scores(q, k)
        weights, sums, totals = attention.attend(score, v, mask, is_causal, noise)
        out = shaping.swapaxes(sums, 1, 2) / shaping.swapaxes(totals, 1, 2)
        out = self.out_proj(movement.reshape(out, (*out.shape[:2], self.embed_dim)))
        p = weights / totals if need_weights else None
        if p is not None and average_attn_weights:
            p = reduce.mean(p, 1)
        if single:
            return shaping.squeeze(out, 0), None if p is None else shaping.squeeze(p, 0)
        return out if self.batch_first else shaping.swapaxes(out, 0, 1), p

    def _projected(self, sides: list[Tensor]) -> list[Any]:
        """(batch, time, features) -> (batch, heads, time, size) for query, key, value."""
        if self._same:
            weights = shaping.split(self.in_proj_weight, 3)
        else:
            weights = [getattr(self, f"{s}_proj_weight") for s in "qkv"]
        biases = [None] * 3 if self.in_proj_bias is None else shaping.split(self.in_proj_bias, 3)
        projected = []
        for x, w, b in zip(sides, weights, biases, strict=True):
            out = F.linear(x, w, b)
            heads = (*out.shape[:2], self.num_heads, self.embed_dim // self.num_heads)
            projected.append(shaping.swapaxes(movement.reshape(out, heads), 1, 2))
        return projected

    def _mask(self, padding: TensorLike | None, pairs: TensorLike | None, q: Tensor) -> Any:
        """Both masks as one that is broadcast to the scores (batch, heads, T, S)."""
        mask = None
        if pairs is not None:
            mask = of(pairs)
            if mask.ndim == 3:
                mask = movement.reshape(mask, (q.shape[0], self.num_heads, *mask.shape[1:]))
            mask = e.logical_not(mask) if mask.dtype.kind == "b" else mask
        if padding is None:
            return mask
        real = of(padding)
        if real.ndim not in (1, 2):
            raise ShapeError(f"key_padding_mask has shape {real.shape}; expected (batch, S)")
        real = movement.reshape(real, (-1 if real.ndim == 2 else 1, 1, 1, real.shape[-1]))
        if real.dtype.kind != "b":
            return real if mask is None else real + mask
        real = e.logical_not(real)
        if mask is None:
            return real
        if mask.dtype.kind == "b":
            return e.logical_and(real, mask)
        return e.where(real, mask, float(np.finfo(mask.dtype).min))


class TransformerEncoderLayer(Weighted):
    """Self-attention and two linear layers, each with a shortcut: Vaswani et al. 2017.

    Shapes: (T, batch, d_model), or with `batch_first` (batch, T, d_model); kept.
    """

    activation: Any
    dropout: Any
    takes = (
        "d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', "
        "layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True, device=None, "
        "dtype=None"
    )

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        size, hidden, rate, eps = (
            self.d_model,
            self.dim_feedforward,
            self.dropout,
            self.layer_norm_eps,
        )
        self.self_attn = MultiheadAttention(
            size, self.nhead, rate, bias, batch_first=self.batch_first, dtype=dtype
        )
        self.linear1 = Linear(size, hidden, bias, dtype=dtype)
        self.dropout = Dropout(rate)
        self.linear2 = Linear(hidden, size, bias, dtype=dtype)
        self.norm1 = LayerNorm(size, eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(size, eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(rate), Dropout(rate)
        if isinstance(self.activation, str):
            self.activation = getattr(F, self.activation)

    def forward(
        self,
        src: TensorLike,
        src_mask: TensorLike | None = None,
        src_key_padding_mask: TensorLike | None = None,
        is_causal: bool = False,
    ) -> Any:
        """Of the shape of src; what the masks call True is not attended to."""

        def attend(x: Tensor) -> Any:
            masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask}
            causal = is_causal and src_mask is None
            out, _ = self.self_attn(x, x, x, need_weights=False, is_causal=causal, **masks)
            return self.dropout1(out)

        def feed(x: Tensor) -> Any:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = of(src)
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + feed(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + feed(x))


class TransformerEncoder(Weighted):
    """`num_layers` copies of a TransformerEncoderLayer, one after another."""

    norm: Any
    takes = "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True"

    def begin(self) -> None:
        made = vars(self).pop("encoder_layer")
        self.layers = ModuleList([copy.deepcopy(made) for _ in range(self.num_layers)])

    def forward(
        self,
        src: TensorLike,
        mask: TensorLike | None = None,
        src_key_padding_mask: TensorLike | None = None,
        is_causal: bool | None = None,
    ) -> Any:
        """Of the shape of src."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)
