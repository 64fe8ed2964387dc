"""Which layers of Keras hand the mask of a sequence on. See README.md."""

from common import keras_in_float64, write_json

keras = keras_in_float64()
import numpy as np  # noqa: E402  (after Keras has chosen its backend)

IDS = np.array([[1, 2, 0, 0], [3, 1, 2, 0]])
ALL = {"return_sequences": True}

# class, settings, number of masked inputs
CASES = {
    "Dense": ("Dense", {"units": 3}, 1),
    "Activation": ("Activation", {"activation": "relu"}, 1),
    "Dropout": ("Dropout", {"rate": 0.5}, 1),
    "SpatialDropout1D": ("SpatialDropout1D", {"rate": 0.5}, 1),
    "GaussianNoise": ("GaussianNoise", {"stddev": 0.1}, 1),
    "GaussianDropout": ("GaussianDropout", {"rate": 0.1}, 1),
    "AlphaDropout": ("AlphaDropout", {"rate": 0.1}, 1),
    "LayerNormalization": ("LayerNormalization", {}, 1),
    "BatchNormalization": ("BatchNormalization", {}, 1),
    "GroupNormalization": ("GroupNormalization", {"groups": 2}, 1),
    "ReLU": ("ReLU", {}, 1),
    "LeakyReLU": ("LeakyReLU", {}, 1),
    "PReLU": ("PReLU", {}, 1),
    "ELU": ("ELU", {}, 1),
    "Rescaling": ("Rescaling", {"scale": 2.0}, 1),
    "Masking": ("Masking", {}, 1),
    "LSTM": ("LSTM", {"units": 3, **ALL}, 1),
    "LSTM last": ("LSTM", {"units": 3}, 1),
    "GRU": ("GRU", {"units": 3, **ALL}, 1),
    "SimpleRNN": ("SimpleRNN", {"units": 3, **ALL}, 1),
    "GlobalAveragePooling1D": ("GlobalAveragePooling1D", {}, 1),
    "GlobalMaxPooling1D": ("GlobalMaxPooling1D", {}, 1),
    "Flatten": ("Flatten", {}, 1),
    "Permute": ("Permute", {"dims": [2, 1]}, 1),
    "MaxPooling1D": ("MaxPooling1D", {"pool_size": 2}, 1),
    "AveragePooling1D": ("AveragePooling1D", {"pool_size": 2}, 1),
    "UpSampling1D": ("UpSampling1D", {"size": 2}, 1),
    "Conv1D valid": ("Conv1D", {"filters": 3, "kernel_size": 3}, 1),
    "Add": ("Add", {}, 2),
    "Subtract": ("Subtract", {}, 2),
    "Multiply": ("Multiply", {}, 2),
    "Average": ("Average", {}, 2),
    "Maximum": ("Maximum", {}, 2),
    "Minimum": ("Minimum", {}, 2),
    "Concatenate": ("Concatenate", {}, 2),
    "Concatenate time": ("Concatenate", {"axis": 1}, 2),
    "Attention": ("Attention", {}, 2),
    "AdditiveAttention": ("AdditiveAttention", {}, 2),
}

found = {}
for name, (kind, settings, inputs) in CASES.items():
    xs = [keras.layers.Embedding(9, 6, mask_zero=True)(IDS * (i + 1)) for i in range(inputs)]
    out = getattr(keras.layers, kind)(**settings)(xs if inputs > 1 else xs[0])
    mask = getattr(out, "_keras_mask", None)
    if mask is not None:
        mask = np.asarray(mask.cpu() if hasattr(mask, "cpu") else mask).astype(int).tolist()
    found[name] = {"class": kind, "settings": settings, "inputs": inputs, "mask": mask}
write_json("masks", found)
