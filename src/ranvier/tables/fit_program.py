"""Python that trains a model of a table again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

_WIDTH = 88


_DEFAULTS = {"held_out": 0.2, "shuffle": True, "trees": False}


def stated(arguments: Mapping[str, object]) -> dict[str, object]:
    """Those of the arguments of `fit_table` or `tune_table` that are not left as they are.

    >>> stated({"target": "price", "group": None, "drop": (), "trees": False, "budget": 60.0})
    {'target': 'price', 'budget': 60.0}
    """
    return {
        name: value
        for name, value in arguments.items()
        if value not in (None, (), {}) and value != _DEFAULTS.get(name)
    }


def program(
    table: object,
    arguments: Mapping[str, object],
    reading: Mapping[str, object] | None = None,
    out: str | None = None,
    call: str = "model = ranvier.fit_table",
) -> str:
    """A program that trains a model again, and saves it as `out`.

    `arguments` are those of `fit_table` and `reading` those of `read_table` that were not left as
    they are; `call` is what gives the model. Where `table` is no path, the program begins with a
    word about it.

    >>> print(program("houses.csv", {"target": "price", "seed": 0}, {"delimiter": ";"}, "houses"))
    import ranvier
    <BLANKLINE>
    table = ranvier.tables.read_table("houses.csv", delimiter=";")
    model = ranvier.fit_table(table, target="price", seed=0)
    print(model.test_scores)
    model.save("houses")
    """
    lines = ["import ranvier", ""]
    source = "table"
    if not isinstance(table, str | os.PathLike):
        lines.append(f"# table: the {type(table).__name__} that this model was trained on")
    elif reading:
        lines.append(f"table = {_call('ranvier.tables.read_table', _literal(table), reading)}")
    else:
        source = _literal(table)
    lines.append(_call(call, source, arguments))
    lines.append("print(model.test_scores)")
    if out is not None:
        lines.append(f"model.save({_literal(out)})")
    return "\n".join(lines)


def _call(function: str, first: str, arguments: Mapping[str, object]) -> str:
    parts = [first, *(f"{name}={_literal(value)}" for name, value in arguments.items())]
    call = f"{function}({', '.join(parts)})"
    if len(call) <= _WIDTH:
        return call
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def _literal(value: object) -> str:
    """A literal of Python, text in double quotes."""
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        # NOTE: of a lone surrogate, as in a file name that is no UTF-8, JSON makes two characters.
        return json.dumps(text, ensure_ascii=False) if str(text).isprintable() else repr(text)
    if isinstance(value, Mapping):
        pairs = (f"{_literal(key)}: {_literal(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)
