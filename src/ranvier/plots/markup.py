"""HTML and SVG as text: what is not markup is escaped, whatever it holds."""

from __future__ import annotations

import re
from html import escape as _escape

# What no document may hold: control characters, halves of surrogate pairs, non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"br", "col", "hr", "img", "meta"})  # elements of HTML without an end


class Markup(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """Any value as text for a document, in attributes too.

    >>> escape('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    if isinstance(text, Markup):
        return text
    return Markup(_escape(cleaned(str(text)), quote=True))


def cleaned(text: str) -> str:
    """The text with a mark for each character that no document may hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def join(*parts: object) -> Markup:
    """The parts one after the other; what is not markup is escaped."""
    return Markup("".join(map(escape, parts)))


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element of HTML or SVG; attributes that are None are left out.

    Underscores stand for hyphens; one at the end keeps a name off Python's keywords.

    >>> element("p", "1 < 2", class_="note", data_row=3)
    '<p class="note" data-row="3">1 &lt; 2</p>'
    """
    text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{text}>")
    return Markup(f"<{name}{text}>{join(*children)}</{name}>")
