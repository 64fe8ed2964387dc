"""Adam and its family: moving means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError
from ..ops.elementwise import abs, exp, expm1, maximum, sqrt
from ..tensors.tensor import Tensor
from .optimizer import Optimizer
from .transform import Slots


class Adam(Optimizer):
    """Kingma & Ba 2015. With learning rate a, at step t:

        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        a_t = a sqrt(1 - beta_2^t) / (1 - beta_1^t)
        w <- w - a_t m / (sqrt(v) + epsilon)

    which is the form at the end of the paper's section 2, as in Keras. With `epsilon_hat=False`
    (the paper's algorithm 1, PyTorch) epsilon is added to the corrected root: it stands
    multiplied by sqrt(1 - beta_2^t) above. `amsgrad` (Reddi et al. 2018) divides by the largest v
    so far.

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
        parameters: Any = None,
        learning_rate: Any = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        epsilon_hat: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.beta_1, self.beta_2 = betas(type(self).__name__, beta_1, beta_2)
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self.epsilon_hat = epsilon_hat

    def uses_slot(self, slot: str) -> bool:
        return slot != "v_max" or self.amsgrad

    def factors(self, rate: Tensor, step: Tensor) -> Any:
        root = sqrt(one_minus_power(self.beta_2, step))
        a = rate * root / one_minus_power(self.beta_1, step)
        return a, self.epsilon if self.epsilon_hat else self.epsilon * root

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Any) -> tuple[Tensor, Slots]:
        a, epsilon = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * (g * g)
        new, size = {"m": m, "v": v}, v
        if self.amsgrad:
            new["v_max"] = size = maximum(slots["v_max"], v)
        return w - a * m / (sqrt(size) + epsilon), new


class AdamW(Adam):
    """`Adam` with decoupled weight decay: Loshchilov & Hutter 2019.

    Before the step of Adam: w <- w - a weight_decay w.
    """

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        weight_decay: float = 0.004,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay=weight_decay, **options)


class Adamax(Optimizer):
    """Kingma & Ba 2015, algorithm 2: Adam with the largest gradient for the root of squares.

        m <- beta_1 m + (1 - beta_1) g
        u <- max(beta_2 u, |g|)
        w <- w - a / (1 - beta_1^t) m / (u + epsilon)

    With `epsilon_inside` (PyTorch) `u <- max(beta_2 u, |g| + epsilon)`, and u alone divides.
    """

    slot_values = {"m": 0.0, "u": 0.0}

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        epsilon_inside: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.beta_1, self.beta_2 = betas(type(self).__name__, beta_1, beta_2)
        self.epsilon = epsilon
        self.epsilon_inside = epsilon_inside

    def factors(self, rate: Tensor, step: Tensor) -> Any:
        return rate / one_minus_power(self.beta_1, step)

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Any) -> tuple[Tensor, Slots]:
        a = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        if self.epsilon_inside:
            u = maximum(self.beta_2 * slots["u"], abs(g) + self.epsilon)
            return w - a * m / u, {"m": m, "u": u}
        u = maximum(self.beta_2 * slots["u"], abs(g))
        return w - a * m / (u + self.epsilon), {"m": m, "u": u}


class Nadam(Optimizer):
    """Dozat 2016: Adam with Nesterov momentum.

        mu_t = beta_1 (1 - 0.96^(t momentum_decay) / 2),   M_t = mu_1 mu_2 ... mu_t
        m <- beta_1 m + (1 - beta_1) g
        v <- beta_2 v + (1 - beta_2) g^2
        m_hat = mu_(t+1) m / (1 - M_(t+1)) + (1 - mu_t) g / (1 - M_t)
        w <- w - a m_hat / (sqrt(v / (1 - beta_2^t)) + epsilon)

    Keras has momentum_decay = 1, PyTorch 0.004.
    """

    slot_values = {"m": 0.0, "v": 0.0}

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        momentum_decay: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.beta_1, self.beta_2 = betas(type(self).__name__, beta_1, beta_2)
        self.epsilon = epsilon
        self.momentum_decay = momentum_decay
        self.product = Tensor(1.0, self.precision, name="mu_product")

    def scalars(self) -> Slots:
        return {"mu_product": self.product}

    def widen(self, parameters: Iterable[Tensor]) -> None:
        super().widen(parameters)
        if self.product.dtype != self.precision:  # 1.0 before the first step
            self.product = Tensor(self.product._array(), self.precision, name="mu_product")

    def factors(self, rate: Tensor, step: Tensor) -> Any:
        power = math.log(0.96) * self.momentum_decay
        mu = self.beta_1 * (1 - 0.5 * exp(step * power))
        mu_next = self.beta_1 * (1 - 0.5 * exp((step + 1) * power))
        product = self.product * mu
        self.product.assign(product)
        return (
            rate * mu_next / (1 - product * mu_next),
            rate * (1 - mu) / (1 - product),
            1 / sqrt(one_minus_power(self.beta_2, step)),
        )

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Any) -> tuple[Tensor, Slots]:
        along_m, along_g, correction = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        v = self.beta_2 * slots["v"] + (1 - self.beta_2) * (g * g)
        root = sqrt(v) * correction + self.epsilon
        return w - (along_m * m + along_g * g) / root, {"m": m, "v": v}


def one_minus_power(beta: float, step: Any) -> Any:
    """`1 - beta ** step` without the loss of digits that the subtraction would bring."""
    return -expm1(step * math.log(beta)) if beta > 0 else 1.0 + 0.0 * step


def betas(kind: str, beta_1: float, beta_2: float) -> tuple[float, float]:
    """Both, checked."""
    for name, value in (("beta_1", beta_1), ("beta_2", beta_2)):
        if not 0 <= value < 1:
            raise ArgumentError(f"{kind}: {name}={value}; expected 0 <= {name} < 1, such as 0.9")
    return beta_1, beta_2
