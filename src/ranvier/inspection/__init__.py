"""Inspection: what Ranvier made of a program, what it costs, and whether gradients are right.

| file | what it holds |
|---|---|
| explain.py | Explain: a function or a model's step at seven levels |
| gradcheck.py | Gradients compared with finite differences |
| timing.py | Timings of kernels, beside the machine's best |
| values.py | The numbers of every node of a graph |
"""
