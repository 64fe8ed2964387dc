"""Models of images.

| file | what it holds |
|---|---|
| lenet.py | LeNet-5, the convolutional network that read the digits on cheques |
| resnet.py | Residual networks for small images |
"""
