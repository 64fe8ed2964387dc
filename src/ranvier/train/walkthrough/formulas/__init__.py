"""The formulas of layers, activations, losses and optimizers, as plain text and as LaTeX.

| file | what it holds |
|---|---|
| activations.py | a = f(z) and f'(z) |
| formula.py | A formula: a line of plain text and the same for LaTeX |
| layers.py | What each layer of the library computes, and its gradients by the chain rule |
| losses.py | The loss of a row and its gradient |
| optimizers.py | The rules of optimizers |

They head the steps of a walkthrough; the numbers below them come from the graph. Symbols are those
of `names.py`; a tensor written without positions is all of it.
"""
