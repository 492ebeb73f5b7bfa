"""The audit: every rule over one reading of the corpus."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.age import find_outdated
from pytest_safescale.audit.applicability import find_not_applicable
from pytest_safescale.audit.best_passages import best_passages
from pytest_safescale.audit.contradiction import find_contradictions
from pytest_safescale.audit.coverage import coverage_figures, covered, find_uncovered
from pytest_safescale.audit.duplicates import find_duplicates
from pytest_safescale.audit.hygiene import find_unclean
from pytest_safescale.audit.item_passages import look_at_items
from pytest_safescale.audit.provenance import find_unsourced
from pytest_safescale.audit.read_corpus import CorpusText
from pytest_safescale.audit.wider import beyond, wider_for_item
from pytest_safescale.audit.wrong_support import find_wrong_support
from pytest_safescale.settings.audit_settings import FINDING_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.audit.coverage import Covered
    from pytest_safescale.audit.finding import Finding
    from pytest_safescale.audit.item_passages import ItemPassages
    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Item

__all__ = ["Audit", "audit_corpus"]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the audit found."""

    passages: int
    sentences: int
    findings: Sequence[Finding]
    """By class in the order of ``FINDING_CLASSES``, within it in the order of the corpus."""

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each class that was looked for."""
        found = Counter(finding.finding for finding in self.findings)
        return {name: found[name] for name in self.looked_for}

    @property
    def by_judge(self) -> dict[str, dict[str, int]]:
        """How many of each class whom say so, by ``Finding.by``."""
        return {
            name: dict(Counter(one.by for one in self.of_class(name))) for name in self.looked_for
        }

    @property
    def standing(self) -> list[Finding]:
        """The findings that no auditor denies."""
        return [one for one in self.findings if not one.denied]

    def of_class(self, name: str) -> list[Finding]:
        """Return the findings of one class."""
        return [one for one in self.findings if one.finding == name]

    looked_for: tuple[str, ...] = ()
    """The classes that were looked for; those that need items are missing without them."""
    coverage: Mapping[str, Any] | None = None
    """How many items the corpus serves, by ``coverage_figures``; ``None`` without items."""
    wider: Sequence[Finding] = ()
    """Candidates that are no findings of the rules."""
    best: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The ids of the passages likeliest to tell the fact of an item that nothing serves by rule,
    by the item's id; for an auditor alone."""


def audit_corpus(
    passages: Sequence[CorpusPassage],
    tell: Callable[[str], None],
    *,
    items: Sequence[Item] | None = None,
    this_year: int,
    max_age_years: Mapping[str, float],
    wider: bool = False,
) -> Audit:
    """Return what the rules find; ``tell`` is given a line now and then on how far they are.

    Without ``items`` coverage, wrong support and applicability are not looked for.
    ``max_age_years`` is as ``find_outdated`` takes it. With ``wider`` candidates are kept too that
    are less like a finding, for somebody to look at. Raises SettingsError where the extra
    ``audit`` is not installed.
    """
    corpus = CorpusText(passages, tell)
    rules: dict[str, Callable[[], list[Finding]]] = {
        "contradiction": lambda: find_contradictions(corpus, wider=wider),
        "age": lambda: find_outdated(corpus, this_year, max_age_years),
        "duplicates": lambda: find_duplicates(corpus),
        "hygiene": lambda: find_unclean(corpus),
        "provenance": lambda: find_unsourced(corpus),
    }
    figures, of_items = None, _OfItems()
    if items is not None:
        of_items = _of_items(corpus, items, tell, wider=wider)
        figures = coverage_figures(of_items.covered)
        rules["coverage"] = lambda: find_uncovered(of_items.covered)
        rules["wrong_support"] = lambda: of_items.wrong_support
        rules["applicability"] = lambda: of_items.applicability
    findings: list[Finding] = []
    looked_for = tuple(name for name in FINDING_CLASSES if name in rules)
    for name in looked_for:
        tell(f"{name}: looking")
        findings += rules[name]()
    candidates = [one for one in findings if one.wider]
    findings = [one for one in findings if not one.wider]
    return Audit(
        passages=len(passages),
        sentences=len(corpus.sentences),
        findings=findings,
        looked_for=looked_for,
        coverage=figures,
        best=of_items.best,
        wider=beyond(findings, [*candidates, *of_items.wider]),
    )


@dataclass
class _OfItems:
    """What the rules find that hold items against the corpus."""

    covered: list[Covered] = field(default_factory=list)
    wrong_support: list[Finding] = field(default_factory=list)
    applicability: list[Finding] = field(default_factory=list)
    wider: list[Finding] = field(default_factory=list)
    best: dict[str, Sequence[str]] = field(default_factory=dict)


def _of_items(
    corpus: CorpusText, items: Sequence[Item], tell: Callable[[str], None], *, wider: bool
) -> _OfItems:
    found = _OfItems()

    def look(one: ItemPassages) -> None:
        place = covered(one)
        found.covered.append(place)
        found.wrong_support.extend(find_wrong_support(one))
        found.applicability.extend(find_not_applicable(one))
        if wider and place.passage is None:
            found.best[one.item.id] = best_passages(one)
        if wider:
            found.wider.extend(wider_for_item(one))

    look_at_items(corpus, items, look, tell)
    return found
