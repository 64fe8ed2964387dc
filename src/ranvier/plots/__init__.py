"""Plots: pictures of networks, of trainings and of what models do, each a `Drawing`.

| file | what it holds |
|---|---|
| axes.py | Axes of a drawing: scales, ticks, grid, labels, lines and bars |
| charts/ | Curves, confusion matrix, ROC, calibration, bars, histograms |
| composition.py | Several drawings as one |
| contours.py | Contours of a grid of numbers: lines of one level and the areas above it |
| document.py | Pages as one file of HTML, which loads nothing |
| drawing.py | A drawing: marks at positions in pixels, shown as SVG, HTML, PNG or PDF |
| figures.py | Writing figures of matplotlib's to files |
| learning_curves.py | Test score against the number of training rows |
| markup.py | HTML and SVG as text, with everything escaped that is not markup |
| models/ | What models do: boundaries, filters, activations, embeddings, losses, steps |
| networks/ | Networks and graphs: boxes in rows, edges that cross as little as can be |
| notebook/ | What a notebook shows of tensors, graphs and models |
| page.py | Drawings as a page of their own |
| pixels.py | Matrices as pixels, and pixels as a PNG inside a page |
| projection.py | Vectors in two dimensions: principal components |
| raster.py | Drawings through matplotlib, for PNG and PDF |
| svg.py | Drawings as SVG: inside a page, or as a document of its own |

The way of the data:

    model, arrays -> numbers (one predict call, one graph) -> marks in pixels -> Drawing
        -> notebook, .svg, .html, and with matplotlib .png, .pdf

A notebook shows a drawing by itself; `save` writes it. SVG is light or dark as the reader's screen
is, loads nothing and needs no other library.

>>> import ranvier
>>> drawing = ranvier.plots.confusion_matrix(["cat", "dog", "dog"], ["cat", "cat", "dog"])
>>> print(drawing.title, drawing.svg()[:4])
Confusion matrix <svg
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .charts.curves import history
    from .charts.scores import calibration, confusion_matrix, precision_recall, roc
    from .composition import together
    from .drawing import Drawing
    from .models.activations import activations
    from .models.boundary import decision_boundary
    from .models.embeddings import embeddings
    from .models.images import feature_maps, filters, image
    from .models.landscape import loss_landscape
    from .models.race import optimizer_race
    from .networks.graph import graph
    from .networks.network import network
else:
    _when_asked = {
        "Drawing": "drawing:Drawing",
        "activations": "models.activations:activations",
        "calibration": "charts.scores:calibration",
        "confusion_matrix": "charts.scores:confusion_matrix",
        "decision_boundary": "models.boundary:decision_boundary",
        "embeddings": "models.embeddings:embeddings",
        "feature_maps": "models.images:feature_maps",
        "filters": "models.images:filters",
        "graph": "networks.graph:graph",
        "history": "charts.curves:history",
        "image": "models.images:image",
        "loss_landscape": "models.landscape:loss_landscape",
        "network": "networks.network:network",
        "optimizer_race": "models.race:optimizer_race",
        "precision_recall": "charts.scores:precision_recall",
        "roc": "charts.scores:roc",
        "together": "composition:together",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "Drawing",
    "activations",
    "calibration",
    "confusion_matrix",
    "decision_boundary",
    "embeddings",
    "feature_maps",
    "filters",
    "graph",
    "history",
    "image",
    "loss_landscape",
    "network",
    "optimizer_race",
    "precision_recall",
    "roc",
    "together",
]
