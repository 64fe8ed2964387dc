"""Texts as rows of numbers for a network: by words or characters, or by pairs of bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..base.extras import optional
from ..base.missing import Spelled
from ..errors import ArgumentError, DataError, FileError, StateError, unknown_name
from ..io.reading import check_input
from ..io.writing import FilePath
from ..typing import Array
from .sequence_padding import pad_sequences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

from .text import (
    Splitter,
    Vocabulary,
    as_ids,
    as_text,
    as_texts,
    characters,
    clean,
    made_from,
    most_frequent,
    read_json,
    words,
    write_json,
    write_json_text,
)

_Function = TypeVar("_Function", bound=Callable[..., Any])

_STANDARDIZERS: dict[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": lambda text: clean(text, punctuation=True),
    "strip_punctuation": lambda text: clean(text, lower=False),
    "lower_and_strip_punctuation": clean,
}
_SPLITTERS: dict[str | None, Splitter] = {
    None: lambda text: [text],
    "whitespace": words,
    "character": characters,
}
_OUTPUT_MODES = ("int", "multi_hot", "count", "tf_idf")
_SAVED_ARGUMENTS = (
    "max_tokens",
    "standardize",
    "split",
    "ngrams",
    "output_mode",
    "output_sequence_length",
)


class TextVectorization(Spelled):
    """Texts to arrays, under Keras' names; it works on strings, so before the graph, not in it.

    Args:
        max_tokens: the largest vocabulary, unknown and (in mode "int") padding included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a
            function from text to text.
        split: "whitespace", "character", None, or a function from a text to its tokens (for
            Chinese a segmenter such as `jieba.lcut`).
        ngrams: n: runs of up to n tokens are tokens too; or a tuple of lengths.
        output_mode: "int": ids (n, length) int64; "multi_hot", "count", "tf_idf": one float32
            column for each token, (n, tokens), and no column for padding.
        output_sequence_length: the length in mode "int"; by default that of the longest text.
        vocabulary: tokens without padding and unknown, instead of `adapt`.

    >>> vectorize = TextVectorization(output_sequence_length=3)
    >>> vectorize.adapt(["The cat sat.", "The dog."])
    >>> vectorize.get_vocabulary()
    ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
    >>> vectorize(["the bird sat on it"])
    array([[2, 1, 3]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[[str], str] | None = "lower_and_strip_punctuation",
        split: str | Splitter | None = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        self.max_tokens, self.standardize, self.split = max_tokens, standardize, split
        self.ngrams, self.output_mode = ngrams, output_mode
        self.output_sequence_length = output_sequence_length
        if output_mode not in _OUTPUT_MODES:
            raise unknown_name("output_mode", output_mode, _OUTPUT_MODES)
        if output_mode != "int" and output_sequence_length is not None:
            raise ArgumentError(
                f"TextVectorization: output_sequence_length has no meaning with {output_mode!r}"
            )
        self._clean = _one_of("standardize", standardize, _STANDARDIZERS)
        self._split = _one_of("split", split, _SPLITTERS)
        self._lengths = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
        self._vocabulary: Vocabulary | None = None
        self._weights = np.ones(0, np.float32)  # of "tf_idf", one for each column
        if vocabulary is not None:
            self._vocabulary = Vocabulary(vocabulary)
            self._weights = np.ones(len(self._vocabulary) - 1, np.float32)

    def adapt(self, texts: str | Iterable[str]) -> None:
        """Learn the vocabulary, and for "tf_idf" the weights, from these texts.

        The weight of a token is `log(1 + texts / (1 + texts that have it))`, as in Keras, and that
        of unknown ones the mean of all.
        """
        counts: Counter[str] = Counter()
        holders: Counter[str] = Counter()
        number = 0
        for text in as_texts(texts, "TextVectorization"):
            tokens = self.tokens(text)
            counts.update(tokens)
            holders.update(set(tokens))
            number += 1
        if not number:
            raise DataError("TextVectorization: adapt got no texts; expected at least one")
        limit = self.max_tokens
        if limit is not None and self.output_mode != "int":
            limit += 1  # padding has no column
        self._vocabulary = Vocabulary(most_frequent(counts, limit))
        documents = np.array([holders[t] for t in self._vocabulary.tokens[2:]], np.float64)
        weights = np.log(1 + number / (1 + documents))
        first = weights.mean() if len(weights) else 1.0
        self._weights = np.array([first, *weights], np.float32)

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text: cleaned, split, and joined to runs with `ngrams`."""
        parts = list(self._split(self._clean(as_text(text, "TextVectorization"))))
        if self._lengths is None:
            return parts
        return [
            " ".join(parts[i : i + n]) for n in self._lengths for i in range(len(parts) - n + 1)
        ]

    def __call__(self, texts: str | Iterable[str]) -> Array:
        """The array for these texts; a single text gives a single row."""
        vocabulary = self._known()
        ids = [vocabulary.ids(self.tokens(t)) for t in as_texts(texts, "TextVectorization")]
        rows = self._padded(ids) if self.output_mode == "int" else self._counted(ids)
        return rows[0] if isinstance(texts, str) else rows

    def _padded(self, ids: list[list[int]]) -> Array:
        return pad_sequences(ids, self.output_sequence_length, np.int64, "post", "post", 0)

    def _counted(self, ids: list[list[int]]) -> Array:
        out = np.zeros((len(ids), len(self._known()) - 1), np.float32)
        for row, row_ids in zip(out, ids, strict=True):
            np.add.at(row, np.array(row_ids, np.int64) - 1, 1)
        if self.output_mode == "multi_hot":
            return np.minimum(out, 1)
        return out * self._weights if self.output_mode == "tf_idf" else out

    def _known(self) -> Vocabulary:
        if self._vocabulary is None:
            raise StateError(
                "TextVectorization: it has no vocabulary yet; call adapt(texts) first, or give "
                "vocabulary="
            )
        return self._vocabulary

    def get_vocabulary(self) -> list[str]:
        """The tokens in order, as in Keras: "" and "[UNK]" first; without "" but in mode "int"."""
        tokens = self._known().tokens
        return tokens[:] if self.output_mode == "int" else tokens[1:]

    def vocabulary_size(self) -> int:
        """How many there are."""
        return len(self.get_vocabulary())

    def save(self, path: FilePath) -> None:
        """Write arguments and vocabulary as JSON; functions as arguments cannot be written."""
        kept = {name: getattr(self, name) for name in _SAVED_ARGUMENTS}
        for name, value in kept.items():
            if callable(value):
                raise DataError(
                    f"TextVectorization: {name}= is a function, and files hold no code; save "
                    "get_vocabulary()[2:] and give it again as vocabulary="
                )
        weights = self._weights.tolist()
        write_json(path, {**kept, "tokens": self._known().tokens[2:], "weights": weights})

    @classmethod
    def load(cls, path: FilePath) -> TextVectorization:
        """Read what `save` wrote."""
        content = read_json(path, (*_SAVED_ARGUMENTS, "tokens", "weights"))
        kept = {name: content[name] for name in _SAVED_ARGUMENTS}
        kept["ngrams"] = (
            tuple(kept["ngrams"]) if isinstance(kept["ngrams"], list) else kept["ngrams"]
        )

        def make() -> TextVectorization:
            out = cls(**kept, vocabulary=content["tokens"])
            out._weights = np.array(content["weights"], np.float32)
            return out

        return made_from(path, make)


class BytePairs(Spelled):
    """Byte pair encoding: frequent runs of letters become tokens, and no text is ever unknown.

    It begins with the 256 bytes and joins the most frequent pair until there are `vocab_size`
    tokens. Needs the library `tokenizers`: `pip install "ranvier[text]"`.
    Sennrich, Haddow and Birch (2016), arXiv 1508.07909; on bytes as in GPT-2.

        pairs = BytePairs.train(texts, vocab_size=1000)
        ids = pairs.encode("the cat")        # a list of integers; pairs.decode gives the text

    Number 0 is padding.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    @classmethod
    def train(cls, texts: str | Iterable[str], vocab_size: int = 1000) -> BytePairs:
        """Learn the pairs from these texts."""
        if vocab_size < 257:
            raise ArgumentError(
                f"BytePairs: vocab_size={vocab_size}; expected at least 257, padding and all bytes"
            )
        library = optional("tokenizers", "BytePairs", "text")
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=["[PAD]"],
            initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(as_texts(texts, "BytePairs"), trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """The numbers of a text."""
        return list(self.tokenizer.encode(as_text(text, "BytePairs.encode")).ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of these numbers."""
        return str(self.tokenizer.decode(as_ids(ids, len(self), "BytePairs.decode")))

    def __call__(self, texts: Iterable[str], length: int | None = None) -> Array:
        """Ids (n, length) int64, filled up with 0 at the end."""
        listed = list(as_texts(texts, "BytePairs"))
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(listed)]
        return pad_sequences(ids, length, np.int64, "post", "post", 0)

    def save(self, path: FilePath) -> None:
        """Write the JSON file of the library `tokenizers`."""
        write_json_text(path, self.tokenizer.to_str())

    @classmethod
    def load(cls, path: FilePath) -> BytePairs:
        """Read such a file."""
        library = optional("tokenizers", "BytePairs", "text")
        check_input(path)
        try:
            return cls(library.Tokenizer.from_file(str(path)))
        except Exception as problem:  # NOTE: the library raises no class of its own
            raise FileError(f"{path} is no file of tokenizers: {problem}") from problem


def _one_of(
    argument: str, value: str | _Function | None, known: dict[str | None, _Function]
) -> _Function:
    if callable(value):
        return value
    if value not in known:
        names = [n for n in known if n is not None]
        raise unknown_name(f"{argument} of TextVectorization", value, names)
    return known[value]
