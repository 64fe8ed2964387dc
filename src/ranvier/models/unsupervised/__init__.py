"""Models that learn without labels.

| file | what it holds |
|---|---|
| clustering.py | Groups without labels: k-means, and deep embedded clustering |
| neighbours.py | Groups without labels: a classifier that gives neighbours the same answer |
| pretrain.py | Greedy layer-wise pre-training |
| som.py | The self-organizing map: a sheet of nodes that stretches itself over the data |
"""
