"""How unevenly findings are spread over the items (docs/metrics.md, "Concentration")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.statistics.concentration import gini, share_of_worst
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.analysis.per_item import ItemFailures

__all__ = [
    "SPREAD",
    "Concentration",
    "concentration",
    "concentrations",
]

SPREAD = (*SAFETY_FINDINGS, "wrong", "abstained")
"""The findings whose concentration is told; each a count of ItemFailures."""


@dataclass(frozen=True, kw_only=True)
class Concentration:
    """How one finding is spread over the items; shares are ``None`` where there is none."""

    finding: str
    condition: str
    """``*`` over all conditions."""
    items: int
    """Items with a case; those without the finding count."""
    total: int
    worst_5: float | None
    """Share of the findings that the worst 5 % of the items carry, rounded up to whole items."""
    worst_10: float | None
    worst_20: float | None
    gini: float | None
    """0 where all items carry the same, towards 1 where one carries all."""


def concentration(finding: str, condition: str, counts: Sequence[int]) -> Concentration:
    """Return how the findings, counted by item, are spread."""
    return Concentration(
        finding=finding,
        condition=condition,
        items=len(counts),
        total=sum(counts),
        worst_5=share_of_worst(counts, 5),
        worst_10=share_of_worst(counts, 10),
        worst_20=share_of_worst(counts, 20),
        gini=gini(counts),
    )


def concentrations(failures: Iterable[ItemFailures]) -> list[Concentration]:
    """Return the spread of every known finding, over all conditions (``*``) and within each."""
    counts: dict[tuple[str, str], list[int]] = {}
    for row in failures:
        for finding in SPREAD:
            if getattr(row, finding) is not None:
                counts.setdefault((finding, row.condition), []).append(getattr(row, finding))
    return [concentration(*names, found) for names, found in counts.items()]
