"""The summary: score, best simple model, verdict, and what is to be checked."""

from __future__ import annotations

from ...base.quantities import duration_text, number_text
from ...plots.markup import Markup, element, join
from ...tables.choice import Choice
from ..results import ModelScore
from ..verdict import better_by, is_clear, rival, verdict
from ..words.language import Language
from .choice_section import choice_name, choice_value
from .page_parts import Page, card, cut, interval

_FEW_ROWS = 100
_MOST_WARNINGS = 12


def summary(page: Page) -> tuple[str, Markup]:
    results, words = page.results, page.words
    main = results.network.scores[results.metric]
    metric = words(results.metric)
    cards = [
        card(
            words("test_score", metric=metric),
            number_text(main.value),
            interval(words, main.low, main.high),
        )
    ]
    other = rival(results)
    if other is not None:
        cards.append(_rival_card(page, other))
    rows = words("rows_count", count=f"{results.train_rows:,}")
    tested = words("tested_on", count=f"{results.test_rows:,}")
    cards.append(card(words("trained_on"), rows, tested))
    if "total" in results.seconds or "training" in results.seconds:
        seconds = results.seconds.get("total", results.seconds.get("training", 0.0))
        speed = results.rows_per_second
        below = words("rows_per_second", count=f"{float(f'{speed:.3g}'):,.0f}") if speed else ""
        cards.append(card(words("took"), duration_text(seconds), below))
    means = element("p", f"{metric}: {words(f'{results.metric}_means')}", class_="muted")
    return words("summary"), join(
        element("div", *cards, class_="cards"),
        element("p", verdict(results, words), class_="verdict"),
        means,
        _warnings(page),
    )


def _rival_card(page: Page, other: ModelScore) -> Markup:
    results, words = page.results, page.words
    difference = better_by(results, other)
    if difference is None or difference.value is None:
        return card(words("against", other=words(other.name)), "–")
    key = "better_by" if difference.value >= 0 else "worse_by"
    gap = words(key, difference=number_text(abs(difference.value), 3))
    shown = interval(words, difference.low, difference.high)
    if difference.low is None:
        return card(words("against", other=words(other.name)), gap)
    if is_clear(difference):
        low, high = difference.low, difference.high
        if difference.value < 0 and low is not None and high is not None:
            shown = interval(words, -high, -low)
        return card(words("against", other=words(other.name)), gap, shown)
    unclear = words("no_clear_difference")
    return card(words("against", other=words(other.name)), unclear, gap, shown)


def _warnings(page: Page) -> Markup:
    results, words = page.results, page.words
    lines = [note_text(note, words) for note in results.notes]
    if results.test_rows < _FEW_ROWS:
        lines.append(words("few_rows", rows=f"{results.test_rows:,}"))
    lines += [warning_text(choice, words, 160, 240) for choice in results.choices if choice.warning]
    if not lines:
        return Markup("")
    shown = [element("li", line) for line in lines[:_MOST_WARNINGS]]
    if len(lines) > _MOST_WARNINGS:
        shown.append(element("li", words("and_more", count=len(lines) - _MOST_WARNINGS)))
    return element("div", element("b", words("warnings")), element("ul", *shown), class_="warning")


def note_text(note: str, words: Language) -> str:
    """A note "key" or "key:count" in words."""
    key, _, count = note.partition(":")
    return words(key, count=count)


def warning_text(choice: Choice, words: Language, value: int, reason: int) -> str:
    """A choice that may spoil the result in one line; how long its value and reason may be."""
    shown = cut(choice_value(choice, words), value)
    why = cut(words.message(choice.reason), reason)
    return words("warning", what=choice_name(choice, words), value=shown, why=why)
