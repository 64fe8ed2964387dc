"""Vectorized texts and padded sequences, from Keras on TensorFlow. See README.md."""

import os

import numpy as np
from common import write_arrays, write_json

os.environ["KERAS_BACKEND"] = "tensorflow"  # its string ops are TensorFlow's
import keras

TEXTS = ["The cat sat on the mat.", "A dog; the dog's DAY!", "", "so the mat (a red one) sat"]
NEW = ["the red bird", "Dog day on the cat, the cat"]
CASES = {
    "plain": {},
    "cut": {"max_tokens": 5, "output_sequence_length": 4},
    "long": {"output_sequence_length": 9},
    "lower": {"standardize": "lower"},
    "strip": {"standardize": "strip_punctuation"},
    "none": {"standardize": None},
    "characters": {"split": "character"},
    "pairs": {"ngrams": 2},
    "threes": {"ngrams": [1, 3]},
    "multi_hot": {"output_mode": "multi_hot"},
    "count": {"output_mode": "count", "max_tokens": 6},
    "tf_idf": {"output_mode": "tf_idf"},
}

arrays, described = {}, {}
for name, options in CASES.items():
    layer = keras.layers.TextVectorization(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    )
    layer.adapt(TEXTS)
    arrays[name] = np.asarray(layer(NEW))
    vocabulary = [str(token) for token in layer.get_vocabulary()]
    described[name] = {"options": options, "vocabulary": vocabulary}
for padding in ("pre", "post"):
    for truncating in ("pre", "post"):
        for maxlen in (None, 2, 5):
            arrays[f"pad_{padding}_{truncating}_{maxlen}"] = keras.utils.pad_sequences(
                [[1, 2, 3], [], [4], [5, 6, 7, 8]],
                maxlen,
                padding=padding,
                truncating=truncating,
                value=9,
            )
write_arrays("text", arrays)
write_json("text", described)
