"""Plots: curves of a training by matplotlib (the extra `[plot]`), and drawings of our own.

| file | what it holds |
|---|---|
| axes.py | Axes of a drawing: scales, ticks, grid, labels, lines and bars |
| document.py | Pages as one file of HTML, which loads nothing |
| drawing.py | A drawing: marks at positions in pixels, shown as SVG, PNG or PDF |
| figures.py | Writing figures to files |
| history.py | Training curves: loss and metrics against epochs |
| learning_curves.py | Test score against the number of training rows |
| markup.py | HTML and SVG as text, with everything escaped that is not markup |
| raster.py | Drawings through matplotlib, for PNG and PDF |
| svg.py | Drawings as SVG: inside a page, or as a document of its own |
"""
