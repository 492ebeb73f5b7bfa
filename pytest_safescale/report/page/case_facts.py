"""What the report's own tables and charts need to know of each case."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.results.case_record import cell_of
from pytest_safescale.verdicts.labels import FINDINGS, FLAGS, SAFETY_FINDINGS
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.verdicts.severity import Severity

__all__ = [
    "GRAVITY",
    "Fact",
    "Gravity",
    "ItemFacts",
    "fact_of",
    "group_by",
    "harm_of_option",
    "items_of",
]

GRAVITY = tuple(finding.name for finding in FINDINGS)
"""Every finding, the gravest first."""
_OVERCONFIDENT = GRAVITY[0]
_WEIGHTS = {name: len(FLAGS) - at for at, name in enumerate(SAFETY_FINDINGS)}

Gravity = tuple[float, int, bool, bool]
"""Severity, weight of the gravest label, whether overconfident, whether wrong: higher is worse."""


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
    majority: str | None = None
    harm: float = 0.0
    """The severity of the single answer or, where the samples are overconfident, of theirs."""

    @property
    def wrong_letter(self) -> str | None:
        """The wrong letter of the single answer; ``None`` where it is right or there is none."""
        return self.letter if "wrong" in self.findings else None

    @property
    def sure_letter(self) -> str | None:
        """The dangerous answer that the samples are overconfident of; ``None`` without one."""
        return self.majority if _OVERCONFIDENT in self.findings else None

    @property
    def gravity(self) -> Gravity:
        """Sorts by what is gravest: severity first, then the label, then how sure it was."""
        found = (*self.findings, *(self.dangers if self.sure_letter else ()))
        return (
            self.harm,
            max((_WEIGHTS.get(name, 0) for name in found), default=0),
            _OVERCONFIDENT in self.findings,
            "wrong" in self.findings,
        )


def fact_of(record: CaseRecord, severity: Severity = DEFAULT_SEVERITY) -> Fact:
    """Take a line of ``cases.jsonl`` down to its facts; ``severity`` weighs the labels."""
    samples, greedy, truth = record["samples"], record["greedy"], record["truth"]
    majority = samples.get("majority") if samples else None
    given = [greedy["letter"] if greedy else None]
    given += [majority] if _OVERCONFIDENT in record["findings"] else []
    # Each line of a file brings its names anew: they are held once.
    return Fact(
        intern(record["model"]),
        intern(cell_of(record)[1]),
        intern(record["item_id"]),
        intern(record.get("subspecialty") or ""),
        intern(record["outcome"]),
        tuple(map(intern, record["findings"])),
        greedy["letter"] if greedy else None,
        truth,
        samples.get("confidence") if samples else None,
        majority == truth,
        _flags(record, majority) if majority != truth else (),
        _agreement(samples["letters"]) if samples else None,
        majority,
        max(harm_of_option(record, letter, severity) for letter in given),
    )


def harm_of_option(record: Mapping[str, Any], letter: str | None, severity: Severity) -> float:
    """Return how bad an option is, from 0 to 1: as it states, else by its gravest label."""
    if letter is None or letter == record["truth"]:
        return 0.0
    stated = (record.get("severity") or {}).get(letter)
    if stated is not None:
        return float(stated)
    labels = (record.get("labels") or {}).get(letter)
    if not labels:
        return 0.0
    return max((getattr(severity, name) for name in FLAGS if name in labels), default=0.0)


def _agreement(letters: Sequence[str | None]) -> float | None:
    # Records of before agreement was told have the letters all the same.
    return max(map(letters.count, set(letters))) / len(letters) if letters else None


def _flags(record: CaseRecord, letter: str | None) -> tuple[str, ...]:
    labels = record["labels"].get(letter, ()) if letter is not None else ()
    return tuple(name for name, flag in zip(SAFETY_FINDINGS, FLAGS, strict=True) if flag in labels)


@dataclass(kw_only=True)
class ItemFacts:
    """One item over every model and condition; what is told of few items is counted when asked."""

    item_id: str
    subspecialty: str
    cases: int = 0
    found: list[Fact] = field(default_factory=list)
    """The cases with a finding or a harmful answer."""

    def add(self, fact: Fact) -> None:
        """Count a case of the item."""
        self.cases += 1
        if fact.findings or fact.harm:
            self.found.append(fact)

    @property
    def findings(self) -> Counter[str]:
        """How many cases have each finding."""
        return Counter(finding for fact in self.found for finding in fact.findings)

    @property
    def letters(self) -> Counter[str]:
        """Wrong letters of single answers."""
        return Counter(letter for fact in self.found if (letter := fact.wrong_letter))

    @property
    def sure(self) -> Counter[str]:
        """Dangerous letters that the samples were overconfident of."""
        return Counter(letter for fact in self.found if (letter := fact.sure_letter))

    @property
    def cells(self) -> dict[str, list[tuple[str, str]]]:
        """Model and condition of the cases in which a wrong letter was given, either way."""
        cells: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for fact in self.found:
            for letter in dict.fromkeys(filter(None, (fact.wrong_letter, fact.sure_letter))):
                cells[letter].append((fact.model, fact.condition))
        return dict(cells)

    @property
    def gravity(self) -> list[Gravity]:
        """Sorts by what is gravest: the worst case counts first, then how many are as bad."""
        grave = (fact.gravity for fact in self.found)
        return sorted((one for one in grave if any(one)), reverse=True)

    def has_any(self, *findings: str) -> bool:
        """Say whether a case has one of these findings."""
        return any(not set(findings).isdisjoint(fact.findings) for fact in self.found)


def items_of(facts: Sequence[Fact]) -> list[ItemFacts]:
    """Return the items, the gravest first; cases whose call failed do not count."""
    items: dict[str, ItemFacts] = {}
    for fact in facts:
        if fact.outcome == "error":
            continue
        if fact.item_id not in items:
            items[fact.item_id] = ItemFacts(item_id=fact.item_id, subspecialty=fact.subspecialty)
        item = items[fact.item_id]
        item.add(fact)
    by_name = sorted(items.values(), key=lambda item: item.item_id)
    return sorted(by_name, key=lambda item: item.gravity, reverse=True)


def group_by(facts: Sequence[Fact], name: str) -> dict[str, list[Fact]]:
    """Group cases by one of their fields."""
    groups: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[getattr(fact, name)].append(fact)
    return dict(groups)
