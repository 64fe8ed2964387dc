"""The sections of the page, in their order: each gives a heading and its content, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from ..plots.drawing import Drawing
from ..plots.markup import Markup, element, join
from ..plots.svg import svg_of
from ..tables.choice import Choice
from .charts import spark, threshold_rows
from .network_chart import layer_table
from .numbers import bytes_text, duration_text, number_text, percent_text
from .results import ColumnProfile, ModelScore, Results
from .verdict import better_by, is_clear, rival, verdict
from .words import CLOSE, OPEN, Language, isolated

_SHOWN_COLUMNS = 30
_MOST_COLUMNS = 200
_SHOWN_CHOICES = 12
_MOST_CHOICES = 150
_FEW_ROWS = 100
_SHORT = 22  # characters of a cell that is not broken


class Page(NamedTuple):
    """What the sections are made of."""

    results: Results
    words: Language
    charts: dict[str, Drawing]


Section: TypeAlias = Callable[[Page], tuple[str, Markup] | None]


# --- parts --------------------------------------------------------------------------------------


def cut(text: str, most: int = 120) -> str:
    """A text of a user's for one cell: short, on one line, and leaving its neighbours alone."""
    line = " ".join(text.replace(OPEN, "").replace(CLOSE, "").split())
    return isolated(line if len(line) <= most else line[: most - 1] + "…")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    label: str,
    numbers: Sequence[int] = (),
    classes: Sequence[str | None] = (),
) -> Markup:
    """A table that scrolls inside its own box; `numbers` are the columns aligned right."""

    def cells(name: str, row: Sequence[object]) -> list[Markup]:
        kinds = ["n" if i in numbers else _kind(cell, name) for i, cell in enumerate(row)]
        scope = "col" if name == "th" else None
        return [
            element(name, cell, class_=kind, scope=scope)
            for cell, kind in zip(row, kinds, strict=True)
        ]

    marks = list(classes) or [None] * len(rows)
    body = [element("tr", *cells("td", row), class_=m) for row, m in zip(rows, marks, strict=True)]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *cells("th", head))),
            element("tbody", *body),
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=label,
    )


def figure(page: Page, name: str, with_numbers: bool = True) -> Markup:
    """A chart with its caption and, hidden until asked for, its numbers; "" where it is not."""
    drawing = page.charts.get(name)
    if drawing is None:
        return Markup("")
    numbers = Markup("")
    if drawing.rows and with_numbers:
        summary = element("summary", page.words("numbers_of_chart"))
        numbers = element("details", summary, numbers_of(page, name))
    caption = element("figcaption", drawing.title, element("small", drawing.description))
    return element("figure", caption, svg_of(drawing, f"chart-{name}"), numbers)


def _kind(cell: object, name: str) -> str | None:
    """The class of a cell of text: short ones stay on one line."""
    if name == "th" or isinstance(cell, Markup):
        return None
    return "t" if len(str(cell)) > _SHORT else "s"


def numbers_of(page: Page, name: str) -> Markup:
    """The numbers of a chart as a table."""
    drawing = page.charts.get(name)
    if drawing is None:
        return Markup("")
    rows = [[cut(str(cell), 60) for cell in row] for row in drawing.rows]
    head = [cut(text, 40) for text in drawing.head]
    return table(head, rows, drawing.title, range(1, len(head)))


def charts(page: Page, *names: str, beside: Markup | str = "") -> Markup:
    """Charts side by side where there is room, and what stands beside the last one."""
    # What stands beside a single chart are its numbers, or says more than they.
    with_numbers = not (
        beside and len(names) == 1 and names[0] in ("calibration", "importance", "network")
    )
    figures = [made for name in names if (made := figure(page, name, with_numbers))]
    if not figures:
        return join(beside)
    cells = [*figures, element("div", beside)] if beside else figures
    return element("div", *cells, class_="charts")


