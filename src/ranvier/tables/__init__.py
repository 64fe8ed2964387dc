"""Tables: from a file to a model, with a reason for every choice made on the way.

| file | what it holds |
|---|---|
| choice.py | One automatic choice: what, why, and how to override it |
| columns.py | Recognition: what each column of a table holds |
| encoder.py | The encoder: columns of a table as arrays for a network |
| plan.py | The plan: target, task, metric, split and what was noticed |
| reading.py | Reading files and frames of other libraries into one form |
| scores.py | Scores of a model on a table: one set of numbers for each task |
| training.py | Training on a table within a time: epochs planned by the clock |
| trees.py | Boosted trees beside the network: grown by scikit-learn, kept as arrays |

    file -> reading -> columns -> plan -> encoder -> arrays -> training
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .choice import Choice
    from .columns import Column, recognize
    from .encoder import Encoder
    from .plan import Plan, make_plan
    from .reading import Reading, read_table
else:
    _when_asked = {
        "Choice": "choice:Choice",
        "Column": "columns:Column",
        "Encoder": "encoder:Encoder",
        "Plan": "plan:Plan",
        "Reading": "reading:Reading",
        "make_plan": "plan:make_plan",
        "read_table": "reading:read_table",
        "recognize": "columns:recognize",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "Choice",
    "Column",
    "Encoder",
    "Plan",
    "Reading",
    "make_plan",
    "read_table",
    "recognize",
]
