"""Code generation: kernels of loops as LLVM IR.

| file | what it holds |
|---|---|
| batch_loop.py | Batches: the function that runs a stretch of batches, one step after the other |
| call_glue_ir.py | The functions between Python and the compiled graph, as LLVM IR |
| denormals.py | Denormal numbers count as 0 while a stretch of batches runs |
| expressions.py | Expressions and axes of a nest as LLVM IR |
| gemm.py | Matrix products and convolutions as LLVM IR: register-tiled sums of products |
| ir_arithmetic.py | The arithmetic that an op's scalar expression is written in |
| ir_builder.py | The IR builder: LLVM IR as text, with values, functions, loops and memory access |
| maps.py | Loop nests as LLVM IR: maps and scatters |
| members_ir.py | A stretch of batches for one member after the other, as LLVM IR |
| module.py | Kernels -> one module of LLVM IR, with the functions that run them all |
| reductions.py | Reductions and scans as LLVM IR: sums, products, extremes and their positions |
| row_reductions.py | Row reductions: several of the same row, finished while it is near |
| transpose.py | Transposes as LLVM IR: a load that lies along another axis than the store does |
| vector_math/ | special functions as polynomials in vector arithmetic |
"""
