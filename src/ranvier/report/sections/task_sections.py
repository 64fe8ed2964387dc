"""Sections of their own: examples of pictures, words of texts, forecasts of a series."""

from __future__ import annotations

from ...base.quantities import percent_text
from ...plots.markup import Markup, element, join
from .page_parts import Page, charts, cut, picture_grid, table


def examples(page: Page) -> tuple[str, Markup] | None:
    """Pictures that were told rightly."""
    results, words = page.results, page.words
    if not results.right_pictures:
        return None
    about = element("p", words("examples_about"))
    return words("examples"), join(about, picture_grid(page, results.right_pictures))


def telling_words(page: Page) -> tuple[str, Markup] | None:
    """The words that speak for each class."""
    results, words = page.results, page.words
    told = [one for one in results.class_words if one.words]
    if not told:
        return None
    rows = [
        [
            cut(one.label, 40),
            cut(", ".join(f"{w} {percent_text(share)}" for w, share in one.words), 500),
        ]
        for one in told
    ]
    return words("telling_words"), join(
        element("p", words("telling_words_about")),
        table([words("class"), words("telling_words")], rows, words("telling_words")),
    )


def forecast(page: Page) -> tuple[str, Markup] | None:
    """The last forecast beside what came, and the errors by step."""
    results, words = page.results, page.words
    shown = results.forecast
    if shown is None:
        return None
    key = "forecast_about" if shown.margins else "forecast_plain_about"
    about = words(key, steps=len(shown.truth), coverage=percent_text(shown.coverage))
    return words("forecast"), join(element("p", about), charts(page, "forecast", "horizon"))
