"""Plans and models of tables as they show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..base.quantities import number_text, percent_text
from ..plots.markup import Markup, element, join
from .sections.choice_section import choice_table
from .sections.page_parts import cut, table
from .words.language import Language, language

if TYPE_CHECKING:
    from ..tables.plan import Plan

_MOST_ROWS = 60


def plan_html(plan: Plan, lang: str | None = None) -> str:
    """The columns and choices of a plan, with their reasons."""
    words = language(lang)
    columns = [
        [
            cut(column.name, 60),
            words("target" if column.name == plan.target else column.kind),
            percent_text(column.missing / max(column.rows, 1)),
            cut(words.listed([column.reason, *column.notes]), 200),
        ]
        for column in plan.columns[:_MOST_ROWS]
    ]
    head = [words(key) for key in ("column", "kind", "missing", "why")]
    return element(
        "div",
        _about(plan, words),
        table(head, columns, words("data"), (2,)),
        _more(len(plan.columns), words),
        choice_table(plan.choices[:_MOST_ROWS], words),
        _more(len(plan.choices), words),
    )


def model_html(plan: Plan, scores: Mapping[str, float], lang: str | None = None) -> str:
    """What a model of a table predicts, its scores on the test rows, its plan behind a click."""
    words = language(lang)
    rows = [[words(name), number_text(value)] for name, value in scores.items()]
    head = [words("test_scores"), ""]
    return element(
        "div",
        _about(plan, words),
        table(head, rows, words("test_scores"), (1,)) if rows else "",
        element("details", element("summary", words("plan")), Markup(plan_html(plan, lang))),
    )


def _about(plan: Plan, words: Language) -> Markup:
    subtitle = words(
        "plan_subtitle",
        source=cut(plan.source, 80),
        task=words(f"task_{plan.task}", count=f"{len(plan.classes):,}"),
        rows=f"{plan.rows:,}",
        features=f"{len(plan.features):,}",
    )
    title = element("b", words("predicting", target=cut(plan.target, 60)))
    return element("p", join(title, element("br"), subtitle))


def _more(count: int, words: Language) -> Markup | str:
    if count <= _MOST_ROWS:
        return ""
    return element("p", words("and_more", count=f"{count - _MOST_ROWS:,}"))
