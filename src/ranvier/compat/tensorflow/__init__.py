"""TensorFlow's names for Ranvier: `import ranvier.compat.tensorflow as tf`.

Keras (`tf.keras`), variables, `tf.GradientTape` and the basic mathematics. Differences, each for a
reason:

- Losses never broadcast a target against a prediction; (n,) stands beside (n, 1).
- `EarlyStopping` restores the best weights by default.
- `model.save` writes one safetensors file, whatever its name; files hold no code.
- `tf.function` is `ranvier.compile`: the function runs as one graph.
"""

from __future__ import annotations

from ... import __version__ as __version__
from ... import dtypes, losses, metrics, optim
from ... import random as draws
from ...nn import activations
from ...ops import creation, elementwise, movement, reduce
from ...ops import gather as gathering
from ...ops.composites import functions, norms, shaping
from ...tensors.tensor import Tensor
from ..table import fill, names, submodule
from . import data, keras, shapes, variables

_ELEMENTWISE = """
abs add cos divide equal exp greater greater_equal less less_equal log logical_and logical_not
logical_or maximum minimum multiply negative not_equal pow=power round sign sin sqrt subtract tanh
"""
_REDUCED = """
reduce_all=all reduce_any=any reduce_max=max reduce_mean=mean reduce_min=min reduce_prod=prod
reduce_sum=sum
"""
_ACTIVATIONS = """
elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish=silu
tanh
"""

# What stands in `tf.math` and in `tf` itself.
_MATHEMATICS = {
    **names(elementwise, _ELEMENTWISE),
    **names(reduce, _REDUCED),
    **names(functions, "sigmoid square"),
    "argmax": lambda input, axis=0: reduce.argmax(input, axis),
    "argmin": lambda input, axis=0: reduce.argmin(input, axis),
    "clip_by_value": lambda t, clip_value_min, clip_value_max: functions.clip(
        t, clip_value_min, clip_value_max
    ),
}
_MATH = submodule(
    __name__,
    "tf.math",
    _MATHEMATICS,
    names(elementwise, "absolute=abs ceil erf floor log1p"),
    names(functions, "is_nan=isnan reciprocal reduce_logsumexp=logsumexp rsqrt"),
    names(reduce, "reduce_std=std reduce_variance=var"),
    confusion_matrix=lambda labels, predictions, num_classes=None: Tensor(
        metrics.confusion_matrix(labels, predictions, num_classes), dtypes.int32
    ),
)
_LINALG = submodule(
    __name__,
    "tf.linalg",
    eye=creation.eye,
    matmul=shapes.matmul,
    norm=lambda tensor, ord="euclidean", axis=None, keepdims=False: norms.vector_norm(
        tensor, axis, keepdims, 2 if ord == "euclidean" else ord
    ),
)
_NN = submodule(
    __name__,
    "tf.nn",
    names(activations, _ACTIVATIONS),
    names(shapes, "dropout sigmoid_cross_entropy_with_logits"),
    softmax_cross_entropy_with_logits=lambda labels, logits: losses.CategoricalCrossentropy(
        from_logits=True
    ).per_row(labels, logits),
    sparse_softmax_cross_entropy_with_logits=lambda labels, logits: (
        losses.SparseCategoricalCrossentropy(from_logits=True).per_row(labels, logits)
    ),
)
_RANDOM = submodule(
    __name__,
    "tf.random",
    normal=lambda shape, mean=0.0, stddev=1.0, dtype=dtypes.float32: draws.normal(
        shape, mean, stddev, dtype
    ),
    set_seed=lambda seed: draws.seed(seed),
    uniform=shapes.uniform,
)

__all__, __getattr__ = fill(
    globals(),
    "tf",
    _MATHEMATICS,
    names(creation, "eye ones_like zeros_like"),
    names(dtypes, "bool=bool_ float16 float32 float64 int32 int64 uint8"),
    names(elementwise, "stop_gradient=detach"),
    names(functions, "tensordot"),
    names(movement, "broadcast_to reshape"),
    names(shaping, "squeeze tile"),
    names(variables, "GradientTape Variable"),
    names(shapes, "TensorSpec cast clip_by_global_norm constant convert_to_tensor function matmul"),
    names(shapes, "shape=sizes split transpose=transposed"),
    Tensor=Tensor,
    clip_by_norm=lambda t, clip_norm: optim.clip_by_norm([shapes.convert_to_tensor(t)], clip_norm)[
        0
    ],
    concat=lambda values, axis=0: movement.concat(list(values), axis),
    data=data,
    expand_dims=lambda input, axis: shaping.expand_dims(input, axis),
    fill=lambda dims, value: creation.full(dims, value, dtypes.as_array(value).dtype),
    gather=lambda params, indices, axis=0: gathering.take(params, indices, axis=axis),
    identity=lambda x: shapes.convert_to_tensor(x).clone(),
    keras=keras,
    linalg=_LINALG,
    linspace=lambda start, stop, num: creation.linspace(start, stop, num),
    math=_MATH,
    newaxis=None,
    nn=_NN,
    one_hot=lambda indices, depth, dtype=dtypes.float32: functions.one_hot_or_zeros(
        indices, depth, dtype
    ),
    ones=lambda shape, dtype=dtypes.float32: creation.ones(shape, dtype),
    random=_RANDOM,
    range=lambda start, limit=None, delta=1, dtype=None: creation.arange(
        start, limit, delta, dtype
    ),
    stack=lambda values, axis=0: shaping.stack(list(values), axis),
    string="string",
    where=lambda condition, x, y: elementwise.where(condition, x, y),
    zeros=lambda shape, dtype=dtypes.float32: creation.zeros(shape, dtype),
)
