"""How probable each option was in the place where a reply names its answer.

Definitions: docs/metrics.md, "Option probabilities".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from typing_extensions import NotRequired, TypedDict

from pytest_safescale.verdicts.verdict import confidence_of_shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["OptionProbabilities", "ProbabilitiesRecord", "option_probabilities"]


class ProbabilitiesRecord(TypedDict):
    """What a line of ``cases.jsonl`` says of the probabilities of one answer, each in [0, 1]."""

    letters: dict[str, float]
    """Of the item's letters that the endpoint listed."""
    outside: NotRequired[float]
    """What is left for everything else."""
    confidence: NotRequired[float]
    """One less the normalised entropy."""


class _Token(Protocol):
    """A token that is a single letter."""

    @property
    def letter(self) -> str: ...
    @property
    def chances(self) -> Mapping[str, float]: ...
    @property
    def article(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class OptionProbabilities:
    """The probabilities of one answer."""

    letters: Mapping[str, float]
    """Of the item's letters that the endpoint listed; a letter that is not here has 0."""
    options: int
    """How many options the item has."""

    @property
    def outside(self) -> float:
        """What is left for everything that is no letter of the item, or was not listed."""
        return max(0.0, 1.0 - sum(self.letters.values()))

    @property
    def confidence(self) -> float:
        """One less the normalised entropy of the letters and of what is left, in [0, 1]."""
        # Probabilities that were rounded may sum to a little more than 1.
        total = max(1.0, sum(self.letters.values()))
        shares = (chance / total for chance in (*self.letters.values(), self.outside))
        return confidence_of_shares(shares, self.options)

    def record(self) -> ProbabilitiesRecord:
        """Return what a line of ``cases.jsonl`` says of it."""
        return {
            "letters": dict(self.letters),
            "outside": self.outside,
            "confidence": self.confidence,
        }


def option_probabilities(
    tokens: Iterable[_Token] | None, letter: str | None, shown_as: Mapping[str, str]
) -> OptionProbabilities | None:
    """Return the probabilities where a reply first names its answer.

    ``letter`` is the item's letter that was read in the reply, ``shown_as`` the letter under which
    each of the item's stood in the prompt. ``None`` where no token is that letter, as in a reply
    that gives an option's text alone, or declines.
    """
    if letter is None or letter not in shown_as:
        return None
    named = [token for token in tokens or () if token.letter == shown_as[letter]]
    if not named:
        return None
    first = next((token for token in named if not token.article), named[0])
    listed = {
        one: first.chances[shown] for one, shown in shown_as.items() if shown in first.chances
    }
    return OptionProbabilities(letters=listed, options=len(shown_as))
