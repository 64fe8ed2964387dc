"""Augmentation and preparation of images, and mixing of rows.

| file | what it holds |
|---|---|
| geometric.py | Geometric augmentation: flips, shifts, rotations, zooms and crops |
| mix.py | Mixup and CutMix: each row and its target mixed with another one of its batch |
| photometric.py | Photometric augmentation: brightness, contrast and erased rectangles |
| preprocessing.py | Preprocessing of images: another range or size, in training and in use alike |
| resampling.py | Resampling of images by affine maps |
"""
