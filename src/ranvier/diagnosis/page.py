"""A diagnosis as one page of HTML."""

from __future__ import annotations

from ..plots.document import document
from ..plots.markup import Markup, element
from ..plots.page import STYLE as FIGURES
from ..plots.page import figure
from .finding import Diagnosis, Finding

STYLE = f"""{FIGURES}body {{ background: var(--page); }}
h2, figure {{ margin: 0 0 .5rem; }}
section {{ background: var(--panel); border: 1px solid var(--grid); border-left-width: .4rem;
  border-radius: .4rem; padding: 1rem; margin: 1rem 0; overflow-wrap: anywhere; }}
.problem {{ border-left-color: var(--bad); }} .caution {{ border-left-color: var(--s2); }}
dt {{ color: var(--muted); }}
.columns {{ display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); }}
dl {{ display: grid; grid-template-columns: auto 1fr; align-content: start; gap: .1rem .8rem;
  margin: 0; }}
dd {{ margin: 0; font-variant-numeric: tabular-nums; }}
pre {{ background: var(--code); padding: .6rem; border-radius: .3rem; white-space: pre-wrap; }}
.numbers {{ max-height: 20rem; overflow: auto; }}
"""


def page(diagnosis: Diagnosis) -> str:
    """The document: each finding with its numbers, a drawing of them, and the line to change."""
    parts = [_section(f, i) for i, f in enumerate(diagnosis)]
    if not parts:
        parts = [element("p", "Nothing was found.")]
    checked = ", ".join(diagnosis.checked)
    parts.append(element("p", f"Looked for: {checked}.", class_="muted"))
    if diagnosis.not_checked:
        items = [element("li", f"{k}: {why}") for k, why in diagnosis.not_checked.items()]
        parts += [element("p", "Not looked for:", class_="muted"), element("ul", *items)]
    title = f"Diagnosis of {diagnosis.model}"
    heading = element("p", diagnosis.heading)
    return document(title, STYLE, element("h1", title), heading, *parts)


def _section(finding: Finding, number: int) -> Markup:
    drawing = finding.drawing()
    numbers = [
        element("dt", name) + element("dd", text) for name, text in finding.numbers().items()
    ]
    return element(
        "section",
        element("h2", f"{finding.severity}: {finding.name}"),
        element("p", finding.what),
        element(
            "div",
            element("dl", *map(Markup, numbers)) if numbers else "",
            "" if drawing is None else figure(drawing, number, caption=False),
            class_="columns",
        ),
        element("p", "Change:", class_="muted"),
        element("pre", finding.change),
        "" if finding.measured is None else element("p", f"Trial: {finding.measured}."),
        class_=finding.severity,
    )
