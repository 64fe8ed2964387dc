"""Thresholds, calibration and prediction intervals."""

from __future__ import annotations

from ...base.quantities import number_text, percent_text
from ...plots.markup import Markup, element, join
from ..charts.class_charts import threshold_rows
from .page_parts import Page, charts, cut, numbers_of, table


def decisions(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    thresholds = results.thresholds
    if thresholds is None:
        pictures = charts(page, "roc", "precision-recall")
        if not pictures:
            return None
        return words("curves_classes"), join(element("p", words("curves_classes_about")), pictures)
    usual = thresholds.usual
    # Where nothing is named at 0.5, there is nothing that could be right.
    about = words(
        "decisions_about" if usual.precision is not None else "decisions_none_about",
        positive=cut(results.classes[-1], 60),
        recall=percent_text(usual.recall),
        precision=percent_text(usual.precision),
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


def calibration(page: Page) -> tuple[str, Markup] | None:
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
