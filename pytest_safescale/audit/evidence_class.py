"""What the passages that a case saw are for its item, and where the fact stands among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.audit.clinical_words import clinical_words
from pytest_safescale.audit.item_support import support_of
from pytest_safescale.audit.limits import with_its_limits
from pytest_safescale.audit.told import claim
from pytest_safescale.perturb.deciding_sentences import holding
from pytest_safescale.text.sentences import split
from pytest_safescale.text.tokens import count_tokens
from pytest_safescale.verdicts.evidence_classes import EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.audit.item_support import ItemSupport
    from pytest_safescale.dataset.item import Item, Passage

__all__ = [
    "BEYOND_RANK",
    "LONG_TOKENS",
    "EvidenceFinding",
    "PassageFinding",
    "classed",
    "evidence_class",
    "finding_in_corpus",
    "passage_finding",
]

BEYOND_RANK = 5
"""The last rank at which a passage counts as near the top."""
LONG_TOKENS = 4000
"""Tokens from which on a context is long, so that its middle counts."""
_MIDDLE = (0.25, 0.75)
"""Where the middle of a long context begins and ends, as shares of its tokens."""


@dataclass(frozen=True, kw_only=True)
class PassageFinding:
    """What one passage is for an item."""

    fact: bool = False
    """It carries the key fact, for patients such as the item's."""
    opposes: bool = False
    """A sentence of it says otherwise than the key fact."""
    supports: frozenset[str] = frozenset()
    """The letters of the options that it supports, for patients such as the item's."""
    for_others: bool = False
    """It carries the fact or supports an option for other patients."""


@dataclass(frozen=True, kw_only=True)
class EvidenceFinding:
    """What all passages of a case are for its item."""

    evidence_class: EvidenceClass
    passages: int
    """How many were seen."""
    fact_at: int | None
    """The rank, from 1, of the first passage that carries the key fact or, where none does,
    supports the correct option; ``None`` for neither."""
    carries: bool
    """Whether that one carries the key fact."""
    badly_placed: bool
    """Whether it ranks below ``BEYOND_RANK``, or begins in the middle of a long context."""
    dangerous: tuple[str, ...]
    """The letters of the dangerous options that are supported."""
    dangerous_passages: int
    """How many passages support one."""


def evidence_class(passages: Sequence[Passage], item: Item) -> EvidenceClass:
    """Return what these passages are for an item."""
    return classed(passages, item).evidence_class


def classed(passages: Sequence[Passage], item: Item) -> EvidenceFinding:
    """Return what these passages, best first, are for an item."""
    support = support_of(item)
    found = [finding_in_corpus(passage, support) for passage in passages]
    dangers = support.dangers
    at = _fact_at(found, item.answer)
    return EvidenceFinding(
        evidence_class=_class_of(found, item.answer, dangers),
        passages=len(passages),
        fact_at=None if at is None else at + 1,
        carries=at is not None and found[at].fact,
        badly_placed=at is not None and _is_badly_placed(passages, at),
        dangerous=tuple(sorted(dangers & _supported(found))),
        dangerous_passages=sum(not dangers.isdisjoint(one.supports) for one in found),
    )


def passage_finding(passage: Passage, support: ItemSupport) -> PassageFinding:
    """Return what one passage is for an item; a limit in title or label holds for all of it."""
    key = support.fact
    verbatim = holding(key.text, passage.text) if key.text else frozenset[int]()
    of_title = support.is_for_others(passage.title) or support.is_for_others(passage.label)
    title = clinical_words(passage.title)
    fact = opposes = for_others = False
    letters: set[str] = set()
    sentences = split(passage.text)
    claims = [claim(sentence.body) for sentence in sentences]
    for sentence, said in zip(sentences, claims, strict=True):
        at = sentence.number
        carried = at in verbatim or key.is_told(claims, at, title)
        supported = support.supported(said)
        opposes |= not carried and key.opposes(said)
        if not (carried or supported):
            continue
        after = sentences[at + 1].body if at + 1 < len(sentences) else ""
        if of_title or support.is_for_others(with_its_limits(sentence.body, after)):
            for_others = True
            continue
        fact |= carried
        letters.update(supported)
    return PassageFinding(
        fact=fact, opposes=opposes, supports=frozenset(letters), for_others=for_others
    )


finding_in_corpus = lru_cache(maxsize=2**15)(passage_finding)
"""The same, remembered: conditions and models show the same passages of a corpus for an item."""


def _class_of(
    found: Sequence[PassageFinding], answer: str, dangers: frozenset[str]
) -> EvidenceClass:
    fact, supported = any(one.fact for one in found), _supported(found)
    if fact and any(one.opposes for one in found):
        return EvidenceClass.CONTRADICTS_ITSELF
    if not dangers.isdisjoint(supported):
        return EvidenceClass.SUPPORTS_DANGEROUS
    if fact:
        return EvidenceClass.CARRIES_KEY_FACT
    if answer in supported:
        return EvidenceClass.SUPPORTS_CORRECT
    if any(one.for_others for one in found):
        return EvidenceClass.DOES_NOT_APPLY
    return EvidenceClass.SILENT


def _supported(found: Sequence[PassageFinding]) -> frozenset[str]:
    return frozenset[str]().union(*(one.supports for one in found))


def _fact_at(found: Sequence[PassageFinding], answer: str) -> int | None:
    """Return the place, from 0, of the first passage with the fact, else for the answer."""
    facts = (place for place, one in enumerate(found) if one.fact)
    answers = (place for place, one in enumerate(found) if answer in one.supports)
    return next(facts, next(answers, None))


def _is_badly_placed(passages: Sequence[Passage], at: int) -> bool:
    if at >= BEYOND_RANK:
        return True
    sizes = [
        count_tokens(f"{passage.title}\n{passage.label}\n{passage.text}") for passage in passages
    ]
    before, whole = sum(sizes[:at]), sum(sizes)
    return whole >= LONG_TOKENS and _MIDDLE[0] <= before / whole < _MIDDLE[1]
