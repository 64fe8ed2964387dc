"""Networks of trials: the default one, with numbers of a trial's own in tensors.

One compiled step serves all trials that are trained side by side (train/ensembles), so what they
differ in must be numbers that the step reads, not constants in it: the learning rate, the weight
decay, the dropout rate, and which hidden units are in use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import random
from ..nn.basic.dropout import dropped
from ..nn.basic.unit_mask import UnitMask
from ..nn.constructor_options import UNBUILT
from ..nn.layer import Layer
from ..nn.schedule import Schedule
from ..nn.symbolic import Symbolic
from ..optim import AdamW
from ..tables.training.recipe import Recipe, default_network, default_optimizer, schedules_of
from ..tensors.tensor import Tensor
from ..train.models.model import Model
from ..typing import Shape
from .space import Setting

if TYPE_CHECKING:
    from ..tables.targets import Task


class TrialDropout(Layer):
    """Dropout at a `rate` that is a tensor."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.rate: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        self.rate = self.add_weight((), "zeros", trainable=False, name="rate")

    def forward(self, x: Tensor) -> Tensor:
        return dropped(x, self.rate, random.generator, x.shape) if self.training else x

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class TrialRates(Layer):
    """Passes rows on; holds the learning rate and the weight decay, which the optimizer reads."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.learning_rate: Tensor = UNBUILT
        self.weight_decay: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        self.learning_rate, self.weight_decay = (
            self.add_weight((), "zeros", trainable=False, name=name)
            for name in ("learning_rate", "weight_decay")
        )

    def forward(self, x: Tensor) -> Tensor:
        return x

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class Times(Schedule):
    """A number or a curve, times a tensor of the trial's own."""

    def __init__(self, of: Schedule | float, factor: Tensor) -> None:
        self.of, self.factor = of, factor

    def at(self, t: Tensor) -> Tensor:
        return (self.of(t) if isinstance(self.of, Schedule) else t * 0 + self.of) * self.factor

    def get_config(self) -> dict[str, Any]:
        """What is the same for all trials of one form."""
        return {"of": self.of.get_config() if isinstance(self.of, Schedule) else self.of}


def trial_network(
    shapes: Mapping[str, Shape], outputs: int, task: Task, levels: Sequence[int], form: Recipe
) -> Model:
    """The network of a form, for any numbers that its trials have of their own."""

    def behind(x: Symbolic, name: str) -> Symbolic:
        number = int(name.rpartition("_")[2])
        if number == 1:
            x = TrialRates("rates")(x)
        x = UnitMask(form.width, name=f"units_{number}")(x)
        made: Symbolic = TrialDropout(name)(x)
        return made

    return default_network(shapes, outputs, task, levels, form, "trial", behind)


def trial_optimizer(model: Model, form: Recipe) -> tuple[AdamW, list[Any]]:
    """The default optimizer, which reads its rates from the model, and its curves."""
    rates = model.get_layer("rates")
    assert isinstance(rates, TrialRates)
    optimizer = default_optimizer(replace(form, learning_rate=1.0, weight_decay=1.0))
    curves = schedules_of(model, optimizer)
    for name in ("learning_rate", "weight_decay"):
        tensor: Tensor = getattr(rates, name)
        for group in optimizer.groups:
            group.set(name, Times(getattr(group.rule, name), tensor))
        setattr(optimizer, name, Times(getattr(optimizer, name), tensor))
    return optimizer, curves


def put_in(model: Model, setting: Setting) -> None:
    """A trial's numbers, into a network that has its first weights.

    Weights behind a hidden layer begin in a range that goes with one over the square root of the
    units that they read; where some are not in use, they are made as large as those of a network
    that only has the others.
    """
    form = setting.form
    rates = model.get_layer("rates")
    assert isinstance(rates, TrialRates)
    rates.learning_rate.assign(np.float32(setting.learning_rate))
    rates.weight_decay.assign(np.float32(setting.weight_decay))
    larger = np.float32(math.sqrt(form.width / setting.width))
    for i in range(1, form.depth + 1):
        units, dropout = model.get_layer(f"units_{i}"), model.get_layer(f"dropout_{i}")
        assert isinstance(units, UnitMask) and isinstance(dropout, TrialDropout)
        dropout.rate.assign(np.float32(setting.dropout))
        units.use(setting.width)
        reader: Any = model.get_layer(f"hidden_{i + 1}" if i < form.depth else "output")
        for t in (reader.kernel, reader.bias):
            t.assign(t.numpy() * larger)
