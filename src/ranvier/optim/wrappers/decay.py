"""Weight decay, decoupled or as an L2 penalty."""

from __future__ import annotations

from ... import dtypes
from .wrapper import Step, Wrapper


class WeightDecay(Wrapper):
    """Weights lose a part of themselves before the rule: Loshchilov & Hutter 2019.

        w <- w - a weight_decay w               decoupled, with the learning rate a
        g <- g + weight_decay w                 an L2 penalty (decoupled=False)

    `weight_decay` and `decoupled` are options of the optimizer, which may differ from group to
    group. In a list of wrappers this one says where a penalty is added: before `Clipping` it is
    clipped too. Left out of the list it stands right before the rule.
    """

    kind = "weight_decay"
    reads_size = True

    def before(self, step: Step) -> None:
        for i, p in enumerate(step.parameters):
            rule = step.rules[id(p)]
            if not rule.decays or p in step.undecayed:
                continue
            if rule.decoupled:
                step.weights[i] = p * rule.kept_share(p)
            else:
                dtype = dtypes.promote(p.dtype, dtypes.float32)
                step.grads[i] = step.grads[i] + p * rule.decay_of(dtype)
