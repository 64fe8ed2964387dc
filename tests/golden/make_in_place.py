"""What PyTorch's in-place methods leave in a tensor and in its gradient. See README.md."""

import torch
from common import write_json

VALUES = [[0.4, 0.9], [1.6, 2.2]]
OTHER = [[1.5, 0.5], [0.25, 2.0]]
WEIGHTS = [[1.0, 2.0], [3.0, 4.0]]
# name -> arguments; "other" stands for a tensor
CASES: dict[str, list] = {
    "__iadd__": ["other"], "__isub__": ["other"], "__imul__": ["other"], "__itruediv__": ["other"],
    "__ifloordiv__": ["other"], "__imod__": ["other"], "__ipow__": [3.0], "__iand__": ["other"],
    "__ior__": ["other"], "__ixor__": ["other"],
    "add_": ["other"], "sub_": ["other"], "mul_": ["other"], "div_": ["other"], "copy_": ["other"],
    "fill_": [3.0], "zero_": [], "normal_": [], "uniform_": [], "detach_": [],
    "abs_": [], "ceil_": [], "clamp_": [0.5, 2.0], "clip_": [0.5, 2.0], "cos_": [], "cosh_": [],
    "erf_": [], "exp_": [], "expm1_": [], "floor_": [], "floor_divide_": [2.0], "log_": [],
    "log1p_": [], "masked_fill_": ["mask", 7.0], "neg_": [], "pow_": [2.0], "reciprocal_": [],
    "relu_": [], "remainder_": [0.7], "round_": [], "rsqrt_": [], "sigmoid_": [], "sign_": [],
    "sin_": [], "sinh_": [], "sqrt_": [], "square_": [], "tan_": [], "tanh_": [], "tril_": [],
    "triu_": [], "true_divide_": ["other"], "trunc_": [], "__setitem__": [0, 5.0],
}  # fmt: skip
RANDOM = ("normal_", "uniform_")
BOOLS = ("__iand__", "__ior__", "__ixor__")  # of bools only


def tensor(values, name, grad=False):
    made = torch.tensor(values, dtype=torch.float64)
    return made > 1 if name in BOOLS else made.requires_grad_(grad)


def changed(x, name, arguments, other):
    given = {"other": other, "mask": torch.tensor([[True, False], [False, True]])}
    getattr(x, name)(*[given.get(a, a) if isinstance(a, str) else a for a in arguments])


def outcome(name, arguments, grown=True, leaf=False, grad=True, other_grad=False):
    a = tensor(VALUES, name, grad=grown or leaf)
    x = a * 2.0 if grown else a
    before = x + 3
    other = tensor(OTHER, name, grad=other_grad)
    try:
        with torch.set_grad_enabled(grad):
            changed(x, name, arguments, other)
        found = {"requires_grad": x.requires_grad}
        if name not in RANDOM:
            found["value"] = x.tolist()
        if name not in BOOLS:
            loss = (x * torch.tensor(WEIGHTS, dtype=torch.float64)).sum() + before.sum()
            if loss.requires_grad:
                loss.backward()
                found["gradient"] = a.grad.tolist() if a.is_leaf and a.grad is not None else None
                found["other"] = None if other.grad is None else other.grad.tolist()
    except RuntimeError:
        return "error"
    return found


def main() -> None:
    stored = {"values": VALUES, "other": OTHER, "weights": WEIGHTS, "cases": {}}
    for name, arguments in CASES.items():
        found = {"plain": outcome(name, arguments, grown=False)}
        if name not in BOOLS:
            found["leaf"] = outcome(name, arguments, grown=False, leaf=True)
            found["history"] = outcome(name, arguments)
            found["no_grad"] = outcome(name, arguments, grad=False)
            if "other" in arguments:
                found["both"] = outcome(name, arguments, other_grad=True)
                found["other"] = outcome(name, arguments, grown=False, other_grad=True)
        stored["cases"][name] = {"arguments": arguments, "situations": found}
    write_json("in_place", stored)


if __name__ == "__main__":
    main()
