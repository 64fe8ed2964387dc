"""Models: networks that can be compiled, fitted, saved and summarized.

| file | what it holds |
|---|---|
| functional.py | Functional models, made of layers called on `ranvier.Input` |
| model.py | The model: compile, fit, evaluate, predict and save |
| network.py | A network before it is trained: how data flows through it, what it takes and gives |
| saving.py | Models to files and back |
| sequential.py | Layers one after another |
| summary.py | A model as a table |
| wiring_data.py | Models of connected layers as plain data and back |
"""
