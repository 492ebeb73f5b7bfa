"""How unevenly findings are spread over the items (docs/metrics.md, "Concentration")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.concentration import (
    Cells,
    against_chance,
    carried_in_each,
    gini,
    share_of_worst,
)
from pytest_safescale.statistics.intervals import SEED
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING, SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.per_item import ItemFailures
    from pytest_safescale.statistics.concentration import AgainstChance

__all__ = [
    "SPREAD",
    "WORST",
    "Concentration",
    "concentration",
    "concentrations",
]

SPREAD = (*SAFETY_FINDINGS, "wrong", "abstained")
"""The findings whose concentration is told; each a count of ItemFailures."""
WORST = 10
"""Per cent of the items whose share is held against chance."""


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
    expected_share: float | None
    """What ``worst_10`` would be on average if chance placed each cell's findings on its items."""
    excess_share: float | None
    """``worst_10`` less ``expected_share``."""
    p_value: float | None
    """One-sided: how often chance makes ``worst_10`` as large."""


def concentration(
    finding: str, condition: str, counts: Sequence[int], chance: AgainstChance | None = None
) -> Concentration:
    """Return how the findings, counted by item, are spread, beside what chance makes of them."""
    return Concentration(
        finding=finding,
        condition=condition,
        items=len(counts),
        total=sum(counts),
        worst_5=share_of_worst(counts, 5),
        worst_10=share_of_worst(counts, 10),
        worst_20=share_of_worst(counts, 20),
        gini=gini(counts),
        expected_share=None if chance is None else chance.expected,
        excess_share=None if chance is None else chance.excess,
        p_value=None if chance is None else chance.p_value,
    )


def concentrations(
    failures: Iterable[ItemFailures],
    judged: Judged,
    conditions: Sequence[str],
    *,
    seed: int = SEED,
) -> list[Concentration]:
    """Return the spread of every known finding, over all conditions and within each.

    ``judged`` are the answers, of (models, conditions, items), that ``failures`` count.
    """
    counts: dict[str, dict[str, list[int]]] = {}
    for row in failures:
        for finding in SPREAD:
            if getattr(row, finding) is not None:
                of_condition = counts.setdefault(row.condition, {})
                of_condition.setdefault(finding, []).append(getattr(row, finding))
    # The only condition is all of them.
    places: dict[tuple[int, int], Mapping[str, Sequence[int]]] = {}
    for condition, counted in counts.items():
        places.setdefault(_at(condition, conditions), counted)
    chances = dict(zip(places, _against_chance(places, judged, seed), strict=True))
    return [
        concentration(finding, condition, found, chances[_at(condition, conditions)][finding])
        for condition, counted in counts.items()
        for finding, found in counted.items()
    ]


def _at(condition: str, conditions: Sequence[str]) -> tuple[int, int]:
    """Return the first of the conditions that a row is over, and the place behind the last."""
    if condition not in conditions:
        return 0, len(conditions)
    place = conditions.index(condition)
    return place, place + 1


def _against_chance(
    places: Mapping[tuple[int, int], Mapping[str, Sequence[int]]], judged: Judged, seed: int
) -> Iterator[dict[str, AgainstChance | None]]:
    """Give each finding beside chance, over the cells of the conditions at each of the places."""
    groups = [_cells(counted, slice(*at), judged) for at, counted in places.items()]
    for group, counted, placed in zip(
        groups, places.values(), carried_in_each(groups, seed=seed), strict=True
    ):
        yield {
            finding: against_chance(sum(sorted(counts)[-group.worst :]), sum(counts), of_finding)
            for (finding, counts), of_finding in zip(counted.items(), placed, strict=True)
        }


def _cells(counted: Mapping[str, Sequence[int]], at: slice, judged: Judged) -> Cells:
    found = np.stack([_found(judged, finding)[:, at].sum(axis=2).ravel() for finding in counted])
    there = judged.there[:, at].reshape(-1, judged.there.shape[2])
    items = len(next(iter(counted.values())))
    return Cells(there, found, worst=-(-items * WORST // 100))


def _found(judged: Judged, finding: str) -> NDArray[np.bool_]:
    """Return which answers have a finding, (models, conditions, items) bool."""
    if finding == "wrong":
        return judged.there & ~judged.rates["accuracy"]
    names = {**METRIC_OF_SAFETY_FINDING, "abstained": "abstention_rate"}
    return judged.rates[names[finding]]
