"""PyTorch's own op samples against `ranvier.compat.torch`: run by hand, no part of the tests.

    peers/bin/python tests/golden/check_torch_samples.py [--only NAME ...] [--json FILE] [--most 20]

For every name that the layer has (functions, nn.functional, methods of Tensor, in-place methods)
it takes PyTorch's `sample_inputs` and `reference_inputs` in each dtype and compares shape, dtype,
values and the gradients of all trained inputs with PyTorch's; then PyTorch's `error_inputs`, which
must be refused. What is known to differ stands with its reason in `torch_exclusions.py`. The exit
status is 1 if anything else differs; `--json` writes each finding.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch_exclusions import ERRORS, SAMPLES, Rule

import ranvier.compat.torch as ours
import ranvier.compat.torch.nn.functional  # noqa: F401
from ranvier.errors import RanvierError
from ranvier.tensors.tensor import Tensor as RanvierTensor

DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
TOLERANCE = {torch.float32: (2e-4, 2e-5), torch.float64: (1e-7, 1e-9)}


class Finding(NamedTuple):
    """One sample whose outcome is not the same as PyTorch's."""

    name: str
    form: str
    dtype: str
    kind: str
    call: str
    said: str


class Different(Exception):
    """A result that is not PyTorch's."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


# PyTorch's list calls these with arguments in another order than the functions themselves.
REORDERED: dict[str, Callable[..., Any]] = {
    "nn.functional.embedding": lambda f: lambda w, ids, **options: f(ids, w, **options),
    "where": lambda f: lambda x, condition, other: f(condition, x, other),
    "einsum": lambda f: lambda operands, formula: f(formula, operands),
}
# What these give is drawn by chance, or is memory as it was found: only shape and dtype count.
RANDOM = {
    "multinomial", "normal", "randn", "rand", "randint", "rand_like", "randn_like", "randint_like",
    "empty", "empty_like", "normal_", "uniform", "nn.functional.dropout", "nn.functional.dropout2d",
    "nn.functional.alpha_dropout", "nn.functional.dropout1d",
}  # fmt: skip


def forms(op: Any) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """How an op of PyTorch's list may be called here: (form, our callable, theirs)."""
    names = [op.name, *[alias.name for alias in op.aliases]]
    for name in names:
        theirs = op.op
        if name.startswith("nn.functional."):
            mine = vars(ours.nn.functional).get(name.removeprefix("nn.functional."))
            if mine is not None:
                mine = REORDERED.get(name, lambda f: f)(mine)
                yield f"F.{name.removeprefix('nn.functional.')}", mine, theirs
            continue
        if "." in name:
            continue
        in_place = op.variant_test_name == "in_place"
        if name in vars(ours) and callable(vars(ours)[name]) and not in_place:
            yield f"torch.{name}", REORDERED.get(name, lambda f: f)(vars(ours)[name]), theirs
        method = has_method(name)
        if method is not None and hasattr(torch.Tensor, name) and not isinstance(method, property):
            yield f"Tensor.{name}", method_call(name), method_call(name)
        inplace = f"{name}_"
        if has_method(inplace) is not None and hasattr(torch.Tensor, inplace):
            yield f"Tensor.{inplace}", inplace_call(inplace), inplace_call(inplace)


def has_method(name: str) -> Any:
    """A method of our Tensor, or None."""
    for kind in ours.Tensor.__mro__:
        if name in vars(kind):
            return vars(kind)[name]
    return None


def method_call(name: str) -> Callable[..., Any]:
    return lambda x, *args, **options: getattr(x, name)(*args, **options)


def inplace_call(name: str) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **options: Any) -> Any:
        copy = x.clone()
        out = getattr(copy, name)(*args, **options)
        return out, copy

    return call


