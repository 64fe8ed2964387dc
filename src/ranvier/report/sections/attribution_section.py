"""What the columns add to the output of single rows: SHAP values and dependence."""

from __future__ import annotations

from ...plots.markup import Markup, element, join
from .page_parts import Page, charts


def attribution(page: Page) -> tuple[str, Markup] | None:
    made, words = page.results.attributions, page.words
    if made is None or not made.columns:
        return None
    about = words(
        "shap_about", rows=f"{made.rows:,}", behind=f"{made.behind:,}", output=made.output
    )
    return words("shap"), join(
        element("p", about),
        charts(page, "shap", "dependence-1", "dependence-2", "dependence-3"),
    )
