"""Charts: curves, classes, bars.

| file | what it holds |
|---|---|
| chart_parts.py | Parts of charts: the colours and dashes of series, bars, a histogram |
| class_charts.py | Confusion matrix, ROC and precision-recall curves, calibration, drawn |
| curves.py | Curves of a training: loss and metrics against epochs |
| scores.py | Pictures of predictions beside the truth, from labels and probabilities |

`draw_...` fill an empty drawing whose words are its owner's (a report speaks several languages);
what has a plain name is what users call.
"""
