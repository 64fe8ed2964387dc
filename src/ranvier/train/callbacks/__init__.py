"""Callbacks: what happens between epochs and batches.

| file | what it holds |
|---|---|
| averages.py | The callback that evaluates with the moving averages of the parameters |
| callback.py | The moments of training at which something can happen |
| checkpoint.py | The callback that writes checkpoints, from which a training goes on |
| monitors.py | Callbacks that watch one number: is it still improving? |
| progress.py | The progress bar of `fit`, and its plain lines |
| watcher.py | Callbacks that look at single steps |
"""
