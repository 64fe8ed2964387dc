"""What a diagnosis gives: findings with their evidence, and what was looked for."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from ..errors import ArgumentError
from ..io.writing import FilePath, check_suffix, write_whole
from ..plots.drawing import Drawing
from ..typing import Array

if TYPE_CHECKING:
    from .recipe import Recipe
    from .trials.measure import Trial

Severity: TypeAlias = Literal["problem", "caution"]
Evidence: TypeAlias = float | Array | tuple[str, ...]

SUFFIXES = (".html", ".txt")
_SHOWN = 6  # numbers of an array that are printed; longer ones that are drawn are not
_WIDTH = 96  # of printed lines


@dataclass(frozen=True)
class Chart:
    """How the evidence of a finding is drawn; all names are those of the evidence.

    form    "lines", "bars" or "dots"
    ys      what is drawn upwards: arrays of one length
    x       what is drawn along: an array of numbers or a tuple of names; "": 0, 1, 2, ...
    log     whether the axis upwards goes by powers of ten
    at      a number marked by an upright line
    limit   a number marked by a level line
    """

    form: Literal["lines", "bars", "dots"]
    ys: tuple[str, ...]
    x: str = ""
    log: bool = False
    at: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    name        its kind, such as "overfitting" (the table of kinds is `checks.CHECKS`)
    severity    "problem" spoils the result; "caution" probably does
    what        one sentence with the layer, column or rows, and numbers
    evidence    what it rests on: numbers and small arrays by name
    change      the line to change, as code
    trial       makes the changed recipe, so that the change can be measured; None: it cannot
    chart       how the evidence is drawn; None: it is printed only
    measured    what the change was worth in a trial, or why there was none; None: not asked for
    """

    name: str
    severity: Severity
    what: str
    evidence: Mapping[str, Evidence]
    change: str
    trial: Callable[[Recipe], Recipe] | None = field(default=None, compare=False, repr=False)
    chart: Chart | None = field(default=None, repr=False)
    measured: Trial | str | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        lines = textwrap.wrap(f"{self.severity}: {self.name}. {self.what}", _WIDTH)
        numbers = ", ".join(f"{name} {text}" for name, text in self.numbers().items())
        evidence = textwrap.wrap(f"evidence: {numbers}", _WIDTH - 2) if numbers else []
        lines += [f"  {line}" for line in evidence]
        change = self.change.splitlines()
        lines += [f"  change:   {change[0]}", *[f"            {line}" for line in change[1:]]]
        if self.measured is not None:
            trial = textwrap.wrap(f"trial:    {self.measured}", _WIDTH - 2)
            lines += [f"  {trial[0]}", *[f"            {line}" for line in trial[1:]]]
        return "\n".join(lines)

    def numbers(self) -> dict[str, str]:
        """The evidence as texts, without long arrays that are drawn."""
        drawn = () if self.chart is None else (*self.chart.ys, self.chart.x)
        few = {n: v for n, v in self.evidence.items() if np.size(v) <= _SHOWN or n not in drawn}
        return {name: shown(value) for name, value in few.items()}

    def drawing(self) -> Drawing | None:
        """The evidence as a small drawing; None where there is nothing to draw."""
        from .charts import draw

        return draw(self)


def shown(value: Evidence) -> str:
    """A number or a few of many, as text.

    >>> shown(0.123456), shown(np.arange(9.0)), shown(("a", "b"))
    ('0.123', '0, 1, 2, ..., 6, 7, 8 (9)', 'a, b')
    """
    if isinstance(value, tuple):
        return _listed(list(value))
    numbers = np.asarray(value)
    if not numbers.ndim:
        return number(float(numbers))
    return _listed([number(float(n)) for n in numbers.reshape(-1)])


def number(value: float) -> str:
    """A number with three digits that count.

    >>> number(12345.0), number(0.5), number(1e-9), number(3.0)
    ('12,345', '0.5', '1e-09', '3')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.3g}"


def _listed(texts: Sequence[str]) -> str:
    if len(texts) <= _SHOWN:
        return ", ".join(texts)
    half = _SHOWN // 2
    return ", ".join([*texts[:half], "...", *texts[-half:]]) + f" ({len(texts)})"


class Diagnosis:
    """What was found, and what was looked for.

    findings      those found, problems first
    checked       the kinds that were looked for
    not_checked   the kinds that were not, with the reason, such as "no validation data"

    It is true where something was found: `if model.diagnose(x, y): ...`. Iterating gives the
    findings, `found["overfitting"]` those of one kind.
    """

    def __init__(
        self,
        findings: Sequence[Finding],
        checked: Sequence[str],
        not_checked: Mapping[str, str],
        model: str = "model",
    ) -> None:
        first = [f for f in findings if f.severity == "problem"]
        self.findings = (*first, *(f for f in findings if f.severity != "problem"))
        self.checked, self.not_checked = tuple(checked), dict(not_checked)
        self.model = model

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __bool__(self) -> bool:
        """Whether something was found."""
        return bool(self.findings)

    def __getitem__(self, kind: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.name == kind)

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(f.name for f in self.findings)) or "nothing found"
        return f"<diagnosis of {self.model}: {names}>"

    @property
    def heading(self) -> str:
        """How much was found, in one line."""
        problems = sum(f.severity == "problem" for f in self.findings)
        counts = [(problems, "problem"), (len(self) - problems, "caution")]
        text = " and ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n)
        return f"{self.model}: {text or 'nothing'} found by {len(self.checked)} checks"

    def __str__(self) -> str:
        parts = [self.heading, *map(str, self.findings)]
        by_reason: dict[str, list[str]] = {}
        for kind, reason in self.not_checked.items():
            by_reason.setdefault(reason, []).append(kind)
        lines = [f"not checked, {why}: {', '.join(kinds)}" for why, kinds in by_reason.items()]
        wrapped = [textwrap.fill(line, _WIDTH, subsequent_indent="  ") for line in lines]
        return "\n\n".join([*parts, "\n".join(wrapped)]).strip()

    def html(self) -> str:
        """A page: findings with drawings of their evidence; no script, nothing from the network."""
        from .page import page

        return page(self)

    def save(self, path: FilePath) -> Path:
        """Write it, whole or not at all: `.html` or `.txt`."""
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            check_suffix(path, ".html")
            raise ArgumentError(f"{path}: a diagnosis is written as {' or '.join(SUFFIXES)}")
        write_whole(path, (self.html() if suffix == ".html" else f"{self}\n").encode())
        return Path(path)

    def _repr_html_(self) -> str:
        """A frame in a notebook, so that the styles of page and notebook stay apart."""
        from ..plots.markup import element

        style = "width: 100%; height: 600px; border: 0"
        return element("iframe", srcdoc=self.html(), title=repr(self), style=style)
