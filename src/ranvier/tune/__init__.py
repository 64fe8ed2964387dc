"""Tuning: values of the default network for tables that suit a table better, found by trials.

| file | what it holds |
|---|---|
| journal.py | The file of a study: a line of JSON for each thing that happened |
| search.py | The search: batches of trials asked for, trained side by side, and told of |
| side_by_side.py | Trials of one form, trained side by side by one compiled step |
| space.py | The space: what is searched, and what a point of it stands for |
| study.py | The study: trials that Optuna proposes, and what came of them |
| trial_network.py | Networks of trials: the default one, with numbers of a trial's own in tensors |
| tune.py | Tuning: the search, and the networks that are trained with what it has found |

    table -> prepared rows -> study <----------------------------------- errors of each epoch
                                |                                               ^
                                +-> ask: trials of one form -> side by side ----+
                                |
                                +-> best and default values -> trained in full -> the better is kept

Everything before the arrow to the study, and the training in full, is that of `tables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .tune import Tuned, tune_table
else:
    _when_asked = {"Tuned": "tune:Tuned", "tune_table": "tune:tune_table"}
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = ["Tuned", "tune_table"]
