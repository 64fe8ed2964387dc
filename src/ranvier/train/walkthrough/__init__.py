"""The walkthrough: one training step with every number shown.

| file | what it holds |
|---|---|
| meaning.py | What the nodes of a traced step mean: heard by an observer while it is traced |
| record.py | Recording: one training step run on the reference executor, every number kept |

    model, rows -> record -> Recording
"""
