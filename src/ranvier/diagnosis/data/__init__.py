"""Checks of the data: what in rows and columns spoils a training, or flatters its score.

| file | what it holds |
|---|---|
| alone.py | What a column alone tells of the target |
| classes.py | Classes: rare ones, and what a model makes of them |
| column_findings.py | What the checks of columns say |
| columns.py | Columns of arrays and of tables in one form |
| copies.py | Columns that say nothing or the same as another, rows on both sides of a split |
| drift.py | New rows beside those of the training: each column, and all together |
| examined.py | The data of an examination in the form that the checks read |
| label_noise.py | Rows whose label is likely wrong |
| leaks.py | Columns that give the answer away |
| row_findings.py | What the checks of rows, labels and classes say |
| small_networks.py | Small networks side by side, for what is said of rows not seen |
| statistics.py | Two-sample tests, corrections for many columns, errors of areas |
| validation_set.py | Whether the rows held out can say how good a model is |

    arrays or frames -> Columns -> one function for each kind -> plain numbers -> Finding
"""
