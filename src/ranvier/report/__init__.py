"""The report: how good a model of a table is, beside simple models, on one page.

| file | what it holds |
|---|---|
| build.py | Results of a trained model on test rows |
| charts/ | The charts of a report |
| layers.py | The layers of a network for its picture |
| measures/ | Intervals, curves, calibration, baselines, importance of columns |
| notebook.py | Plans and models of tables as they show themselves in a notebook |
| of_tasks/ | Results of pictures, texts and series |
| page.py | The report as one HTML file |
| profile.py | What the columns of the training rows hold |
| results.py | Everything that a report shows, as plain numbers and texts |
| sections/ | The sections of the page |
| style.py | How the page looks |
| terminal.py | The results in forty lines, for a terminal |
| verdict.py | The one sentence that a reader takes away |
| words/ | The words of the page, a table for each language |

    model, frames -> build -> Results -> page, charts, terminal
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .build import Facts, results_of
    from .page import Report
    from .results import Results
    from .terminal import print_results
else:
    _when_asked = {
        "Facts": "build:Facts",
        "Report": "page:Report",
        "Results": "results:Results",
        "print_results": "terminal:print_results",
        "results_of": "build:results_of",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = ["Facts", "Report", "Results", "print_results", "results_of"]
