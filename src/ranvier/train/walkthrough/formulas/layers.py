"""Layers: what each layer of the library computes, and its gradients by the chain rule.

A row holds for a class and for those that inherit its `forward`. A layer without a row is shown by
its ops, by their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from ....base.missing import is_ours
from ....nn.activations import name_of
from ....nn.basic.affine import Biased
from ....nn.layer import Layer
from ....nn.sequences.recurrent_cells import Cell
from . import activations
from .formula import Formula, Formulas, by, lines

_BY_GAMMA, _BY_BETA = by("γ", r"\gamma"), by("β", r"\beta")
_BY_ALPHA, _BY_HEAD = by("α", r"\alpha"), by("head", r"\mathrm{head}")
_AFFINE_BACK = (
    "∂L/∂b = sum of ∂L/∂z over the rows", rf"{by('b')} = \sum_i {by('z')}_i",
)  # fmt: skip
_DENSE = Formulas(
    lines("z = x W + b", "z = x W + b"),
    lines(
        "∂L/∂W = xᵀ ∂L/∂z", rf"{by('W')} = x^\top {by('z')}", *_AFFINE_BACK,
        "∂L/∂x = ∂L/∂z Wᵀ", rf"{by('x')} = {by('z')} W^\top",
    ),
)  # fmt: skip


def _convolution(text: str, latex: str) -> Formulas:
    return Formulas(
        lines(text, latex),
        lines(
            "∂L/∂W = sum over all positions of x's window · ∂L/∂z there",
            rf"{by('W')}_{{r,c}} = \sum_{{i,j}} x_{{i+r,\,j+c}}\, {by('z')}_{{i,j}}",
            "∂L/∂b = sum of ∂L/∂z over rows and positions",
            rf"{by('b')} = \sum_{{i,j}} {by('z')}_{{i,j}}",
            "∂L/∂x = every ∂L/∂z times the window W that it came from, added up",
            rf"{by('x')}_{{i+r,\,j+c}} = \sum {by('z')}_{{i,j}}\, W_{{r,c}}",
        ),
    )


def _same(text: str, latex: str, back: str, back_latex: str) -> Formulas:
    return Formulas(lines(text, latex), lines(back, back_latex))


_OUT, _X = by("out", r"\mathrm{out}"), by("x")
_NORMALIZED = r"\mathrm{out} = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}\, \gamma + \beta"
_XHAT = "x̂ = (x - μ) / √(σ² + epsilon)"


def _normalization(over: str) -> Formulas:
    return Formulas(
        lines(
            f"μ, σ² = mean and variance of x over {over}",
            rf"\mu, \sigma^2 = \text{{mean and variance of }} x \text{{ over {over}}}",
            "out = ((x - μ) / √(σ² + epsilon)) · γ + β", _NORMALIZED,
        ),
        lines(
            f"∂L/∂γ = sum of ∂L/∂out · x̂,   {_XHAT}",
            rf"{_BY_GAMMA} = \sum {_OUT}\, \hat x",
            "∂L/∂β = sum of ∂L/∂out", rf"{_BY_BETA} = \sum {_OUT}",
            "∂L/∂x = (γ / √(σ² + epsilon)) · (∂L/∂out - its mean - x̂ · mean of (∂L/∂out · x̂))",
            rf"{_X} = \frac{{\gamma}}{{\sqrt{{\sigma^2 + \varepsilon}}}} \left({_OUT} - "
            rf"\overline{{{_OUT}}} - \hat x\, \overline{{{_OUT}\, \hat x}}\right)",
        ),
    )  # fmt: skip


def _moves(text: str) -> Formulas:
    """A layer that only puts elements elsewhere."""
    return _same(
        f"out = {text}", rf"\mathrm{{out}} = \text{{{text}}}",
        "∂L/∂x = ∂L/∂out, each element back where it came from",
        rf"{_X} = {_OUT} \text{{ (back in its place)}}",
    )  # fmt: skip


_MAXIMUM = _same(
    "out = the largest x of each window", r"\mathrm{out} = \max_{\text{window}} x",
    "∂L/∂x = ∂L/∂out at the largest x of each window, 0 elsewhere (equal ones share it)",
    rf"{_X} = {_OUT}\,[x = \mathrm{{out}}]",
)  # fmt: skip
_MEAN = _same(
    "out = the mean of each window of x", r"\mathrm{out} = \frac{1}{k} \sum_{\text{window}} x",
    "∂L/∂x = ∂L/∂out / k for each of the k elements of a window",
    rf"{_X} = \frac{{1}}{{k}} {_OUT}",
)  # fmt: skip
_RNN = "h[t] = f(x[t] W + h[t-1] U + b)"
_THROUGH_TIME = (
    "gradients go back through time: ∂L/∂h[t] has a part from the output at t and one from t+1",
    r"\frac{\partial L}{\partial h_t} = \left.\frac{\partial L}{\partial h_t}"
    r"\right|_{\mathrm{out}} + \frac{\partial L}{\partial h_{t+1}}"
    r"\frac{\partial h_{t+1}}{\partial h_t}",
)
_ATTENTION = (
    "p = softmax(scores), over the keys", r"p = \mathrm{softmax}(\mathrm{scores})",
    "out = p · value", r"\mathrm{out} = p\, \mathrm{value}",
)  # fmt: skip
_HEADS = Formulas(
    lines(
        "q, k, v = query Wq + bq, key Wk + bk, value Wv + bv, for each head",
        r"q, k, v = \mathrm{query}\, W_q + b_q,\ \mathrm{key}\, W_k + b_k,\ "
        r"\mathrm{value}\, W_v + b_v",
        "scores = q kᵀ / √key_dim", r"\mathrm{scores} = \frac{q k^\top}{\sqrt{d_k}}",
        "p = softmax(scores), over the keys", r"p = \mathrm{softmax}(\mathrm{scores})",
        "out = [p v of all heads] Wo + bo", r"\mathrm{out} = [p\, v]_{\text{heads}} W_o + b_o",
    ),
    lines(
        "∂L/∂v = pᵀ ∂L/∂head,   ∂L/∂p = ∂L/∂head vᵀ",
        rf"{by('v')} = p^\top {_BY_HEAD}",
        "∂L/∂scores = p · (∂L/∂p - sum of p · ∂L/∂p over the keys)",
        rf"{by('s')} = p \odot \left({by('p')} - \sum p\, {by('p')}\right)",
        "∂L/∂q = ∂L/∂scores k / √key_dim,   ∂L/∂k = ∂L/∂scoresᵀ q / √key_dim",
        rf"{by('q')} = \frac{{1}}{{\sqrt{{d_k}}}} {by('s')}\, k",
    ),
)  # fmt: skip
_DROPOUT = _same(
    "out = x / (1 - rate) where kept, 0 where dropped",
    r"\mathrm{out} = \frac{\mathrm{keep}\; x}{1 - \mathrm{rate}}",
    "∂L/∂x = ∂L/∂out / (1 - rate) where kept, 0 where dropped",
    rf"{_X} = \frac{{\mathrm{{keep}}}}{{1 - \mathrm{{rate}}}} {_OUT}",
)  # fmt: skip

LAYERS: Mapping[str, Formulas] = {
    "Dense": _DENSE,
    "NTPDense": Formulas(
        lines("z = factor · x W + b, with a fixed factor", r"z = c\, x W + b"),
        lines(
            "∂L/∂W = factor · xᵀ ∂L/∂z", rf"{by('W')} = c\, x^\top {by('z')}", *_AFFINE_BACK,
            "∂L/∂x = factor · ∂L/∂z Wᵀ", rf"{by('x')} = c\, {by('z')} W^\top",
        ),
    ),
    "MemberDense": Formulas(
        lines("out = f(x W + b of the member)", r"\mathrm{out} = f(x W + b)"),
    ),
    "Conv2D": _convolution(
        "z[i, j] = sum over the window of x[i + r, j + c] · W[r, c], + b",
        r"z_{i,j} = \sum_{r,c} x_{i+r,\,j+c} W_{r,c} + b",
    ),
    "Conv1D": _convolution(
        "z[i] = sum over the window of x[i + r] · W[r], + b", r"z_i = \sum_r x_{i+r} W_r + b"
    ),
    "DepthwiseConv2D": _convolution(
        "z[i, j] = sum over the window of x[i + r, j + c] · W[r, c], channel by channel, + b",
        r"z_{i,j}^{(k)} = \sum_{r,c} x_{i+r,\,j+c}^{(k)} W_{r,c}^{(k)} + b",
    ),
    "SeparableConv2D": Formulas(
        lines("z = (each channel with its own window) times a matrix that mixes channels, + b",
              r"z = (x * W_{\text{depthwise}})\, W_{\text{pointwise}} + b"),
    ),
    "Conv2DTranspose": Formulas(
        lines("z = every x[i, j] times the window W, added up where they overlap, + b",
              r"z_{i s + r,\; j s + c} = \sum x_{i,j} W_{r,c} + b"),
        lines("∂L/∂x = the convolution of ∂L/∂z with W",
              rf"{_X}_{{i,j}} = \sum_{{r,c}} {by('z')}_{{i s + r,\; j s + c}} W_{{r,c}}"),
    ),
    "Conv1DTranspose": Formulas(
        lines("z = every x[i] times the window W, added up where they overlap, + b",
              r"z_{i s + r} = \sum x_i W_r + b"),
        lines("∂L/∂x = the convolution of ∂L/∂z with W",
              rf"{_X}_i = \sum_r {by('z')}_{{i s + r}} W_r"),
    ),
    "MaxPooling1D": _MAXIMUM, "MaxPooling2D": _MAXIMUM, "GlobalMaxPooling1D": _MAXIMUM,
    "GlobalMaxPooling2D": _MAXIMUM, "AdaptiveMaxPooling1D": _MAXIMUM,
    "AdaptiveMaxPooling2D": _MAXIMUM,
    "AveragePooling1D": _MEAN, "AveragePooling2D": _MEAN, "GlobalAveragePooling1D": _MEAN,
    "GlobalAveragePooling2D": _MEAN, "AdaptiveAveragePooling1D": _MEAN,
    "AdaptiveAveragePooling2D": _MEAN,
    "BatchNormalization": _normalization("the batch, channel by channel"),
    "LayerNormalization": _normalization("the features of each position"),
    "GroupNormalization": _normalization("a row and a group of channels"),
    "RMSNormalization": Formulas(
        lines("out = (x / √((mean of x²) + epsilon)) · γ",
              r"\mathrm{out} = \frac{x}{\sqrt{\overline{x^2} + \varepsilon}}\, \gamma"),
        lines("∂L/∂γ = sum of ∂L/∂out · x / √((mean of x²) + epsilon)",
              rf"{_BY_GAMMA} = \sum {_OUT}\, \hat x"),
    ),
    "Normalize": _same("out = (x - mean) / deviation", r"\mathrm{out} = \frac{x - \mu}{\sigma}",
                       "∂L/∂x = ∂L/∂out / deviation", rf"{_X} = \frac{{1}}{{\sigma}} {_OUT}"),
    "RobustScale": Formulas(
        lines("u = (x - center) · factor", r"u = (x - \mathrm{center}) \cdot \mathrm{factor}",
              "out = u / √(1 + (u / clip)²)",
              r"\mathrm{out} = \frac{u}{\sqrt{1 + (u / \mathrm{clip})^2}}"),
    ),
    "Rescaling": _same("out = x · scale + offset",
                       r"\mathrm{out} = x \cdot \mathrm{scale} + \mathrm{offset}",
                       "∂L/∂x = ∂L/∂out · scale", rf"{_X} = {_OUT} \cdot \mathrm{{scale}}"),
    "Scale": _same("out = x · scale", r"\mathrm{out} = x \cdot \mathrm{scale}",
                   "∂L/∂scale = sum of ∂L/∂out · x,   ∂L/∂x = ∂L/∂out · scale",
                   rf"{_X} = {_OUT} \cdot \mathrm{{scale}}"),
    "MemberScale": _same("out = x · scale of the member",
                         r"\mathrm{out} = x \cdot \mathrm{scale}",
                         "∂L/∂x = ∂L/∂out · scale", rf"{_X} = {_OUT} \cdot \mathrm{{scale}}"),
    "UnitMask": _same("out = x · mask", r"\mathrm{out} = x \cdot \mathrm{mask}",
                      "∂L/∂x = ∂L/∂out · mask", rf"{_X} = {_OUT} \cdot \mathrm{{mask}}"),
    "ParametricActivation": _same(
        "out = x + alpha · (f(x) - x)", r"\mathrm{out} = x + \alpha\, (f(x) - x)",
        "∂L/∂alpha = sum of ∂L/∂out · (f(x) - x)",
        rf"{_BY_ALPHA} = \sum {_OUT}\, (f(x) - x)",
    ),
    "OutputRange": _same("out = x in training", r"\mathrm{out} = x", "∂L/∂x = ∂L/∂out",
                         rf"{_X} = {_OUT}"),
    "PeriodicEmbedding": Formulas(
        lines("waves = cos(2π frequency x + phase)",
              r"\mathrm{waves} = \cos(2 \pi f x + \varphi)",
              "out = f(waves W + b), beside x", r"\mathrm{out} = f(\mathrm{waves}\, W + b)"),
    ),
    "PiecewiseLinearEmbedding": Formulas(
        lines("v = the part of each bin that x has passed, 0 to 1",
              r"v_t = \frac{x - e_t}{e_{t+1} - e_t} \text{ within } [0, 1]",
              "out = linear · x + b + v W", r"\mathrm{out} = a x + b + v W"),
    ),
    "Embedding": Formulas(
        lines("out = row x of the table E", r"\mathrm{out} = E_{x}"),
        lines("∂L/∂E: at each row the sum of ∂L/∂out where the row was looked up, 0 elsewhere",
              rf"{by('E')}_k = \sum_{{i:\, x_i = k}} {_OUT}_i"),
    ),
    "PositionEmbedding": Formulas(
        lines("out = row t of the table, for position t",
              r"\mathrm{out}_t = \mathrm{table}_t"),
    ),
    "TokenAndPositionEmbedding": Formulas(
        lines("out[t] = row x[t] of the token table + row t of the position table",
              r"\mathrm{out}_t = E_{x_t} + P_t"),
    ),
    "SinePositionEncoding": Formulas(
        lines("out = waves of many lengths at each position, made of no weight",
              r"\mathrm{out}_{t, 2i} = \sin(t / 10000^{2i/d})"),
    ),
    "RotaryEmbedding": Formulas(
        lines("out = pairs of features turned by an angle proportional to the position",
              r"\mathrm{out}_t = R(t\, \theta)\, x_t"),
    ),
    "Masking": _same("out = x, 0 where a position is left out", r"\mathrm{out} = x \odot m",
                     "∂L/∂x = ∂L/∂out where a position counts", rf"{_X} = {_OUT} \odot m"),
    "SimpleRNN": Formulas(lines(_RNN, "h_t = f(x_t W + h_{t-1} U + b)"), lines(*_THROUGH_TIME)),
    "LSTM": Formulas(
        lines(
            "i, f, g, o = the four parts of x[t] W + h[t-1] U + b",
            "i, f, g, o = x_t W + h_{t-1} U + b",
            "c[t] = sigmoid(f) · c[t-1] + sigmoid(i) · tanh(g)",
            r"c_t = \sigma(f)\, c_{t-1} + \sigma(i) \tanh(g)",
            "h[t] = sigmoid(o) · tanh(c[t])", r"h_t = \sigma(o) \tanh(c_t)",
        ),
        lines(*_THROUGH_TIME),
    ),
    "GRU": Formulas(
        lines(
            "update, reset = sigmoid of two parts of x[t] W + h[t-1] U + b",
            r"u, r = \sigma(x_t W + h_{t-1} U + b)",
            "new = tanh(x[t] W + reset · (h[t-1] U) + b), the third part",
            r"n = \tanh(x_t W + r\, (h_{t-1} U) + b)",
            "h[t] = update · h[t-1] + (1 - update) · new", r"h_t = u\, h_{t-1} + (1 - u)\, n",
        ),
        lines(*_THROUGH_TIME),
    ),
    "RNN": Formulas(
        lines("h[t] = cell(x[t], h[t-1])", r"h_t = \mathrm{cell}(x_t, h_{t-1})"),
        lines(*_THROUGH_TIME),
    ),
    "LeakyIntegrateAndFire": Formulas(
        lines("u = leak · u + x[t] W + b", r"u = \lambda u + x_t W + b",
              "out[t] = 1 if u > threshold else 0, and u falls by the threshold then",
              r"s_t = [u > \theta]"),
    ),
    "Bidirectional": Formulas(
        lines("out = [layer forward in time, layer backward in time]",
              r"\mathrm{out} = [\overrightarrow{h}, \overleftarrow{h}]"),
    ),
    "TimeDistributed": Formulas(
        lines("out[t] = layer(x[t]), the same weights at every t",
              r"\mathrm{out}_t = \mathrm{layer}(x_t)"),
    ),
    "Attention": Formulas(
        lines("scores = query keyᵀ",
              r"\mathrm{scores} = \mathrm{query}\, \mathrm{key}^\top", *_ATTENTION),
    ),
    "AdditiveAttention": Formulas(
        lines("scores = sum of scale · tanh(query + key)",
              r"\mathrm{scores} = \sum \mathrm{scale} \cdot \tanh(\mathrm{query} + "
              r"\mathrm{key})", *_ATTENTION),
    ),
    "MultiHeadAttention": _HEADS,
    "GroupedQueryAttention": _HEADS,
    "TransformerEncoder": Formulas(
        lines("x = norm(x + attention(x))", r"x = \mathrm{norm}(x + \mathrm{attention}(x))",
              "out = norm(x + dense(f(dense(x))))",
              r"\mathrm{out} = \mathrm{norm}(x + \mathrm{dense}(f(\mathrm{dense}(x))))"),
    ),
    "TransformerDecoder": Formulas(
        lines("x = norm(x + attention to earlier positions)",
              r"x = \mathrm{norm}(x + \mathrm{attention}_{\text{causal}}(x))",
              "out = norm(x + dense(f(dense(x))))",
              r"\mathrm{out} = \mathrm{norm}(x + \mathrm{dense}(f(\mathrm{dense}(x))))"),
    ),
    "Dropout": _DROPOUT, "SpatialDropout1D": _DROPOUT, "SpatialDropout2D": _DROPOUT,
    "AlphaDropout": _same(
        "out = a · (x where kept, -1.758 where dropped) + b",
        r"\mathrm{out} = a\,(x \text{ or } -1.758) + b",
        "∂L/∂x = a · ∂L/∂out where kept", rf"{_X} = a\,\mathrm{{keep}}\, {_OUT}",
    ),
    "GaussianNoise": _same("out = x + noise", r"\mathrm{out} = x + \epsilon", "∂L/∂x = ∂L/∂out",
                           rf"{_X} = {_OUT}"),
    "GaussianDropout": _same("out = x · noise", r"\mathrm{out} = x \cdot \epsilon",
                             "∂L/∂x = ∂L/∂out · noise", rf"{_X} = {_OUT} \cdot \epsilon"),
    "Add": _same("out = x1 + x2 + ...", r"\mathrm{out} = x_1 + x_2 + \cdots",
                 "∂L/∂x of each input = ∂L/∂out", rf"{_X} = {_OUT}"),
    "Subtract": _same("out = x1 - x2", r"\mathrm{out} = x_1 - x_2",
                      "∂L/∂x1 = ∂L/∂out,   ∂L/∂x2 = -∂L/∂out", rf"{by('x_2')} = -{_OUT}"),
    "Multiply": _same("out = x1 · x2 · ...", r"\mathrm{out} = x_1 \cdot x_2 \cdots",
                      "∂L/∂x1 = ∂L/∂out · (the other inputs)",
                      rf"{by('x_1')} = {_OUT} \cdot x_2 \cdots"),
    "Average": _same("out = (x1 + x2 + ...) / k", r"\mathrm{out} = \frac{1}{k} \sum_i x_i",
                     "∂L/∂x of each input = ∂L/∂out / k", rf"{_X} = \frac{{1}}{{k}} {_OUT}"),
    "Maximum": _same("out = the largest of the inputs", r"\mathrm{out} = \max(x_1, x_2)",
                     "∂L/∂x = ∂L/∂out for the largest input (equal ones share it)",
                     rf"{_X} = {_OUT}\,[x = \mathrm{{out}}]"),
    "Minimum": _same("out = the least of the inputs", r"\mathrm{out} = \min(x_1, x_2)",
                     "∂L/∂x = ∂L/∂out for the least input (equal ones share it)",
                     rf"{_X} = {_OUT}\,[x = \mathrm{{out}}]"),
    "Dot": _same("out = sum of x1 · x2 over an axis", r"\mathrm{out} = \sum_k x_{1,k}\, x_{2,k}",
                 "∂L/∂x1 = ∂L/∂out · x2,   ∂L/∂x2 = ∂L/∂out · x1",
                 rf"{by('x_1')} = {_OUT}\, x_2"),
    "Concatenate": _moves("the inputs side by side"),
    "Flatten": _moves("x, each row as one vector"),
    "Reshape": _moves("x under another shape"),
    "Permute": _moves("x with its axes in another order"),
    "RepeatVector": _same("out = x, n times", r"\mathrm{out}_t = x",
                          "∂L/∂x = sum of ∂L/∂out over the n copies",
                          rf"{_X} = \sum_t {_OUT}_t"),
    "Cropping1D": _moves("x without its ends"), "Cropping2D": _moves("x without its edges"),
    "CenterCrop": _moves("the middle of x"), "RandomCrop": _moves("a random part of x"),
    "RandomFlip": _moves("x, or its mirror image"),
    "ZeroPadding1D": _moves("x with zeros at its ends"),
    "ZeroPadding2D": _moves("x with zeros around it"),
    "UpSampling1D": _same("out = each step of x several times",
                          r"\mathrm{out}_{k t + j} = x_t",
                          "∂L/∂x = sum of ∂L/∂out over the copies", rf"{_X} = \sum {_OUT}"),
    "UpSampling2D": _same("out = each pixel of x several times, or what lies between",
                          r"\mathrm{out}_{k i + r,\, k j + c} = x_{i,j}",
                          "∂L/∂x = sum of ∂L/∂out over the copies", rf"{_X} = \sum {_OUT}"),
    "ReLU": _same("out = max(x, 0), with the layer's slope, threshold and limit",
                  r"\mathrm{out} = \max(x, 0)",
                  "∂L/∂x = ∂L/∂out if x > 0, else ∂L/∂out · slope", rf"{_X} = {_OUT}\,[x > 0]"),
    "LeakyReLU": _same("out = x if x > 0 else slope · x",
                       r"\mathrm{out} = x\,[x > 0] + \alpha x\,[x \le 0]",
                       "∂L/∂x = ∂L/∂out if x > 0 else slope · ∂L/∂out",
                       rf"{_X} = {_OUT}\,([x > 0] + \alpha\,[x \le 0])"),
    "PReLU": _same("out = x if x > 0 else alpha · x",
                   r"\mathrm{out} = x\,[x > 0] + \alpha x\,[x \le 0]",
                   "∂L/∂alpha = sum of ∂L/∂out · x where x ≤ 0",
                   rf"{_BY_ALPHA} = \sum {_OUT}\, x\,[x \le 0]"),
    "ELU": _same("out = x if x > 0 else alpha · (e^x - 1)",
                 r"\mathrm{out} = x\,[x > 0] + \alpha (e^x - 1)\,[x \le 0]",
                 "∂L/∂x = ∂L/∂out if x > 0 else ∂L/∂out · alpha · e^x",
                 rf"{_X} = {_OUT}\,([x > 0] + \alpha e^x\,[x \le 0])"),
    "Softmax": _same("out = e^x / sum of e^x over the row",
                     r"\mathrm{out}_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
                     "∂L/∂x = out · (∂L/∂out - sum of out · ∂L/∂out over the row)",
                     rf"{_X} = \mathrm{{out}} \odot ({_OUT} - \sum \mathrm{{out}}\, {_OUT})"),
}  # fmt: skip


def formulas_of(layer: Layer) -> Formulas | None:
    """What a layer computes with its own settings; None for a layer that is not in the table."""
    if type(layer).__name__ == "Activation":
        return _activation(layer)
    known = _row_of(layer)
    if known is None or not isinstance(layer, Biased | Cell):
        return known
    forward, backward = list(known.forward), list(known.backward)
    if layer.bias is None:
        forward = [_without_bias(line) for line in forward]
        backward = [line for line in backward if not line.text.startswith("∂L/∂b")]
    if isinstance(layer, Biased):
        line = activations.forward(layer.function)
        back = activations.backward(layer.function)
        if name_of(layer.function) == "linear":
            line = back = None
        elif line is None:
            function: object = layer.function
            name = function.__name__ if isinstance(function, FunctionType) else "f"
            line = Formula(f"a = {name}(z)", rf"a = \mathrm{{{name}}}(z)")
        forward += [] if line is None else [line]
        backward[:0] = [] if back is None else [back]
    return Formulas(tuple(forward), tuple(backward))


def _row_of(layer: Layer) -> Formulas | None:
    """The row of the class, or of the one whose `forward` it inherits."""
    kind = type(layer)
    for cls in kind.__mro__:
        if cls.__name__ in LAYERS and is_ours(cls) and _same_forward(kind, cls):
            return LAYERS[cls.__name__]
    return None


_COMPUTING = {"forward", "sums", "convolve", "advance", "noisy"}


def _same_forward(kind: type[Any], cls: type[Any]) -> bool:
    """Whether a class computes as one that it is derived from: it has no such method of its own."""
    own = kind.__mro__[: kind.__mro__.index(cls)]
    return not any(_COMPUTING & vars(part).keys() for part in own)


def _activation(layer: Any) -> Formulas | None:
    line = activations.forward(layer.function, "x", "out")
    back = activations.backward(layer.function, "x", "out")
    if line is None or back is None:
        return None
    return Formulas((line,), (back,))


def _without_bias(line: Formula) -> Formula:
    text = line.text.replace(" + b", "").replace(", + b", "").removesuffix(",")
    return Formula(text, line.latex.replace(" + b_o", "").replace(" + b", ""))
