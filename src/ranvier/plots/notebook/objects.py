"""Graphs and models in a notebook: their drawings where they fit, and their text."""

from __future__ import annotations

from ...errors import RanvierError
from ...graph.graph import Graph
from ...train.models.model import Model
from ...train.models.summary import summary
from ..markup import Markup, element
from ..networks.graph import graph
from ..networks.network import network

_MOST_NODES = 250  # of a graph that is drawn
_MOST_LAYERS = 60


def graph_html(shown: Graph) -> str:
    """The graph drawn, its text behind a click; of a large one the text alone."""
    text = element("pre", str(shown))
    if len(shown.nodes) > _MOST_NODES:
        return text
    return element(
        "div", Markup(graph(shown).svg()), element("details", element("summary", "as text"), text)
    )


def model_html(model: Model) -> str:
    """The diagram of the network and its summary."""
    text = element("pre", summary(model))
    if len(model.sublayers()) > _MOST_LAYERS:
        return text
    try:
        drawing = network(model)
    except RanvierError:  # it is not built yet, or reads what only its rows can say
        return text
    return element(
        "div", Markup(drawing.svg()), element("details", element("summary", "summary"), text)
    )
