"""Everything that was decided without being asked, and why."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.message import Message
from ...plots.markup import Markup, element, join
from ...tables.choice import Choice
from ..words.language import Language
from .page_parts import Page, cut, table

_SHOWN_CHOICES = 12
_MOST_CHOICES = 150


def plan(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.choices:
        return None
    choices = sorted(results.choices, key=lambda choice: not choice.warning)
    parts = [element("p", words("plan_about")), choice_table(choices[:_SHOWN_CHOICES], words)]
    rest = choices[_SHOWN_CHOICES:_MOST_CHOICES]
    if rest:
        label = words("show_more", count=len(rest))
        parts.append(element("details", element("summary", label), choice_table(rest, words)))
    if len(choices) > _MOST_CHOICES:
        more = words("and_more", count=len(choices) - _MOST_CHOICES)
        parts.append(element("p", more, class_="muted"))
    return words("plan"), join(*parts)


def choice_table(choices: Sequence[Choice], words: Language) -> Markup:
    """Choices with their reasons, and what to write to decide otherwise."""
    head = [words(key) for key in ("what", "value", "reason", "override")]
    rows = [
        [
            choice_name(choice, words),
            cut(choice_value(choice, words), 160),
            cut(words.message(choice.reason), 300),
            element("code", cut(choice.override, 100)) if choice.override else "",
        ]
        for choice in choices
    ]
    return table(head, rows, words("plan"))


def choice_name(choice: Choice, words: Language) -> str:
    """What was chosen, in the language of the page."""
    return cut(words.message(choice.what), 80)


def choice_value(choice: Choice, words: Language) -> str:
    """The value in the language of the page; a plain text is of the data."""
    return words.message(choice.value) if isinstance(choice.value, Message) else choice.value
