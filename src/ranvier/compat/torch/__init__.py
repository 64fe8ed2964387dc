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
from ...tensors.mode import enable_grad, grad_mode, is_grad_enabled
from ..table import missing, module_getattr
from . import accelerator, autograd, backends, cuda, nn, optim, utils
from .creation import (
    Generator,
    arange,
    as_tensor,
    cat,
    empty,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    manual_seed,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    stack,
    tensor,
    zeros,
    zeros_like,
)
from .devices import device
from .draws import meshgrid, multinomial
from .functions import (
    FUNCTIONS,
    FloatTensor,
    LongTensor,
    allclose,
    compile,
    einsum,
    equal,
    is_tensor,
    load,
    matmul,
    no_grad,
    pow,
    save,
    set_num_threads,
    where,
)
from .tensor import Tensor

float16 = half = dtypes.float16
float32 = dtypes.float32
float64 = double = dtypes.float64
int32 = dtypes.int32
int64 = long = dtypes.int64
uint8 = dtypes.uint8
pi, inf, nan, e = math.pi, math.inf, math.nan, math.e
concat = concatenate = cat
inference_mode = no_grad
set_grad_enabled = grad_mode

__all__ = [
    "FloatTensor",
    "Generator",
    "LongTensor",
    "Tensor",
    "accelerator",
    "allclose",
    "arange",
    "as_tensor",
    "autograd",
    "backends",
    "cat",
    "compile",
    "concat",
    "concatenate",
    "cuda",
    "device",
    "double",
    "e",
    "einsum",
    "empty",
    "enable_grad",
    "equal",
    "eye",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "full",
    "full_like",
    "half",
    "inf",
    "inference_mode",
    "int32",
    "int64",
    "is_grad_enabled",
    "is_tensor",
    "linspace",
    "load",
    "long",
    "manual_seed",
    "matmul",
    "meshgrid",
    "multinomial",
    "nan",
    "nn",
    "no_grad",
    "normal",
    "ones",
    "ones_like",
    "optim",
    "pi",
    "pow",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "save",
    "set_grad_enabled",
    "set_num_threads",
    "stack",
    "tensor",
    "uint8",
    "utils",
    "where",
    "zeros",
    "zeros_like",
]

__all__ += ["bool", "float", "int", *FUNCTIONS]

__getattr__ = module_getattr("torch", globals(), missing)
# NOTE: these stand last, because here they hide Python's own.
globals().update(FUNCTIONS)
bool: Any = dtypes.bool_
int: Any = dtypes.int32
float: Any = dtypes.float32
