"""The graph: immutable nodes, an ordered list of them, its checker and its printer.

| file | what it holds |
|---|---|
| batch_plan.py | How a graph is run over batches of rows |
| check.py | The checker: re-derives every shape and dtype |
| facts.py | Facts of nodes in words: section, layer, function |
| graph.py | The graph: nodes in order, with inputs, outputs and updates |
| interpret.py | The interpreter: node by node in NumPy, the reference |
| member_arrays.py | Models of one form that one graph serves |
| node.py | The node: one application of one op |
| row_count.py | The number of rows while it is not known: a size to calculate with |
| show.py | Graphs as text |
| sizes.py | What shape rules ask of sizes, which may be numbers or made from a number of rows |
| with_rows.py | A graph for any number of rows, and for a number of them |
"""

from .graph import Graph
from .node import Node, Spec, Value

__all__ = ["Graph", "Node", "Spec", "Value"]
