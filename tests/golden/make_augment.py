"""Images moved, turned, zoomed, resized and changed by fixed amounts, from Keras. See README.md."""

import os

import numpy as np
from common import write_arrays

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

layers = keras.layers
x = np.random.default_rng(0).uniform(0, 255, (2, 9, 12, 3)).astype(np.float32)
arrays = {"x": x}
for fill in ("constant", "nearest", "reflect"):
    for how in ("bilinear", "nearest"):
        options = {"fill_mode": fill, "interpolation": how, "fill_value": 10.0}
        made = {
            "translation": layers.RandomTranslation((0.23, 0.23), (-0.17, -0.17), **options),
            "rotation": layers.RandomRotation((0.07, 0.07), **options),
            "zoom": layers.RandomZoom((0.31, 0.31), (-0.13, -0.13), **options),
        }
        for name, layer in made.items():
            arrays[f"{name}_{fill}_{how}"] = layer(x, training=True)
for name, layer in {
    "brightness": layers.RandomBrightness((0.3, 0.3)),
    "rescaling": layers.Rescaling(1 / 255, -0.5),
    "crop": layers.CenterCrop(4, 7),
    "resizing_bilinear": layers.Resizing(5, 20),
    "resizing_nearest": layers.Resizing(5, 20, interpolation="nearest"),
}.items():
    arrays[name] = layer(x, training=True)
write_arrays("augment", arrays)
