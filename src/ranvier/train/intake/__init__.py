"""The intake of data: whatever a user gives, as arrays that a step can read.

| file | what it holds |
|---|---|
| given.py | Inputs and outputs: which of the user's arrays belongs to which |
| heads.py | Heads: which loss, weight and metrics belong to which output of a model |
| ids.py | Ids in the data that are outside the table of an Embedding |
| logits.py | Logits given to a loss of probabilities: recognized before training, and said once |
| rows.py | Rows: arrays, tables, streams and validation data of a call, cut and checked |
"""
