"""Numbers with their units, as texts write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.audit.units import SPELLINGS, in_base_units
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["QUANTITY", "Quantity", "other_sizes", "quantities", "unmatched"]

_FIRST_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_FIRST_NUMBERS.split(), start=1)}
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?|(?:{'|'.join(_NUMBER_WORDS)})"
_UNIT = "|".join(sorted(map(re.escape, SPELLINGS), key=len, reverse=True))
QUANTITY = Pattern(
    rf"(?<![\w.,/])(?P<first>{_NUMBER})(?:\s?(?:-|–|to|or|and)\s?(?P<second>{_NUMBER}))?"
    rf"[\s-]?(?P<unit>{_UNIT})(?![\w/]|\s?/\s?\w)",
)
_MORE = Pattern(
    r"\b(?:above|over|more than|greater than|larger than|longer than|exceed\w*|at least"
    r"|no less than|not below|beyond|older than|minimum of)\s+(?:about |around |roughly |some )?$"
    r"|[>≥]\s?$",
    re.IGNORECASE,
)
_LESS = Pattern(
    r"\b(?:below|under|less than|smaller than|shorter than|at most|up to|no more than|within"
    r"|fewer than|not above|no higher than|younger than|maximum of|not exceed(?:ing)?)"
    r"\s+(?:about |around |roughly |some )?$|[<≤]\s?$",
    re.IGNORECASE,
)
_MORE_BEHIND = Pattern(r"^\s?(?:or (?:more|larger|above|over|longer|older|greater)|and above)\b")
_LESS_BEHIND = Pattern(r"^\s?(?:or (?:less|smaller|below|under|shorter|younger|fewer))\b")
_REACH = 40
"""How many characters before a number are looked at for a word that makes it a limit."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: str
    """One of the values of ``SPELLINGS``."""
    text: str
    """As it stands there."""
    start: int
    """In characters from 0."""
    limit: int = 0
    """1 where it bounds from below (``at least``), -1 from above (``up to``), 0 for neither."""

    def base(self) -> tuple[float, str]:
        """Return its value in base units and its dimension."""
        return in_base_units(self.value, self.unit)

    def equals(self, other: Quantity) -> bool:
        """Say whether two quantities are one size, to a hundredth."""
        if self.unit == other.unit:
            return _near(self.value, other.value)
        (left, dimension), (right, its_dimension) = self.base(), other.base()
        # Texts count 12 months as a year and 4 weeks as a month: 5 per cent is as near.
        margin = 0.05 if dimension == "time" else 0.01
        return dimension == its_dimension and _near(left, right, margin)

    def comparable(self, other: Quantity) -> bool:
        """Say whether both are sizes of one dimension."""
        return self.unit == other.unit or self.base()[1] == other.base()[1]


def _near(left: float, right: float, margin: float = 0.01) -> bool:
    return abs(left - right) <= margin * max(abs(left), abs(right))


def quantities(text: str) -> tuple[Quantity, ...]:
    """Return every number with a unit, in the order of the text; a range gives both its ends.

    Numbers up to twelve may be words. Years as dates, doses per area and bare numbers are none.
    """
    return tuple(one for match in QUANTITY.finditer(text) for one in _of_match(match, text))


def _of_match(match: re.Match[str], text: str) -> list[Quantity]:
    before = text[max(0, match.start() - _REACH) : match.start()]
    behind = text[match.end() : match.end() + _REACH]
    limit = _limit(before, behind)
    unit = SPELLINGS[match["unit"]]
    return [
        Quantity(
            value=_value(match[name]),
            unit=unit,
            text=f"{match[name]} {match['unit']}",
            start=match.start(name),
            limit=limit if match["second"] is None else 0,
        )
        for name in ("first", "second")
        if match[name] is not None
    ]


def _limit(before: str, behind: str) -> int:
    less = _LESS.search(before) or _LESS_BEHIND.match(behind)
    if less:
        return -1
    return 1 if _MORE.search(before) or _MORE_BEHIND.match(behind) else 0


def _value(text: str) -> float:
    return float(_NUMBER_WORDS.get(text, text).replace(",", ""))


def unmatched(left: Sequence[Quantity], right: Sequence[Quantity]) -> list[Quantity]:
    """Return the quantities of the left that are equal to none of the right."""
    return [one for one in left if not any(one.equals(other) for other in right)]


def other_sizes(
    left: Sequence[Quantity], right: Sequence[Quantity]
) -> tuple[Quantity, Quantity] | None:
    """Return the first size that only the left has, and one of its dimension only the right has."""
    lone, its_lone = unmatched(left, right), unmatched(right, left)
    pairs = ((one, other) for one in lone for other in its_lone if one.comparable(other))
    return next(pairs, None)
