"""The report: how good a model of a table is, beside simple models, on one page.

| file | what it holds |
|---|---|
| baselines.py | Simple models on the same rows: majority or mean, linear, boosting |
| build.py | Results of a trained model on test rows |
| charts.py | The charts of a report |
| details.py | Confusion, curves, calibration, residuals, worst rows |
| importance.py | Permutation importance of the raw columns |
| layers.py | The layers of a network for its picture |
| measures.py | Scores, bootstrap intervals, curves, calibration, prediction intervals |
| network_chart.py | The picture of a network |
| numbers.py | Numbers as short texts |
| page.py | The report as one HTML file |
| profile.py | What the columns of the training rows hold |
| results.py | Everything that a report shows, as plain numbers and texts |
| sections.py | The sections of the page |
| style.py | How the page looks |
| terminal.py | The results in forty lines, for a terminal |
| verdict.py | The one sentence that a reader takes away |
| words.py | The words of the page in English and Chinese |

    model, frames -> build -> Results -> page, charts, terminal
"""
