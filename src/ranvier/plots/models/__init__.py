"""What models do, as pictures: boundaries, filters, activations, embeddings, losses, steps.

| file | what it holds |
|---|---|
| activations.py | Histograms of what layers give |
| boundary.py | Decision boundaries, regression surfaces and single neurons over two features |
| embeddings.py | Vectors in two dimensions |
| images.py | Filters and feature maps |
| landscape.py | The loss around the weights of a model |
| layer_outputs.py | What the layers of a model give for some rows |
| race.py | Optimizers on a surface |
| surface.py | A grid of numbers between axes: areas and lines of equal height |

    model, rows -> one predict call, or the outputs of layers -> numbers -> Drawing
"""
