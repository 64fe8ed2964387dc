"""Layers of networks for tables.

| file | what it holds |
|---|---|
| dense.py | Dense layers in neural tangent parametrization, with weights from data |
| level_dropout.py | Levels of categories that are hidden in training |
| members.py | Members inside one network: many networks that share most of their weights |
| numeric_embeddings.py | Embeddings of numbers: periodic and piecewise linear |
| scaling.py | Robust scaling, trained scales, activations with a trained share, output ranges |
"""
