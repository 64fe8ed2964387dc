"""Charts of a report, drawn from its results.

| file | what it holds |
|---|---|
| attribution_charts.py | What columns add to the output, and how it depends on the strongest |
| chart_parts.py | Parts of charts: an empty drawing, bars, a histogram |
| class_charts.py | Confusion matrix, ROC and precision-recall curves, thresholds, calibration |
| draw.py | All charts by name |
| network_chart.py | The picture of a network |
| number_charts.py | Predicted numbers beside true ones, errors, prediction intervals |
| overview.py | Scores beside baselines, the target, empty cells, importance of columns |
| series_charts.py | The last forecast beside what came, errors by step |
| training_charts.py | Learning curves |

    Results -> Drawing -> SVG in the page, in a notebook, .svg, .png and .pdf files
"""
