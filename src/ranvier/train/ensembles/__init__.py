"""Ensembles: many models of one form, trained side by side in one compiled step.

| file | what it holds |
|---|---|
| ensemble.py | The ensemble: its members, and the verbs of a model |
| fit.py | The loop of training: epochs of all members at once |
| members.py | Members' tensors in one array each, and members' random states |
| saving.py | Ensembles to files and back |
| score.py | The score of an ensemble: losses and metrics of the mean of what its members say |
| step.py | A step of one member as a step of all |
| sums.py | The running sums of all members |
"""
