"""Convolution, pooling and resizing of images and series.

| file | what it holds |
|---|---|
| convolution_layers.py | Convolution layers |
| pooling.py | Pooling layers: the maximum or the mean of each window |
| resizing.py | Upsampling, zero padding and cropping of images and series |
| sliding.py | Sliding windows: what convolution and pooling layers share |
| transposed.py | Transposed convolution layers |
"""
