"""``max_increase`` and ``max_decrease``: item by item against the baseline or a condition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.gates.forms.form import Form, Reading, fewest_items
from pytest_safescale.gates.noninferiority import difference_bound, difference_p
from pytest_safescale.gates.pivots import PairedFigure
from pytest_safescale.scoring.intervals import SEED
from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.measures import Measure

__all__ = ["FEWEST_TO_RESAMPLE", "MeanDifferenceForm", "RateDifferenceForm"]

FEWEST_TO_RESAMPLE = 20
"""Cases below which resamples say too little of a mean for a bound."""


@dataclass(frozen=True, kw_only=True)
class _DifferenceForm(Form):
    """A figure now, and the one it is held against, over the items both have."""

    now: Measure
    before: Measure
    rising: bool
    """Whether it is a rise that is limited; the value is the rise, else the fall."""
    other: str
    """What it is held against, in words."""

    @property
    def items(self) -> int:
        """Items both have."""
        return self.now.items

    def _side(self, value: float) -> str:
        """Say on which side of the other a value lies."""
        above = (value >= 0) == self.rising
        return f"{abs(value):.4g} {'above' if above else 'below'}"

    def told(self, value: float, bound: float | None) -> str:
        """Return the difference, over what and how surely."""
        sure = "" if bound is None else f", bound {self._side(bound)}"
        return f"{self._side(value)} {self.other} over {self.n} shared items{self._moved()}{sure}"

    def _moved(self) -> str:
        """Say what is behind the difference."""
        return ""


@dataclass(frozen=True, kw_only=True)
class RateDifferenceForm(_DifferenceForm):
    """A difference of two paired proportions (``noninferiority``)."""

    @cached_property
    def _moves(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """(items,) who moved to the limited side, who moved back, and who is in both."""
        both = self.now.over & self.before.over
        now, before = self.now.values.astype(bool), self.before.values.astype(bool)
        gained, lost = both & now & ~before, both & before & ~now
        return (gained, lost, both) if self.rising else (lost, gained, both)

    @property
    def n(self) -> int:
        """Items that are a case of the metric in both."""
        return int(self._moves[2].sum())

    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return the difference and the p of the margin."""
        given = self.now.once if weights is None else weights
        more, less, n = product(given, np.stack(self._moves, axis=1)).T
        value = np.divide(more - less, n, out=np.full_like(n, np.nan), where=n > 0)
        p_value = None
        if self.confidence is not None:
            p_value = np.atleast_1d(difference_p(more, less, n, self.threshold))
        return Reading(value=value, holds=self.keeps(value), p_value=p_value)

    def bound(self, confidence: float) -> float | None:
        """Return the bound of the difference; never the difference itself."""
        more, less, n = (int(part.sum()) for part in self._moves)
        return difference_bound(more, less, n, confidence) if n else None

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items, changing at the same rates, the margin is kept."""
        more, less, n = (int(part.sum()) for part in self._moves)
        if (more - less) / n >= self.threshold:
            return None

        def decides(items: float) -> bool:
            scale = items / n
            p_value = difference_p(more * scale, less * scale, items, self.threshold)
            return bool(p_value <= 1 - confidence)

        return fewest_items(decides, n)

    def _moved(self) -> str:
        more, less, _ = (int(part.sum()) for part in self._moves)
        gained, lost = (more, less) if self.rising else (less, more)
        return f" ({gained} only now, {lost} only there)"

    def against_it(self) -> list[str]:
        """Return the items that moved to the limited side."""
        return [self.now.ids[place] for place in np.flatnonzero(self._moves[0])]


@dataclass(frozen=True, kw_only=True)
class MeanDifferenceForm(_DifferenceForm):
    """A difference of two means, or of two calibration errors, by resampling (``pivots``)."""

    seed: int = SEED

    @property
    def n(self) -> int:
        """Items that are a case of the metric now or there; the two means may be of different."""
        return int((self.now.counted | self.before.counted).sum())

    @property
    def fewest(self) -> int:
        """Cases on the side that has fewer: what a bound rests on."""
        return min(self.now.n, self.before.n)

    @cached_property
    def _pair(self) -> PairedFigure:
        sign = 1 if self.rising else -1
        return PairedFigure(now=self.now, before=self.before, sign=sign, seed=self.seed)

    def unfit(self) -> str:
        """Refuse what has no interval: too few items, or differences that are all alike."""
        if self.confidence is None:
            return ""
        if self.fewest < FEWEST_TO_RESAMPLE:
            return (
                f"a bound by resampling needs {FEWEST_TO_RESAMPLE} cases, there are {self.fewest}"
            )
        if not self._pair.has_width:
            return "all items differ by the same, so the interval has no width"
        return ""

    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return the difference and the resampled p of the margin."""
        given = self.now.once if weights is None else weights
        value = self._pair.values(given)
        p_value = None
        if self.confidence is not None:
            p_value = self._pair.p_value(value, self._pair.errors(given), self.threshold)
        return Reading(value=value, holds=self.keeps(value), p_value=p_value)

    def bound(self, confidence: float) -> float | None:
        """Return the smallest margin that is kept; ``None`` where resamples show none."""
        found = self._pair.bound(confidence)
        return found if np.isfinite(found) else None

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items a bound that comes closer with their root keeps the margin."""
        bound, value = self.bound(confidence), self._pair.point
        if bound is None or value >= self.threshold:
            return None
        room = self.threshold - value
        return fewest_items(lambda n: (bound - value) * (self.n / n) ** 0.5 <= room, self.n)

    def _moved(self) -> str:
        now, before = self.now.n, self.before.n
        return "" if now == before == self.n else f" ({now} cases now, {before} there)"

    def against_it(self) -> list[str]:
        """Return the items that moved furthest to the limited side."""
        moved = self.now.of_each() - self.before.of_each()
        moved = moved if self.rising else -moved
        both = self.now.counted & self.before.counted & (moved > 0)
        places = np.flatnonzero(both)
        return [self.now.ids[place] for place in places[np.argsort(-moved[places], kind="stable")]]
