"""The command line: train, evaluate, predict, inspect, explain and compare."""

from __future__ import annotations

import os
import textwrap
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

import click
import numpy as np

from .. import __version__
from ..base.config import ENGINES
from ..errors import ArgumentError, DataError, RanvierError, RanvierWarning
from ..io.files import SUFFIX
from ..io.reading import check_input
from ..io.writing import check_output, check_suffix
from ..optim import OPTIMIZERS
from ..typing import Array
from .compare import compare
from .explain import explain
from .problems import table_columns
from .text_pictures import confusion, pictures

if TYPE_CHECKING:
    from ..train.models.model import Model
    from ..train.models.sequential import Sequential

STARTUP_SECONDS = time.process_time()  # processor time of starting Python and importing
_OPTIMIZER_NAMES = [name.lower() for name in OPTIMIZERS]


class _Commands(click.Group):
    """Commands whose errors are messages: no traceback, exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default", RanvierWarning)
                warnings.showwarning = _show_warning
                return super().invoke(ctx)
        except RanvierError as problem:
            notes = [n for n in problem.notes if n.startswith("in layer")]
            raise _CommandError("\n".join([str(problem), *notes])) from problem


class _CommandError(click.ClickException):
    exit_code = 2


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning as a message, without the line of code it came from."""
    click.echo(f"note: {message}", err=True)


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="ranvier")
def main() -> None:
    """Neural networks whose every number can be seen."""


# --- train --------------------------------------------------------------------------------------


@main.command()
@click.argument("data", type=click.Choice(["digits"]))
@click.option("--hidden", default="64,32", show_default=True, help="Units of the hidden layers.")
@click.option("--activation", default="relu", show_default=True, help="Of the hidden layers.")
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    help=", ".join(_OPTIMIZER_NAMES) + ".",
)
@click.option("--epochs", default=40, show_default=True, type=click.IntRange(1))
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1))
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    help="By default the optimizer's own.",
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same bits.")
@click.option("--engine", type=click.Choice(list(ENGINES)), default="compiled", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False), default="digits.safetensors", show_default=True
)
def train(
    data: str,
    hidden: str,
    activation: str,
    optimizer: str,
    epochs: int,
    batch_size: int,
    learning_rate: float | None,
    seed: int,
    engine: str,
    out: str,
) -> None:
    """Train a network on handwritten digits and show how well it reads the ones it has not seen."""
    import ranvier

    _check_model_file(out)
    (x, y), (x_test, y_test) = ranvier.data.load_digits()
    ranvier.seed(seed)
    model = digits_model(x, _units(hidden), activation)
    rule = ranvier.optim.get(optimizer)
    if learning_rate is not None:
        rule.learning_rate = learning_rate
    model.compile(rule, "sparse_categorical_crossentropy", ["accuracy"], engine)
    sizes = " - ".join(map(str, [64, *_units(hidden), 10]))
    click.echo(
        f"digits: {len(x):,} images to train on, {len(x_test)} held out; 8x8 pixels, 10 classes"
    )
    click.echo(
        f"network: {sizes}, {activation}, {optimizer}; {model.count_params():,} parameters; "
        f"{engine} engine"
    )
    history = model.fit(x, y, batch_size, epochs)
    began = time.perf_counter()
    _show_results(model, x_test, y_test)
    model.save(out)
    elapsed = time.perf_counter() - began
    seconds = {"import": STARTUP_SECONDS, **history.seconds, "test and save": elapsed}
    click.echo("time: " + ", ".join(f"{name} {s:.2f} s" for name, s in seconds.items()))
    click.echo(f"model saved: {out}")
    _show_accuracy(model, x_test, y_test)


def digits_model(images: Array, hidden: list[int], activation: str) -> Sequential:
    """A network for 8x8 images, normalized by what these are like."""
    from ..nn import Dense, Flatten, Normalize, Reshape
    from ..train.models.sequential import Sequential

    # One mean and one deviation for all pixels: each is a row of one feature.
    grey = Normalize()
    grey.adapt(images.reshape(-1, 1))
    layers = [Dense(units, activation=activation) for units in hidden]
    entry = [Reshape((64, 1), input_shape=(8, 8)), grey, Flatten()]
    return Sequential([*entry, *layers, Dense(10, activation="softmax")])


