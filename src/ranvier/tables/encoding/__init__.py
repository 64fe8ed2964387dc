"""Encoding: columns of each kind as arrays of numbers.

| file | what it holds |
|---|---|
| crossed.py | Pairs of large categories: the mean target of two levels that occur together |
| parts.py | Parts of an encoder: one class for each kind of column |
| statistics.py | Statistics of levels: which occur, their codes, and the mean target of each |
| text_features.py | Free text as a few numbers: TF-IDF and an SVD |
| unread.py | Cells that hold something which the encoder cannot read, and a word about them |

`encoder.py`, one folder up, chooses a part for each column and joins what the parts return.
"""
