"""What a notebook shows of tensors, graphs and models.

| file | what it holds |
|---|---|
| objects.py | Graphs and models |
| tensors.py | Tensors: numbers in a table, statistics and a histogram of large ones |
"""
