"""Sizes beyond what any machine holds are a ShapeError, whatever op or function is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from op_table import TABLE
from ranvier import nn
from ranvier.base.sizes import MAX_BYTES
from ranvier.data import pad_sequences
from ranvier.errors import RanvierError, ShapeError
from ranvier.graph.node import OPS, Spec, result_spec
from ranvier.nn import initializers
from ranvier.ops.creation import input_node

WIDE = (2**38, 2**30)  # more than an address can count
FAR = (2**30, 2**29)  # what an address can count, and no memory holds


def far() -> Any:
    """Numbers that take no memory: one of them, repeated."""
    return ranvier.broadcast_to(ranvier.ones((1, 1)), FAR)


CREATED: dict[str, Callable[[], Any]] = {
    "zeros": lambda: ranvier.zeros(WIDE),
    "zeros, one axis": lambda: ranvier.zeros(2**62),
    "zeros, far": lambda: ranvier.zeros(FAR),
    "ones": lambda: ranvier.ones(WIDE),
    "empty": lambda: ranvier.empty(WIDE),
    "full": lambda: ranvier.full(WIDE, 1.0),
    "eye": lambda: ranvier.eye(2**33),
    "iota": lambda: ranvier.iota(WIDE),
    "arange": lambda: ranvier.arange(2**62),
    "arange of floats": lambda: ranvier.arange(0.0, 1e18),
    "linspace": lambda: ranvier.linspace(0, 1, 2**62),
    "zeros_like": lambda: ranvier.zeros_like(far()),
    "one_hot": lambda: ranvier.one_hot(ranvier.tensor([1]), 2**61),
    "uniform": lambda: ranvier.random.uniform(WIDE),
    "normal": lambda: ranvier.random.normal(WIDE),
    "randint": lambda: ranvier.random.randint(0, 9, WIDE),
    "bernoulli": lambda: ranvier.random.bernoulli(0.5, WIDE),
    "permutation": lambda: ranvier.random.permutation(2**50),
    "permutation, one axis": lambda: ranvier.random.permutation(2**62),
    "pad_sequences": lambda: pad_sequences([[1], [2]], 2**62),
    "pad_sequences, far": lambda: pad_sequences([[1], [2]], 2**55),
    "tile": lambda: ranvier.tile(ranvier.ones(1), 2**62),
    "repeat": lambda: ranvier.repeat(ranvier.ones(1), 2**62),
    "scan": lambda: ranvier.scan(lambda c, x: (c, c), ranvier.ones(4), length=2**61),
}

APPLIED: dict[str, Callable[[], Any]] = {
    "broadcast_to": lambda: ranvier.broadcast_to(ranvier.ones((1, 1)), (2**32, 2**33)),
    "broadcast by add": lambda: ranvier.ones((1, 1)) + far(),
    "sum of a broadcast": lambda: ranvier.sum(
        ranvier.broadcast_to(ranvier.ones((1, 1)), (2**32, 2**33))
    ),
    "multiply": lambda: far() * 2.0,
    "concat": lambda: ranvier.concat([far(), far()]),
    "matmul": lambda: far()[:, :1] @ far()[:1],
    "take": lambda: ranvier.take(far(), ranvier.zeros(2**20, dtype="int64")),
    "pad": lambda: ranvier.pad(far(), 1),
    "cumulative_sum": lambda: ranvier.cumulative_sum(far(), axis=0),
    "astype": lambda: ranvier.astype(far(), "float64"),
}

# An axis of size 0 beside them: no elements, and yet no array of NumPy has such a shape.
EMPTY: dict[str, Callable[[], Any]] = {
    "zeros, empty": lambda: ranvier.zeros((*WIDE, 0)),
    "reshape, empty": lambda: ranvier.reshape(ranvier.ones(0), (*WIDE, 0)),
    "broadcast_to, empty": lambda: ranvier.broadcast_to(ranvier.ones(0), (*WIDE, 0)),
    "concat, empty": lambda: ranvier.concat([ranvier.zeros((2**60, 0))] * 2),
    "normal, empty": lambda: ranvier.random.normal((*WIDE, 0)),
}
LAYERS: dict[str, Callable[[], Any]] = {
    "Dense": lambda: nn.Dense(2**62)(ranvier.ones((1, 1))),
    "Dense, far": lambda: nn.Dense(2**50)(ranvier.ones((1, 1))),
    "Dense before data": lambda: ranvier.Sequential([nn.Dense(2**62, input_shape=(4,))]),
    "Conv2D": lambda: nn.Conv2D(2**62, 3)(ranvier.ones((1, 8, 8, 3))),
    "LSTM": lambda: nn.LSTM(2**62)(ranvier.ones((1, 2, 3))),
    "Embedding": lambda: nn.Embedding(2**62, 4)(ranvier.tensor([1])),
    "BatchNormalization": lambda: nn.BatchNormalization()(ranvier.zeros((0, 2**61))),
}


@pytest.mark.parametrize("name", [*CREATED, *APPLIED, *EMPTY, *LAYERS])
def test_huge_sizes_are_refused_with_their_shape(name: str) -> None:
    call = {**CREATED, **APPLIED, **EMPTY, **LAYERS}[name]
    with pytest.raises(ShapeError, match="a tensor of shape"):
        call()


@pytest.mark.parametrize("shape", [WIDE, FAR, (*WIDE, 0)], ids=["wide", "far", "empty"])
@pytest.mark.parametrize("name", sorted(initializers.CLASSES))
def test_no_initializer_makes_them(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="a tensor of shape"):
        initializers.CLASSES[name]()(shape)


@pytest.mark.parametrize(
    "name", ["zeros", "broadcast_to", "sum of a broadcast", "eye", "scan", *EMPTY]
)
def test_refused_while_a_function_is_traced(name: str) -> None:
    call = {**CREATED, **APPLIED, **EMPTY}[name]
    with pytest.raises(ShapeError, match="a tensor of shape"):
        ranvier.compile(lambda x: call() + x)(np.ones((), np.float32))


@pytest.mark.parametrize("empty", [False, True], ids=["full", "empty"])
@pytest.mark.parametrize("name", sorted(set(OPS) - {"input"}))
def test_no_rule_lets_a_result_overflow(name: str, empty: bool) -> None:
    """Each op of the registry, made from the inputs of its row with the first axis made huge."""
    row = TABLE[name]
    for shapes in row.shapes:
        for size in (2**62, 2**63, 2**65):
            inputs = []
            for array in row.arrays(shapes, row.dtypes[0]):
                shape = (size, *array.shape[1:]) if array.ndim else ()
                inputs.append(input_node((*shape[:-1], 0) if empty else shape, array.dtype))
            try:
                node = row.call(*inputs)
            except (RanvierError, TypeError, NotImplementedError):
                continue
            nodes = [node] if hasattr(node, "spec") else list(node)
            for n in (n for n in nodes if n.inputs):
                assert math.prod(filter(None, n.shape)) * n.dtype.itemsize <= MAX_BYTES


def test_the_limit_itself() -> None:
    x = input_node((1,), "uint8")
    to = OPS["broadcast_to"]
    assert result_spec(to, [x], {"shape": (MAX_BYTES,)}) == Spec((MAX_BYTES,), np.dtype("uint8"))
    with pytest.raises(ShapeError, match=r"9,223,372,036,854,775,808 elements.*the limit"):
        result_spec(to, [x], {"shape": (MAX_BYTES + 1,)})
