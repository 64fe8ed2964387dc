"""Text as numbers: cleaning, tokens, and vocabularies.

    text -> clean -> split into tokens -> Vocabulary -> integers -> nn.Embedding

Two numbers mean no token: 0 fills up short texts, 1 stands for whatever the vocabulary lacks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from ..base.missing import Spelled, spelled
from ..errors import ArgumentError, DataError, FileError, unknown_name
from ..io.reading import open_plain
from ..io.writing import FilePath, check_suffix, write_whole

PADDING, UNKNOWN = "", "[UNK]"
Splitter = Callable[[str], Iterable[str]]
_T = TypeVar("_T")

# ASCII punctuation, as Keras strips it; and that of Chinese and of typeset text.
_PUNCTUATION = re.compile(
    r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~'"
    "\u3000-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    "\u2010-\u2027\u2030-\u205e\u00a1\u00ab\u00b7\u00bb\u00bf]"
)


@spelled
def clean(text: str, lower: bool = True, punctuation: bool = False) -> str:
    """The text in lower case and without punctuation, unless asked otherwise.

    >>> clean("Don't panic!"), clean("你好，世界。")
    ('dont panic', '你好世界')
    """
    text = as_text(text, "clean").lower() if lower else as_text(text, "clean")
    return text if punctuation else _PUNCTUATION.sub("", text)


def words(text: str) -> list[str]:
    """The parts between white space."""
    return text.split()


def characters(text: str) -> list[str]:
    """Every character by itself; Chinese text can be read so."""
    return list(text)


SPLITTERS: dict[str, Splitter] = {"word": words, "character": characters}


def splitter(by: str | Splitter) -> Splitter:
    """The function that cuts a text into tokens: "word", "character" or one of the user's own."""
    if callable(by):
        return by
    if by not in SPLITTERS:
        raise unknown_name("way to split text", by, SPLITTERS)
    return SPLITTERS[by]


