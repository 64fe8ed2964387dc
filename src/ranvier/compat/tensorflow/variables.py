"""`tf.Variable` and `tf.GradientTape`."""

from __future__ import annotations

import threading
from typing import Any

from ...base.missing import Spelled
from ...errors import StateError
from ...ops.backpropagation import backpropagate
from ...ops.creation import ones_like
from ...ops.op import Op
from ...tensors.mode import grad_mode, no_grad
from ...tensors.tensor import Tensor
from ...tracing.trace import replace_tensors, tensors_in
from ...typing import Array, DTypeLike, TensorLike


class Variable(Tensor):
    """A tensor that is trained; `assign`, `assign_add` and `assign_sub` change it in place.

    >>> w = Variable(5.0)
    >>> w.assign_sub(0.5).numpy()
    array(4.5, dtype=float32)
    """

    __slots__ = ()

    def __init__(
        self,
        initial_value: Any,
        trainable: bool = True,
        validate_shape: bool = True,
        caching_device: object = None,
        name: str = "",
        variable_def: object = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        value = Tensor(initial_value() if callable(initial_value) else initial_value, dtype)
        super().__init__(value, name=name or "")
        self.requires_grad = trainable and self.dtype.kind == "f"

    # What is computed from a variable is a plain tensor.

    @classmethod
    def _record(cls, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> Any:
        return Tensor._record(op, inputs, params)

    @classmethod
    def _wrap(cls, array: Array) -> Any:
        return Tensor._wrap(array)

    @property
    def trainable(self) -> bool:
        """Whether gradients are kept."""
        return self.requires_grad

    def value(self) -> Tensor:
        """The numbers, as a tensor through which gradients flow."""
        return self.clone()

    read_value = value

    def assign_add(self, delta: TensorLike) -> Variable:
        """`self += delta`."""
        with no_grad():
            self.assign(self + delta)
        return self

    def assign_sub(self, delta: TensorLike) -> Variable:
        """`self -= delta`."""
        with no_grad():
            self.assign(self - delta)
        return self


class _Open(threading.local):
    """How many tapes record in this thread."""

    tapes = 0


_open = _Open()


class GradientTape(Spelled):
    """Records what is computed inside, and gives its gradients.

    Ranvier keeps the history of everything that a variable had a part in, so a tape only has to
    watch constants. It can be asked as often as one likes, `persistent` or not.

    >>> x = Variable(3.0)
    >>> with GradientTape() as tape:
    ...     y = x * x
    >>> tape.gradient(y, x)
    tensor(6.)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._mode: Any = None

    def __enter__(self) -> GradientTape:
        self._mode = grad_mode(True)
        self._mode.__enter__()
        _open.tapes += 1
        return self

    def __exit__(self, *problem: object) -> None:
        _open.tapes -= 1
        self._mode.__exit__(None, None, None)

    def watch(self, tensor: Any) -> None:
        """Give gradients of this tensor (or these) too."""
        for t in tensors_in(tensor):
            t.requires_grad = True

    def gradient(self, target: object, sources: Any, output_gradients: Tensor | None = None) -> Any:
        """The gradients of `target` (summed over its elements) in the form of `sources`.

        None stands where `target` does not depend on a source.
        """
        leaves = tensors_in(sources)
        if not isinstance(target, Tensor):
            raise StateError("GradientTape.gradient: the target must be a tensor")
        first = ones_like(target) if output_gradients is None else output_gradients
        with grad_mode(_open.tapes > 0):  # an outer tape records gradients too
            gradients = backpropagate(target, first, leaves)
        return replace_tensors(sources, iter([gradients.get(id(t)) for t in leaves]))
