"""Levels that have an order: low to high, by their words or by the numbers in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...base.message import Message

# Scales from low to high, a rank on each line.
_SCALES = """
verylow vlow xlow lowest minimal
low lo minor
medium med mid middle moderate average normal
high hi major
veryhigh vhigh xhigh highest severe
critical extreme

xxs
xs extrasmall tiny
small s little
medium m med mid
large l big
xl extralarge verylarge huge
xxl
xxxl

unacceptable unacc terrible verybad verypoor po
bad poor fa fair
acceptable acc average ok okay ta typical neutral mediocre
good gd
verygood vgood
excellent ex great outstanding

poor
fair
average regular
good
verygood
excellent
premium
ideal

never
rarely seldom
sometimes occasionally
often frequently usually
always

stronglydisagree
disagree
neutral neitheragreenordisagree undecided
agree
stronglyagree

verydissatisfied
dissatisfied unsatisfied
neutral
satisfied
verysatisfied

none noeducation illiterate
preschool
primary primaryschool elementary elementaryschool
middleschool
secondary highschool secondaryschool
somecollege
associate
tertiary college graduate bachelor bachelors university undergraduate
master masters postgraduate
phd doctorate doctoral

intern trainee
junior entry entrylevel
mid midlevel intermediate
senior
lead principal
manager executive director

freezing
cold
cool
mild moderate
warm
hot

first 1st
second 2nd
third 3rd
fourth 4th
fifth 5th

beginner novice
intermediate
advanced
expert

bronze
silver
gold
platinum
diamond

jan january
feb february
mar march
apr april
may
jun june
jul july
aug august
sep sept september
oct october
nov november
dec december

mon monday
tue tues tuesday
wed wednesday
thu thur thurs thursday
fri friday
sat saturday
sun sunday
"""
UNKNOWN = {"unknown", "unk", "notavailable", "notknown", "undefined", "unspecified"}
_FIRST, _LAST = {"never", "none", "no", "nil"}, {"more", "over", "always"}
_NUMBERED = re.compile(
    r"""(?P<before><=?|>=?|≤|≥|under|below|upto|over|above|morethan|lessthan|atleast)?
    \$?(?P<low>-?\d[\d,.]*)(?P<k>k|m)?(?P<between>-|–|/|to|until|\.\.)?
    (\$?(?P<high>\d[\d,.]*)(?P<k2>k|m)?)?
    (?P<after>\+|more|ormore|andmore|andover|over|plus|orless|years?|yrs?|y|months?|days?|hours?)*""",
    re.VERBOSE,
)


def ordered(levels: Sequence[str]) -> tuple[list[str], str] | None:
    """Levels from low to high and the reason, or None when they have no order that is known.

    >>> ordered(["high", "low", "medium"])
    (['low', 'medium', 'high'], 'words of a scale')
    >>> ordered(["10-49", "<10", "1000+", "50-99"])
    (['<10', '10-49', '50-99', '1000+'], 'by the numbers in them')
    """
    if len(levels) < 3:
        return None
    plain = {level: re.sub(r"[\s_\-']+", "", level.lower()) for level in levels}
    for scale in _SCALES.strip().split("\n\n"):
        ranks = {word: i for i, words in enumerate(scale.split("\n")) for word in words.split()}
        if all(p in ranks for p in plain.values()):
            by_rank = {level: ranks[p] for level, p in plain.items()}
            if len(set(by_rank.values())) == len(levels):
                return sorted(levels, key=by_rank.__getitem__), Message("words of a scale")
    keys = {level: _key(level) for level in levels}
    words = [level for level, key in keys.items() if key is None]
    numbered = [level for level, key in keys.items() if key is not None]
    spelled = [level for level in numbered if not re.fullmatch(r"-?[\d.,]+", level)]
    first = [w for w in words if plain[w] in _FIRST]
    last = [w for w in words if plain[w] in _LAST]
    if len(words) > len(first + last) or len(words) > 1 or len(numbered) < 2:
        return None
    if not spelled and not words:
        return None  # plain numbers
    if len({keys[level] for level in numbered}) < len(numbered):
        return None
    in_order = sorted(numbered, key=lambda level: keys[level] or (0.0, 0.0))
    return [*first, *in_order, *last], Message("by the numbers in them")


def _key(level: str) -> tuple[float, float] | None:
    """What a level with numbers is sorted by."""
    match = _NUMBERED.fullmatch(re.sub(r"\s+", "", level.lower()))
    if not match:
        return None
    try:
        low = float(match["low"].replace(",", "")) * _times(match["k"])
        high = float((match["high"] or "nan").replace(",", "")) * _times(match["k2"])
    except ValueError:
        return None
    before = match["before"] or ""
    if before in ("<", "≤", "<=", "under", "below", "upto", "lessthan"):
        return low, -1.0
    after = match["after"] or ""
    above = before in (">", "≥", ">=", "over", "above", "morethan", "atleast") or after in (
        "+", "more", "ormore", "andmore", "andover", "over", "plus",
    )  # fmt: skip
    if above:
        return low, 2.0
    return low, 1.0 if high == high else 0.0


def _times(suffix: str | None) -> float:
    return {"k": 1e3, "m": 1e6}.get(suffix or "", 1.0)


def is_unknown(level: str) -> bool:
    """Whether a level says that nothing is known."""
    return re.sub(r"[\s_\-]+", "", level.lower()) in UNKNOWN


def known(levels: Iterable[str]) -> list[str]:
    """The levels without those that say that nothing is known."""
    return [level for level in levels if not is_unknown(level)]
