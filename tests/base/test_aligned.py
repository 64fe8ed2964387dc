"""Memory that begins at a cache line: weights and what optimizers remember of them."""

from __future__ import annotations

import numpy as np
import pytest

import ranvier
from ranvier import nn, optim
from ranvier.base.aligned import CACHE_LINE, address, aligned, aligned_bytes


@pytest.mark.parametrize("offset", range(0, 64, 16))
def test_a_copy_begins_at_a_cache_line_and_holds_the_same(offset: int) -> None:
    source = aligned_bytes(4096)[offset : offset + 2048].view(np.float32).reshape(32, 16)
    source[...] = np.arange(512, dtype=np.float32).reshape(32, 16)
    made = aligned(source)
    assert address(made) % CACHE_LINE == 0 and made.flags.c_contiguous
    assert (made is source) == (offset == 0)
    np.testing.assert_array_equal(made, source)


def test_weights_and_slots_begin_at_cache_lines() -> None:
    model = ranvier.Sequential([nn.Dense(37, "relu", input_shape=(19,)), nn.Dense(11)])
    model.compile(optim.Adam(amsgrad=True), "mse")
    model.fit(np.ones((8, 19), "f4"), np.ones((8, 11), "f4"), verbose=0)
    weights = model.parameters()
    slots = [t for p in weights for t in model.optimizer.slots(p).values()]
    assert len(slots) >= 2 * len(weights)
    for t in [*weights, *slots]:
        array = t._array()
        assert array.nbytes < CACHE_LINE or address(array) % CACHE_LINE == 0, t
