"""The loop of fit: epochs, stretches of batches, streams, and the first NaN.

| file | what it holds |
|---|---|
| cautions.py | Warnings before and after a training that it cannot go well |
| concurrency.py | Other threads and signal handlers that use a model while it is in training |
| loop.py | The loop of training |
| nonfinite.py | The first NaN or infinity of a training: found, named, and undone |
| resume.py | Checkpoints: all that a training needs to go on to the same bits |
| stream.py | Training on streams: chunks read ahead of the steps |
"""
