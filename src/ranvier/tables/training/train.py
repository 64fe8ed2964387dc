"""Training on a table within a time: epochs planned by the clock, the best of them kept.

    a few steps -> how many rows a second -> epochs -> one score after each, on held-out rows
    -> the best epoch -> one temperature -> the mean over all members

A plan that turns out too long is shortened while it runs, so that learning rate, dropout and decay
come to their ends within the budget. Ctrl-C and the end of the time leave the best so far.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ... import random
from ...base.message import Message
from ...base.quantities import rate_text, seconds_text
from ...base.status import tell
from ...errors import DataError
from ...io.writing import FilePath
from ...train.fit.loop import CtrlC
from ...train.models import saving
from ...typing import Array
from ..choice import Choice
from ..plan import Plan
from .encoded_rows import Arrays, EncodedRows
from .held_out import HeldOut, further_parts
from .member import Clock, Job, Member, Run
from .mixture import Mixture, mixed, next_networks
from .options import OnEpoch, TrainingOptions
from .recipe import CLASS_TASKS, Recipe
from .temperature import best_temperature, tempered

MOST_NETWORKS = 8
_PREDICT_ROWS = 32
_RESIDUALS = "residuals"


@dataclass
class Trained:
    """A trained network, and what came out of its training.

    `network` reads the encoder's arrays. `history` holds numbers by name, one for each epoch;
    `held_out` what the network says of the held-out rows at the epoch that was kept (as `predict`
    does), `residuals` how far off that is (regression, in the target's units, else empty);
    `choices` are what was decided: members, epochs, batch size, what ended the training. `parts`
    hold for each network the rows that it learned from, those that it held out and what it says of
    them; the numbers are those of the rows of a training, held-out ones last. A file has no parts.
    """

    task: str
    network: Any
    temperature: float = 1.0
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    held_out: Array = field(default_factory=lambda: np.empty(0))
    residuals: Array = field(default_factory=lambda: np.empty(0))
    choices: tuple[Choice, ...] = ()
    best_epoch: int = 0
    members: int = 1
    parts: tuple[HeldOut, ...] = ()

    def predict(self, arrays: Arrays) -> Array:
        """Calibrated probabilities (rows, classes), or numbers (rows,) in the target's units."""
        rows = len(arrays[self.network.input_names[0]])
        # NOTE: always in batches of one size, so that a row alone gives the bits that it gives
        # among others: sums are taken in the same order.
        fill = -rows % _PREDICT_ROWS
        inputs = {
            name: np.concatenate([arrays[name], np.repeat(arrays[name][:1], fill, axis=0)])
            for name in self.network.input_names
        }
        predicted = self.network.predict(inputs, batch_size=_PREDICT_ROWS)
        out = np.asarray(predicted, np.float64)[:rows]
        return tempered(out, self.temperature) if self.task in CLASS_TASKS else out[:, 0]

    def pack(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays by name and a description for a saved file (see train/models/saving.py `pack`)."""
        arrays, described = saving.pack(self.network, include_optimizer=False)
        about = {
            "task": self.task,
            "model": described,
            "temperature": self.temperature,
            "best_epoch": self.best_epoch,
            "members": self.members,
            "history": {name: [float(x) for x in xs] for name, xs in self.history.items()},
            "choices": [choice.config() for choice in self.choices],
        }
        return {**arrays, _RESIDUALS: self.residuals}, about

    @classmethod
    def unpack(
        cls, arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath
    ) -> Trained:
        """What `pack` gave, made again; `path` is for messages."""
        weights = {name: a for name, a in arrays.items() if name != _RESIDUALS}
        return cls(
            task=str(described["task"]),
            network=saving.unpack(weights, described["model"], path),
            temperature=float(described["temperature"]),
            history=described["history"],
            residuals=arrays[_RESIDUALS],
            choices=tuple(Choice.restore(choice) for choice in described["choices"]),
            best_epoch=int(described["best_epoch"]),
            members=int(described["members"]),
        )


def train(
    rows: EncodedRows,
    *,
    plan: Plan,
    levels: Sequence[int],
    options: TrainingOptions,
    weights: Array | None = None,
) -> Trained:
    """The default network trained on encoded rows within the options' budget.

    `levels` are the sizes of the categories, `weights` those of the rows to learn from. The epoch
    that scores best on the held-out rows is kept. Ctrl-C and the end of the time leave the best so
    far.

    The first network holds out the rows that `rows` holds out. While the time allows, further ones
    hold out a part of the others each and learn from all other rows, so that together they have
    seen everything; predictions are the mean. Where rows are held out by time or by group, every
    network holds out the same rows. Where time is left after all of them, networks of RealMLP's
    recipe hold out the same rows, and what was held out says how much they weigh.
    """
    known, held = rows.learned, len(rows.y) - rows.learned
    if known < 2 or not held:
        raise DataError(
            f"train: {known} rows to learn from and {held} held out; expected at least 2 and 1"
        )
    random.seed(options.seed)
    clock = Clock(options.budget)
    if weights is not None:
        weights = np.concatenate([weights, np.full(held, np.mean(weights))])
    with CtrlC() as ctrl_c:
        job = Job(
            arrays=rows.arrays,
            y=rows.y,
            weights=weights,
            task=plan.task,
            metric=plan.metric,
            outputs=len(plan.classes) if plan.task in CLASS_TASKS else 1,
            levels=levels,
            recipe=options.recipe or Recipe(),
            epochs=options.epochs,
            clock=clock,
            interrupted=lambda: ctrl_c.asked or options.is_interrupted(),
            told=_Told(options.on_epoch, options.verbose),
            batch_size=options.batch_size,
        )
        seed = options.seed
        parts = _parts(job, known, plan.split.method, options.members, seed)
        second = Recipe.realmlp(job.task) if options.second_recipe else None
        mixture = mixed(job, next_networks(job, parts, seed), seed, second)
        return _result(job, mixture, rows.held_out[1])


def _parts(job: Job, known: int, method: str, members: int | None, seed: int) -> list[Array]:
    """The rows that each network holds out."""
    parts = [np.arange(known, len(job.y))]
    most = MOST_NETWORKS if members is None else members
    if method in ("time", "group"):
        parts *= most
    elif known >= most:
        parts += further_parts(job.y[:known], max(most - 1, 1), job.task in CLASS_TASKS, seed)
    return parts[:most]


def _result(job: Job, mixture: Mixture, y: Array) -> Trained:
    """What `train` returns."""
    first = mixture.networks[0]
    classes = job.task in CLASS_TASKS
    parts = mixture.held_out
    temperature = 1.0
    if classes:
        temperature = best_temperature(
            np.concatenate([part.out for part in parts]),
            np.concatenate([job.y[part.held] for part in parts]),
        )
        parts = [replace(part, out=tempered(part.out, temperature)) for part in parts]
    held_out = parts[0].out
    return Trained(
        task=job.task,
        network=mixture.model,
        temperature=temperature,
        history={"loss": first.run.losses, f"val_{_name(job)}": first.run.scores},
        held_out=held_out,
        residuals=np.empty(0) if classes else y - held_out,
        choices=_choices(job, mixture),
        best_epoch=first.run.best_epoch,
        members=mixture.members,
        parts=tuple(parts),
    )


def _name(job: Job) -> str:
    """The score by which epochs are chosen."""
    return "log_loss" if job.metric == "auc" else job.metric


def _choices(job: Job, mixture: Mixture) -> tuple[Choice, ...]:
    networks = mixture.networks
    first = networks[0]
    if job.interrupted():
        end = Message("Ctrl-C")
    else:
        end = Message("the time") if job.clock.left() <= 0 else Message("the plan")
    best = ", ".join(str(m.run.best_epoch) for m in networks)
    budget = seconds_text(job.clock.budget)
    return (
        Choice(
            "networks",
            Message(
                "{count} of {members} members", count=len(networks), members=job.recipe.members
            ),
            Message("{count} fit into {time}", count=len(networks), time=budget)
            if job.clock.budget > 0
            else Message("no time was left for more"),
            "--members",
        ),
        Choice(
            "epochs",
            ", ".join(str(m.run.epochs) for m in networks),
            Message(
                "{speed} rows a second; best on held-out rows: {best}",
                speed=rate_text(first.timed_rows, first.timed_seconds),
                best=best,
            )
            if first.timed_rows
            else Message("best on held-out rows: {best}", best=best),
            "--budget",
        ),
        *mixture.choices(),
        Choice(
            "batch size",
            str(first.data.batch),
            Message("{rows} rows to learn from", rows=f"{len(first.rows):,}"),
        ),
        Choice(
            "end of training",
            end,
            Message("after {time}", time=seconds_text(job.clock.passed())),
            "--budget",
        ),
    )


class _Told:
    """Says after each epoch where the training stands."""

    def __init__(self, on_epoch: OnEpoch | None, verbose: int) -> None:
        self.on_epoch = on_epoch
        self.shown = verbose > 0 and sys.stderr.isatty()

    def __call__(self, member: Member, run: Run) -> None:
        epoch, error = len(run.scores), run.scores[-1]
        if self.on_epoch is not None:
            self.on_epoch(epoch, {"loss": run.losses[-1], "held_out": error, "best": run.best})
        line = (
            f"{member.name} epoch {epoch}/{run.epochs} held-out {error:.5g} (best {run.best:.5g})"
        )
        if not tell(line) and self.shown:
            print(f"\r{line}", end="\x1b[K", file=sys.stderr, flush=True)
