"""What is measured on rows that the model has not seen.

| file | what it holds |
|---|---|
| attributions.py | SHAP values of some rows, and how the output depends on the strongest columns |
| baselines.py | Simple models on the same rows: majority or mean, linear, boosting |
| bootstrap.py | Numbers with confidence intervals |
| details.py | Confusion, curves, calibration, residuals, worst rows of a model |
| importance.py | Permutation importance of the raw columns |
| linear_models.py | Linear and logistic regression |

    truth, predictions -> scores (tables/scores.py), intervals, curves -> Results
"""
