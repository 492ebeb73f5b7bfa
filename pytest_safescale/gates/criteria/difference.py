"""``max_increase`` and ``max_decrease``: item by item against the baseline or a condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.gates.criteria.clustered import (
    MAY_EXCLUDE_CASES,
    ClusteredCriterion,
    too_few_clusters,
)
from pytest_safescale.gates.criteria.criterion import (
    ROUNDING,
    Criterion,
    Evaluation,
    Missing,
    fewest_items,
    missing_of,
)
from pytest_safescale.gates.paired_difference import PairedDifference
from pytest_safescale.statistics.clusters import DIFFERENCE_ENDS
from pytest_safescale.statistics.intervals import SEED
from pytest_safescale.statistics.matrix_product import product
from pytest_safescale.statistics.noninferiority import difference_bound, difference_p
from pytest_safescale.statistics.prediction import chance_of_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.measures import Measure
    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "FEWEST_TO_RESAMPLE",
    "MAY_EXCLUDE_CASES",
    "DifferenceCriterion",
    "ExcessCriterion",
    "MeanDifferenceCriterion",
    "RateDifferenceCriterion",
]

FEWEST_TO_RESAMPLE = 20
"""Cases below which resamples say too little of a mean for a bound."""
_NO_BOUND = "a bound by resampling is not known to hold whatever the missing replies had been"


@dataclass(frozen=True, kw_only=True)
class DifferenceCriterion(Criterion):
    """A figure now less the one it is held against, over the items both have."""

    rising: bool
    """Whether it is a rise that is limited; the value is the rise, else the fall."""
    other: str
    """What it is held against, in words."""

    def value_text(self, value: float) -> str:
        """Say on which side of the other a value lies."""
        above = (value >= 0) == self.rising
        return f"{abs(value):.4g} {'above' if above else 'below'}"

    def bound_text(self, bound: float) -> str:
        """Return a bound in words."""
        return f"bound {self.value_text(bound)}"

    def sentence(self, value: float, bound: float | None) -> str:
        """Return the difference, over what and how surely."""
        sure = "" if bound is None else f", {self.bound_text(bound)}"
        over = f"over {self.n} shared items{self.over_clusters()}{self._behind()}"
        return f"{self.value_text(value)} {self.other} {over}{sure}"

    def _behind(self) -> str:
        """Say what is behind the difference."""
        return ""


@dataclass(frozen=True, kw_only=True)
class RateDifferenceCriterion(DifferenceCriterion, ClusteredCriterion):
    """A difference of two paired proportions (``noninferiority``).

    Each case is an item in both: 1 where it moved to the limited side, -1 where it moved back. One
    that moves further to the limited side raises the difference and its p, below the p of 0.9
    from which on no gate passes: the test goes through every count of small runs. Of clusters all
    counts are taken at the effective size (Rao and Scott, Biometrics 1992, 48:577-585).
    """

    ends = DIFFERENCE_ENDS

    def unproven(self) -> str:
        """Refuse a bound over cases that completions may exclude."""
        may_exclude = self.confidence is not None and self.measure.has_options
        return MAY_EXCLUDE_CASES if may_exclude else super().unproven()

    @property
    def _moves(self) -> NDArray[np.bool_]:
        """(items, 3) who moved to the limited side, who moved back, and who is in both."""
        values, over = self.measure.values, self.measure.over
        return np.stack([over & (values > 0), over & (values < 0), over], axis=1)

    @property
    def moves(self) -> tuple[int, int, int]:
        """Items that moved to the limited side, that moved back, and pairs."""
        more, less, n = (int(part) for part in self._moves.sum(axis=0))
        return more, less, n

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the difference and the p of the margin."""
        given = self.measure.once if weights is None else weights
        more, less, n = product(given, self._moves).T
        value = np.divide(more - less, n, out=np.full_like(n, np.nan), where=n > 0)
        p_value = None
        if self.confidence is not None:
            scale = self._scale(given, n)
            more, less, n = (part * scale for part in (more, less, n))
            p_value = np.atleast_1d(difference_p(more, less, n, self.threshold))
        return Evaluation(value=value, holds=self.keeps(value), p_value=p_value)

    def _scale(self, weights: Numbers, n: NDArray[np.float64]) -> Any:
        """Return the part of the cases in each row that is independent; 1 without clusters."""
        if self.measure.codes is None:
            return 1
        return self.effective(weights) / np.maximum(n, 1.0)

    @property
    def _effective_counts(self) -> tuple[float, float, float]:
        more, less, n = self.moves
        scale = 1 if self.effective_n is None else self.effective_n / max(n, 1)
        return more * scale, less * scale, n * scale

    def bound(self, confidence: float) -> float | None:
        """Return the bound of the difference; never the difference itself."""
        more, less, n = self._effective_counts
        return difference_bound(more, less, n, confidence) if n else None

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items, changing at the same rates, the margin is kept."""
        more, less, n = self._effective_counts
        if (more - less) / n >= self.threshold:
            return None

        def decides(items: float) -> bool:
            scale = items / self.n
            p_value = difference_p(more * scale, less * scale, n * scale, self.threshold)
            return bool(p_value <= 1 - confidence)

        return fewest_items(decides, self.n)

    def repeat_pass(self, alpha: float) -> float | None:
        """Return the chance that a new run of as many items passes (``prediction``)."""
        if not self.n or self.measure.codes is not None:
            return None
        more, less, n = self.moves
        return chance_of_changes(
            more, less, n, lambda now, there: self.would_pass(now, there, alpha)
        )

    def would_pass(
        self, more: NDArray[np.float64], less: NDArray[np.float64], alpha: float
    ) -> NDArray[np.bool_]:
        """Return whether so many items that moved each way pass, of as many pairs."""
        passes = self.keeps((more - less) / self.n)
        if self.confidence is not None:
            passes &= difference_p(more, less, self.n, self.threshold) <= alpha
        return passes

    def _behind(self) -> str:
        more, less, _ = self.moves
        gained, lost = (more, less) if self.rising else (less, more)
        return f" ({gained} only now, {lost} only there)"

    def against_it(self) -> list[str]:
        """Return the items that moved to the limited side."""
        return [self.measure.ids[place] for place in np.flatnonzero(self._moves[:, 0])]


@dataclass(frozen=True, kw_only=True)
class ExcessCriterion(RateDifferenceCriterion):
    """Flips under edits less flips under as many repeats, item by item."""

    rising: bool = True
    other: str = "the share under as many repeats"

    def _behind(self) -> str:
        edits, repeats, _ = self.moves
        return f" ({edits} under edits alone, {repeats} under repeats alone)"


@dataclass(frozen=True, kw_only=True)
class MeanDifferenceCriterion(DifferenceCriterion):
    """A difference of figures without a bound of their own, by resampling (``PairedDifference``).

    They are means without a range and means over cases that the answers choose. Calibration errors
    are held by value: confidence is refused with them.

    What is missing now has nothing to do with what is missing there, so the ends of the difference
    are those of the two figures. A bound by resampling depends on the spread too, and may be worst
    for a completion in between: where anything is missing such a gate cannot pass.
    """

    now: Measure
    before: Measure
    seed: int = SEED
    room: float = 0.0
    """By how much a completion must keep the threshold."""

    @property
    def items(self) -> int:
        """Items both have."""
        return self.now.items

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return self.now.codes

    @property
    def clusters(self) -> int | None:
        """Clusters with a case, of the side that has fewer; ``None`` where none is shared."""
        if self.codes is None:
            return None
        return min(len(np.unique(self.codes[one.counted])) for one in (self.now, self.before))

    @property
    def n(self) -> int:
        """Items that are a case of the metric now or there; the two means may be of different."""
        return int((self.now.counted | self.before.counted).sum())

    @property
    def missing(self) -> list[Missing]:
        """The items of which completions can make something else, now or there."""
        there = {one.id: one for one in missing_of(self.before)}
        return list((there | {one.id: one for one in missing_of(self.now)}).values())

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing items as they are worst, or best, for it."""
        high = worst == self.rising
        effects = self.now.effects(high=high) + self.before.effects(high=not high)
        places = np.flatnonzero(self.now.open | self.before.open)
        first = places[np.argsort(-effects[places], kind="stable")][:many]
        now = self.now.moved(first[self.now.open[first]], high=high)
        before = self.before.moved(first[self.before.open[first]], high=not high)
        room = (ROUNDING if worst else -ROUNDING) if many else 0.0
        return replace(self, now=now, before=before, room=room)

    @property
    def always_there(self) -> bool:
        """Whether there is a case now and there in every completion."""
        return self.now.always_there and self.before.always_there

    def unproven(self) -> str:
        """Refuse a bound that the worst completion need not show."""
        return super().unproven() or ("" if self.confidence is None else _NO_BOUND)

    @property
    def fewest(self) -> int:
        """Cases on the side that has fewer: what a bound rests on."""
        return min(self.now.n, self.before.n)

    @cached_property
    def _pair(self) -> PairedDifference:
        sign = 1 if self.rising else -1
        return PairedDifference(now=self.now, before=self.before, sign=sign, seed=self.seed)

    def unfit(self) -> str:
        """Refuse what has no interval: too few items, or differences that are all alike."""
        if self.confidence is None:
            return ""
        if self.fewest < FEWEST_TO_RESAMPLE:
            return (
                f"a bound by resampling needs {FEWEST_TO_RESAMPLE} cases, there are {self.fewest}"
            )
        if few := too_few_clusters(self.clusters):
            return few
        if not self._pair.has_width:
            return "all items differ by the same, so the interval has no width"
        return ""

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the difference and the resampled p of the margin."""
        given = self.now.once if weights is None else weights
        value = self._pair.values(given)
        p_value = None
        if self.confidence is not None and not self.room:
            p_value = self._pair.p_value(value, self._pair.errors(given), self.threshold)
        return Evaluation(value=value, holds=self.keeps(value + self.room), p_value=p_value)

    def bound(self, confidence: float) -> float | None:
        """Return the smallest margin that is kept; ``None`` where resamples show none."""
        if self.room:
            return None
        found = self._pair.bound(confidence)
        return found if np.isfinite(found) else None

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items a bound that comes closer with their root keeps the margin."""
        bound, value = self.bound(confidence), self._pair.point
        if bound is None or value >= self.threshold:
            return None
        room = self.threshold - value
        return fewest_items(lambda n: (bound - value) * (self.n / n) ** 0.5 <= room, self.n)

    def _behind(self) -> str:
        now, before = self.now.n, self.before.n
        return "" if now == before == self.n else f" ({now} cases now, {before} there)"

    def against_it(self) -> list[str]:
        """Return the items that moved furthest to the limited side."""
        moved = self.now.of_each() - self.before.of_each()
        moved = moved if self.rising else -moved
        both = self.now.counted & self.before.counted & (moved > 0)
        places = np.flatnonzero(both)
        return [self.now.ids[place] for place in places[np.argsort(-moved[places], kind="stable")]]
