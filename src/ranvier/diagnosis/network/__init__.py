"""Checks of the network: its units, its gradients, its two ends.

| file | what it holds |
|---|---|
| ends.py | The loss and the last activation beside the targets |
| gradients.py | Gradients that vanish or explode from layer to layer, or along a sequence |
| scale.py | Inputs and targets whose size a network cannot easily take |
| units.py | Units that are always off, or always at their end |
"""
