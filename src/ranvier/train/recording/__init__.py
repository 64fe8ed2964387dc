"""Learning over time: what weights, gradients and activations are like while `fit` runs.

| file | what it holds |
|---|---|
| budget.py | Which steps are recorded, and what that may cost |
| gradient_step.py | Gradients and outputs of layers for one batch, as one compiled graph |
| measure.py | An array in few numbers: moments and quantiles |
| page.py | What was recorded as one page of HTML |
| pictures.py | What was recorded as drawings |
| record.py | The callback that records |
| series.py | What was recorded of one tensor, as arrays over time |

The way of the data:

    fit, between two stretches -> Schedule: is the next step one to record?
        -> the batch of that step, weights as they are -> GradientStep -> gradients, outputs
        -> the step itself, which runs alone -> weights after it
        -> measure: weights, gradient, update, outputs, each as few numbers -> Record
        -> Series -> pictures, page, CSV, event files

A record holds what the step has seen and done: its own batch with its own random draws, the
gradient of its loss before clipping and decay, the change that it has made of each weight. So it is
the same whatever was recorded before and however quick the machine is; only *whether* a step is
recorded may depend on the time, and with `max_cost=None` not even that.

The training does not notice. `GradientStep` is a graph beside the training step, which is compiled
once and run on copies of all that it would change (random state, moving statistics); the training
step is neither traced nor compiled again, and where stretches are cut has never changed a bit.

What it costs: of an own compilation, as long as that of the training step and kept in the same
cache, once; then, of each record, about one step without its update, and reading the numbers of the
tensors once. `Budget` measures that and leaves out records, so that it stays below the share that
was allowed.
"""
