"""Trials: a change measured, by training as it is and as changed.

| file | what it holds |
|---|---|
| measure.py | A change measured: the same rows and seeds, before and after |
| recipes.py | The recipe of a model that is there |
| scores.py | Scores of each row, by which two trainings are compared |

    model, rows -> Recipe -> change (changes.py) -> Recipe
        -> networks of several seeds side by side, for both -> scores of the same rows -> Trial
"""
