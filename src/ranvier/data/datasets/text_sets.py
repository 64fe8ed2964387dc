"""Texts: plays for language models, and sentences of film reviews to classify."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from ...base.missing import spelled
from ...typing import Array
from ..fetch import read
from ..split import train_test_split
from .published_files import POLARITY_FILES, SHAKESPEARE_FILE

Ids = tuple[Array, Array, list[str]]
TextSplit = tuple[tuple[list[str], Array], tuple[list[str], Array]]


@overload
def load_tiny_shakespeare(*, ids: Literal[False] = False) -> tuple[str, str]: ...
@overload
def load_tiny_shakespeare(*, ids: Literal[True]) -> Ids: ...
@spelled
def load_tiny_shakespeare(*, ids: bool = False) -> tuple[str, str] | Ids:
    """40,000 lines of Shakespeare's plays: 1,115,394 characters, of which 65 are different.

    Returns `(train, test)`, the first 90 % of the text and the last 10 %. With `ids` both are
    arrays (characters,) of uint8, the indices of the characters in the vocabulary, which comes
    third: a sorted list of characters, so `"".join(vocabulary[i] for i in train)` is the text.
    Source: Karpathy (2015), https://github.com/karpathy/char-rnn; the text is in the public domain.
    """
    text = read(SHAKESPEARE_FILE)[0].decode()
    at = len(text) * 9 // 10
    if not ids:
        return text[:at], text[at:]
    codes = np.frombuffer(text.encode("ascii"), np.uint8)
    known = np.unique(codes)
    indices = np.searchsorted(known, codes).astype(np.uint8)
    return indices[:at], indices[at:], [chr(c) for c in known]


@spelled
def load_rt_polarity(*, test_size: float = 0.1, seed: int = 0) -> TextSplit:
    """10,662 sentences of film reviews, half for the film (1) and half against it (0).

    Returns `(texts_train, y_train), (texts_test, y_test)`: lists of sentences in lower case,
    words and punctuation separated by spaces, and labels (n,) int64. There is no published split:
    a stratified tenth is held out, as in one round of the cross-validation of papers.
    Source: Pang and Lee (2005), "Seeing stars", ACL.
    """
    against, favour = (
        [line.strip() for line in content.decode().split("\n") if line.strip()]
        for content in read(*POLARITY_FILES)
    )
    y = np.repeat(np.array([0, 1]), [len(against), len(favour)])
    train, test, y_train, y_test = train_test_split(
        [*against, *favour], y, test_size=test_size, seed=seed, stratify=y
    )
    return (train, y_train), (test, y_test)
