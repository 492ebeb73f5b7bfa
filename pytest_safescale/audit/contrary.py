"""Whether sentences on an item's subject say the contrary of its key fact, or put it aside.

The rules of contradictions (``disagreement``) are held against sentences that are less alike. With
them stands what tells near subjects apart: another type, grade or stage, words that exclude a word
of the fact, and words that dismiss.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.audit.disagreement import WIDER, disagreement
from pytest_safescale.audit.opposites import opposites, poles
from pytest_safescale.audit.quantities import other_sizes
from pytest_safescale.audit.statement import statement
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.audit.quantities import Quantity

__all__ = ["disagrees", "dismisses", "grades", "says_the_contrary", "sizes_differ"]

_GRADE = Pattern(
    r"\b(?i:(?P<of>type|grade|stage|category|class|group|zone|bosniak|(?:bi|li|pi|ti|o)-rads))s? "
    r"(?P<which>[A-Z]|[IVX]+|\d[a-cA-C]?)(?![\w-])"
)
_DISMISSAL = Pattern(
    r"\b(?:adds? (?:\w+ )?little|little (?:reason|value|use|gain|need|benefit)|needless(?:ly)?"
    r"|no (?:benefit|value|consequence)|without consequence|can (?:safely )?wait"
    r"|(?:can|may) be (?:left|omitted|delayed|dispensed with)|set aside|put off|postponed|deferred"
    r"|harmless|reassuring|unlikely|oversensitive|unreliable|coincidence|coincidental"
    r"|rarely changes?"
    r"|seldom (?:changes|alters|needs))\b",
    re.IGNORECASE,
)


def grades(text: str) -> frozenset[tuple[str, str]]:
    """Return the types, grades and stages that a text names, as ``("type", "A")``."""
    return frozenset((one["of"].lower(), one["which"]) for one in _GRADE.finditer(text))


def dismisses(text: str) -> bool:
    """Say whether a text calls something of little use, harmless or unlikely."""
    return _DISMISSAL.search(text) is not None


def sizes_differ(wanted: Iterable[Quantity], found: Iterable[Quantity]) -> bool:
    """Say whether sizes are found that are not wanted, instead of some that are, unit by unit."""
    return other_sizes(tuple(wanted), tuple(found)) is not None


def disagrees(fact: str, sentence: str) -> bool:
    """Say whether a sentence that is roughly alike differs from a fact as contradictions do."""
    return disagreement(statement(fact), statement(sentence), least=WIDER) is not None


def says_the_contrary(fact: str, sentences: Sequence[str]) -> bool:
    """Say whether one of a few sentences on a fact's subject disagrees with it or dismisses it."""
    if any(disagrees(fact, one) for one in sentences):
        return True
    text = " ".join(sentences)
    return (
        _other_grade(grades(fact), grades(text))
        or (dismisses(text) and not dismisses(fact))
        or opposites(poles(fact), poles(text)) is not None
    )


def _other_grade(wanted: frozenset[tuple[str, str]], found: frozenset[tuple[str, str]]) -> bool:
    """Say whether grades of one system are named, and none of those that are wanted."""
    systems = {of for of, _ in wanted} & {of for of, _ in found}
    return bool(systems) and wanted.isdisjoint(found)
