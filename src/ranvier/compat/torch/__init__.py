"""PyTorch's names for Ranvier: `import ranvier.compat.torch as torch`.

Tensors, layers with `forward`, optimizers, losses and loops as in PyTorch. Differences, each for a
reason:

- A loss aligns a target (n,) with a prediction (n, 1) and refuses any other broadcast.
- `optim.SGD(w, lr=0.1)` takes a single tensor too.
- `torch.compile` is `ranvier.compile`: decorate the whole step (forward, `backward()`,
  `optimizer.step()`), and it runs as one compiled graph.
- `torch.save` and `torch.load` handle dictionaries of tensors (`state_dict()`), never code.
- `x[0]`, `x.T`, `x.view(...)` are values of their own: changing them in place leaves x as it is.
  Write to x: `x[0] = 0`. What was computed before an in-place change keeps its gradient.
- `.numpy()` works also on tensors that require a gradient.
"""

from __future__ import annotations

import math
from typing import Any

from ... import __version__ as __version__
from ... import dtypes
from ... import random as drawing
from ...base.config import config
from ...ops import contraction, elementwise
from ...tensors import mode as modes
from ...tensors.tensor import Tensor as RanvierTensor
from ..table import fill as fill_module
from ..table import names, submodule
from . import autograd, creation, functions, nn, optim, utils
from .creation import MAKERS, tensor
from .methods import FUNCTIONS
from .size_and_device import device
from .tensor import Tensor, of

# Other devices than the CPU: they are not there, and tutorials ask.
_ABSENT: dict[str, Any] = {"is_available": lambda: False, "device_count": lambda: 0}
_BACKEND = {"is_available": lambda: False, "is_built": lambda: False, "enabled": False}

__all__, __getattr__ = fill_module(
    globals(),
    "torch",
    FUNCTIONS,
    MAKERS,
    names(creation, "FloatTensor Generator LongTensor as_tensor cat concat=cat concatenate=cat"),
    names(creation, "from_numpy multinomial stack"),
    names(functions, "allclose compile einsum inference_mode=no_grad load meshgrid no_grad save"),
    names(dtypes, "float16 float32 float64 int32 int64 uint8"),
    names(dtypes, "bool=bool_ double=float64 float=float32 half=float16 int=int32 long=int64"),
    names(math, "e inf nan pi"),
    names(modes, "enable_grad is_grad_enabled set_grad_enabled=grad_mode"),
    Tensor=Tensor,
    accelerator=submodule(__name__, "torch.accelerator", _ABSENT, current_accelerator=lambda: None),
    autograd=autograd,
    backends=submodule(
        __name__,
        "torch.backends",
        # What is set on it changes nothing: the same seed gives the same bits already.
        cudnn=submodule(
            f"{__name__}.backends",
            "torch.backends.cudnn",
            _BACKEND,
            benchmark=False,
            deterministic=True,
        ),
        mps=submodule(f"{__name__}.backends", "torch.backends.mps", _BACKEND),
    ),
    cuda=submodule(__name__, "torch.cuda", _ABSENT, manual_seed_all=lambda seed: None),
    device=device,
    equal=lambda input, other: functions.np.array_equal(input.numpy(), other.numpy()),
    fill=lambda input, value: of(input).masked_fill(True, value),
    is_tensor=lambda obj: isinstance(obj, RanvierTensor),
    manual_seed=lambda seed: drawing.seed(seed),
    matmul=lambda input, other: of(contraction.matmul(input, other)),
    nn=nn,
    optim=optim,
    random=submodule(__name__, "torch.random", manual_seed=lambda seed: drawing.seed(seed)),
    pow=lambda input, exponent: of(elementwise.power(input, exponent)),
    set_num_threads=lambda threads: config(threads=threads),
    tensor=tensor,
    utils=utils,
    where=lambda condition, input, other: of(elementwise.where(condition, input, other)),
)
