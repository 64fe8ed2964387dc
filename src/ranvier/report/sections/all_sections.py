"""The sections of the page, in their order: each gives a heading and its content, or None."""

from __future__ import annotations

from .attribution_section import attribution
from .choice_section import plan
from .data_section import data
from .diagnosis_section import diagnosis
from .error_section import errors, worst
from .network_section import cost, importance, network, reproduce, training
from .page_parts import Section
from .probability_section import calibration, decisions
from .score_section import scores
from .summary_section import summary
from .task_sections import examples, forecast, telling_words

SECTIONS: dict[str, Section] = {
    "summary": summary,
    "scores": scores,
    "forecast": forecast,
    "errors": errors,
    "decisions": decisions,
    "calibration": calibration,
    "importance": importance,
    "attribution": attribution,
    "worst": worst,
    "examples": examples,
    "words": telling_words,
    "diagnosis": diagnosis,
    "data": data,
    "plan": plan,
    "training": training,
    "network": network,
    "cost": cost,
    "reproduce": reproduce,
}
