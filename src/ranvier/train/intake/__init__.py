"""The intake of data: whatever a user gives, as arrays that a step can read.

| file | what it holds |
|---|---|
| arrange.py | Inputs and outputs: which of the user's arrays belongs to which |
| heads.py | Heads: which loss, weight and metrics belong to which output of a model |
| logits.py | Logits given to a loss of probabilities: recognized before training, and said once |
| prepare.py | Heads for rows: the model built, its outputs known, the targets checked |
| rows.py | Rows: arrays, tables, streams and validation data of a call, cut and checked |
"""