class Translation:
    """PyTorch's arguments as ours, remembering which tensors stand for which."""

    def __init__(self, gradients: bool) -> None:
        self.gradients = gradients
        self.pairs: list[tuple[torch.Tensor, RanvierTensor]] = []

    def both(self, value: Any) -> tuple[Any, Any]:
        """(PyTorch's, ours)."""
        if isinstance(value, torch.Tensor):
            theirs = value.detach().clone()
            array = theirs.numpy().copy()
            mine = ours.Tensor._wrap(array)
            if self.gradients and value.requires_grad:
                theirs.requires_grad_(True)
                mine.requires_grad = True
            self.pairs.append((theirs, mine))
            return theirs, mine
        if isinstance(value, torch.Size):
            return value, tuple(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            raise Different("skip", "named tuple")
        if isinstance(value, list | tuple):
            made = [self.both(v) for v in value]
            kind = type(value)
            return kind(a for a, _ in made), kind(b for _, b in made)
        if isinstance(value, dict):
            made = {k: self.both(v) for k, v in value.items()}
            return {k: a for k, (a, _) in made.items()}, {k: b for k, (_, b) in made.items()}
        if isinstance(value, torch.dtype):
            name = str(value).removeprefix("torch.")
            known = getattr(ours, name, None)
            if known is None:
                raise Different("skip", f"dtype {name}")
            return value, known
        if isinstance(value, torch.device):
            return value, str(value)
        if isinstance(value, complex):
            raise Different("skip", "complex")
        if isinstance(value, torch.memory_format | torch.layout):
            raise Different("skip", "memory format")
        return value, value


def flat(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [x for v in value for x in flat(v)]
    return [value]


def compared(mine: Any, theirs: Any, tolerance: tuple[float, float] | None) -> None:
    """Refuse any difference in structure, shape, dtype or value."""
    a, b = flat(mine), flat(theirs)
    if len(a) != len(b):
        raise Different("structure", f"{len(a)} results for {len(b)}")
    for x, y in zip(a, b, strict=True):
        if not isinstance(y, torch.Tensor):
            if isinstance(x, RanvierTensor) or x != y:
                raise Different("value", f"{x!r} for {y!r}")
            continue
        if not isinstance(x, RanvierTensor):
            raise Different("structure", f"{type(x).__name__} for a tensor")
        if tuple(x.shape) != tuple(y.shape):
            raise Different("shape", f"{tuple(x.shape)} for {tuple(y.shape)}")
        p, q = x.detach().numpy(), y.detach().numpy()
        if tolerance is not None and not np.allclose(
            p.astype(np.float64), q.astype(np.float64), *tolerance, equal_nan=True
        ):
            raise Different("value", f"{short(p)} for {short(q)}")
        if p.dtype != q.dtype:
            raise Different("dtype", f"{p.dtype} for {q.dtype}")


def short(array: Any) -> str:
    return np.array2string(array.ravel()[:6], precision=6, separator=",").replace("\n", "")


def gradients(mine: Any, theirs: Any, pairs: Any, tolerance: tuple[float, float]) -> None:
    """Compare the gradients of a fixed weighing of all float results."""
    total_mine, total_theirs = None, None
    random = np.random.default_rng(0)
    for x, y in zip(flat(mine), flat(theirs), strict=True):
        if not isinstance(y, torch.Tensor) or not y.is_floating_point():
            continue
        weights = random.uniform(0.5, 1.5, tuple(y.shape)).astype(y.detach().numpy().dtype)
        if y.requires_grad:
            part = (y * torch.from_numpy(np.asarray(weights))).sum()
            total_theirs = part if total_theirs is None else total_theirs + part
        if x.requires_grad:
            part = (x * ours.Tensor._wrap(np.asarray(weights))).sum()
            total_mine = part if total_mine is None else total_mine + part
    if total_theirs is None:
        return
    wanted = [a for a, _ in pairs if a.requires_grad]
    found = torch.autograd.grad(total_theirs, wanted, allow_unused=True)
    if total_mine is not None:
        total_mine.backward()
    found = iter(found)
    for i, (a, b) in enumerate(p for p in pairs if p[0].requires_grad):
        g = next(found)
        want = np.zeros(tuple(a.shape)) if g is None else g.numpy()
        have = np.zeros(tuple(a.shape)) if b.grad is None else b.grad.numpy()
        if want.shape != have.shape:
            raise Different("gradient", f"input {i}: shape {have.shape} for {want.shape}")
        finite = np.abs(want[np.isfinite(want)])
        scale = max(1.0, float(finite.max(initial=0)))  # sums of large terms round at their size
        rtol, atol = tolerance
        if not np.allclose(have, want, rtol, atol * scale, equal_nan=True):
            raise Different("gradient", f"input {i}: {short(have)} for {short(want)}")


def said(args: Any, kwargs: Any) -> str:
    def one(v: Any) -> str:
        if isinstance(v, torch.Tensor):
            return f"{str(v.dtype).removeprefix('torch.')}{list(v.shape)}"
        if isinstance(v, list | tuple):
            inner = ", ".join(map(one, v))
            return f"[{inner}]"
        return repr(v)

    return ", ".join([*map(one, args), *[f"{k}={one(v)}" for k, v in kwargs.items()]])


def run_sample(mine: Any, theirs: Any, sample: Any, dtype: Any, name: str) -> None:
    """Compare one sample; raises what differs."""
    with_gradients = dtype.is_floating_point
    translation = Translation(with_gradients)
    args, our_args = translation.both((sample.input, *sample.args))
    kwargs, our_kwargs = translation.both(dict(sample.kwargs))
    out = theirs(*args, **kwargs)
    if any(isinstance(y, torch.Tensor) and y.is_complex() for y in flat(out)):
        raise Different("skip", "complex result")
    got = mine(*our_args, **our_kwargs)
    tolerance = TOLERANCE.get(torch.float32 if not with_gradients else dtype)
    if name in SORTING:
        dim = dim_of(name, sample)
        got = with_elements(got, our_args[0], dim, ours.Tensor._wrap)
        out = with_elements(out, args[0], dim, lambda array: torch.from_numpy(np.array(array)))
    random = name in RANDOM or sample.kwargs.get("dropout_p", 0) > 0
    compared(got, out, None if random else tolerance)
    if with_gradients and not random:
        gradients(got, out, translation.pairs, tolerance)


# Of equal elements any may come first: what counts are the elements that indices point at.
SORTING = {"sort": 0, "argsort": 0, "topk": 1}  # and which argument is the axis


def dim_of(name: str, sample: Any) -> int:
    given = [*sample.args[SORTING[name] :], sample.kwargs.get("dim", -1)]
    return int(given[0])


def with_elements(result: Any, x: Any, dim: int, wrap: Callable[[Any], Any]) -> list[Any]:
    """The result with the elements of x in place of their indices, which come last."""
    *values, indices = flat(result)
    array, where = x.detach().numpy(), indices.detach().numpy()
    if not array.ndim:
        return [*values, indices]
    return [*values, wrap(np.take_along_axis(array, where, dim))]


def samples_of(op: Any, dtype: Any) -> Iterator[Any]:
    trained = dtype.is_floating_point and op.supports_autograd
    yield from op.sample_inputs("cpu", dtype, requires_grad=trained)
    if op.reference_inputs_func is None:
        return  # they would be the same once more
    # The reference inputs are many; they hold the edges (NaN, empty, 0-d).
    try:
        yield from op.reference_inputs("cpu", dtype, requires_grad=trained)
    except Exception:
        return


def excluded(rules: list[Rule], finding: Finding) -> str | None:
    """The reason why this finding is known, or None."""
    for rule in rules:
        if rule.holds(finding):
            return rule.reason
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json")
    parser.add_argument("--most", type=int, help="samples of each op and dtype; all without it")
    parser.add_argument("--dtypes", nargs="*")
    parser.add_argument("--errors-only", action="store_true")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    counts: dict[str, collections.Counter[str]] = {}
    findings: list[Finding] = []
    for op in op_db:
        chosen = list(forms(op))
        if options.only and op.name not in options.only:
            continue
        for form, mine, theirs in chosen:
            print(form, op.variant_test_name, file=sys.stderr, flush=True)
            count = counts.setdefault(form, collections.Counter())
            for dtype in DTYPES:
                if dtype not in op.dtypes or options.errors_only:
                    continue
                kind_name = str(dtype).removeprefix("torch.")
                if options.dtypes and kind_name not in options.dtypes:
                    continue
                try:
                    samples = list(samples_of(op, dtype))
                    if options.most:
                        samples = samples[:: -(-len(samples) // options.most) or 1]
                except Exception:
                    count["no samples"] += 1
                    continue
                for sample in samples:
                    call = said((sample.input, *sample.args), sample.kwargs)
                    try:
                        torch.manual_seed(0)
                        run_sample(mine, theirs, sample, dtype, op.name)
                        count["right"] += 1
                        continue
                    except Different as error:
                        kind, text = error.kind, str(error)
                    except RanvierError as error:
                        kind, text = "refused", f"{type(error).__name__}: {error}"
                    except Exception as error:
                        inside = any(
                            "ranvier" in f.filename and "peers" not in f.filename
                            for f in traceback.extract_tb(error.__traceback__)
                        )
                        argument = isinstance(error, TypeError) and "argument" in str(error)
                        kind = "arguments" if argument else "raw error" if inside else "torch error"
                        text = f"{type(error).__name__}: {error}"
                        if options.trace:
                            traceback.print_exc()
                    finding = Finding(form, op.variant_test_name, kind_name, kind, call, text[:300])
                    if kind in ("skip", "torch error"):
                        count[kind] += 1
                        continue
                    reason = excluded(SAMPLES, finding)
                    count["known" if reason else kind] += 1
                    if reason is None:
                        findings.append(finding)
            if op.error_inputs_func is not None:
                try:
                    errors = list(op.error_inputs("cpu"))
                except Exception:
                    errors = []
                for wrong in errors:
                    sample = wrong.sample_input
                    call = said((sample.input, *sample.args), sample.kwargs)
                    try:
                        translation = Translation(False)
                        args, our_args = translation.both((sample.input, *sample.args))
                        kwargs, our_kwargs = translation.both(dict(sample.kwargs))
                    except Exception:
                        count["error not translated"] += 1
                        continue
                    try:
                        theirs(*args, **kwargs)
                        count["error accepted by PyTorch"] += 1
                        continue
                    except Exception as error:
                        expected = str(error)
                    try:
                        mine(*our_args, **our_kwargs)
                    except RanvierError:
                        count["error refused"] += 1
                        continue
                    except Exception as error:
                        finding = Finding(
                            form, op.variant_test_name, "-", "raw refusal", call,
                            f"{type(error).__name__}: {error}"[:150] + " | " + expected[:150],
                        )  # fmt: skip
                    else:
                        finding = Finding(
                            form, op.variant_test_name, "-", "accepted", call, expected[:200]
                        )
                    reason = excluded(ERRORS, finding)
                    count["error known" if reason else finding.kind] += 1
                    if reason is None:
                        findings.append(finding)
    total: collections.Counter[str] = collections.Counter()
    for form, count in sorted(counts.items()):
        total += count
        print(f"{form:32}", ", ".join(f"{k} {v}" for k, v in count.items()))
    print("total", dict(total))
    if options.json:
        with open(options.json, "w") as file:
            json.dump([f._asdict() for f in findings], file, indent=1)
    else:
        for f in findings[:200]:
            print(f)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
