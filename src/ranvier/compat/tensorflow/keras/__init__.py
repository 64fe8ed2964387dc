"""Keras' names: `from ranvier.compat.tensorflow import keras`.

What is nothing but a list of names stands here; the other modules are files of this folder.
"""

from __future__ import annotations

from .... import __version__ as __version__
from .... import callbacks as core_callbacks
from .... import data, optim
from .... import losses as core_losses
from ....nn import activations as core_activations
from ....nn import initializers as core_initializers
from ....nn import policy
from ....nn import regularizers as core_regularizers
from ....optim import schedules
from ...table import fill, names, submodule
from . import dataset, layers, metrics, models, ops, random, utils
from .models import Model, Sequential

_ACTIVATIONS = """
celu elu exponential gelu get hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid
log_softmax mish relu relu6 selu sigmoid silu softmax softplus softsign swish=silu tanh
"""
_CALLBACKS = """
CSVLogger Callback EarlyStopping History LambdaCallback LearningRateScheduler ModelCheckpoint
ReduceLROnPlateau SwapEMAWeights TerminateOnNaN
"""
_INITIALIZERS = """
Constant GlorotNormal GlorotUniform HeNormal HeUniform Initializer LecunNormal LecunUniform Ones
Orthogonal RandomNormal RandomUniform TruncatedNormal Zeros get glorot_normal=GlorotNormal
glorot_uniform=GlorotUniform he_normal=HeNormal he_uniform=HeUniform lecun_normal=LecunNormal
lecun_uniform=LecunUniform ones=Ones zeros=Zeros
"""
_LOSSES = """
BinaryCrossentropy CategoricalCrossentropy Hinge Huber KLDivergence LogCosh Loss MeanAbsoluteError
MeanSquaredError Poisson SparseCategoricalCrossentropy SquaredHinge binary_crossentropy
categorical_crossentropy get hinge huber kl_divergence log_cosh mae=mean_absolute_error
mean_absolute_error mean_squared_error mse=mean_squared_error poisson
sparse_categorical_crossentropy squared_hinge
"""
_OPTIMIZERS = """
SGD Adadelta Adagrad Adam AdamW Adamax LossScaleOptimizer Nadam Optimizer RMSprop get
"""
_SCHEDULES = """
CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule=Schedule
PiecewiseConstantDecay=PiecewiseConstant PolynomialDecay
"""
_FROM_FILES = names(dataset, "image_dataset_from_directory timeseries_dataset_from_array")


def _mnist(path: str = "mnist.npz") -> object:
    """`(x_train, y_train), (x_test, y_test)`, images of 28x28 bytes; see `ranvier.data.load_mnist`.

    `path` changes nothing: the files lie in the folder `RANVIER_DATA` or in the cache, or come from
    a mirror.
    """
    return data.load_mnist()


def _california_housing(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> object:
    """`(x_train, y_train), (x_test, y_test)`; see `ranvier.data.load_california_housing`.

    NOTE: values are in 100,000 dollars, and x has five columns for the nearness to the ocean beside
    Keras' eight measurements. `version`, `path` and `test_split` change nothing.
    """
    return data.load_california_housing(seed=seed)


def _module(where: str, *tables: dict[str, object], **rows: object) -> dict[str, object]:
    """A submodule, as a row for the module above it."""
    parent, _, name = where.rpartition(".")
    return {name: submodule(__name__ + parent.removeprefix("keras"), where, *tables, **rows)}


__all__, __getattr__ = fill(
    globals(),
    "keras",
    names(layers, "Input"),
    _module("keras.activations", names(core_activations, _ACTIVATIONS)),
    _module(
        "keras.backend",
        clear_session=lambda: None,  # a model's memory is free when the model is
        epsilon=lambda: 1e-7,
    ),
    _module("keras.callbacks", names(core_callbacks, _CALLBACKS)),
    _module("keras.config", names(policy, "dtype_policy set_dtype_policy")),
    _module(
        "keras.datasets",
        _module("keras.datasets.california_housing", load_data=_california_housing),
        _module("keras.datasets.mnist", load_data=_mnist),
    ),
    _module("keras.initializers", names(core_initializers, _INITIALIZERS)),
    _module("keras.losses", names(core_losses, _LOSSES)),
    _module(
        "keras.mixed_precision",
        names(optim, "LossScaleOptimizer"),
        names(policy, "global_policy=dtype_policy set_global_policy=set_dtype_policy"),
    ),
    _module(
        "keras.optimizers",
        names(optim, _OPTIMIZERS),
        _module("keras.optimizers.schedules", names(schedules, _SCHEDULES)),
    ),
    _module(
        "keras.preprocessing",
        _FROM_FILES,
        _module("keras.preprocessing.sequence", names(data, "pad_sequences")),
    ),
    _module(
        "keras.regularizers",
        names(core_regularizers, "L1 L1L2 L2 Regularizer get l1=L1 l2=L2"),
        l1_l2=lambda l1=0.01, l2=0.01: core_regularizers.L1L2(l1, l2),
    ),
    _module(
        "keras.saving",
        names(models, "load_model save_model"),
        names(utils, "register_keras_serializable"),
    ),
    Model=Model,
    Sequential=Sequential,
    layers=layers,
    metrics=metrics,
    models=models,
    ops=ops,
    random=random,
    utils=utils,
)
