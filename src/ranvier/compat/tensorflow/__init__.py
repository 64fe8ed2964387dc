"""TensorFlow's names for Ranvier: `import ranvier.compat.tensorflow as tf`.

Keras (`tf.keras`), variables, `tf.GradientTape` and the basic mathematics. Differences, each for a
reason:

- Losses never broadcast a target against a prediction; (n,) stands beside (n, 1).
- `EarlyStopping` restores the best weights by default.
- `model.save` writes one safetensors file, whatever its name; files hold no code.
- `tf.function` is `ranvier.compile`: the function runs as one graph.
"""

from __future__ import annotations

from typing import Any

from ... import __version__ as __version__
from ... import dtypes
from ...tensors.tensor import Tensor
from ..names import module_getattr
from . import data, keras, linalg, math, nn, random
from .gradients import clip_by_global_norm, clip_by_norm
from .math import (
    add,
    argmax,
    argmin,
    clip_by_value,
    cos,
    divide,
    equal,
    exp,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    tanh,
)
from .shapes import (
    TensorSpec,
    broadcast_to,
    cast,
    concat,
    constant,
    convert_to_tensor,
    expand_dims,
    eye,
    fill,
    function,
    gather,
    identity,
    linspace,
    matmul,
    one_hot,
    ones,
    ones_like,
    range_,
    reshape,
    shape,
    split,
    squeeze,
    stack,
    stop_gradient,
    tensordot,
    tile,
    transpose,
    where,
    zeros,
    zeros_like,
)
from .variables import GradientTape, Variable

float16, float32, float64 = dtypes.float16, dtypes.float32, dtypes.float64
int32, int64, uint8 = dtypes.int32, dtypes.int64, dtypes.uint8
newaxis = None
string = "string"

__all__ = [
    "GradientTape",
    "Tensor",
    "TensorSpec",
    "Variable",
    "abs",
    "add",
    "argmax",
    "argmin",
    "bool",
    "broadcast_to",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "concat",
    "constant",
    "convert_to_tensor",
    "cos",
    "data",
    "divide",
    "equal",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "function",
    "gather",
    "greater",
    "greater_equal",
    "identity",
    "int32",
    "int64",
    "keras",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "math",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "newaxis",
    "nn",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pow",
    "random",
    "range",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reshape",
    "round",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "string",
    "subtract",
    "tanh",
    "tensordot",
    "tile",
    "transpose",
    "uint8",
    "where",
    "zeros",
    "zeros_like",
]

__getattr__ = module_getattr("tf", globals())
# NOTE: these stand last, because here they hide Python's own.
abs: Any = math.abs
range: Any = range_
bool: Any = dtypes.bool_
