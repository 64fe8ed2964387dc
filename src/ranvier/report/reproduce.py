"""How to get a model again: Python code and a command."""

from __future__ import annotations

import shlex


def python_code(table: str, target: str, **options: object) -> str:
    """Code that trains the model again; `options` are those of `fit_table` that were not left as
    they are.

    >>> print(python_code("houses.csv", "price", budget=60.0, seed=0))
    import ranvier
    <BLANKLINE>
    model = ranvier.fit_table("houses.csv", target="price", budget=60.0, seed=0)
    print(model.test_scores)
    """
    named = {"target": target, **options}
    lines = [_literal(table), *(f"{name}={_literal(value)}" for name, value in named.items())]
    call = f"model = ranvier.fit_table({', '.join(lines)})"
    if len(call) > 88:
        inner = "".join(f"    {line},\n" for line in lines)
        call = f"model = ranvier.fit_table(\n{inner})"
    return f"import ranvier\n\n{call}\nprint(model.test_scores)"


def command(table: str, target: str, *options: str) -> str:
    """The command that does the same.

    >>> command("my houses.csv", "price", "--budget", "60s")
    "ranvier train 'my houses.csv' --target price --budget 60s"
    """
    return shlex.join(["ranvier", "train", table, "--target", target, *options])


def _literal(value: object) -> str:
    """A literal of Python, text in double quotes where it can be."""
    text = repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in text and "\\" not in text:
        return f'"{text[1:-1]}"'
    return text
