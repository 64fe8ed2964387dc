"""`tf.nn`: activations, and cross-entropies of logits."""

from __future__ import annotations

from typing import Any

from ... import losses
from ...nn.activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from ...nn.basic.dropout import Dropout
from ...nn.layer import training_mode
from ...ops import movement
from ...ops.op import as_values
from ..names import module_getattr

swish = silu


def dropout(x: Any, rate: float, seed: Any = None, name: Any = None) -> Any:
    """Each element 0 with probability `rate`, else `x / (1 - rate)`; always."""
    with training_mode(True):
        return Dropout(rate, seed=seed, name="dropout")(*as_values(x))


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any) -> Any:
    """The binary cross-entropy of each element, from logits."""
    y, z = as_values(labels, logits)
    loss = losses.BinaryCrossentropy(from_logits=True)
    y, z = loss.align(y, z)
    rows = loss.per_row(movement.reshape(y, (z.size,)), movement.reshape(z, (z.size,)))
    return movement.reshape(rows, z.shape)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Any:
    """The cross-entropy of each row, from logits and one-hot labels."""
    return losses.CategoricalCrossentropy(from_logits=True).per_row(labels, logits)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Any:
    """The cross-entropy of each row, from logits and whole-number labels."""
    return losses.SparseCategoricalCrossentropy(from_logits=True).per_row(labels, logits)


__all__ = [
    "dropout",
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "swish",
    "tanh",
]

__getattr__ = module_getattr("tf.nn", globals())
