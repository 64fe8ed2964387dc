"""The graph: immutable nodes, an ordered list of them, its checker and its printer."""

from .graph import Graph
from .node import Node, Spec, Value

__all__ = ["Graph", "Node", "Spec", "Value"]
