"""`torch.nn`'s attention and Transformer layers.

Masks say the opposite of Ranvier's own layers: True in `attn_mask` and `key_padding_mask` is where
a place must not look. Only in `F.scaled_dot_product_attention` True is where it may.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ....errors import ArgumentError, ShapeError
from ....nn.initializers import GlorotUniform
from ....nn.sequences import attention
from ....ops import elementwise as e
from ....ops import movement, reduce
from ....ops.composites import shaping
from ..tensor import Tensor, of
from . import functional as F
from .layers import Dropout, Linear
from .module import Module, ModuleList
from .norm_layers import LayerNorm


class MultiheadAttention(Module):
    """Several attentions side by side: Vaswani et al. 2017.

    Shapes: query (T, batch, embed_dim), key (S, batch, kdim), value (S, batch, vdim), or with
    `batch_first` the batch first; returns (output, weights or None).

    >>> import ranvier
    >>> out, weights = MultiheadAttention(8, 2, batch_first=True)(*[ranvier.zeros((1, 3, 8))] * 3)
    >>> tuple(out.shape), tuple(weights.shape)
    ((1, 3, 8), (1, 3, 3))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
    ) -> None:
        super().__init__()
        if embed_dim % num_heads:
            raise ArgumentError(
                f"MultiheadAttention({embed_dim}, {num_heads}): embed_dim must be a multiple of "
                "num_heads"
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.batch_first = batch_first
        first = GlorotUniform()
        self._same = self.kdim == self.vdim == embed_dim
        shapes = {"in_proj_weight": (3 * embed_dim, embed_dim)}
        if not self._same:
            sides = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
            shapes = {f"{s}_proj_weight": (embed_dim, n) for s, n in sides.items()}
        for name, shape in shapes.items():
            setattr(self, name, Tensor(first(shape), requires_grad=True))
        zeros = np.zeros(3 * embed_dim, np.float32)
        self.in_proj_bias = Tensor(zeros, requires_grad=True) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        if bias:
            self.out_proj.bias.assign(0)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """(output, weights): weights (batch, T, S), or (batch, heads, T, S) if not averaged."""
        given = [of(x) for x in (query, key, value)]
        single = given[0].ndim == 2
        if single:
            given = [shaping.expand_dims(x, 0) for x in given]
        elif not self.batch_first:
            given = [shaping.swapaxes(x, 0, 1) for x in given]
        q, k, v = self._projected(given)
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

    def _projected(self, given: list[Any]) -> list[Any]:
        """(batch, time, features) -> (batch, heads, time, size) for query, key, value."""
        if self._same:
            weights = shaping.split(self.in_proj_weight, 3)
        else:
            weights = [getattr(self, f"{s}_proj_weight") for s in "qkv"]
        biases = [None] * 3 if self.in_proj_bias is None else shaping.split(self.in_proj_bias, 3)
        found = []
        for x, w, b in zip(given, weights, biases, strict=True):
            out = F.linear(x, w, b)
            heads = (*out.shape[:2], self.num_heads, self.embed_dim // self.num_heads)
            found.append(shaping.swapaxes(movement.reshape(out, heads), 1, 2))
        return found

    def _mask(self, padding: Any, pairs: Any, q: Any) -> Any:
        """Both masks as one that is broadcast to the scores (batch, heads, T, S)."""
        mask = None
        if pairs is not None:
            mask = of(pairs)
            if mask.ndim == 3:
                mask = movement.reshape(mask, (q.shape[0], self.num_heads, *mask.shape[1:]))
            mask = e.logical_not(mask) if mask.dtype.kind == "b" else mask
        if padding is None:
            return mask
        places = of(padding)
        if places.ndim not in (1, 2):
            raise ShapeError(f"key_padding_mask has shape {places.shape}; expected (batch, S)")
        places = movement.reshape(places, (-1 if places.ndim == 2 else 1, 1, 1, places.shape[-1]))
        if places.dtype.kind != "b":
            return places if mask is None else places + mask
        places = e.logical_not(places)
        if mask is None:
            return places
        if mask.dtype.kind == "b":
            return e.logical_and(places, mask)
        return e.where(places, mask, float(np.finfo(mask.dtype).min))


class TransformerEncoderLayer(Module):
    """Self-attention and two linear layers, each with a shortcut: Vaswani et al. 2017.

    Shapes: (T, batch, d_model), or with `batch_first` (batch, T, d_model); kept.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        self.norm_first = norm_first
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        """Of the shape of src; True in the masks is where no place looks."""

        def look(x: Any) -> Any:
            masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask}
            causal = is_causal and src_mask is None
            out, _ = self.self_attn(x, x, x, need_weights=False, is_causal=causal, **masks)
            return self.dropout1(out)

        def feed(x: Any) -> Any:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = of(src)
        if self.norm_first:
            x = x + look(self.norm1(x))
            return x + feed(self.norm2(x))
        x = self.norm1(x + look(x))
        return self.norm2(x + feed(x))


class TransformerEncoder(Module):
    """`num_layers` copies of a TransformerEncoderLayer, one after another."""

    def __init__(
        self,
        encoder_layer: Any,
        num_layers: int,
        norm: Any = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Any:
        """Of the shape of src."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)
