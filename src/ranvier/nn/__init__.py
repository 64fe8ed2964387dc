"""Layers, activations, initializers and regularizers.

| file | what it holds |
|---|---|
| activations.py | Activation functions |
| added_losses.py | Terms that layers add to the loss with `add_loss` |
| augmentation/ | random changes of training data |
| basic/ | dense, shapes, merging, embedding, dropout, normalization |
| building.py | Building: the weights of a layer are made once, for rows of one shape |
| configuration.py | Configurations: the constructor arguments of an object as plain data |
| constructor_options.py | Keyword arguments that constructors pass on to their base classes |
| every_layer.py | Every layer of the library, for files that name one |
| images/ | convolution, pooling and resizing |
| initializers.py | Initializers: first values of weights |
| layer.py | The layer: the user's building block |
| modes.py | Training or use, and which rows of a batch count |
| policy.py | Dtype policies: float32, float64, or float16 beside float32 |
| regularizers.py | Regularizers: penalties on the size of weights |
| restoring.py | Limits while layers are built from a file |
| schedule.py | Schedules: numbers that follow the count of steps |
| sequences/ | recurrent and attention layers |
| settable.py | Attributes set after a layer was made: taken on to where they count, or refused |
| symbolic.py | Symbolic values, from which models are connected |
| tables/ | layers of networks for tables |
| targets.py | Forms of targets, checked before training starts |
| walk.py | Every layer and tensor inside a layer |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr
from . import activations, initializers, regularizers, targets
from .basic.activation_layers import ELU, LeakyReLU, PReLU, ReLU, Softmax
from .basic.dense import Dense
from .basic.dropout import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from .basic.embedding import Embedding, Masking
from .basic.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .basic.normalization_layers import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from .basic.normalize import Normalize
from .basic.shape_layers import (
    Activation,
    Flatten,
    Input,
    InputLayer,
    Permute,
    RepeatVector,
    Reshape,
)
from .basic.unit_mask import UnitMask
from .layer import LAYERS, Layer, register_layer
from .modes import training_mode
from .regularizers import L1, L1L2, L2

# Few networks have layers of all kinds: these rooms are imported when one is first asked for.
if TYPE_CHECKING:
    from .augmentation.geometric import (
        RandomCrop,
        RandomFlip,
        RandomRotation,
        RandomTranslation,
        RandomZoom,
    )
    from .augmentation.mix import CutMix, Mixup
    from .augmentation.photometric import RandomBrightness, RandomContrast, RandomErasing
    from .augmentation.preprocessing import CenterCrop, Rescaling, Resizing
    from .images.convolution_layers import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D
    from .images.pooling import (
        AdaptiveAveragePooling1D,
        AdaptiveAveragePooling2D,
        AdaptiveMaxPooling1D,
        AdaptiveMaxPooling2D,
        AveragePooling1D,
        AveragePooling2D,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        MaxPooling1D,
        MaxPooling2D,
    )
    from .images.resizing import (
        Cropping1D,
        Cropping2D,
        UpSampling1D,
        UpSampling2D,
        ZeroPadding1D,
        ZeroPadding2D,
    )
    from .images.transposed import Conv1DTranspose, Conv2DTranspose
    from .sequences.attention import AdditiveAttention, Attention, scaled_dot_product_attention
    from .sequences.multihead import GroupedQueryAttention, MultiHeadAttention
    from .sequences.position_encoding import (
        PositionEmbedding,
        RotaryEmbedding,
        SinePositionEncoding,
        TokenAndPositionEmbedding,
    )
    from .sequences.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
    from .sequences.recurrent_layers import GRU, LSTM, RNN, SimpleRNN, StackedRNNCells
    from .sequences.transformer import TransformerDecoder, TransformerEncoder
    from .sequences.wrappers import Bidirectional, TimeDistributed
    from .tables.level_dropout import LevelDropout
    from .tables.ntp_dense import NTPDense
    from .tables.numeric_embeddings import PeriodicEmbedding, PiecewiseLinearEmbedding
    from .tables.scaling import OutputRange, ParametricActivation, RobustScale, Scale
    from .tables.shared_weights import MemberDense, MemberScale
else:
    _when_asked = {
        "AdaptiveAveragePooling1D": "images.pooling:AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D": "images.pooling:AdaptiveAveragePooling2D",
        "AdaptiveMaxPooling1D": "images.pooling:AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling2D": "images.pooling:AdaptiveMaxPooling2D",
        "AdditiveAttention": "sequences.attention:AdditiveAttention",
        "Attention": "sequences.attention:Attention",
        "AveragePooling1D": "images.pooling:AveragePooling1D",
        "AveragePooling2D": "images.pooling:AveragePooling2D",
        "Bidirectional": "sequences.wrappers:Bidirectional",
        "CenterCrop": "augmentation.preprocessing:CenterCrop",
        "Conv1D": "images.convolution_layers:Conv1D",
        "Conv1DTranspose": "images.transposed:Conv1DTranspose",
        "Conv2D": "images.convolution_layers:Conv2D",
        "Conv2DTranspose": "images.transposed:Conv2DTranspose",
        "Cropping1D": "images.resizing:Cropping1D",
        "Cropping2D": "images.resizing:Cropping2D",
        "CutMix": "augmentation.mix:CutMix",
        "DepthwiseConv2D": "images.convolution_layers:DepthwiseConv2D",
        "GRU": "sequences.recurrent_layers:GRU",
        "GRUCell": "sequences.recurrent_cells:GRUCell",
        "GlobalAveragePooling1D": "images.pooling:GlobalAveragePooling1D",
        "GlobalAveragePooling2D": "images.pooling:GlobalAveragePooling2D",
        "GlobalMaxPooling1D": "images.pooling:GlobalMaxPooling1D",
        "GlobalMaxPooling2D": "images.pooling:GlobalMaxPooling2D",
        "GroupedQueryAttention": "sequences.multihead:GroupedQueryAttention",
        "LSTM": "sequences.recurrent_layers:LSTM",
        "LSTMCell": "sequences.recurrent_cells:LSTMCell",
        "LevelDropout": "tables.level_dropout:LevelDropout",
        "MaxPooling1D": "images.pooling:MaxPooling1D",
        "MaxPooling2D": "images.pooling:MaxPooling2D",
        "MemberDense": "tables.shared_weights:MemberDense",
        "MemberScale": "tables.shared_weights:MemberScale",
        "Mixup": "augmentation.mix:Mixup",
        "MultiHeadAttention": "sequences.multihead:MultiHeadAttention",
        "NTPDense": "tables.ntp_dense:NTPDense",
        "OutputRange": "tables.scaling:OutputRange",
        "ParametricActivation": "tables.scaling:ParametricActivation",
        "PeriodicEmbedding": "tables.numeric_embeddings:PeriodicEmbedding",
        "PiecewiseLinearEmbedding": "tables.numeric_embeddings:PiecewiseLinearEmbedding",
        "PositionEmbedding": "sequences.position_encoding:PositionEmbedding",
        "RNN": "sequences.recurrent_layers:RNN",
        "RandomBrightness": "augmentation.photometric:RandomBrightness",
        "RandomContrast": "augmentation.photometric:RandomContrast",
        "RandomCrop": "augmentation.geometric:RandomCrop",
        "RandomErasing": "augmentation.photometric:RandomErasing",
        "RandomFlip": "augmentation.geometric:RandomFlip",
        "RandomRotation": "augmentation.geometric:RandomRotation",
        "RandomTranslation": "augmentation.geometric:RandomTranslation",
        "RandomZoom": "augmentation.geometric:RandomZoom",
        "Rescaling": "augmentation.preprocessing:Rescaling",
        "Resizing": "augmentation.preprocessing:Resizing",
        "RobustScale": "tables.scaling:RobustScale",
        "RotaryEmbedding": "sequences.position_encoding:RotaryEmbedding",
        "Scale": "tables.scaling:Scale",
        "SeparableConv2D": "images.convolution_layers:SeparableConv2D",
        "SimpleRNN": "sequences.recurrent_layers:SimpleRNN",
        "SimpleRNNCell": "sequences.recurrent_cells:SimpleRNNCell",
        "SinePositionEncoding": "sequences.position_encoding:SinePositionEncoding",
        "StackedRNNCells": "sequences.recurrent_layers:StackedRNNCells",
        "TimeDistributed": "sequences.wrappers:TimeDistributed",
        "TokenAndPositionEmbedding": "sequences.position_encoding:TokenAndPositionEmbedding",
        "TransformerDecoder": "sequences.transformer:TransformerDecoder",
        "TransformerEncoder": "sequences.transformer:TransformerEncoder",
        "UpSampling1D": "images.resizing:UpSampling1D",
        "UpSampling2D": "images.resizing:UpSampling2D",
        "ZeroPadding1D": "images.resizing:ZeroPadding1D",
        "ZeroPadding2D": "images.resizing:ZeroPadding2D",
        "scaled_dot_product_attention": "sequences.attention:scaled_dot_product_attention",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "ELU",
    "GRU",
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "LSTM",
    "RNN",
    "Activation",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "CutMix",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "GroupedQueryAttention",
    "Input",
    "InputLayer",
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LevelDropout",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "MemberDense",
    "MemberScale",
    "Minimum",
    "Mixup",
    "MultiHeadAttention",
    "Multiply",
    "NTPDense",
    "Normalize",
    "OutputRange",
    "PReLU",
    "ParametricActivation",
    "PeriodicEmbedding",
    "Permute",
    "PiecewiseLinearEmbedding",
    "PositionEmbedding",
    "RMSNormalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "RobustScale",
    "RotaryEmbedding",
    "Scale",
    "SeparableConv2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "SinePositionEncoding",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "TokenAndPositionEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "UnitMask",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "activations",
    "add",
    "average",
    "concatenate",
    "dot",
    "initializers",
    "maximum",
    "minimum",
    "multiply",
    "register_layer",
    "regularizers",
    "scaled_dot_product_attention",
    "subtract",
    "targets",
    "training_mode",
]
