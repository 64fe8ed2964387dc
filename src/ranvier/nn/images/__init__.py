"""Convolution, pooling and resizing of images and series.

| file | what it holds |
|---|---|
| convolution.py | Convolution layers |
| pooling.py | Pooling layers: the largest or the mean of each window |
| resizing.py | Layers that make images and series larger or smaller |
| sliding.py | What convolution and pooling layers share |
| transposed.py | Transposed convolution layers |
"""
