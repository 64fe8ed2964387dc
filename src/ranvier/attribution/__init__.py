"""Attribution: what a model's output is made of, with an error where it is sampled.

| file | what it holds |
|---|---|
| counterfactuals.py | The nearest change of a row after which the model says something else |
| dependence.py | Partial dependence and individual conditional expectation |
| gradients/ | Attributions from inside a network: gradients, feature maps, attention, relevance |
| importance.py | Permutation importance |
| occlusion.py | What the output loses when a part of the input is covered |
| pictures/ | Drawings and pages |
| result.py | `Attribution`: values, base value, data, names, errors |
| shapley/ | SHAP values: exact, or sampled with a stated error |
| subject.py | What is explained: a function of arrays whose elements belong to features |

The way of the data, for methods that only ask the model:

    model, raw rows -> Subject: arrays, and the feature that each element belongs to
        -> rows with some features of another row, or shuffled, or covered
        -> Subject(arrays): outputs, many thousand rows in one call of the compiled network
        -> Attribution -> text, drawing, page, CSV, shap.Explanation

and for those that look inside:

    model, x -> trace -> graph cut in two at the input, an embedding or a layer
        -> output and gradient by the executor -> Attribution

>>> import ranvier
>>> import numpy as np
>>> model = lambda x: 3 * x[:, 0] - x[:, 1] * x[:, 2]
>>> rows = np.random.default_rng(0).normal(size=(100, 3))
>>> found = ranvier.attribution.shap_values(model, rows[:5], rows)
>>> bool(abs(found.gap).max() < 1e-5)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr

if TYPE_CHECKING:
    from .counterfactuals import Counterfactual, counterfactual
    from .dependence import Dependence, partial_dependence
    from .gradients.grad_cam import grad_cam
    from .gradients.maps import (
        gradient_x_input,
        integrated_gradients,
        saliency,
        smooth_saliency,
    )
    from .gradients.relevance import layerwise_relevance
    from .gradients.rollout import attention_rollout
    from .importance import permutation_importance
    from .occlusion import occlusion
    from .result import Attribution
    from .shapley.groups import correlated_groups
    from .shapley.values import shap_values
else:
    _when_asked = {
        "Attribution": "result:Attribution",
        "Counterfactual": "counterfactuals:Counterfactual",
        "Dependence": "dependence:Dependence",
        "attention_rollout": "gradients.rollout:attention_rollout",
        "correlated_groups": "shapley.groups:correlated_groups",
        "counterfactual": "counterfactuals:counterfactual",
        "grad_cam": "gradients.grad_cam:grad_cam",
        "gradient_x_input": "gradients.maps:gradient_x_input",
        "integrated_gradients": "gradients.maps:integrated_gradients",
        "layerwise_relevance": "gradients.relevance:layerwise_relevance",
        "occlusion": "occlusion:occlusion",
        "partial_dependence": "dependence:partial_dependence",
        "permutation_importance": "importance:permutation_importance",
        "saliency": "gradients.maps:saliency",
        "shap_values": "shapley.values:shap_values",
        "smooth_saliency": "gradients.maps:smooth_saliency",
    }
    __getattr__ = module_getattr(__name__, globals(), when_asked=_when_asked)

__all__ = [
    "Attribution",
    "Counterfactual",
    "Dependence",
    "attention_rollout",
    "correlated_groups",
    "counterfactual",
    "grad_cam",
    "gradient_x_input",
    "integrated_gradients",
    "layerwise_relevance",
    "occlusion",
    "partial_dependence",
    "permutation_importance",
    "saliency",
    "shap_values",
    "smooth_saliency",
]
