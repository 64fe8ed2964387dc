"""Ensembles: many models of one form, trained side by side by one compiled step.

| file | what it holds |
|---|---|
| compiled_members.py | Members before training: models of one form, and the optimizer of each |
| ensemble.py | The ensemble: its members, and the verbs of a model |
| fit.py | The loop of training: epochs of all members at once |
| members.py | Members' tensors in one block of memory, and members' random states |
| members_sums.py | The running sums of all members |
| saving.py | Ensembles to files and back |
| score.py | The score of an ensemble: losses and metrics of the mean of what its members say |
"""
