"""Training: models, the intake of data, steps, the loop of fit, callbacks.

| file | what it holds |
|---|---|
| callbacks/ | what happens between epochs and batches |
| ensembles/ | many models of one form, trained side by side in one compiled step |
| fit/ | epochs, stretches of batches, streams, and the first NaN |
| intake/ | whatever a user gives, as arrays that a step can read |
| models/ | networks that can be compiled, fitted, saved and summarized |
| recording/ | weights, gradients and activations over time |
| steps/ | forward, loss, gradient and update as one graph |
| trackers/ | a training in TensorBoard, MLflow, and Weights & Biases |
| walkthrough/ | one training step with every number shown |
"""
