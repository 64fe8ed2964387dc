"""Diagnosis: what goes wrong in a training, with its evidence and the line to change.

| file | what it holds |
|---|---|
| changes.py | Changes of a recipe, as lines of code and as what makes them |
| charts.py | The evidence of a finding as a small drawing |
| checks.py | All checks: what each looks for and what it needs |
| data/ | Checks of the data |
| diagnose.py | From a model and its data to a diagnosis |
| examination.py | What the checks look at, computed once: rows, curves, one step |
| finding.py | `Finding` and `Diagnosis` |
| live.py | The diagnosis of a training while it runs: the callback `Diagnose` |
| network/ | Checks of the network: its units, its gradients, its two ends |
| page.py | A diagnosis as one page of HTML |
| probe.py | One training step on some rows with every number kept |
| recipe.py | A training that can be done again with one thing changed |
| reference_answers.py | What simple methods would say of each row without having seen it |
| training/ | Checks of curves and of the learning rate |
| trials/ | Changes measured, by trainings as it is and as changed |

The way of the data:

    model, rows, curves -> Examination      all probes, each computed when it is first asked for
        -> CHECKS: one row for each kind    needs (targets, validation, ...) and a function
        -> Finding: kind, severity, what, evidence, change, trial
        -> Diagnosis -> text, page

A check says nothing that it cannot show: a finding carries the numbers that it rests on. Thresholds
stand beside the check that uses them, with where they come from.

>>> import ranvier
>>> from ranvier.nn import Dense
>>> (x, y), _ = ranvier.data.load_digits()
>>> ranvier.seed(0)
>>> model = ranvier.Sequential([Dense(16, "relu"), Dense(10, "softmax")])
>>> model.compile("adam", "sparse_categorical_crossentropy")
>>> _ = model.fit(x[:100].reshape(100, 64) / 16, y[:100], epochs=3, verbose=0)
>>> found = model.diagnose(x[:100].reshape(100, 64) / 16, y[:100])
>>> "overfitting" in found.not_checked  # there are no rows for validation
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .checks import CHECKS, Check
    from .diagnose import diagnose
    from .examination import Examination
    from .finding import Chart, Diagnosis, Finding
    from .recipe import Recipe
    from .trials.measure import Trial
else:
    _when_asked = {
        "CHECKS": "checks:CHECKS",
        "Chart": "finding:Chart",
        "Check": "checks:Check",
        "Diagnosis": "finding:Diagnosis",
        "Examination": "examination:Examination",
        "Finding": "finding:Finding",
        "Recipe": "recipe:Recipe",
        "Trial": "trials.measure:Trial",
        "diagnose": "diagnose:diagnose",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "CHECKS",
    "Chart",
    "Check",
    "Diagnosis",
    "Examination",
    "Finding",
    "Recipe",
    "Trial",
    "diagnose",
]
