"""Ranvier: a deep-learning framework whose every number can be seen.

The way of the data:

    tensor -> trace -> gradient -> passes (simplify, fuse, memory) -> lower -> emit LLVM -> run
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from numpy import e, finfo, iinfo, inf, nan, newaxis, pi

from . import callbacks, data, dtypes, errors, losses, metrics, nn, optim, random
from .base.config import config
from .base.missing import module_getattr
from .data import datasets
from .dtypes import bool_, float16, float32, float64, int32, int64, uint8, uint32
from .inspection.explain import explain
from .inspection.gradcheck import gradcheck
from .nn.basic.shape_layers import Input
from .nn.policy import dtype_policy, set_dtype_policy
from .ops.backpropagation import gradient
from .ops.composites.einsum import einsum
from .ops.composites.functions import (
    acos,
    asin,
    atan,
    clip,
    cosh,
    hypot,
    isinf,
    isnan,
    log2,
    log10,
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
from .ops.composites.padding import pad
from .ops.composites.shaping import (
    broadcast_arrays,
    diff,
    expand_dims,
    matrix_transpose,
    meshgrid,
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
from .ops.contraction import matmul
from .ops.convolution import conv2d, convolution
from .ops.creation import (
    arange,
    empty,
    empty_like,
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
from .ops.movement import broadcast_to, concat, flip, permute_dims, reshape
from .ops.random import random_bits
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
from .ops.window import average_pool2d, max_pool2d, sliding_window
from .random import seed
from .tensors.mode import enable_grad, is_grad_enabled, no_grad
from .tensors.tensor import Tensor, asarray, from_dlpack, tensor
from .tracing.compiled import compile
from .tracing.scan import scan
from .tracing.trace import is_tracing
from .tracing.transforms import grad, hessian, jacobian, value_and_grad, vjp
from .train.models.model import Model
from .train.models.saving import load
from .train.models.sequential import Sequential

pow = power

__version__ = "0.1.0"

# Parts that few programs need: imported when first asked for.
_WHEN_ASKED = ("compat", "inspection", "models", "plots")


if TYPE_CHECKING:
    from . import compat, inspection, models, plots
else:
    __getattr__ = module_getattr(__name__, globals(), when_asked=_WHEN_ASKED)

# `import ranvier.datasets` finds the module that `ranvier.datasets` is.
sys.modules[f"{__name__}.datasets"] = datasets


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Input",
    "Model",
    "Sequential",
    "Tensor",
    "__version__",
    "abs",
    "acos",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "asarray",
    "asin",
    "astype",
    "atan",
    "atan2",
    "average_pool2d",
    "bool_",
    "broadcast_arrays",
    "broadcast_to",
    "callbacks",
    "ceil",
    "clip",
    "compat",
    "compile",
    "concat",
    "config",
    "conv2d",
    "convolution",
    "cos",
    "cosh",
    "count_nonzero",
    "cumulative_sum",
    "data",
    "datasets",
    "detach",
    "diff",
    "divide",
    "dtype_policy",
    "dtypes",
    "e",
    "einsum",
    "empty",
    "empty_like",
    "enable_grad",
    "equal",
    "erf",
    "errors",
    "exp",
    "expand_dims",
    "explain",
    "expm1",
    "eye",
    "finfo",
    "flip",
    "float16",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_dlpack",
    "full",
    "full_like",
    "grad",
    "gradcheck",
    "gradient",
    "greater",
    "greater_equal",
    "hessian",
    "hypot",
    "iinfo",
    "inf",
    "inspection",
    "int32",
    "int64",
    "iota",
    "is_grad_enabled",
    "is_tracing",
    "isfinite",
    "isinf",
    "isnan",
    "jacobian",
    "less",
    "less_equal",
    "linspace",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_softmax",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "losses",
    "matmul",
    "matrix_transpose",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "meshgrid",
    "metrics",
    "min",
    "minimum",
    "models",
    "moveaxis",
    "multiply",
    "nan",
    "negative",
    "newaxis",
    "nn",
    "no_grad",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "optim",
    "outer",
    "pad",
    "permute_dims",
    "pi",
    "plots",
    "pow",
    "power",
    "prod",
    "random",
    "random_bits",
    "reciprocal",
    "relu",
    "remainder",
    "repeat",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "scan",
    "scatter_add",
    "scatter_add_along_axis",
    "seed",
    "set_dtype_policy",
    "shift_right",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sliding_window",
    "softmax",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensor",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "uint8",
    "uint32",
    "unstack",
    "value_and_grad",
    "var",
    "vecdot",
    "vjp",
    "where",
    "zeros",
    "zeros_like",
]
