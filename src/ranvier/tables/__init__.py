"""Tables: from a file to a model, with a reason for every choice made on the way.

| file | what it holds |
|---|---|
| choice.py | One automatic choice: what, why, and how to override it |
| columns.py | Columns: what each of a table holds, and the kinds there are |
| diagnosing.py | The diagnosis of a model of a table |
| encoder.py | The encoder: columns of a table as arrays for a network |
| encoding/ | Parts of the encoder: one for each kind of column |
| files/ | Bytes, records and frames: what reading is made of |
| fit_program.py | Python that trains a model of a table again |
| fitting.py | Fitting: from a file or frame to a trained and tested model |
| model.py | A model for a table: plan, encoder and network, from raw rows to predictions |
| plan.py | The plan: target, task, metric, split and what was noticed |
| reading.py | Reading files and frames into one form |
| recognition/ | What each column holds, and facts about it |
| scores.py | Scores of a model on a table: one set of numbers for each task |
| splitting.py | Rows held out: at random, by time, by group |
| targets.py | The target: which column it may be, and its task |
| training/ | The default network, and how it is trained |
| trees.py | Boosted trees beside the network: grown by scikit-learn, kept as arrays |

    file -> reading -> recognition -> plan -> encoder -> arrays -> training -> model
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .choice import Choice
    from .columns import Column
    from .encoder import Encoder
    from .fitting import fit_table
    from .model import TableModel
    from .plan import Plan, make_plan
    from .reading import Reading, read_table
    from .recognition.recognize import recognize
else:
    _when_asked = {
        "Choice": "choice:Choice",
        "Column": "columns:Column",
        "Encoder": "encoder:Encoder",
        "Plan": "plan:Plan",
        "Reading": "reading:Reading",
        "TableModel": "model:TableModel",
        "fit_table": "fitting:fit_table",
        "make_plan": "plan:make_plan",
        "read_table": "reading:read_table",
        "recognize": "recognition.recognize:recognize",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "Choice",
    "Column",
    "Encoder",
    "Plan",
    "Reading",
    "TableModel",
    "fit_table",
    "make_plan",
    "read_table",
    "recognize",
]
