"""The loop of fit: epochs, stretches of batches, streams, and the first NaN.

| file | what it holds |
|---|---|
| anomaly.py | The first NaN of a loop of one's own |
| begin.py | The beginning of `fit`: from the arguments to a training that can run |
| cautions.py | Warnings before and after a training that it cannot go well |
| likely_cause.py | What made the first NaN or infinity, and what to change |
| loop.py | The loop of training |
| nonfinite.py | The first NaN or infinity of a training: found, named, and undone |
| ready.py | Ready: what stands between the arrays of a call and its steps |
| resume.py | Checkpoints: all that a training needs to go on to the same bits |
| streaming.py | Training on streams: chunks read ahead of the steps |
"""
