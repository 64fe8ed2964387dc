"""The one sentence that a reader takes away: is the network better than a simple model?"""

from __future__ import annotations

from ..base.quantities import number_text
from .measures.bootstrap import Estimate
from .results import ModelScore, Results
from .words.language import Language


def rival(results: Results) -> ModelScore | None:
    """The best of the simple models, by the main score."""
    scored = [
        (estimate.value, model)
        for model in results.models[1:]
        if (estimate := model.scores.get(results.metric)) is not None and estimate.value is not None
    ]
    if not scored:
        return None
    sign = 1 if results.higher_is_better else -1
    return max(scored, key=lambda pair: sign * pair[0])[1]


def better_by(results: Results, other: ModelScore) -> Estimate | None:
    """By how much the network's main score is better than another's; below 0: worse."""
    gap = other.difference
    if gap is None or gap.value is None:
        return None
    if results.higher_is_better:
        return gap
    low = None if gap.high is None else -gap.high
    high = None if gap.low is None else -gap.low
    return Estimate(-gap.value, low, high)


def is_clear(gap: Estimate) -> bool:
    """Whether a difference is more than chance would make of test rows."""
    return (gap.low is not None and gap.low > 0) or (gap.high is not None and gap.high < 0)


def verdict(results: Results, words: Language) -> str:
    """The sentence."""
    other = rival(results)
    gap = None if other is None else better_by(results, other)
    if other is None or gap is None or gap.value is None:
        return words("verdict_alone")
    low, high = gap.low, gap.high
    if low is None or high is None:
        key = "verdict_few_better" if gap.value >= 0 else "verdict_few_worse"
        return words(
            key, other=words(other.name), metric=words(results.metric),
            rows=f"{results.test_rows:,}", difference=number_text(abs(gap.value), 3),
        )  # fmt: skip
    values = {
        "other": words(other.name), "metric": words(results.metric),
        "rows": f"{results.test_rows:,}",
    }  # fmt: skip
    if low is not None and low > 0:
        key, sign = "verdict_better", 1
    elif high is not None and high < 0:
        key, sign, low, high = "verdict_worse", -1, -high, None if low is None else -low
    else:
        key, sign = "verdict_same", 1
    numbers = {
        "difference": number_text(sign * gap.value, 3),
        "low": number_text(low, 3),
        "high": number_text(high, 3),
    }
    text = words(key, **values, **numbers)
    return text[:1].upper() + text[1:]
