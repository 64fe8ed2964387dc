"""Arguments of calls: whether a value is what the signature says.

`flag`, `as_integer` and `number` check one argument. Constructors (`Spelled`) and functions
(`spelled`) of Ranvier check all whose annotation is `bool`, `int` or `float` by these, before the
call begins: a text in place of True, or a number of epochs below 0, has no meaning to guess at.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError

# Integers that count from the end or say which, and `groups=-1`: one for each channel.
_SIGNED = frozenset({"argnums", "axis", "groups", "k", "offset"})
# How much is shown; True and False count as 1 and 0.
_OR_BOOL = frozenset({"verbose"})
# Counts that cannot be 0.
_AT_LEAST_1 = frozenset({
    "batch_size", "decay_steps", "ema_overwrite_frequency", "epochs", "every", "first_decay_steps",
    "gradient_accumulation_steps", "input_dim", "input_length", "samples", "step_size_up",
    "total_steps",
})  # fmt: skip
# Rates, sizes of steps and other numbers that are never below 0.
_AT_LEAST_0 = frozenset({
    "balance", "base_learning_rate", "beta", "dampening", "decay_rate", "div_factor", "dropout",
    "end_learning_rate", "epsilon", "factor", "final_div_factor", "gamma",
    "initial_accumulator_value", "initial_learning_rate", "initial_value", "layer_norm_epsilon",
    "leak", "learning_rate", "longest", "m_mul", "max_learning_rate", "max_wavelength",
    "min_lr", "momentum", "momentum_decay", "noise", "patience", "pct_start", "peak_learning_rate",
    "penalty", "power", "rho", "scaling_factor", "slope", "spread", "stddev", "step_size_down",
    "strength", "temperature", "test_size", "total", "validation_split", "warmup_steps",
    "warmup_target", "weight_decay", "word_dropout",
})  # fmt: skip

Rule = Callable[[str, str, object], object]  # of call, argument and value; raises ArgumentError


class NotYet:
    """Base of numbers that are not known yet, as the number of rows before there are data."""

    __slots__ = ()


def flag(call: str, name: str, value: object) -> bool:
    """The argument `name`, which must be True or False."""
    if value is True or value is False:
        return value
    if not isinstance(value, np.bool_):
        hint = "; several axes are one tuple: axis=(0, 1)" if name == "keepdims" else ""
        raise ArgumentError(
            f"{call}: {name}={value!r}; expected True or False{hint}{_if_text(name, value)}"
        )
    return bool(value)


def as_integer(call: str, name: str, value: object, least: int | None = None) -> int:
    """The argument `name` as a plain int; neither bools nor floats are integers."""
    if type(value) is int and (least is None or value >= least):
        return value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | np.integer)
        or (least is not None and value < least)
    ):
        bound = "" if least is None else f" of at least {least}"
        raise ArgumentError(
            f"{call}: {name}={value!r}; expected an integer{bound}{_if_text(name, value)}"
        )
    return int(value)


def number(
    call: str, name: str, value: object, least: float | None = None, finite: bool = True
) -> int | float:
    """The argument `name` as a plain Python number, which is never NaN.

    >>> number("SGD", "momentum", "much")
    Traceback (most recent call last):
    ranvier.errors.ArgumentError: SGD: momentum='much'; expected a finite number; this is text
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if (
        not isinstance(plain, int | float)
        or isinstance(plain, bool)
        or plain != plain
        or (finite and math.isinf(plain))
    ):
        kind = "finite number" if finite else "number"
        raise ArgumentError(f"{call}: {name}={value!r}; expected a {kind}{_if_text(name, value)}")
    if least is not None and plain < least:
        raise ArgumentError(f"{call}: {name}={value!r}; expected a number of at least {least}")
    return plain


def _if_text(name: str, value: object) -> str:
    """What to say of a text where none is meant: `units="2"` of a form or a file is not 2."""
    if not isinstance(value, str | bytes):
        return ""
    text = (value if isinstance(value, str) else value.decode("utf-8", "replace")).strip()
    meant = text.isdecimal() or text in ("True", "False") or _is_number(text)
    return f"; this is text: write {name}={text}" if meant else "; this is text"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def from_file(call: str, asked: Mapping[str, Rule], config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a file holds, as their rules have them.

    Earlier versions took 1 for True and 2.0 for an integer, and saved them so.
    """
    return {
        name: value if name not in asked else _from_file(call, name, value, asked[name])
        for name, value in config.items()
    }


def _from_file(call: str, name: str, value: object, rule: Rule) -> object:
    if not isinstance(value, int | float):
        return value
    for one in (value, *([int(value)] if value % 1 == 0 else []), bool(value)):
        try:
            rule(call, name, one)
        except ArgumentError:
            continue
        return one
    return value


def rules(parameters: Iterable[inspect.Parameter]) -> dict[str, Rule]:
    """What is asked of each argument whose annotation is bool, int or float, or None besides."""
    all_rules = {p.name: _rule(p.name, str(p.annotation)) for p in parameters}
    return {name: rule for name, rule in all_rules.items() if rule is not None}


def _rule(name: str, annotation: str) -> Rule | None:
    kinds = {kind.strip() for kind in annotation.split("|")}
    optional = "None" in kinds
    kinds.discard("None")
    if kinds == {"bool"}:
        rule: Rule = flag
    elif kinds == {"int"}:
        least = None if name in _SIGNED else int(name in _AT_LEAST_1)
        rule = _integer(least, name in _OR_BOOL)
    elif kinds in ({"float"}, {"int", "float"}):
        least = 0 if name in _AT_LEAST_0 or name in _AT_LEAST_1 else None
        rule = _number(least)
    else:
        return None
    if not optional:
        return rule
    return lambda call, name, value: None if value is None else rule(call, name, value)


def _integer(least: int | None, takes_bool: bool) -> Rule:
    def rule(call: str, name: str, value: object) -> None:
        if not (takes_bool and isinstance(value, bool)) and not isinstance(value, NotYet):
            as_integer(call, name, value, least)

    return rule


def _number(least: float | None) -> Rule:
    def rule(call: str, name: str, value: object) -> None:
        if not isinstance(value, NotYet):
            number(call, name, value, least, finite=False)

    return rule


def check(
    call: str,
    asked: Mapping[str, Rule],
    names: Iterable[str],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    """ArgumentError for an argument that its rule refuses; `names` are those of `args`."""
    for name in kwargs:
        if name in asked:
            asked[name](call, name, kwargs[name])
    for name, value in zip(names, args, strict=False):
        if name in asked:
            asked[name](call, name, value)
