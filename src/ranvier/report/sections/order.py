"""The sections of the page, in their order: each gives a heading and its content, or None."""

from __future__ import annotations

from .choices import plan
from .data import data
from .errors import errors, worst
from .network import cost, importance, network, reproduce, training
from .parts import Section
from .probabilities import calibration, decisions
from .scores import scores
from .summary import summary

SECTIONS: dict[str, Section] = {
    "summary": summary,
    "scores": scores,
    "errors": errors,
    "decisions": decisions,
    "calibration": calibration,
    "importance": importance,
    "worst": worst,
    "data": data,
    "plan": plan,
    "training": training,
    "network": network,
    "cost": cost,
    "reproduce": reproduce,
}
