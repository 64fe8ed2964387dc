"""`torch.nn`: modules, layers and losses."""

from __future__ import annotations

from ...table import fill, names
from . import attention, convolution, functional, init, layers, norm_layers, recurrent, utils
from .layers import MODULES
from .module import Module, ModuleList, Parameter, Sequential

_LAYERS = """
AlphaDropout Dropout Dropout1d Dropout2d Embedding Flatten Identity Linear PReLU ZeroPad2d
"""
_NORMS = "BatchNorm1d BatchNorm2d GroupNorm InstanceNorm1d InstanceNorm2d LayerNorm RMSNorm"

__all__, __getattr__ = fill(
    globals(),
    "torch.nn",
    MODULES,
    names(attention, "MultiheadAttention TransformerEncoder TransformerEncoderLayer"),
    names(convolution, "Conv1d Conv2d ConvTranspose1d ConvTranspose2d"),
    names(layers, _LAYERS),
    names(norm_layers, _NORMS),
    names(recurrent, "GRU GRUCell LSTM LSTMCell RNN RNNCell"),
    Module=Module,
    ModuleList=ModuleList,
    Parameter=Parameter,
    Sequential=Sequential,
    functional=functional,
    init=init,
    utils=utils,
)
