"""Attention layers in Keras float64; attention, encoder layers and embeddings in PyTorch. See
README.md."""

import numpy as np
from common import keras_in_float64, write_arrays, write_json

keras = keras_in_float64()
import torch  # noqa: E402  (after Keras has chosen its backend)

torch.set_default_dtype(torch.float64)

QUERY, VALUE, KEY = (2, 5, 6), (2, 4, 8), (2, 4, 6)
PLACES = [[True, True, True, False], [True, False, False, False]]
PAIRS = [[True, False, True, True, False]] * 2 + [[True] * 5] * 3

ASKED = [[True, True, True, False, False], [True] * 4 + [False]]

# Inputs are query, value, key as many as there are shapes; `places` is the mask of the values,
# `asked` that of the query; the upstream gradient is 0 where it is False.
CASES = {
    "dot": ("Attention", {}, [QUERY, KEY], {}),
    "dot_scale": ("Attention", {"use_scale": True}, [QUERY, VALUE, KEY], {"use_causal_mask": True}),
    "dot_mask": ("Attention", {}, [QUERY, VALUE, KEY], {"places": PLACES}),
    "concat": ("Attention", {"score_mode": "concat", "use_scale": True}, [QUERY, KEY], {}),
    "additive": ("AdditiveAttention", {}, [QUERY, VALUE, KEY], {"places": PLACES}),
    "additive_plain": ("AdditiveAttention", {"use_scale": False}, [QUERY, KEY], {}),
    "heads": ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, [QUERY, QUERY], {}),
    "heads_causal": (
        "MultiHeadAttention",
        {"num_heads": 3, "key_dim": 2, "use_bias": False},
        [QUERY, QUERY],
        {"use_causal_mask": True},
    ),
    "heads_cross": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 7},
        [QUERY, VALUE, KEY],
        {"places": PLACES},
    ),
    "heads_query": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [QUERY, VALUE, KEY],
        {"places": PLACES, "asked": ASKED},
    ),
    "heads_query_self": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        [QUERY, QUERY],
        {"asked": ASKED, "use_causal_mask": True},
    ),
    "heads_pairs": (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 4},
        [QUERY, QUERY],
        {"attention_mask": PAIRS},
    ),
    "grouped": (
        "GroupedQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        [QUERY, QUERY],
        {"use_causal_mask": True},
    ),
}


def run(name, config, shapes, call) -> dict[str, np.ndarray]:
    """Output and gradients of sum(upstream * output)."""
    random = np.random.default_rng(0)
    # Keras exports this class under a name that is not its own.
    layer = getattr(keras.layers, name.replace("Grouped", "Group"))(**config)
    arrays = [random.normal(size=shape) for shape in shapes]
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    options = dict(call)
    places, asked = options.pop("places", None), options.pop("asked", None)
    if "attention_mask" in options:
        options["attention_mask"] = torch.tensor(options["attention_mask"])
    single = name in ("Attention", "AdditiveAttention")
    if places is not None and single:
        options["mask"] = [None, torch.tensor(places)]
    elif places is not None:
        options["value_mask"] = torch.tensor(places)

    def call_it():
        if asked is not None:  # Keras takes the mask off the tensor in each call
            keras.src.backend.set_keras_mask(inputs[0], torch.tensor(asked))
        return layer(inputs, **options) if single else layer(*inputs, **options)

    call_it()
    weights = [random.normal(size=w.shape) / 2 for w in layer.get_weights()]
    layer.set_weights(weights)
    out = call_it()
    upstream = random.normal(size=tuple(out.shape))
    if asked is not None:
        upstream *= np.array(asked)[..., None]
    (out * torch.tensor(upstream)).sum().backward()
    found = {"upstream": upstream, "output": out.detach().numpy()}
    for i, (array, tensor) in enumerate(zip(arrays, inputs, strict=True)):
        found |= {f"input_{i}": array, f"gradient_{i}": tensor.grad.numpy()}
    for i, (w, variable) in enumerate(zip(weights, layer.trainable_variables, strict=True)):
        found |= {f"weight_{i}": w, f"weight_gradient_{i}": variable.value.grad.numpy()}
    return found


