"""Whether two sentences speak of the same thing, and in what they then differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.audit.opposites import opposites
from pytest_safescale.audit.quantities import other_sizes, unmatched
from pytest_safescale.audit.statement import statement
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_safescale.audit.quantities import Quantity
    from pytest_safescale.audit.statement import Statement

    Weight = Callable[[str], float]
    """How much a word tells of a subject: more, the rarer it is."""

__all__ = [
    "STRICT",
    "WIDER",
    "Disagreement",
    "Likeness",
    "contradicts_itself",
    "disagreement",
    "likeness",
]


class Likeness(NamedTuple):
    """How alike two sentences on one thing are at least."""

    words: float
    """Share of their words, by weight, that they have in common."""
    denied: float
    """The same where a single ``not`` is all that differs: it may be of words that only one has."""


STRICT = Likeness(0.7, 0.8)
WIDER = Likeness(0.4, 0.5)
"""For pairs that somebody looks at who knows the meaning of words."""
_FEWEST = 3
"""Words that both must have."""


class Disagreement(NamedTuple):
    """In what two sentences on one thing differ."""

    kind: str
    """``number``, ``threshold``, ``side``, ``recommendation``, ``negation`` or ``opposite``."""
    left: str
    right: str


def as_telling(word: str) -> float:  # noqa: ARG001 (no corpus says otherwise)
    """Return the weight of a word where no corpus says how rare it is."""
    return 1.0


def likeness(left: Iterable[str], right: Iterable[str], weight: Weight = as_telling) -> float:
    """Return the share of words that two sets have in common, by weight, from 0 to 1.

    It is the weighted Jaccard index: of all the words of both, those that stand in both.
    """
    a, b = frozenset(left), frozenset(right)
    whole = math.fsum(map(weight, a | b))
    return math.fsum(map(weight, a & b)) / whole if whole else 0.0


def disagreement(
    left: Statement, right: Statement, weight: Weight = as_telling, least: Likeness = STRICT
) -> Disagreement | None:
    """Return in what two sentences differ that speak of the same thing; ``None`` for no such pair.

    They are about one thing where they are as alike as ``least`` says. Then a number with its unit,
    a limit's direction, a side, a recommendation, a negation and words that exclude each other are
    compared, in this order, and the first that differs is told.
    """
    if len(left.words & right.words) < _FEWEST:
        return None
    apart = opposites(left.poles, right.poles) or ()
    alike = likeness(left.words.difference(apart), right.words.difference(apart), weight)
    if alike < least.words:
        return None
    found = _in_size(left, right) or _in_side(left, right)
    if found is None and alike >= least.denied:
        found = _in_direction(left, right, apart)
    same_way = (left.denials - right.denials) % 2 == 0
    if found is None and apart and same_way:
        found = Disagreement("opposite", *apart)
    return found


def _in_size(left: Statement, right: Statement) -> Disagreement | None:
    mine, theirs = left.quantities, right.quantities
    if not mine or not theirs:
        return None
    if pair := other_sizes(mine, theirs):
        own, other = pair
        kind = "threshold" if own.limit or other.limit else "number"
        return Disagreement(kind, own.text, other.text)
    alike = not (unmatched(mine, theirs) or unmatched(theirs, mine))
    return _in_limit(mine, theirs) if alike else None


def _in_limit(mine: Sequence[Quantity], theirs: Sequence[Quantity]) -> Disagreement | None:
    """Return two limits of one size that bound from opposite sides."""
    for own in mine:
        equal = [other for other in theirs if own.equals(other)]
        if equal and all(own.limit * other.limit < 0 for other in equal):
            return Disagreement("threshold", _limit_words(own), _limit_words(equal[0]))
    return None


def _limit_words(limit: Quantity) -> str:
    return f"{'from' if limit.limit > 0 else 'up to'} {limit.text}"


def _in_side(left: Statement, right: Statement) -> Disagreement | None:
    mine, theirs = left.sides, right.sides
    if len(mine) != len(theirs) or mine == theirs or set(mine) == set(theirs):
        return None
    a, b = next((a, b) for a, b in zip(mine, theirs, strict=True) if a != b)
    pairs = ({"left", "right"}, {"ipsilateral", "contralateral"})
    return Disagreement("side", a, b) if {a, b} in pairs else None


def _in_direction(
    left: Statement, right: Statement, apart: tuple[str, str] | tuple[()]
) -> Disagreement | None:
    if left.recommendation * right.recommendation < 0:
        return Disagreement("recommendation", _told(left), _told(right))
    # Not benign and malignant are no contradiction.
    if (left.denials - right.denials) % 2 and not apart:
        return Disagreement("negation", *(_polarity(own) for own in (left, right)))
    return None


def _told(of: Statement) -> str:
    return "do" if of.recommendation > 0 else "do not"


def _polarity(of: Statement) -> str:
    return "denied" if of.denials % 2 else "said"


def contradicts_itself(texts: Iterable[str]) -> Disagreement | None:
    """Return the first disagreement between sentences of a few texts, such as one prompt's.

    Every pair of sentences is compared, those within one text too.
    """
    said = [statement(part.body) for text in texts for part in split(text)]
    pairs = ((a, b) for at, a in enumerate(said) for b in said[:at])
    return next((found for a, b in pairs if (found := disagreement(b, a))), None)
