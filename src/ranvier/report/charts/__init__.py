"""Charts of a report, drawn from its results.

| file | what it holds |
|---|---|
| classes.py | Confusion matrix, ROC and precision-recall curves, thresholds, calibration |
| draw.py | All charts by name |
| network.py | The picture of a network |
| overview.py | Scores beside baselines, the target, empty cells, importance of columns |
| parts.py | Parts of charts: an empty drawing, bars, a histogram |
| regression.py | Predicted numbers beside true ones, errors, prediction intervals |
| training.py | Learning curves |

    Results -> Drawing -> SVG in the page, in a notebook, .svg, .png and .pdf files
"""