def _card(name: str, value: str, *below: str) -> Markup:
    lines = [element("span", text) for text in below]
    return element("div", element("span", name), element("b", value), *lines, class_="card")


def _interval(words: Language, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return words("interval_of", low=number_text(low), high=number_text(high))


# --- sections -----------------------------------------------------------------------------------


def _summary(page: Page) -> tuple[str, Markup]:
    results, words = page.results, page.words
    main = results.network.scores[results.metric]
    metric = words(results.metric)
    cards = [
        _card(
            words("test_score", metric=metric),
            number_text(main.value),
            _interval(words, main.low, main.high),
        )
    ]
    other = rival(results)
    if other is not None:
        cards.append(_rival_card(page, other))
    rows = words("rows_count", count=f"{results.train_rows:,}")
    tested = words("tested_on", count=f"{results.test_rows:,}")
    cards.append(_card(words("trained_on"), rows, tested))
    if "total" in results.seconds or "training" in results.seconds:
        seconds = results.seconds.get("total", results.seconds.get("training", 0.0))
        speed = results.rows_per_second
        below = words("rows_per_second", count=f"{float(f'{speed:.3g}'):,.0f}") if speed else ""
        cards.append(_card(words("took"), duration_text(seconds), below))
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
        return _card(words("against", other=words(other.name)), "–")
    key = "better_by" if difference.value >= 0 else "worse_by"
    gap = words(key, difference=number_text(abs(difference.value), 3))
    interval = _interval(words, difference.low, difference.high)
    if is_clear(difference):
        low, high = difference.low, difference.high
        if difference.value < 0 and low is not None and high is not None:
            interval = _interval(words, -high, -low)
        return _card(words("against", other=words(other.name)), gap, interval)
    unclear = words("no_clear_difference")
    return _card(words("against", other=words(other.name)), unclear, gap, interval)


def _warnings(page: Page) -> Markup:
    results, words = page.results, page.words
    lines = [note_text(note, words) for note in results.notes]
    if results.test_rows < _FEW_ROWS:
        lines.append(words("few_rows", rows=f"{results.test_rows:,}"))
    lines += [
        f"{choice_name(c, words)}: {cut(c.value, 160)} ({cut(c.reason, 240)})"
        for c in results.choices
        if c.warning
    ]
    if not lines:
        return Markup("")
    shown = [element("li", line) for line in lines[:_SHOWN_CHOICES]]
    if len(lines) > _SHOWN_CHOICES:
        shown.append(element("li", words("and_more", count=len(lines) - _SHOWN_CHOICES)))
    return element("div", element("b", words("warnings")), element("ul", *shown), class_="warning")


def note_text(note: str, words: Language) -> str:
    """A note "key" or "key:count" in words."""
    key, _, count = note.partition(":")
    return words(key, count=count)


def _scores(page: Page) -> tuple[str, Markup]:
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
            "" if gap is None or model is results.network else _range(gap.value, gap.low, gap.high)
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
    return words("scores"), join(
        element("p", words("scores_about", rows=f"{results.test_rows:,}")),
        charts(page, "scores", beside=element("ul", *meanings, class_="muted")),
        table(head, rows, words("scores"), range(1, len(names) + 3), marks),
    )


def _direction(name: str, words: Language) -> str:
    return words("higher_is_better" if Results.better_high(name) else "lower_is_better")


def _score_cell(model: ModelScore, name: str) -> Markup:
    estimate = model.scores.get(name)
    if estimate is None:
        return Markup("–")
    return _range(estimate.value, estimate.low, estimate.high)


def _range(value: float | None, low: float | None, high: float | None) -> Markup:
    """A number with its interval small below it."""
    if low is None or high is None:
        return join(number_text(value))
    small = element("span", f"{number_text(low)} – {number_text(high)}", class_="muted")
    return join(number_text(value), element("br"), small)


def _data(page: Page) -> tuple[str, Markup]:
    results, words = page.results, page.words
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
                cut("; ".join([column.reason, *column.notes]), 200),
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


def _plan(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.choices:
        return None
    choices = sorted(results.choices, key=lambda choice: not choice.warning)
    parts = [element("p", words("plan_about")), _choices(choices[:_SHOWN_CHOICES], words)]
    rest = choices[_SHOWN_CHOICES:_MOST_CHOICES]
    if rest:
        label = words("show_more", count=len(rest))
        parts.append(element("details", element("summary", label), _choices(rest, words)))
    if len(choices) > _MOST_CHOICES:
        more = words("and_more", count=len(choices) - _MOST_CHOICES)
        parts.append(element("p", more, class_="muted"))
    return words("plan"), join(*parts)


def _choices(choices: Sequence[Choice], words: Language) -> Markup:
    head = [words(key) for key in ("what", "value", "reason", "override")]
    rows = [
        [
            choice_name(choice, words),
            cut(choice.value, 160),
            cut(choice.reason, 300),
            element("code", cut(choice.override, 100)) if choice.override else "",
        ]
        for choice in choices
    ]
    return table(head, rows, words("plan"))


def choice_name(choice: Choice, words: Language) -> str:
    """What was chosen, in the language of the page where it has a word for it."""
    if choice.what.startswith("column ") and choice.what != "column left out":
        return words("choice_column", name=cut(choice.what.removeprefix("column "), 60))
    return cut(words.name("choice", choice.what))


def _training(page: Page) -> tuple[str, Markup] | None:
    pictures = charts(page, "curve-1", "curve-2", "curve-3")
    if not pictures:
        return None
    return page.words("training"), join(element("p", page.words("training_about")), pictures)


def _errors(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if results.residuals is not None:
        bias = results.residuals.bias
        about = words(
            "errors_numbers_about",
            bias=number_text(abs(bias), 3),
            direction=words("too_high" if bias >= 0 else "too_low"),
        )
        return words("errors_numbers"), join(
            element("p", about), charts(page, "predicted", "residuals")
        )
    confusion = results.confusion
    if confusion is None:
        return None
    parts: list[object] = [element("p", words("errors_classes_about"))]
    if confusion.others:
        parts.append(element("p", words("errors_classes_many", count=f"{confusion.class_count:,}")))
    head = [words(key) for key in ("class", "rows", "precision", "recall", "f1")]
    rows = [
        [cut(c.label, 60), f"{c.rows:,}", *map(percent_text, (c.precision, c.recall, c.f1))]
        for c in confusion.classes
    ]
    by_class = join(
        element("h3", words("by_class")), table(head, rows, words("by_class"), range(1, 5))
    )
    if confusion.class_count > len(confusion.classes):
        more = words("and_more", count=f"{confusion.class_count - len(confusion.classes):,}")
        by_class = join(by_class, element("p", more, class_="muted"))
    parts.append(
        element("div", figure(page, "confusion"), element("div", by_class), class_="charts")
    )
    if confusion.pairs and confusion.class_count > 2:
        head = [words(key) for key in ("truth", "predicted", "rows")]
        pairs = [[cut(a, 60), cut(b, 60), f"{n:,}"] for a, b, n in confusion.pairs]
        parts += [
            element("h3", words("most_confused")),
            table(head, pairs, words("most_confused"), (2,)),
        ]
    return words("errors_classes"), join(*parts)


def _decisions(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    thresholds = results.thresholds
    if thresholds is None:
        pictures = charts(page, "roc", "precision-recall")
        if not pictures:
            return None
        return words("curves_classes"), join(element("p", words("curves_classes_about")), pictures)
    about = words(
        "decisions_about",
        positive=cut(results.classes[-1], 60),
        recall=percent_text(thresholds.usual.recall),
        precision=percent_text(thresholds.usual.precision),
    )
    best = words(
        "best_threshold_about",
        f1=percent_text(thresholds.best.f1),
        threshold=number_text(thresholds.best.threshold, 3),
    )
    head, rows = threshold_rows(results, words)
    return words("decisions"), join(
        element("p", about),
        charts(
            page,
            "roc",
            "precision-recall",
            "thresholds",
            beside=join(table(head, rows, words("decisions"), range(5)), element("p", best)),
        ),
    )


def _calibration(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if results.calibration is not None and results.calibration.bins:
        about = words("calibration_about", error=percent_text(results.calibration.error))
        return words("calibration"), join(
            element("p", about), charts(page, "calibration", beside=numbers_of(page, "calibration"))
        )
    if not results.intervals:
        return None
    head = [words(key) for key in ("level", "width", "coverage")]
    rows = [
        [percent_text(i.level), number_text(i.width), percent_text(i.coverage)]
        for i in results.intervals
    ]
    about = words("intervals_about", rows=f"{results.intervals[0].rows:,}")
    return words("intervals"), join(
        element("p", about),
        charts(page, "intervals", beside=table(head, rows, words("intervals"), range(3))),
    )


def _importance(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.importance:
        return None
    about = words(
        "importance_about",
        metric=words(results.metric),
        rows=f"{results.importance_rows:,}",
        repeats=results.importance_repeats,
    )
    parts: list[object] = [element("p", about)]
    if "importance" in page.charts:
        parts.append(charts(page, "importance", beside=numbers_of(page, "importance")))
    else:
        parts.append(element("p", words("importance_none")))
    if results.importance_left_out:
        left_out = words("importance_left_out", count=f"{results.importance_left_out:,}")
        parts.append(element("p", left_out, class_="muted"))
    return words("importance"), join(*parts)


def _worst(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.worst:
        return None
    error = "probability_of_truth" if results.is_classes else "error"
    head = [words("row_number"), words("truth"), words("predicted"), words(error)]
    head += [cut(name, 40) for name in results.worst_columns]
    numbers = (0, 3) if results.is_classes else (0, 1, 2, 3)
    rows = [
        [
            row.row, cut(row.truth, 40), cut(row.predicted, 40), number_text(row.error, 3),
            *(cut(cell, 60) for cell in row.cells),
        ]
        for row in results.worst
    ]  # fmt: skip
    return words("worst"), join(
        element("p", words("worst_about")), table(head, rows, words("worst"), numbers)
    )


def _network(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.layers:
        return None
    members = words("members_of", count=results.members) if results.members > 1 else ""
    about = words(
        "network_about",
        parameters=f"{results.parameters:,}",
        layers=len(results.layers),
        members=members,
    )
    head, rows = layer_table(results, words)
    layers = table(head, [[cut(cell, 60) for cell in row] for row in rows], about, (3,))
    return words("network_section"), join(
        element("p", about), charts(page, "network", beside=layers)
    )


def _cost(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    rows = [[words.name("seconds", k), duration_text(v)] for k, v in results.seconds.items()]
    rows += [[words.name("memory", k), bytes_text(v)] for k, v in results.memory.items()]
    if not rows:
        return None
    return words("cost"), table(["", ""], rows, words("cost"), (1,))


def _reproduce(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    parts: list[object] = []
    if results.code:
        parts += [
            element("p", words("reproduce_about")),
            element("pre", element("code", results.code), dir="ltr"),
        ]
    if results.command:
        parts.append(element("p", words("command_line")))
        parts.append(element("pre", element("code", results.command), dir="ltr"))
    if results.versions:
        versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
        parts.append(element("p", f"{words('made_with')}: {versions}", class_="muted"))
    return (words("reproduce"), join(*parts)) if parts else None


SECTIONS: dict[str, Section] = {
    "summary": _summary,
    "scores": _scores,
    "errors": _errors,
    "decisions": _decisions,
    "calibration": _calibration,
    "importance": _importance,
    "worst": _worst,
    "data": _data,
    "plan": _plan,
    "training": _training,
    "network": _network,
    "cost": _cost,
    "reproduce": _reproduce,
}
