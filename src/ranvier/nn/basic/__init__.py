"""Basic layers: dense, shapes, merging, embedding, dropout, normalization.

| file | what it holds |
|---|---|
| activation_layers.py | Activation functions as layers of their own |
| affine.py | What dense and convolution layers share: kernels, a bias, an activation |
| dense.py | The fully connected layer |
| dropout.py | Dropout and noise |
| embedding.py | Layers at the beginning of a model of sequences |
| merging.py | Layers that merge inputs into one |
| normalization.py | Normalization formulas, for any axes |
| normalization_layers.py | Normalization layers |
| normalize.py | Input normalization, fitted on data |
| shape_layers.py | Layers without parameters: shapes, an activation, the declared input |
| unit_mask.py | Masks of units: layers that are narrower than their shape |
"""
