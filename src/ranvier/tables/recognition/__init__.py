"""Recognition: what each column holds, from its cells and its name.

| file | what it holds |
|---|---|
| cells.py | Cells as text, numbers and answers, and how numbers are written |
| dates.py | Dates and times in many spellings |
| facts.py | Facts about the cells of one column, gathered when they are asked for |
| levels.py | Levels that have an order |
| names.py | What names and numbers say: identifiers, codes, stand-ins for missing |
| numeric.py | Recognition of numbers: marks and units, identifiers and codes |
| profiles.py | Profiles of columns: quantiles, histograms, frequent values |
| recognize.py | Recognition: what each column holds |
| signals.py | What each column alone tells of the target; copies |

`recognize` asks for facts about one column at a time and names its kind, with a reason.
"""
