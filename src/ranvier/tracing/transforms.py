"""Gradients of functions: a function of tensors in, a function that returns its gradient out.

They nest, `grad(grad(f))`, and work the same inside `ranvier.compile`. An argument may be a tensor,
an array, a Python float, or a list, tuple or dict of these; its gradient has the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec

import numpy as np

from ..base.missing import spelled
from ..base.nested import map_leaves
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ops.backpropagation import backpropagate
from ..ops.composites.shaping import stack
from ..ops.creation import full, iota, ones_like, zeros_like
from ..ops.elementwise.comparison import astype, equal
from ..ops.movement import reshape
from ..ops.op import apply, as_values
from ..tensors.mode import grad_mode, is_grad_enabled, state
from ..tensors.tensor import Tensor
from ..typing import TensorLike
from .trace import replace_tensors, tensors_in

P = ParamSpec("P")  # the arguments of the function


@spelled
def grad(f: Callable[P, Any], argnums: int | tuple[int, ...] = 0) -> Callable[P, Any]:
    """The gradient of `f`, which must return one number, by the argument (or arguments) `argnums`.

    >>> import ranvier
    >>> cube = lambda x: x**3
    >>> grad(cube)(2.0), grad(grad(cube))(2.0)
    (tensor(12.), tensor(12.))
    """
    both = value_and_grad(f, argnums)

    def gradient(*args: P.args, **kwargs: P.kwargs) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


@spelled
def value_and_grad(
    f: Callable[P, Any], argnums: int | tuple[int, ...] = 0
) -> Callable[P, tuple[Tensor, Any]]:
    """The value of `f`, which must be one number, and its gradient by the arguments `argnums`.

    >>> import ranvier
    >>> value, (by_x, by_y) = value_and_grad(lambda x, y: x * y, (0, 1))(2.0, 3.0)
    >>> value, by_x, by_y
    (tensor(6.), tensor(3.), tensor(2.))
    """

    def value_and_gradient(*args: P.args, **kwargs: P.kwargs) -> tuple[Tensor, Any]:
        run = _Run(f, argnums, args, kwargs)
        out = run.single("grad")
        if out.size != 1:
            raise ShapeError(
                f"grad: the function returned shape {out.shape}, not one number; "
                "reduce it with ranvier.sum or mean, or use jacobian"
            )
        return run.settle(out), run.pull(out, ones_like(out))

    return value_and_gradient


@spelled
def vjp(
    f: Callable[..., Any], *args: object
) -> tuple[Tensor, Callable[[TensorLike], tuple[Any, ...]]]:
    """The value of `f(*args)` and the function that pulls a gradient of it back to the arguments.

    >>> import ranvier
    >>> out, pull = vjp(lambda x: x * x, ranvier.tensor([1.0, 2.0]))
    >>> pull(ranvier.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    run = _Run(f, tuple(range(len(args))), args, {})
    out = run.single("vjp")

    def pull(gradient: TensorLike) -> Any:
        (gradient,) = as_values(gradient, like=out)
        if gradient.spec != out.spec:
            raise ShapeError(
                f"vjp: the gradient is {gradient.spec}, the function's value {out.spec}"
            )
        return run.pull(out, gradient)

    return run.settle(out), pull


@spelled
def jacobian(f: Callable[P, Any], argnums: int | tuple[int, ...] = 0) -> Callable[P, Any]:
    """The derivatives of each element of `f`'s value by each element of the arguments `argnums`.

    The result has the shape of the value followed by the shape of the argument.

    >>> import ranvier
    >>> jacobian(lambda x: x * x)(ranvier.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    def derivatives(*args: P.args, **kwargs: P.kwargs) -> Any:
        run = _Run(f, argnums, args, kwargs)
        out = run.single("jacobian")
        rows = [run.pull(out, _unit(out, i)) for i in range(out.size)]
        if not rows:
            rows = [run.pull(out, zeros_like(out))]
        count = out.size

        def join(parts: list[Tensor]) -> Tensor:
            shape = (*out.shape, *parts[0].shape)
            if not count:
                return apply(full, like=out, value=0, shape=shape, dtype=parts[0].dtype)
            return reshape(stack(parts), shape)

        columns = zip(*[tensors_in(row) for row in rows], strict=True)
        with grad_mode(True):
            joined = [run.settle(join(list(column))) for column in columns]
        return replace_tensors(rows[0], iter(joined))

    return derivatives


@spelled
def hessian(f: Callable[P, Any], argnums: int | tuple[int, ...] = 0) -> Callable[P, Any]:
    """The second derivatives of `f`, which must return one number.

    With several `argnums` the result is a tuple of rows, each a tuple of blocks.

    >>> import ranvier
    >>> hessian(lambda x: ranvier.prod(x))(ranvier.tensor([2.0, 3.0]))
    tensor([[0., 1.],
            [1., 0.]])
    """
    if isinstance(argnums, int):
        return jacobian(grad(f, argnums), argnums)
    rows = [jacobian(grad(f, i), argnums) for i in argnums]

    def second(*args: P.args, **kwargs: P.kwargs) -> Any:
        return tuple(row(*args, **kwargs) for row in rows)

    return second


class _Run:
    """One call of a function with its arguments of interest as fresh leaves."""

    def __init__(
        self,
        f: Callable[..., Any],
        argnums: int | tuple[int, ...],
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> None:
        self.single_argument = not isinstance(argnums, tuple)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for i in numbers:
            if not isinstance(i, int) or not -len(args) <= i < len(args):
                raise ArgumentError(
                    f"grad: argnums names argument {i}, the function was called with {len(args)}"
                )
        self.keep = is_grad_enabled()
        arguments = list(args)
        for i in numbers:
            arguments[i] = _as_tensors(arguments[i], i)
        self.wanted = tuple(arguments[i] for i in numbers)
        with grad_mode(True):
            self.leaves = [_leaf(t) for t in tensors_in(self.wanted)]
            fresh = iter(self.leaves)
            for i in numbers:
                arguments[i] = replace_tensors(arguments[i], fresh)
            self.out = f(*arguments, **kwargs)

    def single(self, what: str) -> Tensor:
        """The value of the function, which must be one tensor."""
        if isinstance(self.out, int | float | np.ndarray):
            self.out = Tensor(self.out)
        if not isinstance(self.out, Tensor):
            raise ArgumentError(
                f"{what}: the function must return one tensor, not {type(self.out).__name__}"
            )
        if self.out.dtype.kind != "f":
            raise DTypeError(
                f"{what}: the function returned {self.out.spec}; only floats have gradients"
            )
        return self.out

    def pull(self, out: Tensor, gradient: Tensor) -> Any:
        """The gradients of the leaves, in the form of the arguments."""
        with grad_mode(True):
            gradients = backpropagate(out, gradient, self.leaves, lambda t: t._requires_grad)
            grads = [
                self.settle(gradients[id(t)] if id(t) in gradients else zeros_like(t))
                for t in self.leaves
            ]
        result = replace_tensors(self.wanted, iter(grads))
        return result[0] if self.single_argument else result

    def settle(self, t: Tensor) -> Tensor:
        """t with its history only if a tensor outside this call can ask for it."""
        if self.keep and t._requires_grad:
            ours = {id(leaf) for leaf in self.leaves if leaf.op is None}
            seen, stack_ = {id(t)}, [t]
            while stack_:
                value = stack_.pop()
                if value.op is None and id(value) not in ours:
                    return t
                for x in value.inputs:
                    if x._requires_grad and id(x) not in seen:
                        seen.add(id(x))
                        stack_.append(x)
        if t._node is None:
            return Tensor._wrap(t._array())
        return Tensor._traced(t._node, t._trace)


def _as_tensors(value: object, index: int) -> Any:
    """An argument with its numbers and arrays as tensors."""

    def tensor(leaf: TensorLike) -> Tensor:
        (t,) = as_values(leaf)
        if t.dtype.kind != "f":
            raise DTypeError(f"grad: argument {index} is {t.spec}; only floats have gradients")
        return t

    return map_leaves(tensor, value)


def _leaf(t: Tensor) -> Tensor:
    """A tensor of the same value at which this call's history begins; joined to t's own history."""
    if t._requires_grad:
        return apply(astype, t, dtype=t.dtype)
    if state.trace is None:
        leaf = Tensor._wrap(t.numpy())
    else:
        leaf = Tensor._traced(state.trace.node_of(t), state.trace)
    leaf._requires_grad = True  # of a float; no mark: nothing knows this tensor yet
    return leaf


def _unit(out: Tensor, i: int) -> Tensor:
    """1 at element i, 0 elsewhere."""
    count = apply(iota, like=out, shape=(out.size,), axis=0, dtype=np.dtype("int64"))
    return reshape(astype(equal(count, i), out.dtype), out.shape)
