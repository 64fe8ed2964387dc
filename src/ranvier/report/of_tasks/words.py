"""The words of texts that speak for each class: what the network says of each word alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ...typing import Array
from ..results import ClassWords

_LEAST_TEXTS = 3  # that a word stands in, of those tested
_MOST_ASKED = 2_000  # words, the most frequent ones
_LISTED = 12  # words of a class
_MOST_CLASSES = 12


def class_words(
    texts: Sequence[str], classes: Sequence[str], ask: Callable[[list[str]], Array]
) -> tuple[ClassWords, ...]:
    """For each class the words that alone make it likelier than no word does, the most telling
    first, with its probability. Asked are frequent words of the texts.
    """
    counts = Counter(word for text in texts for word in set(re.findall(r"[^\W\d_]+", text.lower())))
    asked = [word for word, n in counts.most_common(_MOST_ASKED) if n >= _LEAST_TEXTS]
    if not asked:
        return ()
    shares = ask(["", *asked])
    gained = shares[1:] - shares[0]
    listed = []
    for i, label in enumerate(classes[:_MOST_CLASSES]):
        order = np.argsort(-gained[:, i], kind="stable")[:_LISTED]
        best = [(asked[j], float(shares[1 + j, i])) for j in order if gained[j, i] > 0]
        listed.append(ClassWords(label, tuple(best)))
    return tuple(listed)
