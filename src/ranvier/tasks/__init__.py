"""Tasks: from pictures, texts or a series to a trained model, in one call and a stated time.

| file | what it holds |
|---|---|
| class_training.py | Networks that tell classes: rows held out, training, score |
| forecast.py | The next points of a series |
| images.py | Classes of pictures in folders |
| input_columns.py | Columns of the tables that the tasks are given |
| season.py | The season of a series, found in its numbers |
| task_model.py | The base of what these calls return: a network, its preprocessing, its score |
| tested.py | What a task keeps of its test for a report |
| texts.py | Classes of texts in a column |
| training.py | Training within a time: rounds by the clock, the best weights kept |

    data -> what is chosen, and why -> network -> training -> model, score on rows held out
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr
from .forecast import ForecastModel, fit_forecast
from .images import ImageModel, fit_images
from .task_model import TaskModel
from .texts import TextModel, fit_texts

__all__ = [
    "ForecastModel",
    "ImageModel",
    "TaskModel",
    "TextModel",
    "fit_forecast",
    "fit_images",
    "fit_texts",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
