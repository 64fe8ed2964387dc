"""Devices: there is one, the CPU."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError


class Device(str):
    """The name of a device; all tensors are in main memory, on the "cpu"."""

    @property
    def type(self) -> str:
        """ "cpu"."""
        return str(self)


CPU = Device("cpu")


def device(name: Any = "cpu", index: int | None = None) -> Device:
    """`torch.device`: "cpu"; there is no other."""
    if str(name).partition(":")[0] != "cpu":
        raise ArgumentError(f"torch.device({name!r}): Ranvier computes on the CPU; use 'cpu'")
    return CPU
