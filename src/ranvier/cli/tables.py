"""Tables on the command line: trained on, predicted and evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..base.status import tell
from ..errors import ArgumentError
from ..io.reading import check_input
from ..io.writing import check_output, check_suffix, protected
from ..typing import Array
from .digits import STARTUP_SECONDS, check_model_file
from .progress import show_time, status_line, time_bar
from .table_options import command_line, kinds_of

if TYPE_CHECKING:
    import polars

    from ..tables.model import TableModel
    from ..tables.plan import Plan
    from ..tables.reading import Reading

_READING = ("delimiter", "encoding", "decimal", "quote", "header", "ragged", "sheet")


def read(path: str, options: Mapping[str, Any]) -> Reading:
    """The table in a file, with the options that say how it is written."""
    from ..tables.reading import read_table

    check_input(path)
    return read_table(path, **{name: options[name] for name in _READING})


# --- train --------------------------------------------------------------------------------------


# Of the budget, for what comes after the training: the test, the report, the files.
_REPORT_SHARE, _LEAST_REPORT_SECONDS, _MOST_REPORT_SHARE = 0.2, 2.0, 0.4
_MOST_REPORT_SECONDS, _FILES_SECONDS = 10.0, 0.5


def _report_seconds(budget: float) -> float:
    """The part of the budget that is kept for the report.

    >>> [_report_seconds(budget) for budget in (4, 10, 60)]
    [1.6, 2.0, 10.0]
    """
    kept = min(max(_REPORT_SHARE * budget, _LEAST_REPORT_SECONDS), _MOST_REPORT_SHARE * budget)
    return min(kept, _MOST_REPORT_SECONDS)


def _load_report() -> None:
    """Import what the report needs; before the training, so that its time is known by then."""
    import importlib
    import importlib.util

    from ..report import build, page, terminal  # noqa: F401

    if importlib.util.find_spec("sklearn") is not None:
        importlib.import_module("sklearn.ensemble")


class Way(NamedTuple):
    """How a command learns from a table: `fit(reading, plan, budget, began)`.

    `program` is the same call in Python, `arguments` are those of it that say how.
    """

    program: str
    fit: Callable[[Reading, Plan, float, float], TableModel]
    arguments: dict[str, Any]


def train_table(
    data: str, stem: str, *, out: str, report: str | None, no_report: bool, **options: Any
) -> None:
    """Read, plan, train, test, report and save; everything decided is printed."""

    def way() -> Way:
        from ..tables.fitting import fit_plan
        from ..tables.training.options import TrainingOptions

        arguments = {"trees": "trees" in options["extra"], "seed": options["seed"]}
        arguments |= {name: options[name] for name in ("epochs", "members")}

        def fit(reading: Reading, plan: Plan, budget: float, began: float) -> TableModel:
            return fit_plan(reading, plan, TrainingOptions(budget=budget, **arguments), began)

        return Way("model = ranvier.fit_table", fit, arguments)

    learn(data, stem, way, out=out, report=report, no_report=no_report, **options)


def learn(
    data: str,
    stem: str,
    way: Callable[[], Way],
    *,
    out: str,
    report: str | None,
    no_report: bool,
    **options: Any,
) -> None:
    """Read, plan, learn in a way, test, report and save; everything decided is printed."""
    page = None if no_report or options["dry_run"] else report or f"{stem}.html"
    with protected(data):
        check_model_file(out)
        if page is not None:
            check_suffix(page, ".html")
            check_output(page)
        _learn(data, way, out, page, options)


def _learn(
    data: str, way: Callable[[], Way], out: str, page: str | None, options: dict[str, Any]
) -> None:
    began = time.perf_counter() - STARTUP_SECONDS
    from ..tables.fit_program import program, stated
    from ..tables.plan import make_plan

    budget = options["budget"]
    asked = {name: options[name] for name in _PLAN if options[name] not in (None, (), {})}
    asked |= {"kinds": kinds} if (kinds := kinds_of(options["kinds"])) else {}
    with time_bar(budget, began, "reading"):
        reading = read(data, options)
        tell("looking at the columns")
        plan = make_plan(reading, **asked)
    click.echo(str(plan))
    if options["dry_run"]:
        return
    call, fit, arguments = way()
    with time_bar(budget, began, "dividing the rows"):
        if page is not None:
            _load_report()
        kept = _report_seconds(budget) if page else 0.0
        model = fit(reading, plan, budget - kept, began)
    arguments = asked | arguments | {"budget": budget}
    model.program = program(data, stated(arguments), _written(options), out, call)
    learned = model.choices[len(plan.choices) :]  # the share of trees and tuned values too
    click.echo("\n".join(["", "training", *(f"  {choice}" for choice in learned)]))
    page = page if model.test_scores else None  # without a test there is no report
    if page is not None:
        from ..report.terminal import print_results

        try:
            with time_bar(budget, began, "writing the report"):
                left = budget - (time.perf_counter() - began) - _FILES_SECONDS
                seconds = min(max(left, 0.0), _MOST_REPORT_SECONDS)
                model.report(page, lang=options["lang"], seconds=seconds, command=command_line())
        except KeyboardInterrupt:
            click.echo("Ctrl-C: the report is left out, the model is kept")
            page = None
        else:
            assert model.results is not None
            print_results(model.results, lang=options["lang"], path=page)
    if page is None:
        _show_scores("test", model.test_scores)
    model.save(out)
    show_time({**model.seconds, "in all": time.perf_counter() - began})
    click.echo(f"model saved: {out}" + (f", report: {page}" if page else ""))


_PLAN = (
    "target", "task", "positive", "metric", "time", "group", "drop", "held_out", "shuffle", "seed",
)  # fmt: skip


def _written(options: Mapping[str, Any]) -> dict[str, Any]:
    """How the file is written, where that was said."""
    asked = {name: options[name] for name in _READING if options[name] is not None}
    return {name: value for name, value in asked.items() if (name, value) != ("ragged", "error")}


def _show_scores(what: str, scores: Mapping[str, float]) -> None:
    if scores:
        click.echo(f"{what}: " + ", ".join(f"{k} {v:.5g}" for k, v in scores.items()))


# --- evaluate and predict -----------------------------------------------------------------------


def evaluate_table(
    model: TableModel, data: str, target: str | None, options: Mapping[str, Any]
) -> None:
    """The scores of a model on the rows of a file."""
    if target not in (None, model.plan.target):
        raise ArgumentError(f"--target {target}: this model predicts {model.plan.target!r}")
    for name, value in model.evaluate(read(data, options).frame).items():
        click.echo(f"{name}: {value:.6g}")


def predict_table(
    model: TableModel,
    file: str,
    data: str,
    out: str | None,
    keep: bool,
    rows: Callable[[int], Array],
    options: Mapping[str, Any],
) -> None:
    """Predictions for the rows of a table: a few of them shown, or all written to `out`.

    `file` is what the model was read from.
    """
    with protected(data, file):
        if out is None:
            frame = read(data, options).frame
            chosen = rows(len(frame))
            click.echo(_shown(chosen, model.columns_of(model.outputs(frame[chosen]))))
            return
        check_suffix(out, ".csv")
        check_output(out)
        click.echo(f"{_write(model, data, out, keep, options):,} predictions written: {out}")


def _shown(rows: Array, columns: Mapping[str, Iterable[Any]]) -> str:
    lines = []
    for row, *cells in zip(rows, *columns.values(), strict=True):
        pairs = zip(columns, cells, strict=True)
        lines.append(f"row {row}: " + ", ".join(f"{n} {_text(v)}" for n, v in pairs))
    return "\n".join(lines)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _write(model: TableModel, data: str, out: str, keep: bool, options: Mapping[str, Any]) -> int:
    """All predictions to a CSV file, block by block; it is there whole or not at all."""
    from ..io.writing import write_whole
    from ..tables.reading import read_blocks

    check_input(data)
    how = {name: options[name] for name in _READING if name != "decimal"}
    blocks = read_blocks(data, None if keep else model.encoder.columns, **how)
    extra = model.encoder.extra_columns(blocks.columns)
    if extra:
        more = f" and {len(extra) - 8:,} more" if len(extra) > 8 else ""
        click.echo(f"columns that the model does not read: {', '.join(extra[:8])}{more}", err=True)
    written = 0

    def lines() -> Iterator[bytes]:
        nonlocal written
        for frame in blocks.frames:
            for part, values in model.outputs_in_parts(frame):
                yield _lines(model, part if keep else None, values, header=not written)
                written += len(part)
                show(f"{written:,} rows")

    with status_line() as show:
        write_whole(out, lines())
    return written


def _lines(
    model: TableModel, rows: polars.DataFrame | None, values: Array, *, header: bool
) -> bytes:
    """Predictions as lines of CSV, behind the rows that they are for if these are kept."""
    import polars as pl

    made = pl.DataFrame(model.columns_of(values))
    if rows is not None:
        twice = [name for name in made.columns if name in rows.columns]
        if twice:
            raise ArgumentError(
                f"--keep: the data have a column {twice[0]!r}, as the predictions have; rename it, "
                "or leave --keep out"
            )
        made = pl.concat([rows, made], how="horizontal")
    return made.write_csv(include_header=header).encode()
