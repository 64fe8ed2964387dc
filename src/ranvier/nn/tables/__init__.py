"""Layers of networks for tables.

| file | what it holds |
|---|---|
| level_dropout.py | Levels of categories that are hidden in training |
| ntp_dense.py | Dense layers in neural tangent parametrization, with weights from data |
| numeric_embeddings.py | Embeddings of numbers: periodic and piecewise linear |
| scaling.py | Robust scaling, trained scales, activations with a trained share, output ranges |
| shared_weights.py | Members inside one network: many networks that share most of their weights |
"""
