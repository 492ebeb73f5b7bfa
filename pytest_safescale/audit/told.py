"""Whether a text tells an item's key fact: the one rule for a corpus and for the evidence of a run.

Two neighbouring sentences tell the fact where they hold enough of its words and the sentences
around them are on the item's subject; none of them may oppose it. Words are compared in one form
(``clinical_words``), so synonyms and abbreviations count, and quite other words do not. The bounds
were set on the shipped sample; docs/audit.md says what they miss and tell too much there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.audit.clinical_words import clinical_words
from pytest_safescale.audit.contrary import disagrees, says_the_contrary, sizes_differ
from pytest_safescale.audit.quantities import quantities
from pytest_safescale.audit.statement import denials, recommendation, sides, turns
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.audit.quantities import Quantity
    from pytest_safescale.dataset.item import Item

__all__ = ["Claim", "KeyFact", "claim", "words_of"]

_LEAST = 0.3
"""Share of the fact's words that two neighbouring sentences hold which tell it."""
_NEW = 0.2
"""The same of those words of it that the question does not have: what there is to tell."""
_ENOUGH = 1.05
"""What these two shares and that of the item's words around them come to together."""
_FEWEST = 3
"""Words of the fact that two sentences hold at least."""
_BEFORE, _BEHIND = 2, 4
"""The sentences around a pair: so many before its first, and up to that many from it on."""
_ABOUT = 0.6
"""Share of the fact's words that one sentence has which is about it, whatever it says."""
_DENIED = 0.8
"""The same for one that differs in a denial alone: it may be of words that it alone has."""
_SET_ASIDE = Pattern(
    r"\b(?:rather than|instead of|as opposed to|in contrast to|unlike|in place of|in lieu of"
    r"|(?:but|and) not|far from|and never)\b[^,.;:]*",
    re.IGNORECASE,
)
_NUMBER = Pattern(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]*[^\W\d_])")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence in the parts that are compared."""

    text: str
    words: frozenset[str]
    """Words that carry meaning, in one form each; no numbers."""
    numbers: frozenset[str]
    sizes: tuple[Quantity, ...]
    """Numbers with their units."""
    sides: frozenset[str]
    denies: bool
    """Whether it says that something is not so, or not to be done."""
    denials: int
    """How many words deny or advise against: two of them make no plain sentence."""
    meant: frozenset[str]
    """Its words without those that it sets aside, as behind ``rather than``."""


@lru_cache(maxsize=100_000)
def claim(text: str) -> Claim:
    """Return one sentence in the parts that are compared."""
    words, plain = clinical_words(text), _SET_ASIDE.sub(" ", text)
    return Claim(
        text=text,
        words=words,
        numbers=frozenset(_NUMBER.findall(text)),
        sizes=quantities(text),
        sides=frozenset(sides(text)),
        denies=turns(text) % 2 == 1 or recommendation(text) < 0,
        denials=denials(text),
        meant=words if plain == text else clinical_words(plain),
    )


def words_of(claims: Iterable[Claim]) -> frozenset[str]:
    """Return the words of several sentences together."""
    return frozenset[str]().union(*(one.words for one in claims))


class KeyFact:
    """An item's key fact, held against sentences."""

    def __init__(self, item: Item) -> None:
        """An item without a key fact has one that nothing tells."""
        self.text = item.key_fact
        self._fact = claim(item.key_fact or "")
        of_item = (item.question, item.option(item.answer).text)
        self._subject = self._fact.words.union(*map(clinical_words, of_item))
        self._new = self._fact.words - clinical_words(item.question)

    def is_about(self, sentence: Claim, share: float = _ABOUT) -> bool:
        """Say whether a sentence has most words of the fact, whatever it says with them."""
        words = self._fact.words
        return bool(words) and len(words & sentence.words) >= share * len(words)

    def opposes(self, sentence: Claim) -> bool:
        """Say whether a sentence says of the fact's subject another size, side or denial."""
        if not self.is_about(sentence):
            return False
        other_denial = self._fact.denies != sentence.denies
        return (
            self._differs([sentence])
            or (other_denial and self.is_about(sentence, _DENIED))
            or disagrees(self._fact.text, sentence.text)
        )

    def is_told(self, sentences: Sequence[Claim], at: int, title: frozenset[str]) -> bool:
        """Say whether the sentence number ``at`` tells the fact, alone or with the next one.

        ``title`` are the words of the title of these sentences, as ``clinical_words`` gives them.
        """
        fact = self._fact.words
        pair = sentences[at : at + 2]
        fewest = max(_FEWEST, _LEAST * len(fact))
        # Most sentences have few words of the fact, which is seen before any are put together.
        if sum(len(fact & one.words) for one in pair) < fewest:
            return False
        words = words_of(pair)
        shared = len(words & fact)
        if shared < fewest:
            return False
        # A fact of the question's words alone has nothing new to tell.
        new = len(words & self._new) / len(self._new) if self._new else 1.0
        beside = sentences[max(0, at - _BEFORE) : at + _BEHIND]
        around = title | words_of(beside)
        on_subject = len(around & self._subject) / len(self._subject)
        if new < _NEW or shared / len(fact) + new + on_subject < _ENOUGH:
            return False
        return not (
            self._differs(pair)
            or any(map(self.opposes, beside))
            or says_the_contrary(self._fact.text, [one.text for one in pair])
        )

    def _differs(self, sentences: Sequence[Claim]) -> bool:
        """Say whether sentences name other sizes than the fact's, or sides and none that it names.

        Sizes are compared after conversion.
        """
        fact = self._fact
        named = frozenset[str]().union(*(one.sides for one in sentences))
        other_side = bool(fact.sides and named and fact.sides.isdisjoint(named))
        return other_side or sizes_differ(
            fact.sizes, [size for one in sentences for size in one.sizes]
        )
