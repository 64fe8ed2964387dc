"""Recurrent layers, attention and Transformers.

| file | what it holds |
|---|---|
| attention.py | Attention |
| cells.py | Cells: what a recurrent layer does at one place of a sequence |
| multihead.py | Attention with several heads, each with projections of its own |
| position.py | Where in a sequence a place is: attention by itself does not know it |
| recurrent.py | Recurrent layers: a cell run along a sequence as one loop (`ranvier.scan`) |
| transformer.py | The blocks of a Transformer |
| wrappers.py | Layers around a layer: both directions of a sequence, and each of its places alone |
"""
