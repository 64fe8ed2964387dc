"""The command `ranvier inspect`: what a model file holds."""

from __future__ import annotations

import textwrap

import click

from ..base.text_table import aligned
from ..typing import Array


@click.command()
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
    click.echo("\n".join(aligned(table)))


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
