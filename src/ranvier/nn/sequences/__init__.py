"""Recurrent layers, attention and Transformers.

| file | what it holds |
|---|---|
| attention.py | Attention with one head, and what all attention layers share |
| multihead.py | Multi-head and grouped-query attention |
| position_encoding.py | Position embeddings and encodings |
| recurrent_cells.py | Recurrent cells: one time step of a recurrent layer |
| recurrent_layers.py | Recurrent layers: a cell run along a sequence as one loop (`ranvier.scan`) |
| transformer.py | Transformer blocks: attention and feedforward, with residual connections |
| wrappers.py | Wrappers: both directions of a sequence, and a layer at each of its positions |
"""
