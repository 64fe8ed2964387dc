"""Lowering: groups of nodes as kernels of loops, and the passes over loops.

| file | what it holds |
|---|---|
| check_loops.py | The checker of the loop language |
| collapse.py | Collapsing: neighbouring axes of a nest joined into one loop |
| cost_model.py | The cost model: what a kernel costs, and which are worth sharing among threads |
| gemm_layout.py | Layout of matrix products: operands in the order in which the tile reads them |
| hoist.py | Hoisting: what every iteration of a loop repeats is done before it |
| index_expr.py | Index expressions: the element of a node at an index |
| loop_ir.py | The loop IR: what lowering makes of a graph, and code generation turns into LLVM IR |
| lower.py | Lowering: a fused graph as kernels of loop nests |
| pack_reuse.py | Reuse of packed operands: each is brought into another order once |
| program.py | Programs: a whole graph as kernels in order, and the buffers they work on |
| split_reduction.py | Long reductions in parts, which threads can share |
| tile_choice.py | The choice of a tile: how many rows and vectors of the result stay in registers |
"""
