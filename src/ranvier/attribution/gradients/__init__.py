"""Attributions from inside a network: gradients, feature maps, attention, relevance.

| file | what it holds |
|---|---|
| differentiable.py | A network as a graph from a point to an output, with its gradient |
| grad_cam.py | Grad-CAM |
| maps.py | Saliency, gradient x input, smooth saliency, integrated gradients |
| relevance.py | Layer-wise relevance propagation |
| rollout.py | Attention roll-out |

    model, x -> trace -> graph cut at a point -> outputs and gradients -> Attribution
"""
