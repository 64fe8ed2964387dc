"""All checks: what each looks for and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .examination import Examination
from .finding import Finding
from .training.fitting import overfitting


@dataclass(frozen=True)
class Check:
    """One row of the table: a kind of finding.

    kind    its name, which its findings carry
    about   what it means, in one sentence
    look    gives the findings of an examination
    needs   what must be there: "targets", "validation", "history", "new data"
    """

    kind: str
    about: str
    look: Callable[[Examination], Iterable[Finding]]
    needs: tuple[str, ...] = ()


# Every kind there is, in the order in which they are looked for.
CHECKS: tuple[Check, ...] = (
    Check(
        "overfitting",
        "It does better on the rows it learned from than on others, and that still grows.",
        overfitting,
        ("targets", "validation", "history"),
    ),
)
