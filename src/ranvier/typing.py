"""The types that signatures speak of.

| type | what it stands for |
|---|---|
| Array | a NumPy array of any shape and dtype |
| ArrayLike | what NumPy makes an array of: arrays, numbers, nested lists |
| Axes | axes of a tensor: one, several, or None for all |
| DataLike | what holds rows: arrays, lists, dicts of columns, tables of other libraries |
| DType | a dtype; Ranvier's are NumPy's |
| DTypeLike | what stands for a dtype: a dtype, its name, a Python or NumPy type |
| Shape | the sizes of the axes of a tensor |
| ShapeLike | what stands for a shape: one size or several |
| SupportsDLPack | an array of another library that gives its memory |
| TensorLike | what an op takes for a tensor: tensors, arrays, numbers, nested lists |
| V | a type variable: the kind of value that an op is given and gives back |

An op on a `Tensor` gives a Tensor, on a `Node` of a graph a Node, and on arrays and numbers alone a
Tensor. So a function written in ops says `def f(x: V | ArrayLike) -> V`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries
    from numpy.typing import ArrayLike as _ArrayLike
    from typing_extensions import TypeVar  # what every type checker knows without installing it

    from .graph.node import Value
    from .tensors.tensor import Tensor

    V = TypeVar("V", bound=Value, default=Tensor)
else:
    from typing import TypeVar

    V = TypeVar("V")


@runtime_checkable
class SupportsDLPack(Protocol):
    """An array of another library that gives its memory through DLPack."""

    def __dlpack__(self, *, stream: None = None) -> Any:
        """The memory, in a capsule."""

    def __dlpack_device__(self) -> tuple[Any, Any]:
        """Where it is."""


Array: TypeAlias = np.ndarray[Any, Any]
ArrayLike: TypeAlias = "_ArrayLike"
Axes: TypeAlias = int | Sequence[int] | None
DType: TypeAlias = np.dtype[Any]
DTypeLike: TypeAlias = np.dtype[Any] | type[Any] | str
Shape: TypeAlias = tuple[int, ...]
ShapeLike: TypeAlias = int | Sequence[int]
TensorLike: TypeAlias = "Tensor | _ArrayLike"
DataLike: TypeAlias = (
    "TensorLike | Sequence[Any] | Mapping[Any, _ArrayLike] | IntoDataFrame | IntoSeries"
)

__all__ = [
    "Array",
    "ArrayLike",
    "Axes",
    "DType",
    "DTypeLike",
    "DataLike",
    "Shape",
    "ShapeLike",
    "SupportsDLPack",
    "TensorLike",
    "V",
]  # fmt: skip
