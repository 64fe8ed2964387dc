"""The command `ranvier attribute`: what a model's output is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
import numpy as np

from ..errors import ArgumentError, DataError
from ..io.reading import check_input
from ..io.writing import check_output, protected, suffix_among
from ..typing import Array
from .predict import read_rows, row_numbers
from .problems import table_columns
from .table_options import reading_options
from .tables import read

if TYPE_CHECKING:
    from ..attribution import Attribution, Counterfactual, Dependence
    from ..tasks import TextModel

    Shown: TypeAlias = Attribution | Counterfactual | Dependence

# Of a table; the others look into a network that reads arrays, pictures or texts.
OF_TABLES = ("shap", "permutation", "occlusion", "dependence", "counterfactual")
INSIDE = {
    "saliency": "saliency",
    "gradients": "gradient_x_input",
    "smooth": "smooth_saliency",
    "integrated": "integrated_gradients",
    "relevance": "layerwise_relevance",
    "grad-cam": "grad_cam",
    "attention": "attention_rollout",
}
SUFFIXES = (".html", ".svg", ".csv", ".png", ".pdf")


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", metavar="FILE", type=click.Path())
@click.option(
    "--method",
    type=click.Choice([*OF_TABLES, *INSIDE]),
    default="shap",
    show_default=True,
    help="shap and occlusion: what each column adds to the output of a row. permutation: how much "
    "the model needs each column. dependence: how the output depends on --column. counterfactual: "
    "the nearest row of another class. The others look into a network that reads arrays, pictures "
    "or texts; of pictures `integrated` is the default.",
)
@click.option(
    "--row", "--rows", "rows", help="Rows, such as 3 or 0-4,10.  [default: the first five]"
)
@click.option("--class", "output", help="The class that is explained.  [default: the favoured one]")
@click.option(
    "--logits", is_flag=True, help="Explain log-odds, before softmax or sigmoid, not probabilities."
)
@click.option("--column", help="dependence: the column.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="counterfactual: it stays as it is.")
@click.option("--above", type=float, help="counterfactual: a number that the output must be above.")
@click.option("--below", type=float, help="counterfactual: a number that it must be below.")
@click.option("--background", type=click.Path(), help="Rows to compare with.  [default: FILE]")
@click.option("--text", metavar="COLUMN", help="Texts: the column, if it has another name.")
@click.option("--seed", default=0, show_default=True, help="Of what is drawn at random.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="A .html, .svg, .csv, .png or .pdf file."
)
@reading_options
def attribute(model: str, data: str, method: str, out: str | None, **options: Any) -> None:
    """Show what a saved model's output is made of, by columns, words or parts of a picture.

    FILE is a table as the model was trained on, a .npy file, a picture, or, in quotes, a text.
    With --out a page, a picture or the numbers are written too.
    """
    import ranvier

    with protected(data, model, *([options["background"]] if options["background"] else [])):
        if out is not None:
            suffix_among(out, SUFFIXES)
            check_output(out)
        loaded = ranvier.load(model)
        if not _is_text(loaded, data):
            check_input(data)
        made = _Asked(loaded, data, method, options).shown()
        click.echo(str(made))
        if out is not None:
            made.save(out)
            click.echo(f"written: {out}")


def _is_text(model: Any, data: str) -> bool:
    """Whether FILE is no file but the text itself, of several words, for a model of texts."""
    from ..tasks import TextModel

    return isinstance(model, TextModel) and len(data.split()) > 1 and not Path(data).exists()


class _Asked:
    """A model, a file and the options of the command; `shown` is what it shows."""

    def __init__(self, model: Any, data: str, method: str, options: Mapping[str, Any]) -> None:
        self.model, self.data, self.method, self.options = model, data, method, options
        self.chosen: Array = np.empty(0, np.int64)  # the numbers of the rows

    def shown(self) -> Shown:
        """What the command shows, the rows with their numbers in the file."""
        from ..attribution import Attribution

        made = self.made()
        if not isinstance(made, Attribution) or not made.about_rows or not len(self.chosen):
            return made
        numbers = tuple(int(row) for row in self.chosen[: len(made)])
        return replace(made, row_numbers=numbers)

    def made(self) -> Shown:
        """The attribution, of rows counted from 0."""
        from ..tables.model import TableModel
        from ..tasks import ImageModel, TaskModel, TextModel

        if isinstance(self.model, TableModel):
            frame = read(self.data, self.options).frame
            self.chosen = row_numbers(self.options["rows"], len(frame))
            return self._asking(frame, frame[self.chosen], self.model.encoder.columns)
        if isinstance(self.model, ImageModel):
            return self._looking(self.model.pixels([self.data]))
        if isinstance(self.model, TextModel):
            return self._of_text(self.model)
        if isinstance(self.model, TaskModel):
            raise ArgumentError("attribute: a forecast is made of its past; there are no columns")
        x = self._arrays(self.data)
        self.chosen = row_numbers(self.options["rows"], len(x))
        rows = x[self.chosen]
        if self.method in ("shap", "dependence", "counterfactual"):
            return self._asking(x, rows, [f"x{i}" for i in range(int(np.prod(x.shape[1:])))])
        return self._looking(rows)

    def _asking(self, all_rows: Any, rows: Any, columns: Sequence[str]) -> Shown:
        """Methods that ask the model about changed rows."""
        from .. import attribution as a

        output, seed, logits = self._output(), self.options["seed"], self.options["logits"]
        if logits and self.method not in ("shap", "occlusion"):
            raise ArgumentError(f"--logits is not for --method {self.method}; for shap, occlusion")
        if self.method == "permutation":
            return a.permutation_importance(self.model, all_rows, seed=seed)
        if self.method == "occlusion":
            return a.occlusion(self.model, rows, output=output, logits=logits)
        if self.method == "dependence":
            column = self.options["column"]
            if column is None:
                raise ArgumentError(f"--column is missing, the one to vary: {', '.join(columns)}")
            return a.partial_dependence(self.model, all_rows, column, output=output, seed=seed)
        if self.method not in OF_TABLES:
            raise ArgumentError(
                f"--method {self.method} is for networks that read arrays, pictures or texts; of "
                f"a table: {', '.join(OF_TABLES)}"
            )
        other = self._background(all_rows)
        if self.method == "shap":
            return a.shap_values(self.model, rows, other, output=output, logits=logits, seed=seed)
        limits = {name: self.options[name] for name in ("above", "below")}
        return a.counterfactual(
            self.model, rows[:1], other, to=output, immutable=self.options["keep"], seed=seed,
            **limits,
        )  # fmt: skip

    def _looking(self, x: Any) -> Shown:
        """Methods that look into the network, or cover parts of what it sees."""
        from .. import attribution as a

        method = "integrated" if self.method == "shap" else self.method
        logits = self.options["logits"]
        if method == "attention":
            return a.attention_rollout(self.model, x)
        if method == "occlusion":
            return a.occlusion(self.model, x, output=self._output(), logits=logits)
        if method not in INSIDE:
            raise ArgumentError(
                f"--method {method} is not for this model; for it: occlusion, {', '.join(INSIDE)}"
                + (". In Python: ranvier.attribution.permutation_importance(model, x, y)"
                   if method == "permutation" else "")
            )  # fmt: skip
        # Relevance is always of what a softmax reads.
        more = {"logits": True} if logits and method != "relevance" else {}
        shown: Shown = getattr(a, INSIDE[method])(self.model, x, output=self._output(), **more)
        return shown

    def _of_text(self, model: TextModel) -> Shown:
        from .. import attribution

        if _is_text(model, self.data):
            texts = [self.data]
        else:
            columns = table_columns(self.data)
            name = self.options["text"] or model.column
            if name not in columns:
                there = ", ".join(columns)
                raise ArgumentError(f"--text {name}: no such column; {self.data} has {there}")
            texts = [str(text) for text in columns[name]]
        self.chosen = row_numbers(self.options["rows"], len(texts))[:1]
        text = texts[int(self.chosen[0])]
        if self.method == "shap":
            return attribution.shap_values(
                model, text, output=self._output(), logits=self.options["logits"],
                seed=self.options["seed"],
            )  # fmt: skip
        return self._looking(text)

    # --- options ---

    def _arrays(self, path: str) -> Array:
        x = read_rows(path)
        if not isinstance(x, Mapping):
            return x
        try:
            return np.stack([np.asarray(column, np.float32) for column in x.values()], axis=1)
        except ValueError as problem:
            raise DataError(
                f"{path}: it has columns of text; a model of arrays takes columns of numbers"
            ) from problem

    def _background(self, rows: Any) -> Any:
        path = self.options["background"]
        if path is None:
            return rows
        if isinstance(rows, np.ndarray):
            return self._arrays(path)
        return read(path, self.options).frame

    def _output(self) -> str | int | None:
        """The class asked for, by name, or by number where it is no name."""
        from ..tasks import ForecastModel

        asked: str | None = self.options["output"]
        known = () if isinstance(self.model, ForecastModel) else self.model.classes
        names = () if known is None else [str(name) for name in known]
        return int(asked) if asked is not None and asked.isdigit() and asked not in names else asked