class Vocabulary(Spelled):
    """Tokens and their numbers: 0 padding, 1 unknown, then the tokens, the most frequent first.

    Args:
        tokens: the tokens in order, without padding and unknown.
        by: "word" (parts between white space), "character", or a function from a text to tokens,
            such as a segmenter for Chinese: `jieba.lcut`.

    >>> vocabulary = Vocabulary.from_texts(["the cat", "the dog"])
    >>> vocabulary.tokens, vocabulary.encode("the bird"), vocabulary.decode([2, 1])
    (['', '[UNK]', 'the', 'dog', 'cat'], [2, 1], 'the [UNK]')
    """

    def __init__(self, tokens: Iterable[str], by: str | Splitter = "word") -> None:
        self.tokens = [PADDING, UNKNOWN, *_checked(tokens, "Vocabulary", "token")]
        self.by = by
        self._split = splitter(by)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = next(t for t, n in Counter(self.tokens).items() if n > 1)
            raise DataError(f"Vocabulary: the token {twice!r} stands twice; expected each once")

    @classmethod
    def from_texts(
        cls,
        texts: str | Iterable[str],
        by: str | Splitter = "word",
        max_tokens: int | None = None,
        min_count: int = 1,
    ) -> Vocabulary:
        """The tokens of these texts by descending frequency (equally frequent ones from Z to A, as
        in Keras), at most `max_tokens` with padding and unknown, each occurring `min_count` times.
        """
        split = splitter(by)
        counts = Counter(t for text in as_texts(texts, "Vocabulary") for t in split(text))
        return cls(most_frequent(counts, max_tokens, min_count), by)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def __repr__(self) -> str:
        by = self.by if isinstance(self.by, str) else getattr(self.by, "__name__", "a function")
        return f"Vocabulary({len(self)} tokens, by={by!r})"

    def encode(self, text: str) -> list[int]:
        """The numbers of the tokens of a text."""
        return self.ids(self._split(as_text(text, "Vocabulary.encode")))

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of tokens."""
        tokens = list(_all_of(tokens, "Vocabulary.ids", "token"))
        try:
            numbers = [self._ids.get(token, 1) for token in tokens]
        except TypeError:  # lists among them, which no dictionary has as keys
            numbers = [1]
        if 1 in numbers:  # unknown, or no token at all
            tokens = list(_checked(tokens, "Vocabulary.ids", "token"))
        return numbers

    def decode(self, ids: Iterable[int]) -> str:
        """The text of these numbers, padding left out; words with spaces between them."""
        between = " " if self.by == "word" else ""
        numbers = as_ids(ids, len(self), "Vocabulary.decode")
        return between.join(self.tokens[i] for i in numbers if i != 0)

    def save(self, path: FilePath) -> None:
        """Write the tokens as JSON; `by` must be a name, as a function cannot be written."""
        if not isinstance(self.by, str):
            raise DataError(
                "Vocabulary: by= is a function, and files hold no code; save .tokens[2:] yourself "
                "and give the function again: Vocabulary(tokens, by=...)"
            )
        write_json(path, {"by": self.by, "tokens": self.tokens[2:]})

    @classmethod
    def load(cls, path: FilePath) -> Vocabulary:
        """Read what `save` wrote."""
        content = read_json(path, ("by", "tokens"))
        return made_from(path, lambda: cls(content["tokens"], content["by"]))


def as_text(text: str, what: str) -> str:
    """One text, checked."""
    if not isinstance(text, str):
        raise DataError(f"{what}: the text {_describe_no_text(text)}")
    return str(text)


def as_texts(texts: str | Iterable[str], what: str) -> Iterator[str]:
    """One text or many, each of them checked."""
    return _checked([texts] if isinstance(texts, str) else texts, what, "text")


def as_ids(ids: Iterable[int], count: int, what: str) -> list[int]:
    """Numbers of tokens, of which there are `count`, as plain integers."""
    numbers = []
    for position, number in enumerate(_all_of(ids, what, "number")):
        try:
            index = int(number)
            if index != number or not 0 <= index < count:
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise DataError(
                f"{what}: number {position} is {number!r}; expected an integer from 0 to "
                f"{count - 1} for each token. One text is decoded at a time"
            ) from None
        numbers.append(index)
    return numbers


def _checked(values: Iterable[str], what: str, noun: str) -> Iterator[str]:
    for i, text in enumerate(_all_of(values, what, noun)):
        if not isinstance(text, str):
            raise DataError(f"{what}: {noun} {i} {_describe_no_text(text)}")
        yield str(text)


def _all_of(values: Iterable[_T], what: str, noun: str) -> Iterator[_T]:
    try:
        return iter(values)
    except TypeError:
        raise DataError(f"{what}: expected a list with one {noun} each; got {values!r}") from None


def _describe_no_text(value: object) -> str:
    if value is None or value != value or str(value) == "<NA>":
        return (
            f"is missing ({value!r}); expected str. Fill what is missing, texts.fillna(''), or "
            "leave these rows out, texts.dropna()"
        )
    fix = "; decode bytes first: text.decode()" if isinstance(value, bytes) else ""
    return f"is a {type(value).__name__}, {value!r}; expected str{fix}"


def most_frequent(counts: Counter[str], max_tokens: int | None, min_count: int = 1) -> list[str]:
    """Tokens by descending frequency, but the two special ones, two fewer than `max_tokens`."""
    if max_tokens is not None and max_tokens < 3:
        raise ArgumentError(
            f"max_tokens={max_tokens}: expected at least 3, as padding and unknown are two of them"
        )
    kept = [(n, t) for t, n in counts.items() if n >= min_count and t not in (PADDING, UNKNOWN)]
    kept.sort(reverse=True)
    return [t for _, t in kept[: None if max_tokens is None else max_tokens - 2]]


def write_json(path: FilePath, content: dict[str, Any]) -> None:
    """`content` as a JSON file of UTF-8."""
    write_json_text(path, json.dumps(content, ensure_ascii=False, indent=1))


def write_json_text(path: FilePath, text: str) -> None:
    """JSON that is already text as a file of UTF-8, whole or not at all."""
    check_suffix(path, ".json")
    write_whole(path, text.encode())


def read_json(path: FilePath, keys: Sequence[str]) -> dict[str, Any]:
    """What `write_json` wrote, if it has these keys."""
    try:
        with open_plain(path) as file:
            content = json.loads(file.read().decode())
    except FileError:
        raise
    except (OSError, ValueError, RecursionError) as problem:
        raise FileError(f"{path} is no JSON file: {problem}") from problem
    if not isinstance(content, dict) or any(key not in content for key in keys):
        raise FileError(f"{path}: expected a JSON file with the keys {', '.join(keys)}")
    if not all(isinstance(token, str) for token in as_list(content.get("tokens", []))):
        raise FileError(f"{path}: expected a list of texts as tokens")
    return content


def as_list(value: object) -> list[Any]:
    """A list as it is; anything else as [None], which is no list of anything."""
    return value if isinstance(value, list) else [None]


def made_from(path: FilePath, make: Callable[[], _T]) -> _T:
    """What `make` makes of a file's contents; whatever fails is the file's fault."""
    try:
        return make()
    except Exception as problem:
        raise FileError(f"{path}: its contents cannot be used: {problem}") from problem
