"""Over- and under-fitting: the loss on rows that were learned from, beside that on others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ..examination import Examination
from ..finding import Chart, Finding, number

RISE = 1.2  # of the validation loss since its best epoch, from which it is no noise


def overfitting(e: Examination) -> Iterator[Finding]:
    """The validation loss of the model as it is now lies well above that of an earlier epoch, while
    the loss on the rows it learns from went on falling (Prechelt 1998, "Early stopping - but
    when?").
    """
    held, train = e.curve("val_loss"), e.curve("loss")
    if not len(held) or not np.isfinite(held).all():
        return
    best = int(held.argmin())
    if e.validation_loss > RISE * held[best] and train[-1] < train[best]:
        patience = max(5, len(held) // 10)
        yield Finding(
            "overfitting",
            "problem",
            Message(
                "The validation loss was lowest in epoch {epoch} ({best}) and is now {now}, while "
                "the loss on the rows it learns from fell to {train}: it learns them by heart.",
                epoch=best + 1,
                best=number(held[best]),
                now=number(e.validation_loss),
                train=number(train[-1]),
            ),
            {
                "best epoch": best + 1.0,
                "validation loss now": e.validation_loss,
                "epoch": np.arange(1.0, len(held) + 1),
                "loss": train,
                "validation loss": held,
            },
            f"callbacks=[ranvier.callbacks.EarlyStopping(patience={patience})]",
            chart=Chart("lines", ("loss", "validation loss"), "epoch", at="best epoch"),
        )
