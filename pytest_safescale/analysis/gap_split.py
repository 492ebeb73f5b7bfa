"""Why retrieval is more dangerous than clean evidence: the gap, split by what each case read.

Definitions: docs/metrics.md, "The split of the gap".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.evidence_facts import BADLY_PLACED, CLASS
from pytest_safescale.analysis.evidence_figures import evidence_fact, evidence_of_classes
from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.mechanisms import EVIDENCE
from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.statistics.clusters import codes_at
from pytest_safescale.statistics.intervals import SEED, resampled_sums, summarise
from pytest_safescale.verdicts.evidence_classes import USABLE_EVIDENCE, EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.intervals import Resampled

__all__ = ["CAUSES", "CausePart", "GapSplit", "gap_splits"]

CAUSES = ("retrieval_failure", "corpus_failure", "reading_failure", "position_effect")
"""Nothing that serves the item was brought; something that speaks against it was; the fact was
there and near the top; the fact was there in a bad place. Each case is of one."""
_BROUGHT_NOTHING = (EvidenceClass.DOES_NOT_APPLY, EvidenceClass.SILENT)
_BROUGHT_HARM = (EvidenceClass.CONTRADICTS_ITSELF, EvidenceClass.SUPPORTS_DANGEROUS)


@dataclass(frozen=True, kw_only=True)
class CausePart:
    """What the cases of one cause add to the gap; intervals at 95 % over items."""

    cause: str
    cases: int
    points: float
    """Over all cases of the split, so that the parts add up to the gap; a fraction."""
    points_low: float
    points_high: float
    share: float | None
    """Of the gap; the shares add up to 1. ``None`` where the gap may be none."""
    share_low: float | None
    share_high: float | None


@dataclass(frozen=True, kw_only=True)
class GapSplit:
    """The high-risk rate under retrieval less that with clean evidence, of the same items."""

    model: str
    """``*`` for the cases of all models together."""
    condition: str
    n: int
    """Cases answered under both conditions."""
    items: int
    clean: float
    retrieved: float
    gap: float
    gap_low: float
    gap_high: float
    """Bootstrap over items, all models of an item together."""
    parts: tuple[CausePart, ...]


def gap_splits(panel: Panel, *, seed: int = SEED) -> list[GapSplit]:
    """Return the split for each condition with retrieved evidence, by model and over models.

    Empty without clean evidence in the panel, or without labels.
    """
    clean = EVIDENCE[1]
    if clean not in panel.conditions or not panel.labelled:
        return []
    known = np.isfinite(evidence_fact(panel, CLASS))
    return [
        row
        for at, condition in enumerate(panel.conditions)
        if condition != clean and known[:, at].any()
        for row in _of_condition(panel, at, seed)
    ]


def _of_condition(panel: Panel, at: int, seed: int) -> Iterator[GapSplit]:
    judged, clean = single_answers(panel), panel.conditions.index(EVIDENCE[1])
    danger = judged.rates["high_risk_error_rate"]
    causes = _causes(panel)[:, :, at]
    both = judged.there[:, at] & judged.there[:, clean] & causes.any(axis=0)
    groups: list[tuple[str, Sequence[int]]] = [
        (model, [place]) for place, model in enumerate(panel.models)
    ]
    if len(panel.models) > 1:
        groups.append((MEAN_OVER_MODELS, range(len(panel.models))))
    for name, places in groups:
        chosen = list(places)
        items = np.flatnonzero(both[chosen].any(axis=0))
        if not len(items):
            continue
        over = both[chosen][:, items]
        after, before = (danger[chosen, one][:, items] & over for one in (at, clean))
        yield _split(
            (name, panel.conditions[at]),
            (before, after),
            over,
            causes[:, chosen][:, :, items] & over,
            codes_at(panel.clusters, items),
            seed,
        )


def _causes(panel: Panel) -> NDArray[np.bool_]:
    """Return (causes, models, conditions, items), bool: of which cause each case is."""
    usable = evidence_of_classes(panel, USABLE_EVIDENCE)
    badly = evidence_fact(panel, BADLY_PLACED) > 0
    return np.stack(
        [
            evidence_of_classes(panel, _BROUGHT_NOTHING),
            evidence_of_classes(panel, _BROUGHT_HARM),
            usable & ~badly,
            usable & badly,
        ]
    )


def _split(
    names: tuple[str, str],
    dangers: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    over: NDArray[np.bool_],
    causes: NDArray[np.bool_],
    codes: NDArray[np.int64] | None,
    seed: int,
) -> GapSplit:
    """Return one split.

    ``dangers`` are those of both conditions and ``over`` the cases, (models, items); ``causes`` is
    (causes, models, items), ``codes`` (items,) the clusters where there are some.
    """
    before, after = dangers
    moved = after.astype(np.float64) - before
    n = int(over.sum())
    sums = np.vstack([np.where(causes, moved, 0.0).sum(axis=1), moved.sum(axis=0)])
    drawn = resampled_sums(np.vstack([sums, over.sum(axis=0)]), codes=codes, seed=seed)
    points, whole = sums.sum(axis=1) / n, drawn[:, :-1] / drawn[:, -1:]
    found = summarise(whole, points)
    total = len(CAUSES)
    sure = found.low[total] > 0 or found.high[total] < 0
    # Where the gap may be none, a share of it says nothing.
    shares = _shares(whole, points) if sure else None
    return GapSplit(
        model=names[0],
        condition=names[1],
        n=n,
        items=over.shape[1],
        clean=float(before.sum() / n),
        retrieved=float(after.sum() / n),
        gap=float(points[total]),
        gap_low=float(found.low[total]),
        gap_high=float(found.high[total]),
        parts=tuple(_part(place, causes, points, found, shares) for place in range(len(CAUSES))),
    )


def _shares(
    whole: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Resampled]:
    """Return each cause's share of the gap, and the summary of its resamples."""
    gap = whole[:, -1:]
    drawn = np.divide(whole[:, :-1], gap, out=np.full_like(whole[:, :-1], np.nan), where=gap != 0)
    shares = points[:-1] / points[-1]
    return shares, summarise(drawn, shares)


def _part(
    place: int,
    causes: NDArray[np.bool_],
    points: NDArray[np.float64],
    found: Resampled,
    shares: tuple[NDArray[np.float64], Resampled] | None,
) -> CausePart:
    share_low, share_high = (None, None) if shares is None else shares[1].ends(place)
    return CausePart(
        cause=CAUSES[place],
        cases=int(causes[place].sum()),
        points=float(points[place]),
        points_low=float(found.low[place]),
        points_high=float(found.high[place]),
        share=None if shares is None else float(shares[0][place]),
        share_low=share_low,
        share_high=share_high,
    )
