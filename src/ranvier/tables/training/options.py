"""What a training on a table is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .recipe import Recipe

OnEpoch = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True)
class TrainingOptions:
    """How networks for a table are trained; one object for all steps on the way.

    `budget` are seconds. `epochs` is the one plan that is tried, by default the clock and the
    held-out rows decide; `members` is how many networks there are at most, by default as many as
    the time allows. `trees` adds boosted trees. `recipe` and `batch_size` stand for those by
    default; `second` says whether networks of a second recipe may join, by default only where
    nothing of this was said. `on_epoch` is told of each epoch, `interrupted` asked whether to end
    with what is there, besides Ctrl-C.
    """

    budget: float = 60.0
    epochs: int | None = None
    members: int | None = None
    trees: bool = False
    seed: int = 0
    verbose: int = 1
    recipe: Recipe | None = None
    batch_size: int | None = None
    second: bool | None = None
    on_epoch: OnEpoch | None = None
    interrupted: Callable[[], bool] | None = None

    @property
    def second_recipe(self) -> bool:
        """Whether networks of a second recipe may join."""
        if self.second is not None:
            return self.second
        return self.recipe is None and self.members is None and self.epochs is None

    def is_interrupted(self) -> bool:
        """Whether the caller wants the training to end with what is there."""
        return self.interrupted is not None and self.interrupted()
