"""Pages as one file of HTML: no script, nothing from the network; light and dark."""

from __future__ import annotations

from .drawing import DARK, LIGHT
from .markup import Markup, element

# No script, no network: said to the browser as well.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def variables(colours: dict[str, str]) -> str:
    """Colours by their roles as variables of CSS.

    >>> variables({"ink": "#000"})
    '--ink:#000;'
    """
    return "".join(f"--{role}:{colour};" for role, colour in colours.items())


# The beginning of a page's style: the roles of drawings, the page behind panels, and code.
COLOURS = f"""
:root{{color-scheme:light dark;{variables(LIGHT)}--page:#f4f6f8;--code:#eef1f5}}
@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}--page:#11151a;--code:#252c35}}}}
"""


def document(title: str, style: str, *body: object, lang: str = "en") -> str:
    """A document of HTML with this style, whatever the parts of its body hold."""
    return "<!DOCTYPE html>\n" + element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            element("style", Markup(style)),
        ),
        element("body", *body),
        lang=lang,
    )
