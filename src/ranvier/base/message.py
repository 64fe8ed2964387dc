"""Texts that are kept with what they were made of, for other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Message(str):
    """A text made of a template and values; as a string it is English.

    A report in another language has templates of its own for the same values. A value is a text, a
    number, another message, or several texts, which are put side by side.

    >>> reason = Message("{count} of {rows} rows", count=3, rows="1,000")
    >>> reason, reason.template
    ('3 of 1,000 rows', '{count} of {rows} rows')
    >>> Message.restore(reason.config()).values
    {'count': '3', 'rows': '1,000'}
    """

    template: str
    values: dict[str, str | tuple[str, ...]]

    def __new__(cls, template: str, /, **values: object) -> Message:
        kept = {name: _kept(value) for name, value in values.items()}
        shown = {n: v if isinstance(v, str) else "; ".join(v) for n, v in kept.items()}
        self = super().__new__(cls, template.format(**shown))
        self.template, self.values = template, kept
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values

    def config(self) -> dict[str, object]:
        """Template and values, for JSON."""
        values = {
            name: config(value) if isinstance(value, str) else [config(v) for v in value]
            for name, value in self.values.items()
        }
        return {"template": self.template, "values": values}

    @staticmethod
    def restore(described: str | Mapping[str, Any]) -> str:
        """The text of a `config()`; a plain one is as it is."""
        if isinstance(described, str):
            return described
        values = {
            name: [Message.restore(v) for v in value]
            if isinstance(value, list)
            else Message.restore(value)
            for name, value in described["values"].items()
        }
        return Message(described["template"], **values)


def config(text: str) -> str | dict[str, object]:
    """A text for JSON."""
    return text.config() if isinstance(text, Message) else text


def _kept(value: object) -> str | tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(v if isinstance(v, str) else str(v) for v in value)
    return value if isinstance(value, str) else str(value)
