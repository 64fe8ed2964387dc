"""Steps: forward, loss, gradient and update as one graph.

| file | what it holds |
|---|---|
| concurrency.py | Other threads and signal handlers that use a model while it is in training |
| ids.py | Ids in the data that are outside the table of an Embedding |
| kept_rows.py | Rows kept for metrics that look at all of them at once, such as the exact AUC |
| kept_steps.py | All steps of a model, each built once and kept as long as it is valid |
| order.py | The order in which epochs see the rows |
| predict.py | Prediction: forward over any number of rows |
| short_batch.py | The last, short batch: filled up, or compiled for its own number of rows |
| step.py | A step: a function of arrays traced into one graph and kept ready to run |
| step_functions.py | What steps compute: forward, loss, gradient and update of a batch |
| sums.py | The running sums of an epoch, from which loss and metrics come |
| verify.py | Two executors, one truth: compiled steps compared with the reference |
"""
