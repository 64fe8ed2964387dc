"""Sections of the page, in HTML.

| file | what it holds |
|---|---|
| all_sections.py | All sections in their order |
| attribution_section.py | SHAP values of some rows, dependence on the strongest columns |
| choice_section.py | Everything that was decided without being asked, and why |
| data_section.py | The columns of the table |
| diagnosis_section.py | What a diagnosis found |
| error_section.py | Where the model is right and wrong: classes, numbers, the worst rows |
| network_section.py | Training, importance of columns, layers, time and memory, code |
| page_parts.py | Cells, tables, figures, cards |
| probability_section.py | Thresholds, calibration and prediction intervals |
| score_section.py | Every score of the network and of the simple models |
| summary_section.py | Score, best simple model, verdict, and what is to be checked |
| task_sections.py | Examples of pictures, words of texts, forecasts of a series |
"""
