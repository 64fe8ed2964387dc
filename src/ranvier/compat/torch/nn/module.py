"""`nn.Module`: PyTorch's building block, on Ranvier's Layer, and its containers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ....errors import ArgumentError, DataError, RanvierError
from ....nn.layer import Layer
from ....tensors.tensor import Tensor as RanvierTensor
from ....typing import TensorLike
from ...table import missing
from ..tensor import Tensor, of


class Module(Layer):
    """Base of all layers and networks: a class with `forward`.

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = nn.Linear(4, 16)
                self.out = nn.Linear(16, 3)

            def forward(self, x):
                return self.out(F.relu(self.hidden(x)))

    It is a layer of Ranvier too: `ranvier.Sequential([Net()])` can be compiled and fitted. As in
    PyTorch it begins in training mode; `eval()` ends that.
    """

    def __init__(self) -> None:
        super().__init__()
        self._own_mode = True
        self._buffers: set[str] = set()

    def __getattr__(self, attribute: str) -> Any:
        try:
            return super().__getattr__(attribute)
        except AttributeError:
            raise missing(type(self).__name__, attribute, {*dir(type(self)), *vars(self)}) from None

    def forward(self, *inputs: Any) -> Any:
        """What the module computes."""
        return super().forward(*inputs)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        values = [of(x) if isinstance(x, RanvierTensor) else x for x in inputs]
        try:
            return self.forward(*values, **options)
        except RanvierError as error:
            self._note(error)
            raise

    # -- tensors --

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """(name, parameter) for every parameter, such as ("0.weight", ...)."""
        for name, t in self.named_tensors().items():
            if name not in self._buffer_names():
                yield name, t  # type: ignore[misc]

    def parameters(self) -> Iterator[Tensor]:  # type: ignore[override]
        """Every parameter, in order."""
        return (t for _, t in self.named_parameters())

    def register_buffer(self, name: str, tensor: RanvierTensor | None) -> None:
        """Keep a tensor that is saved with the module but not trained."""
        setattr(self, name, tensor)
        self._buffers.add(name)

    def register_parameter(self, name: str, param: RanvierTensor | None) -> None:
        """Keep a parameter under a name."""
        setattr(self, name, param)

    def _buffer_names(self) -> set[str]:
        return {
            f"{path}.{name}" if path else name
            for path, module in self.named_modules()
            if isinstance(module, Module)
            for name in module._buffers
        }

    def state_dict(self) -> OrderedDict[str, Any]:
        """Every parameter and buffer by name; the tensors share the module's memory."""
        return OrderedDict((name, t.detach()) for name, t in self.named_tensors().items())

    def load_state_dict(self, state_dict: Mapping[str, TensorLike], strict: bool = True) -> None:
        """Take the numbers of `state_dict`; nothing changes if one of them does not fit."""
        own = self.named_tensors()
        if strict and own.keys() != state_dict.keys():
            raise DataError(
                f"load_state_dict: missing {sorted(own.keys() - state_dict.keys())}, "
                f"unexpected {sorted(state_dict.keys() - own.keys())}; the state must come from a "
                "module of the same structure, or give strict=False"
            )
        common = [(name, t, of(state_dict[name])) for name, t in own.items() if name in state_dict]
        for name, t, value in common:
            if t.shape != value.shape:
                raise DataError(
                    f"load_state_dict: {name} has shape {t.shape}; the state holds {value.shape}"
                )
        for _, t, value in common:
            t.assign(value)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for p in self.parameters():
            p.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Train the parameters, or keep them as they are."""
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    # -- modules inside --

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """(name, module) for the modules directly inside."""
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield name, value

    def children(self) -> Iterator[Any]:
        """The modules directly inside."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """(name, module) for this module and all inside."""
        yield prefix, self
        for name, module in self.named_children():
            path = f"{prefix}.{name}" if prefix else name
            if isinstance(module, Module):
                yield from module.named_modules(path)
            else:
                yield path, module

    def modules(self) -> Iterator[Any]:
        """This module and all inside."""
        return (module for _, module in self.named_modules())

    def add_module(self, name: str, module: Layer) -> None:
        """Keep a module under a name."""
        setattr(self, name, module)

    def apply(self, fn: Callable[[Module], object]) -> Any:
        """Call `fn` on every module inside and then on this one."""
        for module in self.children():
            if isinstance(module, Module):
                module.apply(fn)
        fn(self)
        return self

    def to(self, *targets: Any, **options: Any) -> Any:
        """The module itself: everything is on the "cpu"."""
        for target in (*targets, *options.values()):
            Tensor(1).to(target)
        return self

    def cpu(self) -> Any:
        """The module itself."""
        return self

    def extra_repr(self) -> str:
        """What stands between the brackets of the module's line."""
        return ""

    def __repr__(self) -> str:
        inside = [(name, repr(module)) for name, module in self.named_children()]
        if not inside:
            return f"{type(self).__name__}({self.extra_repr()})"
        lines = [f"  ({name}): " + text.replace("\n", "\n  ") for name, text in inside]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


class _Numbered(Module):
    """Modules kept under the names "0", "1", "2" ..."""

    def _list(self) -> list[Any]:
        return list(self.children())

    def append(self, module: Layer) -> Any:
        """One module more."""
        setattr(self, str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._list())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list())

    def __setitem__(self, index: int, module: Layer) -> None:
        names = [name for name, _ in self.named_children()]
        setattr(self, names[index], module)

    def __getitem__(self, index: int | slice) -> Any:
        chosen = self._list()[index]
        return type(self)(*chosen) if isinstance(index, slice) else chosen


class Sequential(_Numbered):
    """Modules one after another, given one by one or as an OrderedDict with names."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                setattr(self, name, module)
        else:
            for module in modules:
                if not isinstance(module, Layer):
                    raise _no_module(module)
                self.append(module)

    def forward(self, x: Any) -> Any:
        """The output of the last module."""
        for module in self:
            x = module(x)
        return x


class ModuleList(_Numbered):
    """A list of modules whose parameters are chosen."""

    def __init__(self, modules: Iterable[Layer] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)

    def __getitem__(self, index: int | slice) -> Any:
        chosen = self._list()[index]
        return ModuleList(chosen) if isinstance(index, slice) else chosen


def Parameter(data: TensorLike, requires_grad: bool = True) -> Any:
    """A tensor that is trained: a new leaf on the memory of `data`."""
    x = of(data).detach()
    x.requires_grad = requires_grad
    return x


def _no_module(thing: object) -> ArgumentError:
    """The error for what stands among the modules of a Sequential and is none."""
    if isinstance(thing, list | tuple):
        fix = "torch takes modules one by one: nn.Sequential(*modules)"
    elif isinstance(thing, type):
        fix = f"write {thing.__name__}(...): an object, not the class"
    elif callable(thing):
        fix = "a function is called in a forward of your own, or stands as its module: nn.ReLU()"
    else:
        fix = "expected modules such as nn.Linear(3, 1)"
    what = thing.__name__ if isinstance(thing, type) else f"a {type(thing).__name__}"
    return ArgumentError(f"nn.Sequential: got {what}; {fix}")
