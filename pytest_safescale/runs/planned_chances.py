"""How often a gate passes, fails or stays open: its own criterion on every possible count."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.gates.criteria.criterion import DECISIONS
from pytest_safescale.gates.criteria.planned import is_paired, is_planned_rate, planned_criterion
from pytest_safescale.gates.result import Decision
from pytest_safescale.statistics.anytime import (
    first_pass,
    items_to_stop,
    log_martingale,
    stopped_runs,
)
from pytest_safescale.statistics.power import (
    MOST_ITEMS,
    MOST_KEPT,
    POWER,
    fewest_items,
    from_which_on,
    outcomes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.criteria.criterion import Criterion
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.assumed_truth import Truth

__all__ = ["Chances", "PlannedGate", "chances_of_codes"]

_PASSED, _FAILED = DECISIONS.index(Decision.PASSED), DECISIONS.index(Decision.FAILED)
_FEWEST_LOOKED_AT = 20
_ROUNDING = 1e-9
"""What sums over counts leave out."""
_MOST_IN_ORDER = 2_000
"""Items up to which a test after every item is followed."""


class Chances(NamedTuple):
    """How often each decision comes, fractions."""

    passed: float
    failed: float

    @property
    def inconclusive(self) -> float:
        """How often neither does."""
        rest = 1 - self.passed - self.failed
        return rest if rest > _ROUNDING else 0.0


def chances_of_codes(codes: NDArray[np.int64], chances: NDArray[np.float64]) -> Chances:
    """Return the chances of decisions, (rows,) codes of DECISIONS, each with its own chance."""
    return Chances(*(float(chances[codes == code].sum()) for code in (_PASSED, _FAILED)))


class PlannedGate:
    """A gate on independent cases of which each comes out in one of a few ways; exact."""

    def __init__(self, gate: Gate, truth: Truth) -> None:
        assert gate.confidence is None or gate.tested_confidence is not None
        self._gate, self._truth = gate, truth
        self._alpha = 0.0 if gate.tested_confidence is None else 1 - gate.tested_confidence

    @cached_property
    def _criterion(self) -> Criterion:
        """The criterion on one case of each kind; how many there are is told as weights."""
        return planned_criterion(self._gate, np.array(self._truth.values))

    def chances(self, items: int) -> Chances:
        """Return how often it passes and fails with so many cases."""
        if self._gate.sequential is not None:
            return self._at_any_stop(items)
        counts, chances = outcomes(items, self._truth.chances)
        return chances_of_codes(self._codes(counts), chances)

    def _codes(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._criterion.evaluate(counts).decision_codes(self._alpha)

    def _at_any_stop(self, items: int) -> Chances:
        limit = self._limit
        if not 0 < limit < 1:
            return Chances(1.0, 0.0) if limit >= 1 else Chances(0.0, 1.0)
        # A run asks all items unless it is told to stop once all is decided.
        whole = stopped_runs(items, limit, self._against, self._alpha, goes_on=True)
        return Chances(whole.passed, whole.failed)

    def asked_on_average(self, items: int) -> float:
        """Return after how many of so many items a test at any stop is decided, on the average."""
        return stopped_runs(items, self._limit, self._against, self._alpha).items

    @property
    def _against(self) -> float:
        """How often a single case counts against the gate."""
        return self._truth.chances[0 if self._gate.at_most else 1]

    @property
    def _limit(self) -> float:
        """The threshold of what must be rare."""
        gate = self._gate
        return gate.threshold if gate.at_most else 1 - gate.threshold

    @property
    def most_items(self) -> int:
        """Where the search for a number of items ends: sums over two counts take longer."""
        if self._gate.sequential is not None:
            return _MOST_IN_ORDER
        return MOST_ITEMS if len(self._truth.values) == 2 else MOST_KEPT

    def items_from(self, *, power: float = POWER) -> int | None:
        """Return the number of items from which on it passes with that chance.

        The chance climbs in small steps back and forth: every number from this one on is enough,
        as far as two steps more show. ``None`` where no number up to ``most_items`` is.
        """
        if not self._limit:
            return 1 if self.chances(1).passed == 1.0 else None
        if not self._may_get_there():
            return None
        if self._gate.sequential is not None:
            return self._items_in_order(power)
        return from_which_on(
            lambda items: self.chances(items).passed >= power,
            look_ahead=max(int(2 / self._limit) + 1, _FEWEST_LOOKED_AT),
            most=self.most_items,
        )

    def _items_in_order(self, power: float) -> int | None:
        """Return from how many items on a test at any stop passes with that chance."""
        most = self.most_items
        items = items_to_stop(self._limit, self._against, self._alpha, power=power, most=most)
        # Of runs that have shown it some break the threshold by what is asked afterwards.
        while items is not None and items <= most and self.chances(items).passed < power:
            items += 1
        return items

    def _may_get_there(self) -> bool:
        """Say whether many items are on the right side of the threshold."""
        truth = self._truth
        mean = float(np.dot(truth.values, truth.chances))
        limit = self._gate.threshold
        return self._limit > 0 and (mean < limit if self._gate.at_most else mean > limit)

    def best_p(self, items: int) -> float:
        """Return the lowest p that so many cases can have; 0 without a test."""
        if self._gate.confidence is None:
            return 0.0
        if self._gate.sequential is not None:
            if not 0 < self._limit < 1:
                return 0.0 if self._limit >= 1 else 1.0
            shown = float(log_martingale(0, items, self._limit))
            return float(np.exp(-max(0.0, shown)))
        alone = items * np.eye(len(self._truth.values), dtype=np.int64)
        p_value = self._criterion.evaluate(alone).p_value
        return 0.0 if p_value is None else float(p_value.min())

    @cached_property
    def _first_pass(self) -> int | None:
        return first_pass(self._limit, self._alpha)

    def cannot_pass(self, items: int) -> bool:
        """Say whether it passes with so many cases whatever they answer."""
        return self.best_p(items) > self._alpha

    def items_at_best(self) -> int | None:
        """Return the fewest items with which it can pass at all; ``None`` for never."""
        if self._gate.sequential is not None:
            return self._first_pass
        return fewest_items(lambda items: not self.cannot_pass(items), start=1)

    def most_against(self, items: int) -> int | None:
        """Return how many cases may count against it for it to pass; ``None`` of other figures."""
        gate = self._gate
        if is_paired(gate) or not is_planned_rate(gate) or gate.no_new or gate.sequential:
            return None
        against = np.arange(items + 1)
        counts = np.stack([against, items - against], axis=1)
        counts = counts if self._gate.at_most else counts[:, ::-1]
        passing = np.flatnonzero(self._codes(counts) == _PASSED)
        return int(passing[-1]) if len(passing) else None
