"""Experiment trackers: a training in TensorBoard, MLflow, and Weights & Biases.

| file | what it holds |
|---|---|
| facts.py | What trackers are told of a training beside its numbers |
| graph_events.py | A graph as the message that TensorBoard draws |
| mlflow.py | The callback for MLflow |
| tensorboard.py | The callback that writes event files for TensorBoard |
| wandb.py | The callback for Weights & Biases |

The libraries are optional, and imported when a training begins:

    fit -> numbers of an epoch, learning rate -> tracker -> library
    fit -> Record (train/recording) -> histograms -> TensorBoard
"""
