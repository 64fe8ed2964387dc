"""Pictures, texts and series on the command line: trained on, predicted and evaluated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ..errors import ArgumentError, DataError
from ..io.writing import check_output, check_suffix, protected, write_whole
from ..typing import Array
from .digits import check_model_file
from .problems import table_columns
from .progress import show_time
from .table_options import command_line, stem_of

if TYPE_CHECKING:
    from ..tasks import TaskModel

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def train_task(
    data: str, out: str, options: Mapping[str, Any], text: str | None, forecast: str | None
) -> None:
    """Train on a folder of pictures, a column of texts or a series, and save the model."""
    from ..tasks import fit_forecast, fit_images, fit_texts

    page = None if options["no_report"] else options["report"] or f"{stem_of(data)}.html"
    if page is not None:
        check_suffix(page, ".html")
        check_output(page)
    shared = {"budget": options["budget"], "seed": options["seed"]}
    check_model_file(out)
    began = time.perf_counter()
    model: TaskModel
    with protected(data):
        if text is not None:
            columns = table_columns(data)
            target = _named(columns, options["target"], "--target", "the labels")
            model = fit_texts(columns, _named(columns, text, "--text", "texts"), target, **shared)
        elif forecast is not None:
            if options["horizon"] is None:
                raise ArgumentError("--forecast: how many points ahead? Say --horizon N")
            columns = table_columns(data)
            series = _named(columns, forecast, "--forecast", "the series")
            model = fit_forecast(columns, series, options["horizon"], options["time"], **shared)
        else:
            model = fit_images(data, **shared)
        model.save(out)
        if page is not None:
            model.report(page, lang=options["lang"], command=command_line())
    show_time({"in all": time.perf_counter() - began})
    click.echo(f"model saved: {out}" + (f", report: {page}" if page else ""))


def _named(columns: Mapping[str, Array], name: str | None, option: str, what: str) -> str:
    if name is None or name not in columns:
        problem = f"{option} is missing" if name is None else f"{option} {name}: no such column"
        raise ArgumentError(f"{problem}; name the column of {what}: {', '.join(columns)}")
    return name


def predict_task(model: TaskModel, file: str, data: str, out: str | None, text: str | None) -> None:
    """What a model says of pictures, texts or a series: shown, or written to `out`."""
    with protected(data, file):
        if out is not None:
            check_suffix(out, ".csv")
            check_output(out)
        columns = _predictions(model, data, text)
        if out is None:
            names = list(columns)
            for row in zip(*columns.values(), strict=True):
                click.echo(", ".join(f"{n} {_shown(v)}" for n, v in zip(names, row, strict=True)))
            return
        import polars as pl

        frame = pl.DataFrame(columns)
        write_whole(out, frame.write_csv().encode())
        click.echo(f"{len(frame):,} predictions written: {out}")


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _predictions(model: TaskModel, data: str, text: str | None) -> dict[str, list[Any]]:
    from ..tasks import ForecastModel, ImageModel, TextModel

    if isinstance(model, ForecastModel):
        columns = table_columns(data)
        for name in (model.column, *([] if model.time is None else [model.time])):
            _named(columns, name, "the table", "the series and its time")
        ahead = model.predict(columns)
        return {"step": list(range(1, len(ahead) + 1)), model.column: ahead.tolist()}
    if isinstance(model, ImageModel):
        names = [str(path) for path in _pictures(data)]
        shares, key = model.predict_proba(names), "file"
    elif isinstance(model, TextModel):
        columns = table_columns(data)
        column = _named(columns, text or model.column, "--text", "texts")
        names = columns[column].tolist()
        shares, key = model.predict_proba(names), column
    else:
        raise DataError(f"{type(model).__name__}: predictions of this kind are not made here")
    labels = [model.classes[i] for i in shares.argmax(axis=1)]
    probabilities = {
        f"probability_{name}": shares[:, i].astype(np.float64).tolist()
        for i, name in enumerate(model.classes)
    }
    return {key: names, "prediction": labels, **probabilities}


def _pictures(data: str) -> list[Path]:
    """A picture, or all pictures below a folder."""
    path = Path(data)
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in _PICTURES)
    if not files:
        raise DataError(f"{data}: no pictures in this folder ({', '.join(_PICTURES)})")
    return files


def evaluate_task(model: TaskModel, data: str, target: str | None) -> None:
    """The accuracy of a model on a folder of class folders, or on labelled texts."""
    from ..tasks import ImageModel, TextModel

    if isinstance(model, ImageModel):
        accuracy = model.evaluate(data)
    elif isinstance(model, TextModel):
        columns = table_columns(data)
        texts = columns[_named(columns, model.column, "the texts", "texts")]
        labels = columns[_named(columns, target, "--target", "the labels")].astype(str)
        accuracy = float(np.mean(np.array(model.predict(texts.tolist())) == labels))
    else:
        raise ArgumentError(
            "evaluate: a forecast is scored when it is trained; the scores are in `ranvier "
            "inspect MODEL`"
        )
    click.echo(f"accuracy: {accuracy:.6g}")
