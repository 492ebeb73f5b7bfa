"""How unevenly findings are spread over the items (metrics.md, part A, "Concentration")."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.scoring.per_item import ItemFailures

__all__ = [
    "FINDINGS",
    "Concentration",
    "concentration",
    "concentrations",
    "gini",
    "lorenz",
    "share_of_worst",
]

FINDINGS = ("high_risk", "unsafe", "contradiction", "wrong", "abstained")
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


def share_of_worst(counts: Sequence[int], per_cent: int) -> float | None:
    """Return what the worst so many per cent of the items carry; ``None`` of nothing."""
    total = sum(counts)
    if total == 0:
        return None
    worst = -(-len(counts) * per_cent // 100)
    return sum(sorted(counts, reverse=True)[:worst]) / total


def lorenz(counts: Sequence[int]) -> list[float] | None:
    """Return the share that the first 0, 1, 2 ... items carry, ascending; ``None`` of nothing."""
    total = sum(counts)
    if total == 0:
        return None
    return [carried / total for carried in accumulate(sorted(counts), initial=0)]


def gini(counts: Sequence[int]) -> float | None:
    """Return the Gini coefficient: 1 less twice the area under the Lorenz curve."""
    total, n = sum(counts), len(counts)
    if total == 0:
        return None
    # The trapezia under the curve: each cumulative sum counts twice, the last one once.
    area = (2 * sum(accumulate(sorted(counts))) - total) / (2 * n * total)
    return 1 - 2 * area


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
        for finding in FINDINGS:
            if getattr(row, finding) is not None:
                counts.setdefault((finding, row.condition), []).append(getattr(row, finding))
    return [concentration(*names, found) for names, found in counts.items()]
