"""Messages: strings that remember what they were made of."""

from __future__ import annotations

import copy
import json
import pickle

from ranvier.base.message import Message
from ranvier.tables.choice import Choice

NESTED = Message(
    "{count} left out: {columns}",
    count=2,
    columns=["id", Message("{name}: {reason}", name="{x}", reason="50%")],
)


def test_a_message_is_a_string() -> None:
    assert NESTED == "2 left out: id; {x}: 50%" and hash(NESTED) == hash(str(NESTED))
    assert isinstance(NESTED.values["columns"][1], Message)


def test_copies_and_files_keep_template_and_values() -> None:
    plain = json.loads(json.dumps(NESTED.config()))
    for again in (
        pickle.loads(pickle.dumps(NESTED)),
        copy.deepcopy(NESTED),
        Message.restore(plain),
    ):
        assert isinstance(again, Message) and again == NESTED
        assert (again.template, again.values) == (NESTED.template, NESTED.values)
        assert again.config() == NESTED.config()
    assert Message.restore("of an older file") == "of an older file"


def test_a_choice_is_restored_with_its_messages() -> None:
    choice = Choice("identifiers", NESTED, "plain", "--as", warning=True)
    again = Choice.restore(json.loads(json.dumps(choice.config())))
    assert again == choice and isinstance(again.value, Message)
    older = {"what": "a", "value": "b", "reason": "c", "override": "", "warning": False}
    assert Choice.restore(older) == Choice("a", "b", "c")
