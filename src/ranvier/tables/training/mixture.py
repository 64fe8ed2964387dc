"""Networks of two recipes, which hold out the same rows, and what each recipe weighs.

Which recipe suits a table is not known before. Where the networks of the first one have ended and
there is time left, as on tables of few rows, networks of the second one learn from the same rows.
All rows that both held out say which mean of the two predicts best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ... import nn
from ...base.message import Message
from ...train.models.model import Model
from ...typing import Array
from ..choice import Choice
from .held_out import HeldOut, best_share
from .member import Job, Member
from .recipe import Recipe

LEAST_SHARE = 0.7  # of the epochs of the first network, for another one
_LEAST_SECONDS = 1.0  # of the time left, for a second recipe


@dataclass
class Mixture:
    """Trained networks; those of a second recipe have the weight `share` in the mean."""

    networks: list[Member]
    others: list[Member] = field(default_factory=list)
    share: float = 0.0
    reason: str = ""

    @property
    def held_out(self) -> list[HeldOut]:
        """For the rows of each network, what it says of those that it held out."""
        parts = []
        for i, member in enumerate(self.networks):
            out = member.held_out
            if self.share and i < len(self.others):
                out = (1 - self.share) * out + self.share * self.others[i].held_out
            parts.append(HeldOut(member.rows, member.held, out))
        return parts

    @property
    def model(self) -> Model:
        """One network whose output is the mean."""
        models = [[m.network for m in members] for members in (self.networks, self.others)]
        if not self.share:
            return models[0][0] if len(models[0]) == 1 else _mean(models[0])
        if self.share == 1:
            return models[1][0] if len(models[1]) == 1 else _mean(models[1])
        return _mean(models[0], models[1], self.share)

    @property
    def members(self) -> int:
        """How many members all networks that are used have."""
        first = len(self.networks) * self.networks[0].job.recipe.members
        second = len(self.others) * self.others[0].job.recipe.members if self.others else 0
        return first * (self.share < 1) + second * (self.share > 0)

    def choices(self) -> list[Choice]:
        """What is printed about the second recipe, if it was tried."""
        if not self.others:
            return []
        return [
            Choice(
                "second recipe",
                Message(
                    "{count} networks, weight {share}",
                    count=len(self.others),
                    share=f"{self.share:.2f}",
                ),
                self.reason,
                "--members",
            )
        ]


def next_networks(
    job: Job, parts: Sequence[Array], seed: int, first: Sequence[Member] = ()
) -> list[Member]:
    """Networks that hold out one part each, as many as the time allows; the first one in any case.

    `first` are those of another recipe.
    """
    rows = np.arange(len(job.y))
    networks: list[Member] = []
    least = 0.0
    for i, held in enumerate(parts):
        if networks and (networks[0].over() or job.clock.left() < least):
            break
        number = len(first) + i
        member = Member(
            job, np.setdiff1d(rows, held), held, seed * 1000 + number, f"network_{number}"
        )
        if not networks:
            member.search()
            least = member.seconds_of(member.run.epochs * LEAST_SHARE)
        else:
            run = member.train(networks[0].run.epochs)
            if member.over() or run.epochs < networks[0].run.epochs * LEAST_SHARE:
                break  # it was cut off
        networks.append(member)
    return networks


def mixed(job: Job, networks: list[Member], seed: int, second: Recipe | None) -> Mixture:
    """The networks, and those of the second recipe where time is left for it."""
    for member in networks:
        member.finish()
    needed = _LEAST_SECONDS + 2 * networks[0].seconds_to_begin
    if second is None or networks[0].over() or job.clock.left() < needed:
        return Mixture(networks)
    others = next_networks(replace(job, recipe=second), [m.held for m in networks], seed, networks)
    for member in others:
        member.finish()
    pairs = list(zip(networks, others, strict=False))
    share, reason = best_share(
        job.task,
        np.concatenate([job.y[m.held] for m, _ in pairs]),
        np.concatenate([m.held_out for m, _ in pairs]),
        np.concatenate([o.held_out for _, o in pairs]),
    )
    return Mixture(networks, others, share, reason)


def _mean(models: Sequence[Model], others: Sequence[Model] = (), share: float = 0.0) -> Model:
    """One network: the mean of the models, and of others that have a `share` in it."""
    inputs = {
        name: nn.Input(v.shape[1:], name=name, dtype=v.dtype.name)
        for name, v in zip(models[0].input_names, models[0].inputs, strict=True)
    }

    def mean(some: Sequence[Model], name: str) -> Any:
        outputs = [model(inputs) for model in some]
        return outputs[0] if len(outputs) == 1 else nn.Average(name=name)(outputs)

    out = mean(models, "mean_of_networks")
    if others:
        second = mean(others, "mean_of_second_networks")
        out = nn.Average(weights=(1 - share, share), name="mean_of_recipes")([out, second])
    return Model(inputs, out, name="networks")
