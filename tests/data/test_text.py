"""Text as numbers: against Keras' own numbers, with files, and with what goes wrong."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier.data import BytePairs, TextVectorization, Vocabulary, clean, length_mask, pad_sequences
from ranvier.errors import ArgumentError, DataError, FileError, StateError

TEXTS = ["The cat sat on the mat.", "A dog; the dog's DAY!", "", "so the mat (a red one) sat"]
NEW = ["the red bird", "Dog day on the cat, the cat"]
STORED = GOLDEN / "text.npz"
CASES: dict[str, dict[str, object]] = json.loads((GOLDEN / "text.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_vectorized_texts_are_those_of_keras(name: str) -> None:
    case = CASES[name]
    options: dict[str, object] = dict(case["options"])  # type: ignore[call-overload]
    if isinstance(options.get("ngrams"), list):
        options["ngrams"] = tuple(options["ngrams"])  # type: ignore[arg-type]
    vectorize = TextVectorization(**options)  # type: ignore[arg-type]
    vectorize.adapt(TEXTS)
    assert vectorize.get_vocabulary() == case["vocabulary"]
    with np.load(STORED) as arrays:
        np.testing.assert_allclose(vectorize(NEW), arrays[name], rtol=1e-6)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 2, 5])
def test_padded_sequences_are_those_of_keras(
    padding: str, truncating: str, maxlen: int | None
) -> None:
    found = pad_sequences(
        [[1, 2, 3], [], [4], [5, 6, 7, 8]], maxlen, padding=padding, truncating=truncating, value=9
    )
    assert found.dtype == np.int32
    with np.load(STORED) as arrays:
        np.testing.assert_array_equal(found, arrays[f"pad_{padding}_{truncating}_{maxlen}"])


def test_sequences_of_vectors_are_padded_too() -> None:
    found = pad_sequences([np.ones((2, 3)), np.ones((1, 3))], dtype="float32", padding="post")
    assert found.shape == (2, 2, 3) and found.sum() == 9
    with pytest.raises(DataError, match=r"list 1 have shape \(2,\), those before \(3,\)"):
        pad_sequences([np.ones((2, 3)), np.ones((1, 2))])
    with pytest.raises(DataError, match="expected lists of numbers"):
        pad_sequences([["a"]])
    with pytest.raises(ArgumentError, match="padding='left'"):
        pad_sequences([[1]], padding="left")


def test_masks_say_where_sequences_end() -> None:
    assert length_mask([0, 2], 3).tolist() == [[False] * 3, [True, True, False]]
    with pytest.raises(DataError, match="one integer"):
        length_mask([1.5])


def test_a_vocabulary_of_chinese_characters_or_of_a_segmenter() -> None:
    text = "我爱北京天安门"
    by_character = Vocabulary.from_texts([text, "我"], by="character")
    assert by_character.decode(by_character.encode(text)) == text
    assert by_character.encode("我们")[0] == 2 and by_character.encode("我们")[1] == 1

    def segment(text: str) -> list[str]:  # stands for jieba.lcut
        return [text[i : i + 2] for i in range(0, len(text), 2)]

    by_word = Vocabulary.from_texts([text], by=segment)
    assert "北京" in by_word and "爱北" not in by_word
    assert by_word.decode(by_word.encode(text)) == text
    with pytest.raises(DataError, match="files hold no code"):
        by_word.save("nowhere.json")


def test_vocabularies_are_cut_saved_and_checked(tmp_path: Path) -> None:
    made = Vocabulary.from_texts(["b a b c c", "b"], max_tokens=4)
    assert made.tokens == ["", "[UNK]", "b", "c"]
    assert Vocabulary.from_texts(["b a b c c", "b"], min_count=3).tokens[2:] == ["b"]
    made.save(tmp_path / "v.json")
    again = Vocabulary.load(tmp_path / "v.json")
    assert again.tokens == made.tokens and repr(again) == "Vocabulary(4 tokens, by='word')"
    with pytest.raises(DataError, match="'a' stands twice"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ArgumentError, match="at least 3"):
        Vocabulary.from_texts(["a"], max_tokens=2)
    with pytest.raises(DataError, match=r"text 0 is a bytes, b'a'; .* text.decode\(\)"):
        Vocabulary.from_texts([b"a"])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="did you mean 'word'"):
        Vocabulary([], by="words")
    for content in ("no json", "[]", "{}"):
        (tmp_path / "v.json").write_text(content)
        with pytest.raises(FileError, match="JSON file"):
            Vocabulary.load(tmp_path / "v.json")


def test_cleaning() -> None:
    assert clean("A-B, c!", lower=False) == "AB c"
    assert clean("A-B, c!", punctuation=True) == "a-b, c!"
    assert clean("“你好”，世界！……《书》") == "你好世界书"


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_a_saved_vectorization_gives_the_same(tmp_path: Path, mode: str) -> None:
    made = TextVectorization(max_tokens=8, ngrams=(1, 2), output_mode=mode)
    made.adapt(TEXTS)
    made.save(tmp_path / "v.json")
    again = TextVectorization.load(tmp_path / "v.json")
    np.testing.assert_array_equal(again(NEW), made(NEW))
    assert again.vocabulary_size() == made.vocabulary_size()


def test_a_vectorization_says_what_is_missing() -> None:
    with pytest.raises(StateError, match=r"call adapt\(texts\) first"):
        TextVectorization()(["a"])
    with pytest.raises(ArgumentError, match="did you mean 'whitespace'"):
        TextVectorization(split="whitespaces")
    with pytest.raises(ArgumentError, match="unknown output_mode"):
        TextVectorization(output_mode="binary")
    with pytest.raises(ArgumentError, match="no meaning with 'count'"):
        TextVectorization(output_mode="count", output_sequence_length=3)
    with pytest.raises(DataError, match="no texts"):
        TextVectorization().adapt([])
    own = TextVectorization(standardize=str.upper, split=lambda text: text.split("-"))
    own.adapt("a-b")
    assert own("b-c").tolist() == [2, 1]
    with pytest.raises(DataError, match="standardize= is a function"):
        own.save("nowhere.json")


def test_byte_pairs(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    pairs = BytePairs.train(["the cat sat on the mat"] * 20, vocab_size=265)
    assert len(pairs) == 265
    text = "the mat, 你好"
    ids = pairs.encode(text)
    assert pairs.decode(ids) == text and len(ids) < len(text.encode())
    pairs.save(tmp_path / "pairs.json")
    assert BytePairs.load(tmp_path / "pairs.json").encode(text) == ids
    rows = pairs([text, "the"], length=12)
    assert rows.shape == (2, 12) and rows[1, -1] == 0
    with pytest.raises(ArgumentError, match="at least 257"):
        BytePairs.train(["a"], vocab_size=100)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(FileError, match="no file of tokenizers"):
        BytePairs.load(tmp_path / "bad.json")


NO_TEXTS = [None, float("nan"), 3, b"a", ["a"]]
NO_IDS = [-1, 99, 1.5, "a", None, float("nan"), [2]]


@pytest.mark.parametrize("wrong", NO_TEXTS, ids=repr)
def test_whatever_takes_texts_refuses_what_is_none(wrong: Any) -> None:
    vocabulary, vectorize = Vocabulary(["a"]), TextVectorization(vocabulary=["a"])
    calls: list[Callable[[], object]] = [
        lambda: Vocabulary(["a", wrong]),
        lambda: Vocabulary.from_texts(["a", wrong]),
        lambda: Vocabulary.from_texts(["a"], by=lambda text: [3]),  # type: ignore[list-item]
        lambda: vocabulary.encode(wrong),
        lambda: vocabulary.ids(["a", wrong]),
        lambda: clean(wrong),
        lambda: TextVectorization(vocabulary=["a", wrong]),
        lambda: vectorize.adapt(["a", wrong]),
        lambda: vectorize(["a", wrong]),
        lambda: vectorize.tokens(wrong),
    ]
    if importlib.util.find_spec("tokenizers"):
        pairs = BytePairs.train(["a b"], vocab_size=260)
        calls += [
            lambda: pairs.encode(wrong),
            lambda: pairs([wrong]),
            lambda: BytePairs.train(["a", wrong]),
        ]
    for call in calls:
        with pytest.raises(DataError, match="expected str"):
            call()


@pytest.mark.parametrize("wrong", NO_IDS, ids=repr)
def test_whatever_takes_numbers_of_tokens_refuses_others(wrong: Any) -> None:
    made: list[Any] = [Vocabulary(["a", "b"])]
    if importlib.util.find_spec("tokenizers"):
        made.append(BytePairs.train(["a b"], vocab_size=260))
    for one in made:
        assert one.decode(ranvier.tensor([2, 0])) == one.decode(np.array([2.0, 0])) != ""
        bad = 260 if wrong == 99 and len(one) > 99 else wrong
        with pytest.raises(DataError, match=r"number 1 is .*; expected an integer from 0 to"):
            one.decode([2, bad])


@pytest.mark.parametrize("wrong", [3, None])
def test_what_is_no_list_is_refused(wrong: Any) -> None:
    for call in (Vocabulary, Vocabulary.from_texts, Vocabulary([]).decode):
        with pytest.raises(DataError, match="expected a list with one"):
            call(wrong)
