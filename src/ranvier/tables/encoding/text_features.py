"""Free text as a few numbers: TF-IDF of words and pieces of words, reduced by an SVD.

Terms are words, pairs of words and runs of four bytes, each known by a 64-bit hash; all of it is
array arithmetic, without a loop over words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...typing import Array

_TOPICS = 30
_MAX_TERMS = 5_000
_MAX_SVD_ROWS = 4_000
_MIN_ROWS_OF_TERM = 3
_PIECES = (4,)  # bytes
_MAX_BYTES = 2_000  # of a text that are read
_MAX_FIT_CHARACTERS = 4_000_000  # of texts that terms are learned from; of more a part is drawn
_ROWS_AT_ONCE = 2_048
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so it has an inverse modulo 2**64
_SMOOTHING = 1.0

Parts = Callable[[int, int], list[tuple[Array, Array]]]


class TextFeatures:
    """What is known of the texts of a column: terms, their weights, topics and evidence.

    `terms` are hashes in rising order, `weights` their inverse document frequencies, `topics`
    (terms, topics) and `evidence` (terms, outputs) what each term adds: evidence is the log-ratio
    of how often a term stands in texts of a class and in others (naive Bayes, Wang and Manning
    2012), or the mean target of the texts with it less the mean of all.
    """

    def __init__(self, terms: Array, weights: Array, topics: Array, evidence: Array) -> None:
        self.terms = terms
        self.weights = weights
        self.topics = topics
        self.evidence = evidence

    @classmethod
    def fit(cls, texts: Sequence[str], outputs: Array, seed: int) -> TextFeatures:
        """The features of training texts, or of a part of them where they are many: the terms of
        all of them together would fill the memory.
        """
        chosen = _learned_from(texts, seed)
        if len(chosen) < len(texts):
            texts, outputs = [texts[i] for i in chosen], outputs[chosen]
        rows, hashes = _counted_terms(texts)
        terms, frequency = np.unique(hashes, return_counts=True)
        common = frequency >= min(_MIN_ROWS_OF_TERM, max(1, len(texts) // 10))
        common &= frequency < max(2, 0.9 * len(texts))
        terms, frequency = terms[common], frequency[common]
        if len(terms) > _MAX_TERMS:
            most = np.sort(np.argsort(-frequency, kind="stable")[:_MAX_TERMS])
            terms, frequency = terms[most], frequency[most]
        weights = np.log((1 + len(texts)) / (1 + frequency)) + 1
        empty = cls(
            terms, weights.astype(np.float32), np.zeros((len(terms), 0), np.float32),
            np.zeros((len(terms), outputs.shape[1]), np.float32),
        )  # fmt: skip
        index, row = empty._indices(rows, hashes)
        empty.topics = _topics(index, row, len(texts), empty.weights, seed)
        empty.evidence = _evidence(index, row, outputs, len(terms))
        return empty

    def arrays(self) -> dict[str, Array]:
        """All that is known, for a file."""
        return {
            "terms": self.terms,
            "weights": self.weights,
            "topics": self.topics,
            "evidence": self.evidence,
        }

    def names(self) -> list[str]:
        """What each column of features is."""
        topics = [f"topic {i}" for i in range(self.topics.shape[1])]
        evidence = [f"evidence {i}" for i in range(self.evidence.shape[1])]
        return ["characters", "words", *topics, *evidence]

    def transform(self, texts: Sequence[str]) -> Array:
        """float32 (rows, features)."""
        parts = []
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            some = texts[start : start + _ROWS_AT_ONCE]
            parts.append(self._features(some, *self._indices(*_counted_terms(some))))
        return np.concatenate(parts) if parts else np.zeros((0, len(self.names())), np.float32)

    def transform_training(
        self, texts: Sequence[str], outputs: Array, parts: Parts, seed: int
    ) -> Array:
        """The features of the training texts; evidence for a text comes from other texts."""
        chosen = _learned_from(texts, seed)
        if len(chosen) == len(texts):
            return self._cross_fitted(texts, outputs, parts, seed)
        features = self.transform(texts)  # those that nothing was learned from are other texts
        some = [texts[i] for i in chosen]
        features[chosen] = self._cross_fitted(some, outputs[chosen], parts, seed)
        return features

    def _cross_fitted(self, texts: Sequence[str], outputs: Array, parts: Parts, seed: int) -> Array:
        """The features of texts that the evidence was learned from."""
        index, row = self._indices(*_counted_terms(texts))
        features = self._features(texts, index, row)
        for part, rest in parts(len(texts), seed):
            in_part = np.zeros(len(texts), np.bool_)
            in_part[part] = True
            position = np.cumsum(~in_part) - 1
            of_part = in_part[row]
            evidence = _evidence(
                index[~of_part], position[row[~of_part]], outputs[rest], len(self.terms)
            )
            position = np.cumsum(in_part) - 1
            sums = _sums(index[of_part], position[row[of_part]], len(part), evidence)
            features[part, -evidence.shape[1] :] = sums
        return features

    def _features(self, texts: Sequence[str], index: Array, row: Array) -> Array:
        rows = len(texts)
        topics = _sums(index, row, rows, self.topics * self.weights[:, None], normalize=False)
        norms = _sums(index, row, rows, (self.weights**2)[:, None], normalize=False)
        topics = topics / np.sqrt(np.maximum(norms, 1e-12))
        evidence = _sums(index, row, rows, self.evidence)
        characters = np.array([len(text) for text in texts], np.float32)
        words = np.array([len(text.split()) for text in texts], np.float32)
        lengths = np.log1p(np.column_stack([characters, words]))
        return np.concatenate([lengths, topics, evidence], axis=1).astype(np.float32)

    def _indices(self, rows: Array, hashes: Array) -> tuple[Array, Array]:
        """(index of the term, row) of each known term in each text."""
        if not len(self.terms):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        index = np.searchsorted(self.terms, hashes)
        index = np.minimum(index, len(self.terms) - 1)
        known = self.terms[index] == hashes
        return index[known], rows[known]


def _learned_from(texts: Sequence[str], seed: int) -> Array:
    """The rows of the texts that terms are learned from: all, or as many at random as may be."""
    sizes = np.fromiter((min(len(text), _MAX_BYTES) for text in texts), np.int64, len(texts))
    if sizes.sum() <= _MAX_FIT_CHARACTERS:
        return np.arange(len(texts))
    order = np.random.default_rng(seed).permutation(len(texts))
    fitting = int(np.searchsorted(np.cumsum(sizes[order]), _MAX_FIT_CHARACTERS, "right"))
    return np.sort(order[: max(fitting, 1)])


# --- terms --------------------------------------------------------------------------------------


def _counted_terms(texts: Sequence[str]) -> tuple[Array, Array]:
    """(row, hash) of the different terms of each text, by row and then by hash."""
    rows, hashes = [], []
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        some_rows, some_hashes = _terms(texts[start : start + _ROWS_AT_ONCE])
        order = np.lexsort((some_hashes, some_rows))
        some_rows, some_hashes = some_rows[order], some_hashes[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (some_rows[1:] != some_rows[:-1]) | (some_hashes[1:] != some_hashes[:-1])
        rows.append(some_rows[first] + start)
        hashes.append(some_hashes[first])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    return np.concatenate(rows), np.concatenate(hashes)


def _terms(texts: Sequence[str]) -> tuple[Array, Array]:
    """(row, hash) of every term of every text."""
    encoded = [b" " + t.lower().encode()[:_MAX_BYTES] + b" " for t in texts]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    lengths = np.array([len(e) for e in encoded], np.int64)
    row_of = np.repeat(np.arange(len(texts)), lengths)
    letter = ((data >= 48) & (data <= 57)) | ((data >= 97) & (data <= 122)) | (data >= 128)
    # Words: runs of letters. The hash of a run is that of its bytes at powers of the base.
    edges = np.flatnonzero(np.diff(letter.view(np.int8)))
    begins, ends = edges[::2] + 1, edges[1::2] + 1
    powers = _powers(int(lengths.max(initial=0)) + 1)
    column = np.arange(len(data)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = (data.astype(np.uint64) + np.uint64(1)) * powers[0][column]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])

    def hashed(first: Array, last: Array, kind: int) -> Array:
        """The hashes of the bytes from `first` to before `last`, whatever stands before them."""
        raw = (sums[last] - sums[first]) * powers[1][column[first]]
        mixed: Array = (raw + np.uint64(kind)) * _BASE ^ (raw >> np.uint64(29))
        return mixed

    words = hashed(begins, ends, 1)
    rows, hashes = [row_of[begins]], [words]
    together = row_of[begins[:-1]] == row_of[begins[1:]]
    pairs = words[:-1] * np.uint64(31) + words[1:] + np.uint64(7)
    rows.append(row_of[begins[:-1]][together])
    hashes.append(pairs[together])
    for size in _PIECES:
        first = np.arange(max(0, len(data) - size + 1))
        inside = row_of[first] == row_of[first + size - 1]
        first = first[inside]
        rows.append(row_of[first])
        hashes.append(hashed(first, first + size, 10 + size))
    return np.concatenate(rows), np.concatenate(hashes)


def _powers(count: int) -> tuple[Array, Array]:
    """Powers of the base modulo 2**64, and of its inverse."""
    base, inverse = int(_BASE), pow(int(_BASE), -1, 2**64)
    powers, inverses = np.ones(count, np.uint64), np.ones(count, np.uint64)
    for powers_of, factor in ((powers, base), (inverses, inverse)):
        powers_of[1:] = np.uint64(factor)
        np.multiply.accumulate(powers_of, out=powers_of)
    return powers, inverses


# --- topics and evidence ------------------------------------------------------------------------


def _sums(index: Array, row: Array, rows: int, table: Array, normalize: bool = True) -> Array:
    """(rows, width): the sum over the terms of a text of their rows in `table`.

    `normalize` divides by the root of the number of terms, of which ten more are taken to be there.

    NOTE: every text is summed by itself, term by term, so its bits do not depend on other texts.
    """
    result = np.zeros((rows, table.shape[1]))
    if not len(index) or not table.shape[1]:
        return result
    begins = np.searchsorted(row, np.arange(rows + 1))
    for start in range(0, rows, _ROWS_AT_ONCE):
        stop = min(rows, start + _ROWS_AT_ONCE)
        full = np.arange(start, stop)[begins[start + 1 : stop + 1] > begins[start:stop]]
        if len(full):
            values = table[index[begins[start] : begins[stop]]].astype(np.float64)
            result[full] = np.add.reduceat(values, begins[full] - begins[start], axis=0)
    if normalize:
        result /= np.sqrt(np.diff(begins)[:, None] + 10.0)
    return result


def _evidence(index: Array, row: Array, outputs: Array, terms: int) -> Array:
    """(terms, outputs): what it says of the target that a text holds a term."""
    counts = np.bincount(index, minlength=terms).astype(float)
    columns = []
    for output in outputs.T:
        with_term = np.bincount(index, output[row], minlength=terms)
        if np.isin(output, (0.0, 1.0)).all():
            total = output.sum()
            positive = (with_term + _SMOOTHING) / (total + 2 * _SMOOTHING)
            negative = (counts - with_term + _SMOOTHING) / (len(output) - total + 2 * _SMOOTHING)
            columns.append(np.log(positive / negative))
        else:
            spread = max(float(output.std()), 1e-30)
            columns.append((with_term - counts * output.mean()) / (counts + 10) / spread)
    return np.stack(columns, axis=1).astype(np.float32)


def _topics(index: Array, row: Array, rows: int, weights: Array, seed: int) -> Array:
    """(terms, topics): the right singular vectors of the TF-IDF table of some texts.

    By random projection (Halko, Martinsson and Tropp 2011).
    """
    terms = len(weights)
    count = min(_TOPICS, terms, rows)
    if not count:
        return np.zeros((terms, 0), np.float32)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(rows)[:_MAX_SVD_ROWS])
    position = np.full(rows, -1)
    position[chosen] = np.arange(len(chosen))
    some = position[row] >= 0
    table = np.zeros((len(chosen), terms), np.float32)
    table[position[row[some]], index[some]] = weights[index[some]]
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    basis = table @ random.standard_normal((terms, count + 8)).astype(np.float32)
    for _ in range(3):
        basis = np.linalg.qr(table @ (table.T @ np.linalg.qr(basis)[0]))[0]
    _, _, directions = np.linalg.svd(basis.T @ table, full_matrices=False)
    return np.ascontiguousarray(directions[:count].T).astype(np.float32)
