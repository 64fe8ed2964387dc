"""Plots (matplotlib, the extra `[plot]`).

| file | what it holds |
|---|---|
| figures.py | Writing figures to files |
| history.py | Training curves: loss and metrics against epochs |
| learning_curves.py | Test score against the number of training rows |
"""
