"""Reports of many kinds of tables and models, each odd in its own way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import ranvier
from ranvier.data import seasonal_naive
from ranvier.report.build import Facts, results_of
from ranvier.report.of_tasks.classes import class_results
from ranvier.report.of_tasks.series import series_results
from ranvier.report.results import Results
from ranvier.tables.choice import Choice
from ranvier.tables.plan import make_plan
from ranvier.tables.reading import read_table
from ranvier.tasks.tested import ClassTest, SeriesTest
from report.standin import StandIn, halves

EVIL = "</script><script>alert(1)</script>\"'&<b> \x00\u202e \u05d2\u05d9\u05dc {x} %s"
random = np.random.default_rng(0)


def table(rows: int, columns: int = 4, classes: int = 0, text: str = "level") -> pl.DataFrame:
    x = random.normal(size=(rows, columns))
    data: dict[str, list[object]] = {f"x{i}": list(x[:, i]) for i in range(columns)}
    data["colour"] = [f"{text} {i}" for i in random.integers(0, 3, rows)]
    score = x[:, 0] + 0.5 * random.normal(size=rows)
    if classes:
        order = np.argsort(np.argsort(score)) * classes // rows
        data["y"] = [f"class {i}" for i in order]
    else:
        data["y"] = list(100 + 10 * score)
    return pl.DataFrame(data)


def measured(frame: pl.DataFrame, facts: Facts | None = None) -> Results:
    train, test = halves(frame)
    model = StandIn(make_plan(frame, "y"), train)
    return results_of(model, train, test, facts, seconds=0.0)


def two_classes() -> Results:
    network = ranvier.Sequential([ranvier.nn.Dense(3, input_shape=(4,)), ranvier.nn.Dense(1)])
    facts = Facts(
        network=network,
        best_epoch=3,
        code="import ranvier",
        command="ranvier train t.csv",
        seconds={"training": 3.0, "another stage": 1.0},
        memory={"file": 12_000},
        members=8,
    )
    return measured(table(600, classes=2), facts=facts)


def numbers() -> Results:
    return measured(table(600), facts=Facts(residuals=random.normal(size=200)))


def many_classes() -> Results:
    return measured(table(1500, classes=300))


def a_class_missing_in_test() -> Results:
    frame = table(300, classes=3)
    train, test = halves(frame)
    test = test.filter(pl.col("y") != "class 1")
    return results_of(StandIn(make_plan(frame, "y"), train), train, test, seconds=0.0)


def one_class_in_test() -> Results:
    frame = table(300, classes=2)
    train, test = halves(frame)
    test = test.filter(pl.col("y") == "class 1")
    return results_of(StandIn(make_plan(frame, "y"), train), train, test, seconds=0.0)


def wide() -> Results:
    """As of a table of 2,000 columns, of which the first 200 are profiled."""
    results = numbers()
    (column, *_), (entry, *_) = results.columns, results.importance
    return replace(
        results,
        columns=tuple(replace(column, name=f"column {i}" * 9) for i in range(200)),
        importance=tuple(replace(entry, column=f"column {i}" * 9) for i in range(100)),
        importance_left_out=1900,
        column_count=2001,
        feature_count=2000,
    )


def one_test_row() -> Results:
    frame = table(50)
    model = StandIn(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:1], seconds=0.0)


class Constant(StandIn):
    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        return np.full(len(frame), 7.0)

    def predict_proba(self, frame: pl.DataFrame) -> np.ndarray:
        classes = len(self.plan.classes)
        return np.full((len(frame), classes), 1 / classes)


def constant_numbers() -> Results:
    frame = table(200)
    model = Constant(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:100], seconds=0.0)


def constant_target() -> Results:
    frame = table(200)
    model = StandIn(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:100].with_columns(y=pl.lit(3.0)), seconds=0.0)


def constant_probabilities() -> Results:
    frame = table(200, classes=2)
    return results_of(Constant(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


class Broken(StandIn):
    def predict_proba(self, frame: pl.DataFrame) -> np.ndarray:
        output = super().predict_proba(frame)
        output[::3] = np.nan
        output[1::3, 0] = np.inf
        return output


def broken_probabilities() -> Results:
    frame = table(200, classes=3)
    return results_of(Broken(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


class Huge(StandIn):
    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        return super().predict(frame) * np.where(np.arange(len(frame)) % 2, 1e200, -1e300)


def huge_predictions() -> Results:
    frame = table(200)
    return results_of(Huge(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


def empty_cells() -> Results:
    frame = table(300, classes=2)
    frame = frame.with_columns(
        pl.when(pl.col("x1") > 0).then(None).otherwise(pl.col("x1")).alias("x1"),
        pl.lit(None, pl.String).alias("nothing"),
        pl.lit(float("nan")).alias("nan"),
        pl.lit(float("inf")).alias("infinite"),
        pl.when(pl.col("x2") > 1).then(None).otherwise(pl.col("y")).alias("y"),
    )
    return measured(frame)


def evil_names() -> Results:
    frame = table(300, classes=3, text=EVIL).with_columns(y=pl.lit(EVIL) + pl.col("y"))
    frame = frame.rename(
        {"x0": EVIL, "x1": "\u05d2\u05d9\u05dc", "x2": "列" * 300, "colour": "\n\t "}
    )
    frame = read_table(frame).frame
    train, test = halves(frame)
    plan = replace(make_plan(frame, "y"), source=EVIL)
    choices = [Choice(EVIL, EVIL, EVIL, EVIL, warning) for warning in (True, False)] * 100
    facts = Facts(choices=choices, code=EVIL, command=EVIL, seconds={EVIL: 1.0})
    model = StandIn(plan, train)
    model.history = {EVIL: [1.0, float("nan")], f"val_{EVIL}": [float("inf"), 0.5], "z": [1.0]}
    return results_of(model, train, test, facts, seconds=0.0)


def network() -> ranvier.Model:
    return ranvier.Sequential([ranvier.nn.Dense(3, input_shape=(4,)), ranvier.nn.Dense(2)])


def class_test(classes: int, rows: int, **more: object) -> ClassTest:
    codes = random.integers(0, classes, rows)
    output = random.dirichlet(np.ones(classes), rows)
    output[np.arange(rows), codes] += 0.4
    known = random.integers(0, classes, 200)
    names = [f"{EVIL} the text {i} of class {c}" for i, c in enumerate(codes)]
    kept: dict[str, object] = {"pixels": None, "ask": None, **more}
    return ClassTest(EVIL, EVIL, codes, known, output, names, 3.0, np.arange(rows), **kept)  # type: ignore[arg-type]


def pictures() -> Results:
    pixels = random.integers(0, 256, (90, 20, 30, 3)).astype(np.uint8)
    classes = [f"{EVIL} {i}" for i in range(3)]
    return class_results(class_test(3, 90, pixels=pixels), classes, network(), [], "ranvier train")


def pictures_all_right() -> Results:
    codes = np.array([0, 1] * 20)
    tested = replace(
        class_test(2, 40, pixels=random.random((40, 8, 8, 1)) * 255),
        codes=codes, output=np.eye(2)[codes] * 0.8 + 0.1,
    )  # fmt: skip
    return class_results(tested, ["a", "b"], network(), [])


def texts() -> Results:
    def ask(words: list[str]) -> np.ndarray:
        told = np.array([[0.9, 0.1] if "class" in word else [0.4, 0.6] for word in words])
        return told

    return class_results(class_test(2, 80, ask=ask), ["no", EVIL], network(), [])


def series_test(rows: int, season: int) -> SeriesTest:
    x, y = random.normal(size=(rows, 24)), random.normal(size=(rows, 6))
    seasonal = seasonal_naive(x, 6, season)
    errors = random.normal(size=(max(rows // 2, 1), 6))
    return SeriesTest(EVIL, x, y, 0.8 * y, seasonal, errors, 100, season, 2.0)


def a_series() -> Results:
    return series_results(series_test(150, 12), network(), [], "ranvier train")


def a_short_series() -> Results:
    return series_results(series_test(2, 1), network(), [])


CASES: dict[str, Callable[[], Results]] = {
    case.__name__: functools.cache(case)
    for case in (
        two_classes, numbers, many_classes, a_class_missing_in_test, one_class_in_test,
        wide, one_test_row, constant_numbers, constant_target,
        constant_probabilities, broken_probabilities, huge_predictions, empty_cells, evil_names,
        pictures, pictures_all_right, texts, a_series, a_short_series,
    )
}  # fmt: skip

every_case = pytest.mark.parametrize("case", CASES)
both_languages = pytest.mark.parametrize("lang", ["en", "zh"])