def _units(text: str) -> list[int]:
    """The units of the hidden layers in "64,32"; "" for none."""
    try:
        units = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        units = [0]
    if any(n < 1 for n in units):
        raise ArgumentError(f"--hidden {text!r}: expected integers of at least 1, such as 64,32")
    return units


def _check_model_file(out: str) -> None:
    """Raise before the training what would fail after it."""
    check_suffix(out, SUFFIX)
    folder = check_output(out).parent
    if not os.access(folder, os.W_OK):
        raise ArgumentError(f"--out {out}: the folder {folder} cannot be written to")


# --- results ------------------------------------------------------------------------------------


def _show_results(model: Model, x: Array, y: Array) -> None:
    """The confusion matrix, and a few misread digits."""
    read = model.predict_classes(x)
    click.echo("\nconfusion matrix (row: what it is, column: what was read)")
    click.echo(confusion(y, read, 10))
    wrong = np.flatnonzero(read != y)
    if len(wrong):
        click.echo(
            f"\n{len(wrong)} of {len(x)} misread" + (", for example:" if len(wrong) > 6 else ":")
        )
        chosen = wrong[:6]
        click.echo(pictures(x[chosen], [f"{y[i]} as {read[i]}" for i in chosen]))
    click.echo()


def _show_accuracy(model: Model, x: Array, y: Array) -> None:
    accuracy = float((model.predict_classes(x) == y).mean())
    click.echo(f"test accuracy: {accuracy:.4f}")


# --- evaluate, predict, inspect -----------------------------------------------------------------


@main.command()
@click.argument("file", type=click.Path())
@click.option("--data", type=click.Path(), help="A .csv or .parquet table to test on instead.")
@click.option("--target", help="The column of the table that the model predicts.")
def evaluate(file: str, data: str | None, target: str | None) -> None:
    """Test a saved digits model on the held-out fifth, or any model on a table.

    The columns of a table are found by name, in any order, if the model was trained on one.
    """
    import ranvier

    if data is not None:
        check_input(data)
        columns = table_columns(data)
        if target not in columns:
            what = "--target is missing" if target is None else f"--target {target}: no such column"
            raise ArgumentError(f"{what}; {data} has {', '.join(columns)}")
        y = columns.pop(target)
        if y.dtype.kind == "f" and (y == np.round(y)).all():
            y = y.astype(np.int64)
        for name, value in ranvier.load(file).evaluate(columns, y, return_dict=True).items():
            click.echo(f"{name}: {value:.6g}")
        return
    if target is not None:
        raise ArgumentError(f"--target {target}: a column of which table? Give it as --data TABLE")
    model, (x, y) = _digits_reader(file)
    _show_results(model, x, y)
    _show_accuracy(model, x, y)


@main.command()
@click.argument("file", type=click.Path())
@click.option("--rows", help="Rows of the data, such as 0-4,10.  [default: the first five]")
@click.option(
    "--data",
    type=click.Path(),
    help="A .npy, .csv or .parquet file instead of the held-out digits.",
)
def predict(file: str, rows: str | None, data: str | None) -> None:
    """Show what a saved model says about some rows.

    The columns of a table are found by name, in any order, if the model was trained on one.
    """
    import ranvier

    if data is not None:
        x = _read_rows(data)
        chosen = _row_numbers(rows, len(next(iter(x.values())) if isinstance(x, Mapping) else x))
        part = {k: v[chosen] for k, v in x.items()} if isinstance(x, Mapping) else x[chosen]
        out = ranvier.load(file).predict(part)
        for row, values in zip(chosen, out.reshape(len(out), -1), strict=True):
            click.echo(f"row {row}: " + " ".join(f"{v:.4g}" for v in values))
        return
    model, (x, y) = _digits_reader(file)
    chosen = _row_numbers(rows, len(x))
    out = model.predict(x[chosen])
    click.echo(pictures(x[chosen][:8], [f"row {row}" for row in chosen[:8]]))
    for row, shares in zip(chosen, out, strict=True):
        best = int(shares.argmax())
        verdict = "right" if best == y[row] else f"wrong, it is {y[row]}"
        click.echo(f"row {row}: {best} ({shares[best]:.1%}; {verdict})")


