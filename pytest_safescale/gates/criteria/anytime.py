"""``sequential = "anytime"``: a rate whose bound holds at any item at which one stops."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.gates.criteria.criterion import Evaluation, fewest_items
from pytest_safescale.gates.criteria.threshold import RateCriterion
from pytest_safescale.statistics.anytime import anytime_p, log_martingale, predicted_pass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.measures import MeanOfCases
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["AnytimeCriterion"]

_HALVINGS = 40
"""Until a bound is told from its neighbours by less than a rounding error."""


@dataclass(frozen=True, kw_only=True)
class AnytimeCriterion(RateCriterion):
    """A share of cases, judged after each item of the list in its order.

    Once the threshold is shown to be kept no further item is needed. What is asked all the same
    counts: the rate over all that was asked has to keep the threshold too. One more case that
    counts lowers what ``max`` has shown at every later item, so that the completions in which all
    that is missing counts, or does not, are the ends here too.
    """

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the rate, and the p that holds at any stop.

        A resample has the items it drew at the places they have in the list. Where the threshold is
        shown and what was asked keeps it, a completion of cases that were not asked has the rate
        without them: nobody has to ask about them.
        """
        once = self.measure.once if weights is None else weights
        p_value = self._p_after_each(once, self.threshold)
        asked = self._asked.value(once)
        enough = (p_value <= self._alpha) & self.keeps(asked)
        value = np.where(enough, asked, self.measure.value(once))
        return Evaluation(value=value, holds=self.keeps(value), p_value=p_value)

    @property
    def _asked(self) -> MeanOfCases:
        """The cases that were asked, failed or not, whatever a completion makes of the others."""
        lacks = [self.measure.lack(place) for place in range(self.items)]
        asked = np.array([lack is not Lack.NOT_ASKED for lack in lacks], dtype=bool)
        return replace(self.measure, over=self.measure.over & asked)

    @property
    def _alpha(self) -> float:
        return 0.0 if self.confidence is None else 1 - self.confidence

    def _p_after_each(self, weights: Numbers, threshold: float) -> NDArray[np.float64]:
        """Return the p of each row; of ``min`` what is missed is counted."""
        limit = threshold if self.at_most else 1 - threshold
        if limit >= 1 or limit <= 0:
            return np.full(len(weights), 0.0 if limit >= 1 else 1.0)
        events, n = self._after_each(weights)
        return anytime_p(events, n, limit)

    def _after_each(self, weights: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return events and cases after each item, each (rows, items), int64."""
        over = np.asarray(self.measure.over, dtype=np.int64)
        against = np.asarray(self.measure.values.astype(bool) == self.at_most, dtype=np.int64)
        drawn = np.asarray(weights, dtype=np.int64) * over
        return np.cumsum(drawn * against, axis=1), np.cumsum(drawn, axis=1)

    def bound(self, confidence: float) -> float | None:
        """Return the rate nearest to the value that is shown to be kept at any stop.

        It never lies on the better side of the value, wherever it was shown.
        """
        if not self.n:
            return None
        beyond, shown = (0.0, 1.0) if self.at_most else (1.0, 0.0)
        for _ in range(_HALVINGS):
            middle = (beyond + shown) / 2
            if self._p_after_each(self.measure.once, middle)[0] <= 1 - confidence:
                shown = middle
            else:
                beyond = middle
        value = float(self.evaluate().value[0])
        return max(shown, value) if self.at_most else min(shown, value)

    def items_needed(self, confidence: float) -> int | None:
        """Return after how many items the same rate is shown to keep the threshold."""
        rate, limit = self.count / self.n, self.threshold
        if not self.at_most:
            rate, limit = 1 - rate, 1 - limit
        if rate >= limit or limit >= 1:
            return None
        wanted = -np.log(1 - confidence)
        return fewest_items(lambda n: bool(log_martingale(rate * n, n, limit) >= wanted), self.n)

    def repeat_pass(self, alpha: float) -> float | None:
        """Return the chance that a new run of as many cases passes."""
        limit = self.threshold if self.at_most else 1 - self.threshold
        if not self.n or not 0 < limit < 1:
            return None
        events = self.count if self.at_most else self.n - self.count
        return predicted_pass(events, self.n, limit, alpha)

    def sentence(self, value: float, bound: float | None) -> str:
        """Return rate, cases and bound, and after how many cases the threshold was shown kept."""
        told = f"{super().sentence(value, bound)} at any stop, items in the order of the list"
        decided = self._decided_after()
        if decided is None:
            return told
        broken = "" if bool(self.evaluate().holds[0]) else ", and broken by what was asked after"
        return f"{told}; shown after {decided} of them{broken}"

    def _decided_after(self) -> int | None:
        """Return after how many cases the threshold was shown to be kept; ``None``: it was not."""
        limit = self.threshold if self.at_most else 1 - self.threshold
        if not 0 < limit < 1:
            return None
        events, n = self._after_each(self.measure.once)
        shown = log_martingale(events[0], n[0], limit) >= -np.log(self._alpha)
        return int(n[0][np.argmax(shown)]) if shown.any() else None
