"""Forms of formulas that stand under PyTorch's names, as files of earlier versions hold them.

Files of version 0.1 until November 2026 have one class for both forms, with a flag. The rules are
those of `ranvier.compat.torch.optim`, which enters them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.missing import PACKAGE
from ..nn.configuration import Registry

# PyTorch's forms by name, known when a file asks for one.
FORMS = Registry([f"{PACKAGE}.compat.torch.optim.rules"])

_VELOCITY: dict[str, float] = {"dampening": 0.0, "raw_velocity": False}
_HAT: dict[str, float] = {"epsilon_hat": True}
# Class in the file -> the class of the other form, and the flags of the class's own form.
_FLAGS: dict[str, tuple[str, dict[str, float]]] = {
    "SGD": ("TorchSGD", _VELOCITY),
    "Momentum": ("TorchSGD", _VELOCITY),
    "Nesterov": ("TorchSGD", _VELOCITY),
    "RMSprop": ("TorchRMSprop", {"epsilon_inside": True, "raw_velocity": False}),
    "Adagrad": ("TorchAdagrad", {"epsilon_inside": True}),
    "Adam": ("TorchAdam", _HAT),
    "AdamW": ("TorchAdam", _HAT),
    "Adamax": ("TorchAdamax", {"epsilon_inside": False}),
}
NAMES_OF_FORMS = {"NAdam", *[form for form, _ in _FLAGS.values()]}


def without_flags(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """A described optimizer, flags of its form replaced by the class that has the form."""
    name, config = described.get("class"), described.get("config")
    if not isinstance(name, str) or name not in _FLAGS or not isinstance(config, Mapping):
        return described
    form, own = _FLAGS[name]
    flags = {flag: config.get(flag, value) for flag, value in own.items()}
    if flags == own:
        return {"class": name, "config": {k: v for k, v in config.items() if k not in own}}
    return {"class": form, "config": {**config, **flags}}
