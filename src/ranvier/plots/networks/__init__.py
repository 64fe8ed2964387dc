"""Networks and graphs: boxes in rows, edges that cross as little as can be.

| file | what it holds |
|---|---|
| blocks.py | A graph as what is drawn of it: sections of blocks and labels |
| calls.py | The calls of layers in a forward pass, and which of them each reads |
| graph.py | The drawing of a computation graph |
| layer_boxes.py | Layers as boxes with shapes and numbers of parameters |
| layering.py | Where boxes and edges of a directed graph lie: layered drawing |
| network.py | The diagram of a model: neurons and weights, or layers |

    model -> layers and what they read -> ranks, orders, positions (layering.py) -> boxes, edges
"""
