"""Where the model is right and wrong: classes, numbers, the worst rows."""

from __future__ import annotations

from ...base.quantities import number_text, percent_text
from ...plots.markup import Markup, element, join
from .page_parts import Page, charts, cut, figure, picture_grid, table

_SHORT, _LONG = 60, 400  # characters of a cell, among others and alone


def errors(page: Page) -> tuple[str, Markup] | None:
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


def worst(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if results.wrong_pictures:
        about = element("p", words("worst_pictures_about"))
        return words("worst"), join(about, picture_grid(page, results.wrong_pictures))
    if not results.worst:
        return None
    most = _LONG if len(results.worst_columns) == 1 else _SHORT
    error = "probability_of_truth" if results.is_classes else "error"
    head = [words("row_number"), words("truth"), words("predicted"), words(error)]
    head += [cut(name, 40) for name in results.worst_columns]
    numbers = (0, 3) if results.is_classes else (0, 1, 2, 3)
    rows = [
        [
            row.row, cut(row.truth, 40), cut(row.predicted, 40), number_text(row.error, 3),
            *(cut(cell, most) for cell in row.cells),
        ]
        for row in results.worst
    ]  # fmt: skip
    return words("worst"), join(
        element("p", words("worst_about" if results.columns else "worst_texts_about")),
        table(head, rows, words("worst"), numbers),
    )
