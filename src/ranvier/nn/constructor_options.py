"""Keyword arguments that constructors pass on to their base classes, by name and type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from ..typing import DTypeLike, ShapeLike
    from .activations import ActivationLike
    from .initializers import InitializerLike
    from .regularizers import RegularizerLike

UNBUILT: Any = None  # an attribute that `build` sets


class RowOptions(TypedDict, total=False):
    """Arguments of every layer, but those that some have with a meaning of their own."""

    name: str | None
    input_shape: ShapeLike | None
    trainable: bool


class PolicyOptions(RowOptions, total=False):
    """The same, and the dtype policy."""

    dtype: DTypeLike | None


class LayerOptions(PolicyOptions, total=False):
    """The arguments of every layer."""

    input_dim: int | None


class BiasOptions(LayerOptions, total=False):
    """Those of a layer with a bias."""

    bias_initializer: InitializerLike
    bias_regularizer: RegularizerLike


class KernelOptions(BiasOptions, total=False):
    """Those of a layer with a kernel and a bias."""

    kernel_initializer: InitializerLike
    kernel_regularizer: RegularizerLike


class BiasedOptions(BiasOptions, total=False):
    """Those of a layer with a bias and an activation."""

    activation: ActivationLike
    use_bias: bool


class ScaleOptions(LayerOptions, total=False):
    """Those of a normalization layer, for its scale gamma and offset beta."""

    beta_initializer: InitializerLike
    gamma_initializer: InitializerLike
    beta_regularizer: RegularizerLike
    gamma_regularizer: RegularizerLike


class NormalizationOptions(ScaleOptions, total=False):
    """The same, and whether there is an offset and a scale."""

    center: bool
    scale: bool


class ProjectionOptions(KernelOptions, total=False):
    """Those of an attention layer with projections."""

    seed: int | None


class CellOptions(KernelOptions, total=False):
    """Those of a recurrent cell."""

    recurrent_initializer: InitializerLike
    recurrent_regularizer: RegularizerLike
    dropout: float
    recurrent_dropout: float
    seed: int | None


class RecurrentOptions(LayerOptions, total=False):
    """Those of a recurrent layer, but its cell's."""

    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool
    unroll: bool
    zero_output_for_mask: bool


class BlockOptions(LayerOptions, total=False):
    """Those of a Transformer block."""

    activation: ActivationLike
    layer_norm_epsilon: float
    kernel_initializer: InitializerLike
    bias_initializer: InitializerLike
    normalize_first: bool
    use_bias: bool
