"""The results in at most forty lines, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.quantities import number_text
from .results import Results
from .sections.page_parts import cut
from .sections.summary_section import note_text, warning_text
from .verdict import better_by, verdict
from .words.language import language

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = 6
_WARNINGS = 5
_SCORES = 4
_BAR = 20


def print_results(
    results: Results,
    console: Console | None = None,
    lang: str | None = None,
    path: str | None = None,
) -> None:
    """Print score, comparison, warnings and the most important columns; `path` is the page's."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = console or Console()
    words = language(lang)
    names = sorted(results.network.scores, key=lambda name: name != results.metric)[:_SCORES]
    scores = Table(box=None, pad_edge=False, header_style="bold")
    scores.add_column(words("model"))
    for name in [*map(words, names), words("difference")]:
        scores.add_column(name, justify="right")
    for i, model in enumerate(results.models):
        cells = [number_text(model.scores[n].value) if n in model.scores else "–" for n in names]
        gap = better_by(results, model)
        cells.append("" if gap is None else _signed(gap.value))
        note = words(f"note_{model.note}", detail=cut(model.detail, 60)) if model.note else ""
        if note and not model.scores:
            cells[-1] = note
        scores.add_row(
            *(Text(cell) for cell in (words(model.name), *cells)), style="bold" * (i == 0)
        )
    out.print(scores)
    main = results.network.scores[results.metric]
    if main.low is not None and main.high is not None:
        interval = words("interval_of", low=number_text(main.low), high=number_text(main.high))
        out.print(Text(f"{words(results.metric)} {number_text(main.value)}, {interval}"))
    out.print(Text(verdict(results, words)))
    warnings = [note_text(note, words) for note in results.notes]
    warnings += [warning_text(c, words, 60, 80) for c in results.choices if c.warning]
    for line in warnings[:_WARNINGS]:
        out.print(Text(f"! {line}", style="yellow"))
    if len(warnings) > _WARNINGS:
        out.print(Text(words("and_more", count=len(warnings) - _WARNINGS)))
    shown = [entry for entry in results.importance[:_COLUMNS] if entry.mean > 0]
    if shown:
        columns = Table(box=None, pad_edge=False, header_style="bold")
        columns.add_column(words("top_columns"))
        columns.add_column(words("importance_loss"))
        for entry in shown:
            bar = "█" * max(round(_BAR * entry.mean / shown[0].mean), 1)
            columns.add_row(
                Text(cut(entry.column, 40)), Text(f"{bar} {number_text(entry.mean, 3)}")
            )
        out.print(columns)
    if path is not None:
        out.print(Text(words("report_at", path=path)))


def _signed(value: float | None) -> str:
    text = number_text(value, 3)
    return f"+{text}" if value is not None and value > 0 else text
