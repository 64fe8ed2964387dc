"""Every score of the network and of the simple models."""

from __future__ import annotations

from ...base.quantities import duration_text
from ...plots.markup import Markup, element, join
from ..results import ModelScore, Results
from ..verdict import better_by
from ..words.language import Language
from .page_parts import Page, charts, cut, range_text, table


def scores(page: Page) -> tuple[str, Markup]:
    results, words = page.results, page.words
    names = list(results.network.scores)
    names.sort(key=lambda name: name != results.metric)
    main, *further = names
    head = [words("model"), words(main), words("difference"), *map(words, further)]
    head += [words("training_seconds"), ""]
    rows: list[list[object]] = []
    for model in results.models:
        cells = [_score_cell(model, name) for name in names]
        gap = better_by(results, model)
        difference = (
            ""
            if gap is None or model is results.network
            else range_text(gap.value, gap.low, gap.high)
        )
        seconds = duration_text(model.seconds) if model.seconds else ""
        note = words(f"note_{model.note}", detail=cut(model.detail)) if model.note else ""
        rows.append([words(model.name), cells[0], difference, *cells[1:], seconds, note])
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    marks = ["main", *[None] * (len(rows) - 1)]
    meanings = [
        element("li", f"{words(name)}: {words(f'{name}_means')} ({_direction(name, words)})")
        for name in names
    ]
    about = "scores_series_about" if results.forecast is not None else "scores_about"
    return words("scores"), join(
        element("p", words(about, rows=f"{results.test_rows:,}")),
        charts(page, "scores", beside=element("ul", *meanings, class_="muted")),
        table(head, rows, words("scores"), range(1, len(names) + 3), marks),
    )


def _direction(name: str, words: Language) -> str:
    return words("higher_is_better" if Results.better_high(name) else "lower_is_better")


def _score_cell(model: ModelScore, name: str) -> Markup:
    estimate = model.scores.get(name)
    if estimate is None:
        return Markup("–")
    return range_text(estimate.value, estimate.low, estimate.high)
