"""SHAP values: exact over all coalitions, or sampled with a stated error.

| file | what it holds |
|---|---|
| coalitions.py | The game: rows in which some features are another row's |
| exact.py | All coalitions of the features in which the rows differ |
| groups.py | Features that go together |
| sampled.py | Paired permutations and kernel regression, with standard errors |
| values.py | `shap_values` |

    row, background -> Game -> worth of coalitions -> values, errors -> Attribution
"""
