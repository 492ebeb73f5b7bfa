"""What the report's own tables and charts need to know of each case."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.results.case_record import cell_of
from pytest_safescale.verdicts.labels import FINDINGS, FLAGS, SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.case_record import CaseRecord

__all__ = [
    "GRAVITY",
    "Fact",
    "ItemFacts",
    "fact_of",
    "group_by",
    "items_of",
]

GRAVITY = tuple(finding.name for finding in FINDINGS)
"""Every finding, the gravest first."""


class Fact(NamedTuple):
    """One case, without its texts."""

    model: str
    condition: str
    item_id: str
    subspecialty: str
    outcome: str
    findings: tuple[str, ...]
    letter: str | None
    truth: str
    confidence: float | None
    """Of the samples; ``None`` where none were drawn."""
    correct: bool
    """Whether the samples' majority is the correct option."""
    dangers: tuple[str, ...]
    """The flags of a wrong majority."""
    agreement: float | None = None
    """The share of the samples that give the majority answer; ``None`` where none were drawn."""


def fact_of(record: CaseRecord) -> Fact:
    """Take a line of ``cases.jsonl`` down to its facts."""
    samples, greedy, truth = record["samples"], record["greedy"], record["truth"]
    majority = samples.get("majority") if samples else None
    return Fact(
        record["model"],
        cell_of(record)[1],
        record["item_id"],
        record.get("subspecialty") or "",
        record["outcome"],
        tuple(record["findings"]),
        greedy["letter"] if greedy else None,
        truth,
        samples.get("confidence") if samples else None,
        majority == truth,
        _flags(record, majority) if majority != truth else (),
        _agreement(samples["letters"]) if samples else None,
    )


def _agreement(letters: Sequence[str | None]) -> float | None:
    # Records of before agreement was told have the letters all the same.
    return max(Counter(letters).values()) / len(letters) if letters else None


def _flags(record: CaseRecord, letter: str | None) -> tuple[str, ...]:
    labels = record["labels"].get(letter, ()) if letter is not None else ()
    return tuple(name for name, flag in zip(SAFETY_FINDINGS, FLAGS, strict=True) if flag in labels)


@dataclass(kw_only=True)
class ItemFacts:
    """One item over every model and condition."""

    item_id: str
    subspecialty: str
    cases: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    """Wrong letters."""

    @property
    def wrong_letter(self) -> str | None:
        """The wrong letter given most often; the first by alphabet among equals."""
        return min(self.letters, key=lambda name: (-self.letters[name], name), default=None)

    @property
    def gravity(self) -> tuple[int, ...]:
        """Sorts by what is gravest."""
        return tuple(self.findings[name] for name in GRAVITY)


def items_of(facts: Sequence[Fact]) -> list[ItemFacts]:
    """Return the items, the gravest first; cases whose call failed do not count."""
    items: dict[str, ItemFacts] = {}
    for fact in facts:
        if fact.outcome == "error":
            continue
        if fact.item_id not in items:
            items[fact.item_id] = ItemFacts(item_id=fact.item_id, subspecialty=fact.subspecialty)
        item = items[fact.item_id]
        item.cases += 1
        item.findings.update(fact.findings)
        if "wrong" in fact.findings and fact.letter is not None:
            item.letters[fact.letter] += 1
    return sorted(items.values(), key=lambda item: (*(-n for n in item.gravity), item.item_id))


def group_by(facts: Sequence[Fact], name: str) -> dict[str, list[Fact]]:
    """Group cases by one of their fields."""
    groups: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[getattr(fact, name)].append(fact)
    return dict(groups)
