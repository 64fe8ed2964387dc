"""Tracing: Python functions as graphs, and what is made of them.

| file | what it holds |
|---|---|
| body.py | Bodies: functions traced on their own, for `scan` and `vmap` |
| compiled.py | Compiled functions: traced once for each kind of arguments, then run as one graph |
| scan.py | `scan`: a function run for each row of tensors, one after the other, as one loop |
| snapshot.py | What is in layers and other things at one time, to be compared with later |
| trace.py | Tracing: run Python once on symbolic tensors and keep the Graph |
| transforms.py | Gradients of functions: `grad`, `jacobian`, `hessian` and their kin |
| validity.py | Validity: whether what was compiled is still what tracing it again would give |
| vmap.py | `vmap`: a function of one member as a function of many, at once |
| watched.py | What is watched: objects whose attributes a trace may read |
"""
