"""Small op samples of PyTorch with results and gradients: those of names that once differed.

See README.md.
"""

import json

import numpy as np
import torch
from common import FOLDER, write_arrays
from torch.testing._internal.common_methods_invocations import op_db

NAMES = """
abs add amax amin any arange argmax argsort cat clamp cosh cumsum div einsum eye flip gather
index_select linspace log_softmax logsumexp masked_fill max maximum mean meshgrid min minimum mul
norm outer pow prod round sinh softmax sort split square squeeze std sum topk transpose tril triu
var nn.functional.adaptive_avg_pool2d nn.functional.avg_pool1d nn.functional.avg_pool2d
nn.functional.cosine_similarity nn.functional.hardtanh nn.functional.normalize nn.functional.pad
nn.functional.prelu nn.functional.relu6 nn.functional.softplus
"""
DTYPES = {torch.float64: 6, torch.int64: 2, torch.bool: 2}  # how many samples of each
MOST_ELEMENTS = 80


def written(value, arrays, tensors):
    """An argument as JSON; tensors by their number among `arrays`."""
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        arrays[f"{len(arrays)}"] = value.detach().numpy()
        return {"tensor": len(arrays) - 1, "trained": value.requires_grad}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, list | tuple):
        return [written(v, arrays, tensors) for v in value]
    return value


def results(out):
    return list(out) if isinstance(out, list | tuple) else [out]


def one(op, sample, arrays):
    """A sample as JSON, its arrays beside it; None when it is large or of another kind."""
    tensors: list = []
    start = len(arrays)
    try:
        call = {
            "name": op.name,
            "args": [written(v, arrays, tensors) for v in (sample.input, *sample.args)],
            "kwargs": {k: written(v, arrays, tensors) for k, v in sample.kwargs.items()},
        }
        json.dumps(call)
        out = results(op.op(sample.input, *sample.args, **sample.kwargs))
        small = sum(x.numel() for x in (*tensors, *out)) <= MOST_ELEMENTS
        trained = [x for x in tensors if x.requires_grad]
        call["out"] = [written(x, arrays, []) for x in out]
        floats = [x for x in out if x.requires_grad]
        if trained and floats and small:
            total = sum(
                (x * (torch.arange(x.numel()).reshape(x.shape) % 7 + 1)).sum() for x in floats
            )
            found = torch.autograd.grad(total, trained, allow_unused=True)
            call["gradients"] = [None if g is None else written(g, arrays, []) for g in found]
    except (TypeError, AttributeError, RuntimeError):
        small = False
    if not small:
        for key in list(arrays)[start:]:
            del arrays[key]
        return None
    return call


def main() -> None:
    torch.manual_seed(0)
    arrays, calls = {}, []
    wanted = NAMES.split()
    for op in op_db:
        if op.name not in wanted or op.variant_test_name == "nuc":
            continue
        for dtype, most in DTYPES.items():
            if dtype not in op.dtypes or (dtype is torch.int64 and "avg_pool" in op.name):
                continue
            trained = dtype.is_floating_point and op.supports_autograd
            samples = list(op.sample_inputs("cpu", dtype, requires_grad=trained))
            made = []
            for sample in samples:
                if "avg_pool" in op.name and sample.input.ndim != int(op.name[-2]) + 2:
                    continue  # images without a batch axis
                call = one(op, sample, arrays) if len(made) < most else None
                if call is not None:
                    made.append(call)
            calls += made
    write_arrays("torch_samples", arrays)
    path = FOLDER / "torch_samples.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in calls) + "\n]\n")
    print(f"{path.name}: {len(calls)} calls, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
