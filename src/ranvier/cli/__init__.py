"""The command line: one file for each group of commands.

| file | what it holds |
|---|---|
| compare.py | `ranvier compare`: learning curves of a network and of classical learners |
| explain.py | `ranvier explain`: the compiler's work on a model, at six levels |
| learners.py | The learners of `ranvier compare`: a network and scikit-learn's |
| main.py | `ranvier train`, `evaluate`, `predict` and `inspect` |
| problems.py | Tables for `ranvier compare`: the sets by name and files, split in two |
| progress.py | Progress of `ranvier compare`: a live bar in a terminal, plain lines elsewhere |
| text_pictures.py | Confusion matrices and small images as text |
"""
