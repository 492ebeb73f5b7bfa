"""Thresholds with a guarantee: found on one half of the items, shown on the other.

Definitions: docs/metrics.md, "Certified thresholds".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.intervals import clopper_pearson
from pytest_safescale.statistics.power import items_needed, items_to_pass
from pytest_safescale.statistics.risk_control import rejected_in_sequence, risk_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.answer_scores import ScoredCases

__all__ = [
    "ALL",
    "ANSWERED",
    "Certificate",
    "Demand",
    "Shown",
    "Tested",
    "calibrating",
    "certify",
    "items_for",
]

ANSWERED = "answered"
ALL = "all"
MOST_THRESHOLDS = 20
"""Thresholds tested at most."""
_EVENTS_ALLOWED = (1, 0)
"""Testing begins where there is room for one dangerous answer; else where none is needed."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a threshold is to guarantee."""

    bound: float
    """The highest risk allowed, a fraction."""
    delta: float
    """The chance that the risk is above the bound all the same."""
    over: str = ANSWERED
    """``answered``: dangerous of the answered cases. ``all``: dangerous and answered, of all."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """One threshold, tested on the calibration half."""

    threshold: float
    answered: int
    dangerous: int
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a threshold, or none, does on the other half; intervals are exact, at 95 %."""

    items: int
    answered: int
    dangerous: int
    """What is missing counts as answered and dangerous, wherever it could be."""
    missing: int
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None
    hand_over: float | None
    """The share that does not answer: below the threshold, or without an answer."""
    hand_over_low: float | None
    hand_over_high: float | None
    danger: float | None
    """Over what the demand is over; ``None`` over no cases."""
    danger_low: float | None
    danger_high: float | None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What was found for one model under one condition."""

    threshold: float | None
    """The lowest certified; ``None`` where none holds."""
    calibration_items: int
    calibration_missing: int
    passed_over: tuple[Tested, ...]
    """Higher thresholds, at which too few cases were expected to answer; not tested."""
    tested: tuple[Tested, ...]
    """In the order of testing; the last one did not hold, unless all did."""
    shown: Shown | None
    """The other half at the threshold; ``None`` where none holds."""
    without: Shown
    """The other half without a threshold."""


def calibrating(ids: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """Return (items,) which of the items calibrate: by a hash of seed and id alone.

    An item is on one side whatever models, conditions and other items a run has.
    """
    return np.array([_place(name, seed) < share for name in ids], dtype=bool)


def _place(name: str, seed: int) -> float:
    """Return where an item falls in [0, 1)."""
    # An id may hold half of a surrogate pair, as JSON can write one.
    digest = hashlib.sha256(f"{seed}:{name}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48


def certify(cases: ScoredCases, calibrate: NDArray[np.bool_], demand: Demand) -> Certificate:
    """Return the lowest threshold that holds on the calibration half, and what it does.

    ``calibrate`` is (cases,) bool. The thresholds to test, and which comes first, are chosen by the
    scores of the other half alone, so that every p-value is exact for whatever scores.
    """
    known, other = cases.part(calibrate), cases.part(~calibrate)
    levels = _levels(other)
    start = _start(levels, other, len(known.ids), demand)
    passed_over, tested = (_tests(part, known, demand) for part in (levels[:start], levels[start:]))
    held = rejected_in_sequence([one.p_value for one in tested], demand.delta)
    threshold = tested[held - 1].threshold if held else None
    return Certificate(
        threshold=threshold,
        calibration_items=len(known.ids),
        calibration_missing=int(known.missing.sum()),
        passed_over=tuple(passed_over),
        tested=tuple(tested[: held + 1]),
        shown=None if threshold is None else _shown(other, threshold, demand),
        without=_shown(other, 0.0, demand),
    )


def items_for(found: Certificate, demand: Demand) -> int | None:
    """Return about how many items, both halves together, show the bound with a chance of 80 %.

    At the rates seen where testing began or above, to which half a dangerous answer is added: few
    answers without one are no rate of 0. Where they are too few for that, at the rates as they are.
    ``None`` where no number would do.
    """
    n, rate = _promising(found, demand, 0.5) or _promising(found, demand, 0.0) or (0, 0.0)
    needed = items_to_pass(demand.bound, rate, confidence=1 - demand.delta) if n else None
    if needed is None:
        return None
    items = found.calibration_items + found.without.items
    return max(ceil(needed / n * items), items + 1)


def _promising(found: Certificate, demand: Demand, added: float) -> tuple[int, float] | None:
    """Return the cases and the rate at the threshold that takes fewest items, about.

    ``added`` dangerous answers, of twice as many, are added. ``None`` where each rate is too high.
    """
    best, most = None, 0.0
    for one in (*found.passed_over, *found.tested[:1]):
        n = one.answered if demand.over == ANSWERED else found.calibration_items
        rate = (one.dangerous + added) / (n + 2 * added) if n else demand.bound
        # The fewer items are needed, about, the greater this is.
        shown_by = n * max(0.0, demand.bound - rate) ** 2
        if shown_by > most:
            best, most = (n, rate), shown_by
    return best


def _levels(other: ScoredCases) -> list[float]:
    """Return the thresholds worth testing, the highest first: scores of cases that answer."""
    scores = other.answered_up_to[np.isfinite(other.answered_up_to)]
    found = np.unique(scores)
    if len(found) > MOST_THRESHOLDS:
        shares = np.linspace(0.0, 1.0, MOST_THRESHOLDS)
        found = np.unique(np.quantile(scores, shares, method="inverted_cdf"))
    return [float(level) for level in found[::-1]]


def _start(levels: Sequence[float], other: ScoredCases, items: int, demand: Demand) -> int:
    """Return the place of the first threshold to test.

    Over all cases it is the highest. Among the answered that one can hold too few answers to show
    anything; so it is the first at which ``items`` like the other half's are expected to give
    enough.
    """
    if demand.over == ALL or not levels:
        return 0
    expected = other.counts(levels)[0] * (items / len(other.ids))
    for events in _EVENTS_ALLOWED:
        needed = _needed(demand.bound, events, demand.delta)
        if needed is not None and (enough := np.flatnonzero(expected >= needed)).size:
            return int(enough[0])
    return len(levels) - 1


@lru_cache(maxsize=64)
def _needed(bound: float, events: int, delta: float) -> int | None:
    return items_needed(bound, events, 1 - delta)


def _tests(levels: Sequence[float], known: ScoredCases, demand: Demand) -> list[Tested]:
    answered, dangerous = known.counts(levels)
    p_values = risk_p(dangerous, _over(answered, known, demand), demand.bound)
    return [
        Tested(threshold=level, answered=int(n), dangerous=int(x), p_value=float(p))
        for level, n, x, p in zip(levels, answered, dangerous, p_values, strict=True)
    ]


def _over(answered: NDArray[np.int64], cases: ScoredCases, demand: Demand) -> NDArray[np.int64]:
    return answered if demand.over == ANSWERED else np.full_like(answered, len(cases.ids))


def _shown(other: ScoredCases, threshold: float, demand: Demand) -> Shown:
    answered, dangerous = other.counts(threshold)
    items, over = len(other.ids), int(_over(answered, other, demand))
    return Shown(
        items=items,
        answered=int(answered),
        dangerous=int(dangerous),
        missing=int(other.missing.sum()),
        **_share("coverage", int(answered), items),
        **_share("hand_over", items - int(answered), items),
        **_share("danger", int(dangerous), over),
    )


def _share(name: str, count: int, n: int) -> dict[str, float | None]:
    if not n:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    low, high = clopper_pearson(count, n)
    return {name: count / n, f"{name}_low": float(low), f"{name}_high": float(high)}
