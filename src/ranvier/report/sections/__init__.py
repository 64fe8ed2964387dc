"""Sections of the page, in HTML.

| file | what it holds |
|---|---|
| choices.py | Everything that was decided without being asked, and why |
| data.py | The columns of the table |
| errors.py | Where the model is right and wrong: classes, numbers, the worst rows |
| network.py | Training, importance of columns, layers, time and memory, code |
| order.py | All sections in their order |
| parts.py | Cells, tables, figures, cards |
| probabilities.py | Thresholds, calibration and prediction intervals |
| scores.py | Every score of the network and of the simple models |
| summary.py | Score, best simple model, verdict, and what is to be checked |
"""
