"""Attributions from inside a network: gradients, feature maps, attention, relevance.

| file | what it holds |
|---|---|
| differentiable.py | A network as a graph from a point to an output, with its gradient |
| grad_cam.py | Grad-CAM |
| kept.py | What was compiled to look inside a network, kept with its model |
| maps.py | Saliency, gradient x input, smooth saliency, integrated gradients |
| relevance.py | Layer-wise relevance propagation |
| relevance_rules.py | How each kind of layer shares out the relevance of what it gave |
| rollout.py | Attention roll-out |

    model, x -> trace -> graph cut at a point -> outputs and gradients -> Attribution
"""
