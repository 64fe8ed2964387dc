"""What `check_torch_samples.py` knows to differ from PyTorch, each with its reason."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """Findings whose name, kind, call and message match these patterns are known."""

    name: str
    reason: str
    kind: str = ""
    call: str = ""
    said: str = ""
    dtype: str = ""

    def holds(self, finding: Any) -> bool:
        """Whether the finding is one of these."""
        name = f"{finding.name}[{finding.form}]"
        return all(
            re.search(pattern, text)
            for pattern, text in (
                (self.name, name),
                (self.kind, finding.kind),
                (self.call, finding.call),
                (self.said, finding.said),
                (self.dtype, finding.dtype),
            )
        )


REFUSED = "refused|arguments"
SAMPLES = [
    Rule(
        r"\.sign_?\[|\.abs_?\[", "sign(NaN) is NaN, as in NumPy, and 0 in PyTorch", "value|gradient"
    ),
    Rule(r"\.sign_?\[", "the sign of a bool is an integer", dtype="bool"),
    Rule(r"F\.(elu|celu|selu|hardsigmoid|hardtanh|relu6)\[", "the gradient at NaN", "gradient"),
    Rule("linspace", "integers are rounded towards 0 once, as in NumPy", "value", dtype="int64"),
    Rule(r"F\.avg_pool", "means of integers are floats", dtype="int64"),
    Rule(
        r"layer_norm\[|scaled_dot",
        "PyTorch's own rounding: float64 agrees",
        "gradient",
        dtype="float32",
    ),
    Rule(
        "pow|rpow",
        "an integer to a negative power is a fraction; PyTorch gives 0",
        REFUSED,
        dtype="int64",
    ),
    Rule(
        r"__r(and|or|xor)__",
        "`&`, `|`, `^` combine bools here, not the bits of integers",
        REFUSED,
    ),
    Rule("F.(max_pool|adaptive_max_pool)", "no return_indices, no dilation", REFUSED),
    Rule(
        "F.(conv|adaptive_avg_pool|adaptive_max_pool|avg_pool|max_pool)",
        "images and series have a batch axis; the error says unsqueeze",
        REFUSED,
        said="unsqueeze",
    ),
    Rule("F.interpolate", "grows by integers, by nearest and linear only", REFUSED),
    Rule("F.cross_entropy", "class weights go with class labels", REFUSED, said="class labels"),
    Rule(
        "F.(dropout|alpha_dropout)", "p = 1 leaves nothing to learn from", REFUSED, said="rate=1.0"
    ),
    Rule("F.(dropout|alpha_dropout)", "a single number is no batch", REFUSED, said="batch of rows"),
    Rule("arange", "bools are no bounds of a count", REFUSED, call="False|True"),
    Rule("norm.nuc", "no singular values", REFUSED),
    Rule("gather", "an index without elements must fit, too", REFUSED, call=r"\[2, 0\]"),
    Rule("normal_", "mean and std are numbers; torch.normal takes tensors", "arguments"),
    Rule(
        r"_\[",
        "a tensor of integers or bools does not hold what results",
        REFUSED,
        said="cannot hold",
    ),
    Rule("F.batch_norm", "statistics of a batch without rows", REFUSED, call=r"\[0\]"),
    Rule("F.embedding", "max_norm changes the table in place", REFUSED, call="max_norm"),
    Rule("half", "float64 goes to float16 in one rounding, in PyTorch by way of float32", "value"),
    Rule(
        "torch.add",
        "beside a tensor of float64 a Python number is float32 in PyTorch's list",
        "value",
        dtype="float64",
    ),
]

ERRORS = [
    Rule(
        "",
        "numbers may stand where PyTorch wants tensors",
        "accepted",
        said="invalid combination of arguments|must be Tensor, not int|Dimension out of range",
    ),
    Rule(
        "Tensor.",
        "Python's own error: an int has no methods",
        "raw refusal",
        said="'int' object has no",
    ),
    Rule("", "out= is no argument here: Python's own error says so", "raw refusal", call="out="),
    Rule("conv1d", "an integer input may have a float bias; the sum is a float", "accepted"),
    Rule("mean", "the mean of integers is float32", "accepted", said="must be either a floating"),
]
