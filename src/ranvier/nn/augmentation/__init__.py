"""Augmentation and preparation of images, and mixing of rows.

| file | what it holds |
|---|---|
| geometry.py | Augmentation |
| mix.py | Augmentation of rows and targets together: each row mixed with another one of its batch |
| preparing.py | Images brought into another range or size, in training and in use alike |
| sampling.py | Images read at other places |
| values.py | Augmentation of values |
"""
