"""``max_change``: a figure may move neither up nor down by more than a margin."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation, Missing
from pytest_safescale.gates.criteria.difference import RateDifferenceCriterion
from pytest_safescale.statistics.prediction import chance_of_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.criteria.difference import DifferenceCriterion
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["EquivalenceCriterion"]


@dataclass(frozen=True, kw_only=True)
class EquivalenceCriterion(Criterion):
    """Two one-sided tests, for a rise and for a fall; both must hold (Schuirmann 1987).

    The p of each grows with how far the missing replies move the difference its way, so that the
    completion that is worst for the two is the highest or the lowest difference.
    """

    up: DifferenceCriterion
    """The rise that is limited; its value is the difference."""
    down: DifferenceCriterion
    """The fall that is limited."""
    between: bool = False
    """Whether a completion lies at no difference, which items moved to an end step over."""

    @property
    def n(self) -> int:
        """Items both have."""
        return self.up.n

    @property
    def items(self) -> int:
        """Items that are resampled."""
        return self.up.items

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return self.up.codes

    @property
    def clusters(self) -> int | None:
        """Clusters that a bound rests on; ``None`` where no two items share one."""
        return self.up.clusters

    @property
    def effective_n(self) -> float | None:
        """How many independent items say as much; ``None`` where that is not known."""
        return self.up.effective_n

    @property
    def missing(self) -> Sequence[Missing]:
        """The items that completions can make something else of."""
        return self.up.missing

    @property
    def always_there(self) -> bool:
        """Whether the value is taken over some case in every completion."""
        return self.up.always_there

    def unproven(self) -> str:
        """Say why the worst completion proves nothing; empty where it does."""
        return self.up.unproven()

    def unfit(self) -> str:
        """Say why it cannot be decided from these cases; empty where it can."""
        return self.up.unfit()

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        if worst:
            high, low = (self._towards(many, rising=rising) for rising in (True, False))
            return high if _strain(high) >= _strain(low) else low
        # Nearest to no difference: each further case moves it that way, at last perhaps past it.
        above = _difference(self) >= 0

        def passed(step: int) -> bool:
            return (_difference(self._towards(step, rising=not above)) >= 0) != above

        last = bisect_left(range(many + 1), True, key=passed)
        steps = [self._towards(step, rising=not above) for step in (last - 1, last) if step <= many]
        nearest = min(steps, key=lambda one: abs(_difference(one)))
        return replace(nearest, between=last <= many)

    def _towards(self, many: int, *, rising: bool) -> Self:
        return replace(
            self,
            up=self.up.moved(many, worst=rising),
            down=self.down.moved(many, worst=not rising),
        )

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the difference and the higher p of the two tests."""
        up, down = self.up.evaluate(weights), self.down.evaluate(weights)
        p_value = None
        if up.p_value is not None and down.p_value is not None:
            p_value = np.maximum(up.p_value, down.p_value)
        holds = (up.holds & down.holds) | self.between
        return Evaluation(value=up.value, holds=holds, p_value=p_value)

    def bound(self, confidence: float) -> float | None:
        """Return how far the difference may be off on the side where it may be further."""
        bounds = self._bounds(confidence)
        return None if bounds is None else max(bounds)

    def _bounds(self, confidence: float) -> tuple[float, float] | None:
        up, down = self.up.bound(confidence), self.down.bound(confidence)
        return None if up is None or down is None else (up, down)

    def value_text(self, value: float) -> str:
        """Say on which side of the other a value lies."""
        return self.up.value_text(value)

    def bound_text(self, bound: float) -> str:
        """Return a bound in words."""
        return f"bound {bound:.4g} either way"

    def sentence(self, value: float, bound: float | None) -> str:
        """Return the difference, over what, and how far it may be off on either side."""
        bounds = None if bound is None else self._bounds(self.confidence or 0.0)
        if bounds is None:
            return self.up.sentence(value, None)
        up, down = self.up.value_text(bounds[0]), self.down.value_text(bounds[1])
        return f"{self.up.sentence(value, None)}, bounds {down} and {up}"

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items, changing at the same rates, both bounds keep the margin."""
        needed = self.up.items_needed(confidence), self.down.items_needed(confidence)
        return None if None in needed else max(filter(None, needed))

    def repeat_pass(self, alpha: float) -> float | None:
        """Return the chance that a new run of as many items passes; of rates alone."""
        up, down = self.up, self.down
        if not isinstance(up, RateDifferenceCriterion) or up.codes is not None or not up.n:
            return None
        assert isinstance(down, RateDifferenceCriterion)
        more, less, n = up.moves
        return chance_of_changes(
            more,
            less,
            n,
            lambda now, there: (
                up.would_pass(now, there, alpha) & down.would_pass(there, now, alpha)
            ),
        )

    def against_it(self) -> list[str]:
        """Return the items that moved, those first that moved as the figure did."""
        first, then = self.up.against_it(), self.down.against_it()
        return [*first, *then] if _difference(self) >= 0 else [*then, *first]


def _difference(criterion: EquivalenceCriterion) -> float:
    return float(criterion.up.evaluate().value[0])


def _strain(criterion: EquivalenceCriterion) -> tuple[float, float]:
    """Return how near it comes to not holding: its p, then how far the difference is off."""
    found = criterion.evaluate()
    p_value = 0.0 if found.p_value is None else float(found.p_value[0])
    return p_value, abs(float(found.value[0]))
