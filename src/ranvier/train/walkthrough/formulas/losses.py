"""Losses: the loss of a row, and its gradient.

Of n rows with m numbers each; p is what the model gives, y the target, z what stands before a
sigmoid or softmax, k the class of a row.
"""

from __future__ import annotations

from collections.abc import Mapping

from .formula import Formulas, by, lines

_ONE = r"\frac{1}{n m}"

LOSSES: Mapping[str, Formulas] = {
    "mean_squared_error": Formulas(
        lines("l = mean of (p - y)² over the row", r"l = \frac{1}{m} \sum_j (p_j - y_j)^2"),
        lines("∂L/∂p = 2 (p - y) / (n m)", rf"{by('p')} = \frac{{2 (p - y)}}{{n m}}"),
    ),
    "half_squared_error": Formulas(
        lines("l = mean of (p - y)² / 2 over the row",
              r"l = \frac{1}{m} \sum_j \frac{1}{2} (p_j - y_j)^2"),
        lines("∂L/∂p = (p - y) / (n m)", rf"{by('p')} = \frac{{p - y}}{{n m}}"),
    ),
    "mean_absolute_error": Formulas(
        lines("l = mean of |p - y| over the row", r"l = \frac{1}{m} \sum_j |p_j - y_j|"),
        lines("∂L/∂p = sign(p - y) / (n m)", rf"{by('p')} = {_ONE}\,\mathrm{{sign}}(p - y)"),
    ),
    "huber": Formulas(
        lines("l = mean of h(|p - y|) over the row, "
              "h(d) = d²/2 if d ≤ delta else delta (d - delta/2)",
              r"l = \frac{1}{m} \sum_j h(|p_j - y_j|), \quad h(d) = \frac{d^2}{2} \;[d \le \delta]"
              r" + \delta (d - \frac{\delta}{2})\;[d > \delta]"),
        lines("∂L/∂p = (p - y, but at most delta in size) / (n m)",
              rf"{by('p')} = {_ONE}\,\max(\min(p - y, \delta), -\delta)"),
    ),
    "log_cosh": Formulas(
        lines("l = mean of log(cosh(p - y)) over the row",
              r"l = \frac{1}{m} \sum_j \log \cosh (p_j - y_j)"),
        lines("∂L/∂p = tanh(p - y) / (n m)", rf"{by('p')} = {_ONE} \tanh(p - y)"),
    ),
    "poisson": Formulas(
        lines("l = mean of (p - y log(p)) over the row",
              r"l = \frac{1}{m} \sum_j (p_j - y_j \log p_j)"),
        lines("∂L/∂p = (1 - y / p) / (n m)",
              rf"{by('p')} = {_ONE} \left(1 - \frac{{y}}{{p}}\right)"),
    ),
    "hinge": Formulas(
        lines("l = mean of max(1 - y p, 0) over the row",
              r"l = \frac{1}{m} \sum_j \max(1 - y_j p_j, 0)"),
        lines("∂L/∂p = (-y if y p < 1 else 0) / (n m)",
              rf"{by('p')} = -{_ONE}\, y\,[y p < 1]"),
    ),
    "squared_hinge": Formulas(
        lines("l = mean of max(1 - y p, 0)² over the row",
              r"l = \frac{1}{m} \sum_j \max(1 - y_j p_j, 0)^2"),
        lines("∂L/∂p = -2 y max(1 - y p, 0) / (n m)",
              rf"{by('p')} = -\frac{{2 y \max(1 - y p, 0)}}{{n m}}"),
    ),
    "perceptron": Formulas(
        lines("l = mean of max(-y z, 0) over the row, y = -1 or 1",
              r"l = \frac{1}{m} \sum_j \max(-y_j z_j, 0)"),
        lines("∂L/∂z = (-y if y z ≤ 0 else 0) / (n m)",
              rf"{by('z')} = -{_ONE}\, y\,[y z \le 0]"),
    ),
    "kl_divergence": Formulas(
        lines("l = sum of y log(y / p) over the row", r"l = \sum_j y_j \log \frac{y_j}{p_j}"),
        lines("∂L/∂p = -y / (n p)", rf"{by('p')} = -\frac{{y}}{{n p}}"),
    ),
    "binary_crossentropy": Formulas(
        lines("l = mean of -(y log(p) + (1 - y) log(1 - p)) over the row, p = sigmoid(z)",
              r"l = -\frac{1}{m} \sum_j \left(y_j \log p_j + (1 - y_j) \log (1 - p_j)\right),"
              r" \quad p = \sigma(z)"),
        lines("∂L/∂z = (p - y) / (n m), computed from z itself",
              rf"{by('z')} = \frac{{p - y}}{{n m}}"),
    ),
    "categorical_crossentropy": Formulas(
        lines("l = -sum of y log(p) over the classes, p = softmax(z)",
              r"l = -\sum_j y_j \log p_j, \quad p = \mathrm{softmax}(z)"),
        lines("∂L/∂z = (p - y) / n, computed from z itself",
              rf"{by('z')} = \frac{{p - y}}{{n}}"),
    ),
    "sparse_categorical_crossentropy": Formulas(
        lines("l = -log(p[k]) for the class k of the row, p = softmax(z)",
              r"l = -\log p_k, \quad p = \mathrm{softmax}(z)"),
        lines("∂L/∂z = (p - 1 at the class k, p elsewhere) / n, computed from z itself",
              rf"{by('z_j')} = \frac{{p_j - [j = k]}}{{n}}"),
    ),
}  # fmt: skip

TOTAL = lines(
    "L = mean of l over the n rows (weighted, if rows have weights)",
    r"L = \frac{1}{n} \sum_i w_i\, l_i",
)
