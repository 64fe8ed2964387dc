"""Checks of curves and of the learning rate.

| file | what it holds |
|---|---|
| fitting.py | Over- and under-fitting |
| rate.py | The learning rate: too high or too low |
"""
