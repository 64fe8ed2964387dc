"""Both languages say everything."""

from __future__ import annotations

import ast
import re
import string

import pytest

from paths import SRC
from ranvier.errors import ArgumentError
from ranvier.report.words.language import WORDS, isolated, language
from ranvier.tables.columns import KINDS
from ranvier.tables.scores import HIGHER_IS_BETTER
from syntax import parsed

SOURCES = [p for p in sorted((SRC / "report").rglob("*.py")) if p.parent.name != "words"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_languages_have_the_same_keys() -> None:
    assert list(WORDS["en"]) == list(WORDS["zh"])


@pytest.mark.parametrize("key", WORDS["en"])
def test_both_languages_say_the_same(key: str) -> None:
    texts = WORDS["en"][key], WORDS["zh"][key]
    assert all(texts) and fields(texts[0]) == fields(texts[1])
    assert not re.search("[\u4e00-\u9fff]", texts[0])
    # Names of measures and of units are the same in Chinese.
    assert (
        re.search("[\u4e00-\u9fff]", texts[1]) or texts[0] == texts[1] or key in ("r2", "warning")
    )


def used_keys() -> set[str]:
    """Every text that is looked up in the table, where it is written out."""
    keys = set()
    for path in SOURCES:
        for node in ast.walk(parsed(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                keys.add(node.value.rstrip(":"))
    return keys


def test_every_literal_key_is_there() -> None:
    missing = []
    assert len(SOURCES) > 5
    for path in SOURCES:
        for node in ast.walk(parsed(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "words",
                "page.words",
            )
            if called and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
                key = node.args[0].value
                missing += [(path.name, key)] if key not in WORDS["en"] else []
    assert not missing


def test_no_text_is_left_over() -> None:
    literal = used_keys()
    built = re.compile(
        r"chart_\w+|seconds_.+|memory_\w+|note_\w+|task_\w+|\w+_means|\w+_about|\w+_[xy]"
        r"|\w+_area"
    )
    left = [
        k
        for k in WORDS["en"]
        if k not in {*literal, *KINDS, *HIGHER_IS_BETTER} and not built.fullmatch(k)
    ]
    assert not left


def test_kinds_of_columns_have_names() -> None:
    assert set(KINDS) <= set(WORDS["en"])


def test_the_language_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_LANG", "zh_CN.UTF-8")
    assert language().lang == "zh"
    assert language("en").lang == "en"
    monkeypatch.delenv("RANVIER_LANG")
    assert language().lang == "en"
    with pytest.raises(ArgumentError, match="'fr'"):
        language("fr")


def test_text_from_right_to_left_is_marked_off() -> None:
    assert isolated("age") == "age"
    assert isolated("גיל") == "\u2068גיל\u2069"
    assert isolated("\u202eevil") == "\u2068\u202eevil\u2069"
