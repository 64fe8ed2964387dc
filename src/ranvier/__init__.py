"""Ranvier: a deep-learning framework whose every number can be seen.

The way of the data:

    tensor -> trace -> gradient -> passes (simplify, fuse, memory) -> lower -> emit LLVM -> run
"""

from __future__ import annotations

from . import callbacks, data, losses, metrics, nn, optim, random
from .autodiff import gradient
from .config import config
from .dtypes import bool_, float16, float32, float64, int32, int64, uint8, uint32
from .glass.explain import explain
from .glass.gradcheck import gradcheck
from .ops.composite import (
    clip,
    cosh,
    isinf,
    isnan,
    log_softmax,
    logaddexp,
    logsumexp,
    one_hot,
    outer,
    reciprocal,
    relu,
    rsqrt,
    sigmoid,
    sinh,
    softmax,
    square,
    tan,
    tensordot,
    vecdot,
)
from .ops.convolution import conv2d, convolution
from .ops.contraction import matmul
from .ops.creation import (
    arange,
    eye,
    full,
    full_like,
    iota,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from .ops.einsum import einsum
from .ops.elementwise import (
    abs,
    add,
    astype,
    atan2,
    ceil,
    cos,
    detach,
    divide,
    equal,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    isfinite,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    remainder,
    round,
    shift_right,
    sign,
    sin,
    sqrt,
    subtract,
    tanh,
    trunc,
    where,
)
from .ops.gather import scatter_add, scatter_add_along_axis, take, take_along_axis
from .ops.movement import broadcast_to, concat, flip, pad, permute_dims, reshape
from .ops.random import random_bits
from .ops.window import average_pool2d, max_pool2d, sliding_window
from .ops.reduce import (
    all,
    any,
    argmax,
    argmin,
    count_nonzero,
    cumulative_sum,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from .ops.shaping import (
    broadcast_arrays,
    expand_dims,
    matrix_transpose,
    moveaxis,
    repeat,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    tile,
    tril,
    triu,
    unstack,
)
from .random import seed
from .tensor import Tensor, enable_grad, from_dlpack, is_grad_enabled, no_grad, tensor
from .trace import compile, is_tracing
from .train.model import Model
from .train.saving import load
from .train.sequential import Sequential
from .transforms import grad, hessian, jacobian, value_and_grad, vjp

__version__ = "0.1.0"
