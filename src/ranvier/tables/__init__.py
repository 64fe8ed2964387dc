"""Tables: from a file to a model, with a reason for every choice made on the way.

| file | what it holds |
|---|---|
| cells.py | Cells as text, numbers and answers, and how numbers are written |
| choice.py | One automatic choice: what, why, and how to override it |
| columns.py | Columns: what each of a table holds, and the kinds there are |
| dates.py | Dates and times in many spellings |
| delimited.py | The format of a delimited file: delimiter, quotes, header, names |
| encoder.py | The encoder: columns of a table as arrays for a network |
| facts.py | Facts about the cells of one column, gathered when they are asked for |
| frames.py | Frames of other libraries as polars frames, in one form |
| levels.py | Levels that have an order |
| member.py | One network of a training: its rows, its epochs, and the best of them |
| model.py | A model for a table: plan, encoder and network, from raw rows to predictions |
| names.py | What names and numbers say: identifiers, codes, stand-ins for missing |
| network.py | The default network for tables, and how it is optimized |
| numeric.py | Recognition of numbers: marks and units, identifiers and codes |
| parts.py | Parts of an encoder: one class for each kind of column |
| parts_held_out.py | Rows that the networks of a training hold out |
| plan.py | The plan: target, task, metric, split and what was noticed |
| profiles.py | Profiles of columns: quantiles, histograms, frequent values |
| reading.py | Reading files and frames into one form |
| recognition.py | Recognition: what each column holds |
| records.py | Records of a delimited file: offsets, lines, numbers of fields |
| scores.py | Scores of a model on a table: one set of numbers for each task |
| signals.py | What each column alone tells of the target; copies |
| splitting.py | Rows held out: at random, by time, by group |
| structured.py | Parquet, Arrow, Excel and JSON |
| targets.py | The target: which column it may be, and its task |
| temperature.py | One temperature for probabilities, measured on held-out rows |
| text_features.py | Free text as a few numbers: TF-IDF and an SVD |
| training.py | Training on a table within a time: epochs planned by the clock, the best kept |
| trees.py | Boosted trees beside the network: grown by scikit-learn, kept as arrays |
| unpacking.py | Bytes of a file: compression and encoding |

    file -> reading -> recognition -> plan -> encoder -> arrays -> training -> model
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .choice import Choice
    from .columns import Column
    from .encoder import Encoder
    from .model import TableModel, fit_table
    from .plan import Plan, make_plan
    from .reading import Reading, read_table
    from .recognition import recognize
else:
    _when_asked = {
        "Choice": "choice:Choice",
        "Column": "columns:Column",
        "Encoder": "encoder:Encoder",
        "Plan": "plan:Plan",
        "Reading": "reading:Reading",
        "TableModel": "model:TableModel",
        "fit_table": "model:fit_table",
        "make_plan": "plan:make_plan",
        "read_table": "reading:read_table",
        "recognize": "recognition:recognize",
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
