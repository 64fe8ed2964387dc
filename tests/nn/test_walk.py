"""The walk that a layer keeps: another one is made whenever another would find something else."""

from __future__ import annotations

import copy
from typing import Any

import ranvier
from ranvier import nn
from ranvier.nn.layer import Layer
from ranvier.nn.walk import walk


class Holder(Layer):
    """Layers and tensors in lists and dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Any] = [nn.Dense(2, input_dim=3), {}]
        for part in self.parts[:1]:
            part.ensure_built((3,))


def weight() -> Any:
    return ranvier.tensor([1.0], requires_grad=True)


def names(layer: Layer) -> list[str]:
    return list(layer.named_tensors())


def test_a_walk_is_kept_while_nothing_changes() -> None:
    holder = Holder()
    assert walk(holder) is walk(holder)
    assert names(holder) == ["parts.0.kernel", "parts.0.bias"]


def test_lists_and_dicts_are_looked_at() -> None:
    holder = Holder()
    assert len(holder.parameters()) == 2
    holder.parts.append(weight())
    assert names(holder)[-1] == "parts.2"
    holder.parts[1]["a"] = weight()
    assert "parts.1.a" in names(holder)
    holder.parts[1]["b"] = holder.parts[1].pop("a")
    assert "parts.1.b" in names(holder) and "parts.1.a" not in names(holder)
    inner = nn.Dense(1)
    holder.parts[2] = inner
    assert holder.sublayers() == [holder, holder.parts[0], inner]
    holder.parts.clear()
    assert holder.sublayers() == [holder] and names(holder) == []


def test_attributes_and_tensors_that_change_are_seen() -> None:
    holder = Holder()
    first = holder.parts[0]
    assert len(holder.parameters()) == 2
    first.kernel.requires_grad = False
    assert holder.parameters() == [first.bias]
    first.trainable = False
    assert holder.parameters() == []
    first.trainable = True
    del first.bias
    assert names(holder) == ["parts.0.kernel"]
    first.more = weight()
    assert holder.parameters() == [first.more]


def test_a_copy_walks_itself() -> None:
    holder = Holder()
    holder.parameters()
    flat, deep = copy.copy(holder), copy.deepcopy(holder)
    assert flat.sublayers()[0] is flat and deep.sublayers()[0] is deep
    assert flat.parameters()[0] is holder.parameters()[0]
    assert deep.parameters()[0] is not holder.parameters()[0]
    flat.parts = []
    assert len(holder.parameters()) == 2 and flat.parameters() == []
