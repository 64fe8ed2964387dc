"""The callback that records weights, gradients and activations while `fit` runs."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ArgumentError, FileError, StateError, unknown_name
from ...io.writing import FilePath, check_suffix, write_whole
from ...typing import Array
from ..callbacks.callback import Logs
from ..callbacks.watcher import StepWatcher, WatchedStep
from ..models.model import Model
from .budget import RECORDS, Budget, Schedule
from .gradient_step import GradientStep
from .measure import LEVELS, NAMES, measure, norm
from .series import Distribution, OutputSeries, ParameterSeries

if TYPE_CHECKING:
    from ...plots.drawing import Drawing
    from ...tensors.tensor import Tensor

WEIGHT, GRADIENT, UPDATE, OUTPUT, DEAD = "weight", "gradient", "update", "output", "dead"


class Record(StepWatcher):
    """Records weights, gradients, updates and activations while `fit` runs.

    The training ends with the same bits as without it. Afterwards `record[name]` holds what was
    recorded of a parameter ("dense.kernel") or of the output of a layer ("dense"); `plot` draws it,
    `save` writes a page, drawings or a table, a notebook shows the page.

    >>> import numpy as np
    >>> import ranvier
    >>> x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(3,), name="line")])
    >>> model.compile(ranvier.optim.SGD(0.1), "mse")
    >>> record = Record(every=2)
    >>> history = model.fit(x, x.sum(1), epochs=2, batch_size=16, verbose=0, callbacks=[record])
    >>> record.steps, list(record)
    (array([0, 2, 4, 6]), ['line.kernel', 'line.bias', 'line'])
    >>> kernel = record["line.kernel"]
    >>> bool(abs(kernel.update[0] - 0.1 * kernel.gradient.norm[0]) < 1e-5)  # SGD
    True

    Args:
        every: a record before each step whose number is a multiple of it; "epoch" for the first
            step of each epoch; None for about 100 records of the whole training.
        activations: whether outputs of layers are recorded too, or the names of those that are.
        max_cost: the share of the training time that recording may take, once its graph is
            compiled, or 0.05 s if that is more: records that would take more are left out. None
            leaves out none.
    """

    def __init__(
        self,
        every: int | str | None = None,
        activations: bool | Collection[str] = True,
        max_cost: float | None = 0.01,
    ) -> None:
        whole = isinstance(every, int) and not isinstance(every, bool) and every > 0
        if not whole and every not in (None, "epoch"):
            raise ArgumentError(
                f"Record: every={every!r}; expected a number of steps, 'epoch', or None for about "
                f"{RECORDS} records of the training"
            )
        if max_cost is not None and not 0 < max_cost <= 1:
            raise ArgumentError(
                f"Record: max_cost={max_cost!r}; expected a share of the training time such as "
                "0.01, or None for as much as it takes"
            )
        if isinstance(activations, str):
            activations = [activations]
        self.every, self.max_cost = every, max_cost
        self.activations = activations
        self._forget()

    def _forget(self) -> None:
        self.per_epoch: int | None = None  # steps
        self.seconds = {"compile": 0.0, "records": 0.0}
        self.shapes: dict[str, list[int]] = {}
        self.numbers: list[int] = []  # of the recorded steps
        self.losses: list[float] = []
        # By "name kind": the numbers of the steps, and what was measured at each.
        self._at: dict[str, list[int]] = {}
        self._rows: dict[str, list[Array]] = {}
        self._schedule = Schedule(1, Budget(None))
        self._look: GradientStep | None = None
        self._first = 0  # steps of the optimizer before this training
        self._before: list[tuple[str, Tensor, Array]] = []

    # -- while fit runs --

    def set_model(self, model: Model) -> None:
        """Called by `fit` with the model."""
        if not isinstance(model, Model):
            raise ArgumentError(
                f"Record looks at the training of one model, not at {type(model).__name__}; train "
                "one of its members by itself to record it"
            )
        super().set_model(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the training before."""
        self._forget()
        steps = self.params.get("steps") or 0
        self.per_epoch = steps or None
        every = self.every
        if every == "epoch":
            every = max(steps, 1)
        total = steps * self.params.get("epochs", 1)
        if not isinstance(every, int):
            every = max(1, total // RECORDS)
        self._schedule = Schedule(every, Budget(self.max_cost), total)
        self._first = int(self.model.optimizer.iterations.item())

    def steps_until(self, number: int, seconds_per_step: float) -> int:
        """How many steps run before the next one to record."""
        return self._schedule.until(number, seconds_per_step)

    def before_step(self, watched: WatchedStep) -> None:
        """Look at the batch of the step, and keep the weights."""
        began = time.thread_time()
        if watched.real < watched.step.batch and not watched.step.fills:
            self._schedule.put_off()  # the short batch has a graph of its own
            return
        built, look = 0.0, self._look
        if look is None or not look.holds(watched.step):
            look = self._look = GradientStep(self.model, watched, self.activations)
            built = time.thread_time() - began
            self.seconds["compile"] += built
            self._schedule.budget.lend(built)
        seen = look.run(watched)
        names = self._names(look)
        self.numbers.append(watched.number)
        self.losses.append(seen.loss)
        self._before = []
        for p in self.model.parameters():
            name, array = names[id(p)], p._array()
            self._before.append((name, p, array.copy()))
            self.shapes[name] = list(p.shape)
            self._add(name, WEIGHT, measure(array))
            if id(p) in seen.gradients:
                self._add(name, GRADIENT, measure(seen.gradients[id(p)]))
        for name, values in seen.outputs.items():
            self.shapes[name] = list(values.shape)
            self._add(name, OUTPUT, measure(values))
            units = values.reshape(-1, values.shape[-1])
            self._add(name, DEAD, np.array([(~units.any(axis=0)).mean() if units.size else 0.0]))
        self._schedule.taken(watched.number)
        self._spend(time.thread_time() - began - built)

    def after_step(self) -> None:
        """Look how far the step has moved the weights."""
        began = time.thread_time()
        for name, p, before in self._before:
            self._add(name, UPDATE, np.array([norm(p._array() - before)]))
        if self._before:
            self._spend(time.thread_time() - began, more=True)
        self._before = []

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Let go of the graph; a step that broke has moved nothing."""
        for name, _, _ in self._before:
            self._add(name, UPDATE, np.array([math.nan]))
        self._look, self._before = None, []
        self._schedule.end(int(self.model.optimizer.iterations.item()) - self._first)

    def _spend(self, seconds: float, more: bool = False) -> None:
        budget = self._schedule.budget
        before = budget.last if more else 0.0
        budget.add(seconds)
        budget.last = before + seconds
        self.seconds["records"] += seconds

    def _add(self, name: str, kind: str, row: Array) -> None:
        key = f"{name} {kind}"
        self._at.setdefault(key, []).append(self.numbers[-1])
        self._rows.setdefault(key, []).append(row)

    def _names(self, look: GradientStep) -> dict[int, str]:
        """The name of each parameter by its id: layer and attribute, or else its path."""
        names: dict[int, str] = {}
        taken: set[str] = set()
        for path, t in self.model.named_tensors().items():
            name = look.owners.get(id(t), path)
            names[id(t)] = path if name in taken else name
            taken.add(names[id(t)])
        return names

    # -- checkpoints --

    def get_state(self) -> dict[str, Any]:
        """All that is recorded."""
        return {
            "numbers": self.numbers,
            "losses": self.losses,
            "shapes": self.shapes,
            "at": self._at,
            "rows": {key: np.array(rows) for key, rows in self._rows.items()},
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on behind what was recorded."""
        try:
            self.numbers, self.losses = list(state["numbers"]), list(state["losses"])
            self.shapes = dict(state["shapes"])
            self._at = {key: list(at) for key, at in state["at"].items()}
            self._rows = {key: list(rows) for key, rows in state["rows"].items()}
        except (KeyError, TypeError, AttributeError) as problem:
            raise FileError(f"Record: this is nothing that it has recorded: {problem}") from None
        for number in self.numbers:
            self._schedule.taken(number)

    # -- what was recorded --

    @property
    def steps(self) -> Array:
        """(records,) how many steps had run before each record."""
        return np.array(self.numbers, np.int64)

    @property
    def epochs(self) -> Array:
        """(records,) the same in epochs; of a stream whose length is not known, in steps."""
        return self.steps / (self.per_epoch or 1)

    @property
    def loss(self) -> Array:
        """(records,) the loss of each recorded batch."""
        return np.array(self.losses)

    @property
    def left_out(self) -> int:
        """How many records were left out because they would have cost too much."""
        return self._schedule.left_out

    @property
    def parameters(self) -> list[str]:
        """The names of the recorded parameters."""
        return [name for name in self.shapes if f"{name} {WEIGHT}" in self._at]

    @property
    def outputs(self) -> list[str]:
        """The names of the layers whose outputs are recorded."""
        return [name for name in self.shapes if f"{name} {OUTPUT}" in self._at]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.parameters, *self.outputs])

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, name: str) -> Any:
        """What was recorded of a parameter, a `ParameterSeries`, or of a layer's output, an
        `OutputSeries`.
        """
        name = name.replace("/", ".")
        if name in self.parameters:
            return self.parameter(name)
        if name in self.outputs:
            return self.output(name)
        if not self.numbers:
            raise StateError(
                "Record: nothing is recorded yet; give it to fit(..., callbacks=[record])"
            )
        raise unknown_name("record", name, list(self))

    def parameter(self, name: str) -> ParameterSeries:
        """What was recorded of a parameter."""
        return ParameterSeries(
            name,
            tuple(self.shapes[name]),
            self._distribution(name, WEIGHT),
            self._distribution(name, GRADIENT),
            np.array([row[0] for row in self._rows.get(f"{name} {UPDATE}", [])]),
        )

    def output(self, name: str) -> OutputSeries:
        """What was recorded of the output of a layer."""
        dead = np.array([row[0] for row in self._rows[f"{name} {DEAD}"]])
        return OutputSeries(name, tuple(self.shapes[name]), self._distribution(name, OUTPUT), dead)

    def _distribution(self, name: str, kind: str) -> Distribution:
        key = f"{name} {kind}"
        return Distribution(self._at.get(key, []), self._rows.get(key, []))

    # -- showing --

    def plot(self, kind: str = "ratio", path: FilePath | None = None) -> Drawing:
        """A drawing of all layers over time.

        `kind` is "ratio" (updates over weights), "gradient" (norms of the gradients), "zeros" (the
        share of zeros among outputs), or the name of a parameter or layer, whose distribution is
        drawn. `path` names a file to write: .svg, and with matplotlib .png or .pdf.
        """
        from .pictures import draw

        drawing = draw(self, kind)
        if path is not None:
            drawing.save(path)
        return drawing

    def html(self) -> str:
        """A page of HTML with all drawings: no script, nothing from outside."""
        from .page import page

        return page(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.plot("ratio").svg() + self.plot("gradient").svg()

    def save(self, path: FilePath) -> Path:
        """Write a page (.html), the drawing of the ratios (.svg, .png, .pdf), or all numbers as a
        table (.csv).
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".csv":
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(self.lines())
            write_whole(path, text.getvalue().encode())
        elif suffix in (".svg", ".png", ".pdf"):
            self.plot().save(path)
        else:
            check_suffix(path, ".html")
            write_whole(path, self.html().encode())
        return Path(path)

    def lines(self) -> list[Sequence[object]]:
        """All numbers as lines of a table: step, name, what it is, its moments, its quartiles."""
        shares = (0.0, 0.25, 0.5, 0.75, 1.0)
        lines: list[Sequence[object]] = [
            ("step", "name", "of", *NAMES, "low", "quarter", "median", "three_quarters", "high")
        ]
        for key, rows in self._rows.items():
            name, _, kind = key.rpartition(" ")
            for step, row in zip(self._at[key], rows, strict=True):
                if len(row) == 1:  # the norm of an update, the share of dead units
                    cells = ["", "", row[0], ""] if kind == UPDATE else ["", "", "", row[0]]
                    cells += [""] * len(shares)
                else:
                    at = [len(NAMES) + round(share * (LEVELS - 1)) for share in shares]
                    cells = [*row[: len(NAMES)], *row[at]]
                lines.append((step, name, kind, *(c if c == "" else repr(float(c)) for c in cells)))
        return lines

    def __repr__(self) -> str:
        out = f", {self.left_out} left out for their cost" if self.left_out else ""
        names = f"{len(self.parameters)} parameters and {len(self.outputs)} outputs"
        return f"<Record: {len(self)} steps of {names}{out}>"
