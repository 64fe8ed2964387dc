"""Choices say what, why and how to override."""

from __future__ import annotations

from ranvier.tables import Choice


def test_a_choice_says_what_why_and_how_to_override() -> None:
    choice = Choice("column id", "identifier", "all values differ", "--as id=KIND", warning=True)
    assert str(choice) == "! column id: identifier (all values differ) [--as id=KIND]"
    assert Choice(**choice.config()) == choice  # type: ignore[arg-type]
