"""Adam and its family: moving means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Unpack

from ...ops.elementwise import abs, exp, expm1, maximum, sqrt
from ...tensors.tensor import Tensor
from ..arguments import Parameters, below_1
from ..optimizer import Factors, Optimizer
from ..rates import DecayStrength, LearningRate
from ..state import Slots
from ..wrappers.options import Options, SharedOptions


class Adam(Optimizer):
    """Kingma & Ba 2015. With learning rate a, at step t:

        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        a_t = a sqrt(1 - beta_2^t) / (1 - beta_1^t)
        w <- w - a_t m / (sqrt(v) + epsilon)

    which is the form at the end of the paper's section 2, as in Keras; the class of PyTorch's name
    (`ranvier.compat.torch.optim.Adam`) has that of algorithm 1. `amsgrad` (Reddi et al. 2018)
    divides by the largest v so far.

    >>> import ranvier
    >>> w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Adam(w, lr=0.1)
    >>> ranvier.sum(w * w).backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9, 1.9], requires_grad=True)
    """

    slot_values = {"m": 0.0, "v": 0.0, "v_max": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        below_1(type(self).__name__, "0.9", beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def first_values(self) -> Mapping[str, float]:
        return {s: x for s, x in self.slot_values.items() if s != "v_max" or self.amsgrad}

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        root = sqrt(one_minus_power(self.beta_2, step))
        return rate * root / one_minus_power(self.beta_1, step), self.epsilon

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        a, epsilon = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * (g * g)
        changed, size = {"m": m, "v": v}, v
        if self.amsgrad:
            changed["v_max"] = size = maximum(slots["v_max"], v)
        return w - a * m / (sqrt(size) + epsilon), changed


class AdamW(Adam):
    """`Adam` with decoupled weight decay: Loshchilov & Hutter 2019.

    Before the step of Adam: w <- w - a weight_decay w.
    """

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        weight_decay: DecayStrength = 0.004,
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[SharedOptions],
    ) -> None:
        super().__init__(
            parameters, learning_rate, beta_1, beta_2, epsilon, amsgrad,
            weight_decay=weight_decay, **options,
        )  # fmt: skip


class Adamax(Optimizer):
    """Kingma & Ba 2015, algorithm 2: Adam with the largest gradient for the root of squares.

        m <- beta_1 m + (1 - beta_1) g
        u <- max(beta_2 u, |g|)
        w <- w - a / (1 - beta_1^t) m / (u + epsilon)

    with learning rate a, at step t.
    """

    slot_values = {"m": 0.0, "u": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        below_1(type(self).__name__, "0.9", beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        return (rate / one_minus_power(self.beta_1, step),)

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        (a,) = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        u = maximum(self.beta_2 * slots["u"], abs(g))
        return w - a * m / (u + self.epsilon), {"m": m, "u": u}


class Nadam(Optimizer):
    """Dozat 2016: Adam with Nesterov momentum.

        mu_t = beta_1 (1 - 0.96^(t momentum_decay) / 2),   M_t = mu_1 mu_2 ... mu_t
        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        m_hat = mu_(t+1) m / (1 - M_(t+1)) + (1 - mu_t) g / (1 - M_t)
        w <- w - a m_hat / (sqrt(v / (1 - beta_2^t)) + epsilon)

    M_t is `mu_product`. Keras has momentum_decay = 1, PyTorch 0.004.
    """

    slot_values = {"m": 0.0, "v": 0.0}
    scalar_values = {"mu_product": 1.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        momentum_decay: float = 1.0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        below_1(type(self).__name__, "0.9", beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon = epsilon
        self.momentum_decay = momentum_decay

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        power = math.log(0.96) * self.momentum_decay
        mu = self.beta_1 * (1 - 0.5 * exp(step * power))
        mu_next = self.beta_1 * (1 - 0.5 * exp((step + 1) * power))
        scalars["mu_product"] = product = scalars["mu_product"] * mu
        return (
            rate * mu_next / (1 - product * mu_next),
            rate * (1 - mu) / (1 - product),
            1 / sqrt(one_minus_power(self.beta_2, step)),
        )

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        along_m, along_g, correction = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * (g * g)
        root = sqrt(v) * correction + self.epsilon
        return w - (along_m * m + along_g * g) / root, {"m": m, "v": v}


def one_minus_power(beta: float, step: Tensor) -> Tensor:
    """`1 - beta ** step` without the loss of digits that the subtraction would bring."""
    return -expm1(step * math.log(beta)) if beta > 0 else 1.0 + 0.0 * step
