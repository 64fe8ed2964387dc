"""PyTorch's forms of formulas, where they differ from Keras' (which are Ranvier's own).

Each takes the arguments of its base, and flags by name. They choose between the two forms; their
defaults are PyTorch's, and files of earlier versions hold other mixtures.
"""

from __future__ import annotations

from typing import Any

from .... import optim as ours
from ....ops.creation import full
from ....ops.elementwise import abs, equal, maximum, sqrt, where
from ....optim.forms import FORMS
from ....optim.optimizer import Factors
from ....optim.rules.adam import one_minus_power
from ....optim.state import Slots
from ....tensors.tensor import Tensor


class TorchSGD(ours.SGD):
    """v sums bare gradients; it differs from Keras' when the learning rate a changes:

        v <- mu v + (1 - dampening) g,   w <- w - a v           nesterov: w <- w - a (g + mu v)

    where the first step takes v = g.
    """

    def __init__(
        self, *args: Any, dampening: float = 0.0, raw_velocity: bool = True, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.dampening, self.raw_velocity = dampening, raw_velocity

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        if not self.dampening:
            return (rate,)
        return rate, where(equal(step, 1), 1.0, full((), 1.0 - self.dampening, step.dtype))

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        a, *share = factors
        mu = self.momentum
        if not mu or not (self.raw_velocity or share):
            return super().update(w, g, slots, (a,))
        v = slots["velocity"] * mu + (g * share[0] if share else g)
        return w - a * (g + mu * v if self.nesterov else v), {"velocity": v}


class TorchRMSprop(ours.RMSprop):
    """The divisor is sqrt(s) + epsilon; a stands outside of v <- mu v + quotient."""

    def __init__(
        self, *args: Any, epsilon_inside: bool = False, raw_velocity: bool = True, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.epsilon_inside, self.raw_velocity = epsilon_inside, raw_velocity

    def divisor(self, s: Tensor) -> Tensor:
        return super().divisor(s) if self.epsilon_inside else sqrt(s) + self.epsilon

    def velocity(self, a: Tensor | float, quotient: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        if not self.raw_velocity:
            return super().velocity(a, quotient, v)
        v = self.momentum * v + quotient
        return a * v, v


class TorchAdagrad(ours.Adagrad):
    """The divisor is sqrt(s) + epsilon."""

    def __init__(self, *args: Any, epsilon_inside: bool = False, **options: Any) -> None:
        super().__init__(*args, **{"initial_accumulator_value": 0.0, "epsilon": 1e-10, **options})
        self.epsilon_inside = epsilon_inside

    def divisor(self, s: Tensor) -> Tensor:
        return super().divisor(s) if self.epsilon_inside else sqrt(s) + self.epsilon


class TorchAdam(ours.Adam):
    """The paper's algorithm 1: epsilon is added to the corrected root, so that it stands
    multiplied by sqrt(1 - beta_2^t) in the formula of `Adam`.
    """

    def __init__(self, *args: Any, epsilon_hat: bool = False, **options: Any) -> None:
        super().__init__(*args, **{"epsilon": 1e-8, **options})
        self.epsilon_hat = epsilon_hat

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        if self.epsilon_hat:
            return super().factors(rate, step, scalars)
        root = sqrt(one_minus_power(self.beta_2, step))
        return rate * root / one_minus_power(self.beta_1, step), self.epsilon * root


class TorchAdamax(ours.Adamax):
    """u <- max(beta_2 u, |g| + epsilon), and u alone divides."""

    def __init__(self, *args: Any, epsilon_inside: bool = True, **options: Any) -> None:
        super().__init__(*args, **{"epsilon": 1e-8, **options})
        self.epsilon_inside = epsilon_inside

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        if not self.epsilon_inside:
            return super().update(w, g, slots, factors)
        (a,) = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        u = maximum(self.beta_2 * slots["u"], abs(g) + self.epsilon)
        return w - a * m / u, {"m": m, "u": u}


_FORMS = (TorchSGD, TorchRMSprop, TorchAdagrad, TorchAdam, TorchAdamax)
FORMS.update({cls.__name__: cls for cls in _FORMS}, NAdam=ours.Nadam)
