"""The rules: one class for each optimizer, with its formula.

| file | what it holds |
|---|---|
| adam.py | Adam and its family |
| adaptive.py | Adagrad, Adadelta, RMSprop |
| sgd.py | Gradient descent, with and without momentum |

A class that is imported here is an optimizer: `OPTIMIZERS`, the names that `compile` and the
command line take, and the names of `ranvier.optim` follow from these lines.
"""

from __future__ import annotations

from ..optimizer import Optimizer as _Optimizer
from .adam import Adam as Adam
from .adam import Adamax as Adamax
from .adam import AdamW as AdamW
from .adam import Nadam as Nadam
from .adaptive import Adadelta as Adadelta
from .adaptive import Adagrad as Adagrad
from .adaptive import RMSprop as RMSprop
from .sgd import SGD as SGD
from .sgd import Momentum as Momentum
from .sgd import Nesterov as Nesterov

OPTIMIZERS: dict[str, type[_Optimizer]] = {
    name: cls
    for name, cls in sorted(vars().items())
    if isinstance(cls, type) and issubclass(cls, _Optimizer) and cls is not _Optimizer
}
