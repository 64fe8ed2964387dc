"""Estimators for scikit-learn (the extra `[sklearn]`): networks in its pipelines and searches.

| file | what it holds |
|---|---|
| arguments.py | What each argument may be, and sample weights |
| mlp.py | `MLPClassifier` and `MLPRegressor` |
| perceptron.py | What the two share: `fit`, `partial_fit`, warm starts, outputs |
| programs.py | The compiled functions: a training step, a gradient over all rows, outputs |
| solvers.py | The solvers: Adam and gradient descent by batches, L-BFGS over all rows |
| tables.py | `RanvierClassifier` and `RanvierRegressor`: raw columns in, classes or numbers out |
| training_rows.py | Rows as the compiled functions read them, dense or sparse |

The classes inherit scikit-learn's own, which is imported with the first of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base.extras import optional
from ..base.missing import module_getattr

_WHEN_ASKED = {
    "MLPClassifier": "mlp:MLPClassifier",
    "MLPRegressor": "mlp:MLPRegressor",
    "RanvierClassifier": "tables:RanvierClassifier",
    "RanvierRegressor": "tables:RanvierRegressor",
}

if TYPE_CHECKING:
    from .mlp import MLPClassifier, MLPRegressor
    from .tables import RanvierClassifier, RanvierRegressor
else:
    _getattr = module_getattr(__name__, globals(), when_asked=_WHEN_ASKED)

    def __getattr__(name: str) -> Any:
        if name in _WHEN_ASKED:
            optional("sklearn", f"ranvier.estimators.{name}", "sklearn")
        return _getattr(name)


__all__ = ["MLPClassifier", "MLPRegressor", "RanvierClassifier", "RanvierRegressor"]