@main.command()
@click.argument("file", type=click.Path())
def inspect(file: str) -> None:
    """Show what a model file holds: architecture, numbers, checksum. Nothing in it is run."""
    from ..io import files
    from ..train.models.saving import load
    from ..train.models.summary import summary

    arrays, about = files.read(file)
    click.echo(f"{file}: {about.get('kind')}, format {about['format']}")
    click.echo(f"checksum: sha256 {about['checksum']} (verified)")
    if about.get("kind") == "model":
        model = load(file)
        click.echo("\n" + summary(model))
        for role, names in model.column_names.items():
            click.echo(_listed(f"columns of {role}", names))
        if model.classes is not None:
            click.echo(_listed("classes", [str(label) for label in model.classes]))
        how = about.get("training")
        if how:
            click.echo(f"trained with {how['optimizer']['class']}, {how['loss']['class']}")
    click.echo()
    head = ("tensor", "shape", "dtype", "mean", "deviation", "least", "largest")
    names = sorted(arrays, key=lambda name: (name.startswith("optimizer/"), name))
    table = [head, *(_statistics(name, arrays[name]) for name in names)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        click.echo("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


_NO_BREAK = "\u00a0"


def _listed(title: str, names: list[str]) -> str:
    """The names in order, in lines of 100 columns; a name with spaces stays whole."""
    whole = ", ".join(name.replace(" ", _NO_BREAK) for name in names)
    text = f"{len(names)} {title}: {whole}"
    lines = textwrap.wrap(text, 100, subsequent_indent="  ", break_long_words=False)
    return "\n".join(lines).replace(_NO_BREAK, " ")


def _statistics(name: str, a: Array) -> tuple[str, ...]:
    numbers = (a.mean(), a.std(), a.min(), a.max()) if a.size else ()
    return (name, str(a.shape), a.dtype.name, *(f"{n:.4g}" for n in numbers))


def _digits_reader(file: str) -> tuple[Model, tuple[Array, Array]]:
    """A saved model that reads digits, and the held-out ones."""
    import ranvier

    model = ranvier.load(file)
    _, (x, y) = ranvier.data.load_digits()
    if model.built_shape not in ((8, 8), (64,)) or model.output_shape(model.built_shape) != (10,):
        raise DataError(
            f"{file} takes rows of shape {model.built_shape}; a digits model takes (8, 8) or "
            "(64,) and has 10 outputs. Give other models their rows: `ranvier predict FILE --data "
            "TABLE`, `ranvier evaluate FILE --data TABLE --target COLUMN`"
        )
    return model, (x if model.built_shape == (8, 8) else x.reshape(len(x), 64), y)


def _read_rows(path: str) -> Array | dict[str, Array]:
    """Rows of a .npy file or of a .csv file without headings; else the columns of a table."""
    check_input(path)
    try:
        if path.endswith(".npy"):
            return np.asarray(np.load(path, allow_pickle=False))
        if path.endswith(".parquet") or _has_heading(path):
            return table_columns(path)
        return np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
    except (ValueError, OSError) as problem:
        if isinstance(problem, RanvierError):
            raise
        raise DataError(
            f"{path} could not be read: {problem}. Expected rows of numbers in a .npy file, or a "
            "table in a .csv or .parquet file"
        ) from problem


def _has_heading(path: str) -> bool:
    """Whether the first line of a .csv file holds a word."""
    with open(path, encoding="utf-8-sig") as file:
        cells = file.readline().split(",")
    try:
        for cell in cells:
            float(cell)
    except ValueError:
        return True
    return False


def _row_numbers(text: str | None, rows: int) -> Array:
    """The numbers in "0-4,10", by default those of the first five of `rows` rows.

    >>> _row_numbers("0-2,5", 10)
    array([0, 1, 2, 5])
    """
    if text is None:
        return np.arange(min(5, rows))
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise ArgumentError(f"--rows {text!r}: expected row numbers such as 0-4,10")
        if int(last or first) < int(first):
            raise ArgumentError(f"--rows {text!r}: {part.strip()} ends before it begins")
        numbers += range(int(first), int(last or first) + 1)
    outside = [row for row in numbers if row >= rows]
    if outside:
        raise DataError(f"--rows: there is no row {outside[0]}; the rows run from 0 to {rows - 1}")
    return np.array(numbers)


main.add_command(explain)
main.add_command(compare)

if __name__ == "__main__":
    main()
