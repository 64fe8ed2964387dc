"""The command line: one file for each group of commands.

| file | what it holds |
|---|---|
| compare.py | The command line's `ranvier compare` |
| explain.py | The command line's `ranvier explain`: the compiler's work on a model, at six depths |
| learners.py | The learners of `ranvier compare`: a network and scikit-learn's |
| main.py | The command line: `ranvier train digits`, and what to do with the model it saves |
| problems.py | Tables for `ranvier compare`: the sets by name and files, split in two |
| progress.py | How far `ranvier compare` is: a live bar in a terminal, plain lines elsewhere |
"""
