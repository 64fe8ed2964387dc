"""The loop of fit: epochs, stretches of batches, streams, and the first NaN.

| file | what it holds |
|---|---|
| cautions.py | Words that save an hour |
| concurrency.py | Concurrency |
| loop.py | The loop of training |
| nonfinite.py | The first NaN or infinity of a training: found, named, and undone |
| resume.py | Checkpoints |
| stream.py | Training on streams |
"""
