"""The small GPT in PyTorch, as nanoGPT writes it: one product for query, key and value, PyTorch's
own attention, weights of the output tied to those of the letters."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from workload import Transformer


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.looking = nn.Linear(width, 3 * width, bias=False)
        self.joining = nn.Linear(width, width, bias=False)
        self.wide = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        parts = self.looking(self.before(x)).split(width, dim=2)
        shape = (batch, time, self.heads, width // self.heads)
        q, k, v = (part.view(shape).transpose(1, 2) for part in parts)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.joining(out.transpose(1, 2).reshape(batch, time, width))
        return x + self.narrow(F.gelu(self.wide(self.between(x))))


class GPT(nn.Module):
    def __init__(self, layer: Transformer):
        super().__init__()
        self.letters = nn.Embedding(layer.vocabulary, layer.width)
        self.positions = nn.Embedding(layer.context, layer.width)
        self.blocks = nn.ModuleList(Block(layer.width, layer.heads) for _ in range(layer.depth))
        self.last = nn.LayerNorm(layer.width, bias=False)
        for p in self.parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits with the letters along axis 1, where PyTorch's cross-entropy wants them."""
        x = self.letters(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        out = self.last(x) @ self.letters.weight.T
        return out.transpose(1, 2)
