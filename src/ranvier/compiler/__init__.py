"""The compiler: one list of stages from a graph to machine code, and the store of what was made.

| file | what it holds |
|---|---|
| stages.py | The stages: everything between a traced graph and machine code, as one list |
| store.py | The store: machine code by the graph it was made from, in memory and on disk |
"""
