"""What tables, tasks and diagnoses say has words in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from paths import SRC
from ranvier.base.message import Message
from ranvier.diagnosis.checks import CHECKS
from ranvier.report.words.language import TEMPLATES, language
from report.words.test_language import fields
from tables.test_hostile_files import PLANS, planned, write

MESSAGES = TEMPLATES["zh"]
OF_VALUES = (
    "R2",
    "Kim 2014",
    "{columns}",
    "{reasons}",
    "{reason}: {levels}",
    "{reason}, {levels}",
    "{name}: {reason}",
)


def literals(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may be, where it is written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def sources() -> Iterator[ast.AST]:
    for room in ("tables", "tasks", "diagnosis"):
        for path in sorted((SRC / room).rglob("*.py")):
            if path.name not in ("message.py", "choice.py"):
                yield ast.parse(path.read_text("utf-8"))


def used() -> set[str]:
    """The templates of all messages, and what `Choice` is called with otherwise."""
    found = set()
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Message":
                texts = set(literals(node.args[0]))
                assert texts, f"the template of a message is written out: {ast.unparse(node)}"
                found |= texts
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Choice":
                found |= {*literals(node.args[0]), *literals(node.args[2])}
    return found | {check.kind for check in CHECKS}


def test_every_template_is_there_and_none_is_left_over() -> None:
    templates = used()
    assert len(templates) > 100
    assert templates == set(MESSAGES)


@pytest.mark.parametrize("template", MESSAGES)
def test_both_languages_have_the_same_values(template: str) -> None:
    text = MESSAGES[template]
    assert fields(template) == fields(text)
    assert re.search("[\u4e00-\u9fff]", text) or template in OF_VALUES


def test_a_choice_holds_no_text_put_together_without_a_message() -> None:
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Choice":
                for argument in node.args[:3]:
                    if isinstance(argument, ast.JoinedStr):
                        texts = [v.value for v in argument.values if isinstance(v, ast.Constant)]
                        assert not re.search("[a-z]", "".join(map(str, texts))), ast.unparse(node)


@pytest.mark.parametrize("name", PLANS)
def test_choices_of_odd_files_are_told_in_chinese(name: str, tmp_path: Path) -> None:
    """Whatever is said of a file: nothing of it stays English but what stands in the file."""
    text, _, _ = PLANS[name]
    target = "column_3" if name.startswith("no_header") else "y"
    plan, _ = planned(write(tmp_path, name, text), target)
    words = language("zh")
    for choice in plan.choices:
        assert words.message(choice.what) != choice.what, choice
        for text in (choice.reason, choice.value):
            if isinstance(text, Message) or text is choice.reason:
                assert words.message(text) != text or not re.search("[a-z]{2}", text), choice
    for column in plan.columns:
        for text in (column.reason, *column.notes):
            assert isinstance(text, Message) and words.message(text) != text, column


def test_a_text_of_a_user_is_never_translated() -> None:
    words = language("zh")
    assert words.message(Message("{name}: {reason}", name="tabs", reason="{count}")) == (
        "tabs：{count}"
    )
    assert words.message("a text of an older file") == "a text of an older file"
    assert language("en").message(Message("{count} kept", count=3)) == "3 kept"
    again = Message("{columns}", columns=["a", Message("and {count} more", count=3)])
    assert words.message(again) == "a；另有 3 列"
