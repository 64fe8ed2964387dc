"""Steps: forward, loss, gradient and update as one graph.

| file | what it holds |
|---|---|
| concurrency.py | Other threads and signal handlers that use a model while it is in training |
| ids.py | Ids in the data that are outside the table of an Embedding |
| kept_rows.py | Rows kept for metrics that look at all of them at once, such as the exact AUC |
| order.py | The order in which epochs see the rows |
| predict.py | Prediction: forward over any number of rows |
| short_batch.py | The last, short batch: filled up, or compiled for its own number of rows |
| step.py | Steps: forward, loss, gradient and update traced into one graph and kept ready to run |
| sums.py | The running sums of an epoch, from which loss and metrics come |
| verify.py | Two executors, one truth: compiled steps compared with the reference |
"""