def tensors(random, *shapes):
    return [torch.tensor(random.normal(size=s), requires_grad=True) for s in shapes]


def finished(random, out, inputs, module=None) -> dict[str, np.ndarray]:
    """Everything about one case of PyTorch."""
    upstream = torch.tensor(random.normal(size=tuple(out.shape)))
    (out * upstream).sum().backward()
    found = {"output": out, "upstream": upstream}
    for i, tensor in enumerate(inputs):
        found |= {f"input_{i}": tensor, f"gradient_{i}": tensor.grad}
    if module is not None:
        for name, p in module.named_parameters():
            found |= {f"weight/{name}": p, f"weight_gradient/{name}": p.grad}
    return {key: value.detach().numpy() for key, value in found.items()}


def products() -> dict[str, np.ndarray]:
    """torch.nn.functional.scaled_dot_product_attention."""
    arrays = {}
    random = np.random.default_rng(1)
    bools = torch.tensor(random.random((2, 1, 5, 4)) < 0.6)
    bools[..., 0] = True
    added = torch.tensor(random.normal(size=(5, 4)))
    for case, options in {
        "plain": {},
        "bools": {"attn_mask": bools},
        "added": {"attn_mask": added, "scale": 0.3},
        "causal": {"is_causal": True},
    }.items():
        inputs = tensors(random, (2, 3, 5, 6), (2, 3, 4, 6), (2, 3, 4, 7))
        out = torch.nn.functional.scaled_dot_product_attention(*inputs, **options)
        made = finished(random, out, inputs)
        arrays |= {f"product/{case}/{key}": value for key, value in made.items()}
    return arrays | {"product/bools/mask": bools.numpy(), "product/added/mask": added.numpy()}


def modules() -> dict[str, np.ndarray]:
    """torch.nn.MultiheadAttention, TransformerEncoderLayer and Embedding."""
    torch.manual_seed(0)
    random = np.random.default_rng(2)
    arrays = {"places": ~np.array([[True] * 5, [True] * 3 + [False] * 2])}
    places = torch.tensor(arrays["places"])
    for case, batch_first in (("multihead", True), ("multihead_time_first", False)):
        module = torch.nn.MultiheadAttention(6, 2, batch_first=batch_first)
        inputs = tensors(random, (2, 5, 6) if batch_first else (5, 2, 6))
        out, weights = module(inputs[0], inputs[0], inputs[0], key_padding_mask=places)
        made = finished(random, out, inputs, module)
        made["weights"] = weights.detach().numpy()
        arrays |= {f"{case}/{key}": value for key, value in made.items()}
    module = torch.nn.MultiheadAttention(6, 2, kdim=4, vdim=7, batch_first=True)
    inputs = tensors(random, (2, 5, 6), (2, 3, 4), (2, 3, 7))
    out, _ = module(*inputs)
    made = finished(random, out, inputs, module)
    arrays |= {f"multihead_cross/{key}": value for key, value in made.items()}
    for case, first in (("encoder", False), ("encoder_norm_first", True)):
        module = torch.nn.TransformerEncoderLayer(
            6, 2, 8, dropout=0.0, activation="gelu", batch_first=True, norm_first=first
        )
        inputs = tensors(random, (2, 5, 6))
        out = module(inputs[0], src_key_padding_mask=places)
        made = finished(random, out, inputs, module)
        arrays |= {f"{case}/{key}": value for key, value in made.items()}
    module = torch.nn.Embedding(7, 3, padding_idx=2)
    ids = torch.tensor([[1, 2, 6], [6, 0, 6]])
    made = finished(random, module(ids), [], module)
    return (
        arrays
        | {f"embedding/{key}": value for key, value in made.items()}
        | {"embedding/ids": ids.numpy()}
    )


def main() -> None:
    arrays = {}
    for case, settings in CASES.items():
        arrays |= {f"{case}/{key}": value for key, value in run(*settings).items()}
    arrays |= {f"torch/{key}": value for key, value in (products() | modules()).items()}
    write_arrays("attention", arrays)
    write_json(
        "attention",
        {c: {"class": n, "config": s, "call": call} for c, (n, s, _, call) in CASES.items()},
    )


if __name__ == "__main__":
    main()
