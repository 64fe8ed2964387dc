"""Recurrent layers in Keras float64, and torch.nn.RNN, LSTM and GRU. See README.md."""

import numpy as np
from common import keras_in_float64, write_arrays, write_json

keras = keras_in_float64()
import torch  # noqa: E402  (after Keras has chosen its backend)

torch.set_default_dtype(torch.float64)

X = (3, 5, 4)
PLACES = [[True] * 5, [True, True, False, False, False], [False, True, False, True, True]]
ALL = {"return_sequences": True}
STATE = {"return_state": True}

# class, settings, number of initial states, whether places are masked
CASES = {
    "simple": ("SimpleRNN", {}, 0, False),
    "simple_all": ("SimpleRNN", {**ALL, "use_bias": False, "activation": "relu"}, 1, True),
    "lstm": ("LSTM", {}, 0, False),
    "lstm_all": ("LSTM", {**ALL, **STATE}, 2, False),
    "lstm_mask": ("LSTM", {**ALL, **STATE}, 0, True),
    "lstm_mask_state": ("LSTM", {**ALL, **STATE}, 2, True),
    "lstm_back": ("LSTM", {**ALL, "go_backwards": True}, 0, False),
    "lstm_back_mask": ("LSTM", {"go_backwards": True}, 0, True),
    "lstm_hard": ("LSTM", {"recurrent_activation": "hard_sigmoid", "use_bias": False}, 0, False),
    "gru": ("GRU", {**ALL, **STATE}, 1, True),
    "gru_before": ("GRU", {**ALL, "reset_after": False}, 0, False),
    "gru_plain": ("GRU", {"use_bias": False}, 0, False),
    "both_concat": ("Bidirectional", {"layer": ("LSTM", ALL)}, 0, True),
    "both_sum": ("Bidirectional", {"layer": ("GRU", {}), "merge_mode": "sum"}, 0, False),
    "both_mul": ("Bidirectional", {"layer": ("GRU", ALL), "merge_mode": "mul"}, 0, False),
    "both_ave": ("Bidirectional", {"layer": ("SimpleRNN", ALL), "merge_mode": "ave"}, 2, False),
    "both_none": ("Bidirectional", {"layer": ("LSTM", STATE), "merge_mode": None}, 0, True),
}


def layer_of(name, config):
    if "layer" in config:
        inner, settings = config["layer"]
        config = {**config, "layer": getattr(keras.layers, inner)(6, **settings)}
        return getattr(keras.layers, name)(**config)
    return getattr(keras.layers, name)(6, **config)


def run(name, config, states, masked) -> dict[str, np.ndarray]:
    """Outputs, and gradients of sum(upstream * output) over all outputs."""
    random = np.random.default_rng(0)
    layer = layer_of(name, config)
    arrays = [random.normal(size=shape) for shape in [X, *[(3, 6)] * states]]
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    options = {"mask": torch.tensor(PLACES)} if masked else {}
    if states:
        options["initial_state"] = inputs[1:]
    layer(inputs[0], **options)
    weights = [random.normal(size=w.shape) / 2 for w in layer.get_weights()]
    layer.set_weights(weights)
    out = layer(inputs[0], **options)
    outs = list(out) if isinstance(out, list | tuple) else [out]
    found, total = {}, 0
    for i, one in enumerate(outs):
        upstream = random.normal(size=tuple(one.shape))
        total = total + (one * torch.tensor(upstream)).sum()
        found |= {f"upstream_{i}": upstream, f"output_{i}": one.detach().numpy()}
    total.backward()
    for i, (array, tensor) in enumerate(zip(arrays, inputs, strict=True)):
        found |= {f"input_{i}": array, f"gradient_{i}": tensor.grad.numpy()}
    for i, (w, variable) in enumerate(zip(weights, layer.trainable_variables, strict=True)):
        found |= {f"weight_{i}": w, f"weight_gradient_{i}": variable.value.grad.numpy()}
    return found


MODULES = {
    "rnn": ("RNN", {"nonlinearity": "relu"}),
    "lstm": ("LSTM", {"num_layers": 2, "batch_first": True}),
    "gru": ("GRU", {"num_layers": 2, "bidirectional": True}),
    "lstm_both": ("LSTM", {"bidirectional": True, "bias": False}),
}


def module(name, config) -> dict[str, np.ndarray]:
    """Outputs and gradients of a module of torch.nn."""
    random = np.random.default_rng(1)
    layer = getattr(torch.nn, name)(4, 6, **config)
    found = {}
    for p in layer.parameters():
        p.data = torch.tensor(random.normal(size=tuple(p.shape)) / 2)
    array = random.normal(size=X)
    x = torch.tensor(array, requires_grad=True)
    out, last = layer(x)
    last = list(last) if isinstance(last, tuple) else [last]
    total = 0
    for i, one in enumerate([out, *last]):
        upstream = random.normal(size=tuple(one.shape))
        total = total + (one * torch.tensor(upstream)).sum()
        found |= {f"upstream_{i}": upstream, f"output_{i}": one.detach().numpy()}
    total.backward()
    found |= {"input": array, "gradient": x.grad.numpy()}
    for key, p in layer.named_parameters():
        found |= {f"weight/{key}": p.detach().numpy(), f"weight_gradient/{key}": p.grad.numpy()}
    return found


if __name__ == "__main__":
    arrays = {}
    for case, settings in CASES.items():
        arrays |= {f"{case}/{key}": value for key, value in run(*settings).items()}
    for case, settings in MODULES.items():
        arrays |= {f"torch/{case}/{key}": value for key, value in module(*settings).items()}
    write_arrays("recurrent", arrays)
    content = {
        case: {
            "class": name,
            "config": config,
            "states": states,
            "mask": PLACES if masked else None,
        }
        for case, (name, config, states, masked) in CASES.items()
    }
    write_json("recurrent", {**content, "torch": {k: list(v) for k, v in MODULES.items()}})
