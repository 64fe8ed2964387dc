"""The layer table: every layer that has an input, a way to make it, and data that it takes.

test_float64.py refuses a table that does not cover the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier import nn

RNG = np.random.default_rng(0)
ROWS, SERIES, IMAGES = (RNG.normal(size=s) for s in ((4, 6), (4, 5, 6), (4, 8, 8, 2)))
IDS = RNG.integers(0, 9, (4, 5))

nn.LAYERS.complete()  # models enter layers of their own

# Every layer with an input: a way to make it, given more arguments.
TAKES: dict[str, tuple[Any, Callable[..., Any]]] = {}


def takes(x: Any, **layers: tuple[Any, ...]) -> None:
    """Add layers, each with its arguments, that take x."""
    for name, args in layers.items():
        TAKES[name] = (x, _maker(name, args))


def _maker(name: str, args: tuple[Any, ...]) -> Callable[..., Any]:
    return lambda **d: nn.LAYERS[name](*args, **d)


takes(
    ROWS, Activation=("gelu",), AlphaDropout=(0.5,), BatchNormalization=(), Dense=(3,),
    Dropout=(0.5,), ELU=(), Flatten=(), GaussianDropout=(0.5,), GaussianNoise=(0.5,),
    LayerNormalization=(), LeakyReLU=(), PReLU=(), RMSNormalization=(), ReLU=(), RepeatVector=(2,),
    Rescaling=(0.1, 0.3), Reshape=((2, 3),), Softmax=(), Normalize=(), NTPDense=(3,),
    OutputRange=(), ParametricActivation=("mish",), PeriodicEmbedding=(),
    PiecewiseLinearEmbedding=(), RobustScale=(), Scale=(), MemberScale=(3,),
    UnitMask=(2,),
)  # fmt: skip
takes(
    SERIES, AdaptiveAveragePooling1D=(2,), AdaptiveMaxPooling1D=(2,), AveragePooling1D=(2,),
    MaxPooling1D=(2,), Conv1D=(3, 2), Conv1DTranspose=(3, 2), Cropping1D=(1,), GRU=(3,), LSTM=(3,),
    SimpleRNN=(3,), GlobalAveragePooling1D=(), GlobalMaxPooling1D=(), Masking=(), Permute=((2, 1),),
    RotaryEmbedding=(), SinePositionEncoding=(), PositionEmbedding=(9,), SpatialDropout1D=(0.5,),
    UpSampling1D=(2,), ZeroPadding1D=(1,), TransformerEncoder=(8, 2), TransformerDecoder=(8, 2),
    LeakyIntegrateAndFire=(3,), MemberDense=(3,),
)  # fmt: skip
takes(
    IMAGES, AdaptiveAveragePooling2D=(2,), AdaptiveMaxPooling2D=(2,), AveragePooling2D=(2,),
    MaxPooling2D=(2,), CenterCrop=(4, 4), Conv2D=(3, 2), Conv2DTranspose=(3, 2), Cropping2D=(1,),
    DepthwiseConv2D=(2,), SeparableConv2D=(3, 2), GlobalAveragePooling2D=(), GlobalMaxPooling2D=(),
    GroupNormalization=(2,), RandomBrightness=(0.2,), RandomContrast=(0.2,), RandomCrop=(4, 4),
    RandomErasing=(), RandomFlip=(), RandomRotation=(0.1,), RandomTranslation=(0.1, 0.1),
    RandomZoom=(0.1,), Resizing=(5, 5), SpatialDropout2D=(0.5,), UpSampling2D=(2,),
    ZeroPadding2D=(1,),
)  # fmt: skip
takes([ROWS, ROWS], Add=(), Average=(), Concatenate=(), Maximum=(), Minimum=(), Multiply=())
takes([ROWS, ROWS], Subtract=(), Dot=(1,))
takes([SERIES, SERIES], Attention=(), AdditiveAttention=())
TAKES["MultiHeadAttention"] = ([SERIES, SERIES], lambda **d: nn.MultiHeadAttention(2, 3, **d))
TAKES["GroupedQueryAttention"] = (
    [SERIES, SERIES],
    lambda **d: nn.GroupedQueryAttention(4, 4, 2, **d),
)
TAKES["Embedding"] = (IDS, lambda **d: nn.Embedding(9, 4, **d))
TAKES["TokenAndPositionEmbedding"] = (
    IDS,
    _maker("TokenAndPositionEmbedding", (9, 5, 4)),
)
TAKES["TimeDistributed"] = (SERIES, lambda **d: nn.TimeDistributed(nn.Dense(3, **d), **d))
TAKES["Bidirectional"] = (SERIES, lambda **d: nn.Bidirectional(nn.LSTM(3, **d), **d))
TAKES["RNN"] = (SERIES, lambda **d: nn.RNN(nn.GRUCell(3, **d), **d))

# Parts and whole models of `ranvier.models`, which have tests of their own.
OTHERS = """
Ahead Autoencoder GPT GRUCell InputLayer LSTMCell LevelDropout MLPForecaster MatrixFactorization
Model NeuralRecommender ResidualBlock Seq2Seq Sequential SimpleRNNCell StackedRNNCells TextCNN
VariationalAutoencoder _Causal
"""
