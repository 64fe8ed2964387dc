"""Composites: functions written in primitive ops, with no gradient rule of their own.

| file | what it holds |
|---|---|
| einsum.py | Sums of products in Einstein's notation |
| functions.py | Functions written in ops, with no gradient rule of their own |
| indexing.py | Indexing with slices |
| norms.py | Norms of vectors, and the cosine between them |
| padding.py | Padding by NumPy's modes |
| rounding.py | Rounding to decimals, and division that cuts off the fraction |
| shaping.py | Functions that join, cut, repeat and rearrange, written in the movement ops |
"""
