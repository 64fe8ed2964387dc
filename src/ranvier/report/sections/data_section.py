"""The columns of the table."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.quantities import percent_text
from ...plots.markup import Markup, element, join
from ...plots.svg import svg_of
from ..charts.chart_parts import spark
from ..results import ColumnProfile
from ..words.language import Language
from .page_parts import Page, charts, cut, table

_SHOWN_COLUMNS = 30
_MOST_COLUMNS = 200


def data(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.column_count:  # pictures, texts, a series
        target = charts(page, "target")
        return (words("data"), target) if target else None
    about = words(
        "data_about",
        columns=f"{results.column_count:,}",
        features=f"{results.feature_count:,}",
        missing=percent_text(results.missing_cells),
    )
    columns = results.columns[:_MOST_COLUMNS]
    parts = [
        element("p", about),
        charts(page, "target", "missing"),
        _columns(page, columns[:_SHOWN_COLUMNS]),
    ]
    if len(columns) > _SHOWN_COLUMNS:
        rest = columns[_SHOWN_COLUMNS:]
        label = words("show_more", count=len(rest))
        parts.append(element("details", element("summary", label), _columns(page, rest)))
    if results.column_count > len(columns):
        more = words("and_more", count=f"{results.column_count - len(columns):,}")
        parts.append(element("p", more, class_="muted"))
    return words("data"), join(*parts)


def _columns(page: Page, columns: Sequence[ColumnProfile]) -> Markup:
    words = page.words
    keys = ("column", "kind", "missing", "distinct", "spread", "values", "why")
    rows = []
    for column in columns:
        kind = words(column.kind)
        if not column.used and column.name != page.results.target:
            kind += f" ({words('not_used')})"
        rows.append(
            [
                cut(column.name, 60),
                kind,
                percent_text(column.missing / max(column.rows, 1)),
                f"{column.distinct:,}",
                _spark(column, words),
                cut("  ·  ".join(filter(None, (column.low, column.middle, column.high))), 90),
                cut(words.listed([column.reason, *column.notes]), 200),
            ]
        )
    marks = [None if column.used else "off" for column in columns]
    return table([words(key) for key in keys], rows, words("data"), (2, 3), marks)


def _spark(column: ColumnProfile, words: Language) -> Markup:
    """A small histogram; it says nothing that the row does not say, so readers may skip it."""
    if not column.histogram.counts:
        return Markup("")
    drawing = spark(column.histogram)
    return svg_of(drawing, "spark", decoration=True)
