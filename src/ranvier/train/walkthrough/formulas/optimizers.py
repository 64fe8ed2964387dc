"""The rules of optimizers: the symbols are those of their classes.

w is the parameter, g its gradient (after clipping, if there is any), a the learning rate, t counts
the steps from 1. `x before` is what a slot held before the step.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....optim import Optimizer
from .formula import Formula, lines

_M = (
    "m = beta_1 m_before + (1 - beta_1) g",
    r"m = \beta_1 m_{\mathrm{before}} + (1 - \beta_1)\, g",
)
_V = (
    "v = beta_2 v_before + (1 - beta_2) g²",
    r"v = \beta_2 v_{\mathrm{before}} + (1 - \beta_2)\, g^2",
)
_ADAM = lines(
    *_M,
    *_V,
    "new w = w - a · (√(1 - beta_2^t) / (1 - beta_1^t)) · (m / (√v + epsilon))",
    r"w_{\mathrm{new}} = w - a \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} "
    r"\frac{m}{\sqrt{v} + \varepsilon}",
)
_S = r"s_{\mathrm{before}}"

OPTIMIZERS: Mapping[str, tuple[Formula, ...]] = {
    "SGD": lines("new w = w - a g", r"w_{\mathrm{new}} = w - a\, g"),
    "Adam": _ADAM,
    "AdamW": (
        *lines("w decayed = w - a weight_decay w",
               r"w_{\mathrm{decayed}} = w - a\, \lambda\, w"),
        *_ADAM,
    ),
    "Adamax": lines(
        *_M,
        "u = max(beta_2 u_before, |g|)",
        r"u = \max(\beta_2 u_{\mathrm{before}}, |g|)",
        "new w = w - (a / (1 - beta_1^t)) · (m / (u + epsilon))",
        r"w_{\mathrm{new}} = w - \frac{a}{1 - \beta_1^t} \frac{m}{u + \varepsilon}",
    ),
    "Nadam": lines(
        *_M,
        *_V,
        "m_hat = mu_(t+1) m / (1 - M_(t+1)) + (1 - mu_t) g / (1 - M_t)",
        r"\hat m = \frac{\mu_{t+1} m}{1 - M_{t+1}} + \frac{(1 - \mu_t)\, g}{1 - M_t}",
        "new w = w - a m_hat / (√(v / (1 - beta_2^t)) + epsilon)",
        r"w_{\mathrm{new}} = w - \frac{a\, \hat m}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}",
    ),
    "Adagrad": lines(
        "s = s_before + g²", rf"s = {_S} + g^2",
        "new w = w - a g / √(s + epsilon)",
        r"w_{\mathrm{new}} = w - \frac{a\, g}{\sqrt{s + \varepsilon}}",
    ),
    "Adadelta": lines(
        "s = rho s_before + (1 - rho) g²", rf"s = \rho {_S} + (1 - \rho)\, g^2",
        "d = g √(u_before + epsilon) / √(s + epsilon)",
        r"d = g \frac{\sqrt{u_{\mathrm{before}} + \varepsilon}}{\sqrt{s + \varepsilon}}",
        "u = rho u_before + (1 - rho) d²",
        r"u = \rho u_{\mathrm{before}} + (1 - \rho)\, d^2",
        "new w = w - a d", r"w_{\mathrm{new}} = w - a\, d",
    ),
    "RMSprop": lines(
        "s = rho s_before + (1 - rho) g²", rf"s = \rho {_S} + (1 - \rho)\, g^2",
        "new w = w - a g / √(s + epsilon)",
        r"w_{\mathrm{new}} = w - \frac{a\, g}{\sqrt{s + \varepsilon}}",
    ),
}  # fmt: skip

_MOMENTUM = lines(
    "velocity = mu velocity_before - a g", r"v = \mu v_{\mathrm{before}} - a\, g",
    "new w = w + velocity", r"w_{\mathrm{new}} = w + v",
)  # fmt: skip
_NESTEROV = lines(
    "velocity = mu velocity_before - a g", r"v = \mu v_{\mathrm{before}} - a\, g",
    "new w = w + mu velocity - a g", r"w_{\mathrm{new}} = w + \mu v - a\, g",
)  # fmt: skip
# Rules that the arguments change, without a formula here: the numbers tell.
_CHANGED = {"amsgrad": "largest v so far", "centered": "centered", "momentum": "momentum"}


def rule_of(optimizer: Optimizer) -> tuple[Formula, ...]:
    """The rule of an optimizer with its arguments; none for one that is not in the table."""
    kind = type(optimizer).__name__
    options = vars(optimizer)
    if kind in ("SGD", "Momentum", "Nesterov") and options["momentum"]:
        return _NESTEROV if options["nesterov"] else _MOMENTUM
    if kind in ("Momentum", "Nesterov"):
        kind = "SGD"
    if any(options.get(argument) for argument in _CHANGED):
        return ()
    return OPTIMIZERS.get(kind, ())
