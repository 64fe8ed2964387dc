"""Row by row: whether the rows that fill up a batch can reach what counts.

| file | what it holds |
|---|---|
| row_flow.py | What is known of each node of a graph: what filling rows reach |
| row_rules.py | How each op moves what belongs to rows |
| row_spans.py | Which row an index points at: bounds of integers, relative to their row |
"""

from .row_flow import RowFlow

__all__ = ["RowFlow"]
