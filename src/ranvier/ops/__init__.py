"""The primitive ops, one class each, and the composites written in them.

| file | what it holds |
|---|---|
| backpropagation.py | Reverse-mode differentiation |
| check_index.py | Whether indices are inside their axis |
| composites/ | functions written in ops, with no gradient rule of their own |
| contraction.py | The matrix product |
| counter_rng.py | Random bits from a counter |
| creation.py | Values made from nothing: inputs, constants, counters |
| elementwise/ | ops applied element by element |
| gather.py | Gather and scatter: reading and adding at indices |
| loops/ | a body of ops, iteration after iteration, and its gradient |
| mask_rules.py | What becomes of a mask under each op |
| methods.py | The ops that every Value has as methods |
| movement.py | Ops that move elements without changing them |
| op.py | What an op is, and how one is applied |
| op_params.py | Params of an op from a file, checked |
| reduce.py | Reductions |
| rows/ | whether the rows that fill up a batch can reach what counts |
| vmapped.py | A graph for many members at once, by the ops' `vmap` rules |
| windows/ | windows that slide over an image: convolution, and what pooling reduces |
"""
