"""What a sentence says, as far as rules can compare it with another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.audit.opposites import poles
from pytest_safescale.audit.quantities import QUANTITY, quantities
from pytest_safescale.text.pattern import Pattern
from pytest_safescale.text.sentences import content_words

if TYPE_CHECKING:
    from pytest_safescale.audit.opposites import Poles
    from pytest_safescale.audit.quantities import Quantity

__all__ = ["Statement", "denials", "recommendation", "sides", "statement", "subject_words", "turns"]

_SIDE = Pattern(
    r"\b(left|right|ipsilateral|contralateral)(?:-sided|-hand)?\b"
    r"(?! (?:alone|in place|away|now)\b)",
    re.IGNORECASE,
)
_TURN = Pattern(
    r"\b(?:not|no|never|without|cannot|neither|nor|none|lacks?|absent|fails? to)\b|n't\b",
    re.IGNORECASE,
)
_NO_TURN = Pattern(
    r"\b(?:no (?:more|less|later|higher|lower|longer|earlier|fewer) than|not only|no longer than"
    r"|whether or not|not (?:above|below|exceed\w*))\b",
    re.IGNORECASE,
)
_AGAINST = Pattern(
    r"\b(?:(?:should|must|may|need|can|is|are|does|do) not|cannot|must never|should never|never"
    r"|not (?:be |recommended|advised|indicated|needed|required|necessary|given|used)"
    r"|no (?:further |routine |other )?(?:\w+ )?(?:is |are )?"
    r"(?:needed|required|indicated|necessary)"
    r"|contraindicated|avoid(?:ed)?|unnecessary|unwise|out of place|advised against"
    r"|withheld|omit(?:ted)?|needs? no|requires? no|has no role|have no role)\b",
    re.IGNORECASE,
)
_DENIAL = Pattern(f"{_AGAINST.pattern}|{_TURN.pattern}", re.IGNORECASE)
_FOR = Pattern(
    r"\b(?:should|must|recommended|advised|indicated|needed|required|necessary|mandatory"
    r"|is given|are given|is used|are used|needs?|requires?|may be|is safe|are safe|can be)\b",
    re.IGNORECASE,
)
_OF_FORM = frozenset(
    re.findall(
        r"\w+",
        "left right sided ipsilateral contralateral above below more than greater larger exceed "
        "exceeds exceeding least most within under over fewer smaller shorter longer maximum "
        "minimum about around roughly recommended recommend advised indicated needed required "
        "need require necessary mandatory contraindicated avoid avoided unnecessary withheld omit "
        "omitted cannot without never neither none absent lack should must given used routinely "
        "hour day week month year minute second millimetre centimetre millimeter centimeter "
        "percent cent beat safe role always usually generally typically often commonly",
    )
)
"""Words that say how, how much or whether, and nothing of what a sentence is about."""
_MARK = Pattern(r"(?<![\w.])[A-Z][A-Z0-9-]+(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence in the parts that another can contradict."""

    text: str
    words: frozenset[str]
    """What it is about: words of meaning, in lower case and the singular, and abbreviations."""
    quantities: tuple[Quantity, ...]
    sides: tuple[str, ...]
    """Left, right, ipsilateral and contralateral, in order."""
    denials: int
    """How many words deny or advise against, such as ``not``, ``without`` and ``avoid``."""
    poles: Poles
    """Its words of which one excludes another, such as ``benign``."""
    recommendation: int
    """1 for do, -1 for do not, 0 for neither."""


@lru_cache(maxsize=100_000)
def statement(text: str) -> Statement:
    """Return what one sentence says."""
    return Statement(
        text=text,
        words=subject_words(text),
        quantities=quantities(text),
        sides=sides(text),
        denials=denials(text),
        poles=poles(text),
        recommendation=recommendation(text),
    )


def subject_words(text: str) -> frozenset[str]:
    """Return what a sentence is about, its quantities and words of form left out."""
    bare = QUANTITY.sub(" ", text)
    return (content_words(bare) - _OF_FORM) | frozenset(_MARK.findall(bare))


def sides(text: str) -> tuple[str, ...]:
    """Return the sides that a text names, in lower case and in order."""
    return tuple(match[1].lower() for match in _SIDE.finditer(text))


def turns(text: str) -> int:
    """Return how many words of a text turn its meaning; limits such as ``no more than`` do not."""
    return len(_TURN.findall(_NO_TURN.sub(" ", text)))


def denials(text: str) -> int:
    """Return how many words of a text deny or advise against; ``must not be given`` is one."""
    return len(_DENIAL.findall(_NO_TURN.sub(" ", text)))


def recommendation(text: str) -> int:
    """Return 1 where a text says to do something, -1 where it says not to, 0 for neither."""
    plain = _NO_TURN.sub(" ", text)
    if _AGAINST.search(plain):
        return -1
    return 1 if _FOR.search(plain) else 0
