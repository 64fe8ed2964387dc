"""The models that are ready to use can be drawn: as network, inside, and as graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import models, plots
from ranvier.plots.drawing import Box, Drawing

IDS = np.zeros((2, 6), np.int32)
READY: dict[str, Any] = {
    "lenet5": lambda: (models.lenet5(), np.zeros((2, 28, 28, 1), np.float32)),
    "resnet": lambda: (models.resnet((1, 1), 4, 3, (8, 8, 1)), np.zeros((2, 8, 8, 1), np.float32)),
    "gpt": lambda: (models.gpt(20, layers=2, heads=2, width=8, context=6), IDS),
    "char_lstm": lambda: (models.char_lstm(20), IDS),
}


def check_apart(drawing: Drawing) -> None:
    boxes = [m for m in drawing.marks if isinstance(m, Box) and m.outline]
    assert len(boxes) == len(drawing.rows)
    for i, a in enumerate(boxes):
        assert a.x >= 0 and a.x + a.width <= drawing.width
        for b in boxes[:i]:
            assert (
                a.x >= b.x + b.width or b.x >= a.x + a.width
                or a.y >= b.y + b.height or b.y >= a.y + a.height
            )  # fmt: skip


@pytest.mark.parametrize("name", READY)
def test_a_model_of_the_library_is_drawn_whole(name: str) -> None:
    model, x = READY[name]()
    model.predict(x)
    for drawing in (plots.network(model, "layers", x), plots.network(model, x=x, inside=True)):
        check_apart(drawing)
        counts = [int(str(row[3]).replace(",", "")) for row in drawing.rows]
        assert sum(counts) == model.count_params()
    check_apart(plots.graph(model, x))
    assert str(model._repr_html_()).startswith("<div><svg")
