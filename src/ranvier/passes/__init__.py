"""Passes: pure rewrites of a graph, and the plan of its kernels.

| file | what it holds |
|---|---|
| bounds.py | Between which numbers the elements of integer nodes lie |
| checks.py | Guards in front of indices that may be outside their axis |
| fuse.py | Fusion: which nodes are computed together in one kernel |
| graph_passes.py | The list of passes |
| kernel_groups.py | Groups: what will be one kernel |
| memory.py | The plan of memory: an offset in the arena for every buffer |
| relu_masks.py | Where relu cut, seen from its result |
| reorder.py | Elementwise ops before a change of order that takes memory |
| row_groups.py | Reductions over the same axes, joined row by row |
| simplify.py | Constants, algebra that keeps every bit, common subexpressions |
"""
