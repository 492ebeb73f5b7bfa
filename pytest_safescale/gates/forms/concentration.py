"""``max_share_of_worst``: how much of a finding the worst items carry."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.gates.forms.form import Form, Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ConcentrationForm"]


@dataclass(frozen=True, kw_only=True)
class ConcentrationForm(Form):
    """Findings counted by item over all cells of the gate (metrics.md, "Concentration").

    Without any finding nothing is concentrated, and the gate holds.
    """

    ids: tuple[str, ...]
    counts: NDArray[Any]
    """(items,) findings of each."""
    worst: float
    """Which share of the items are the worst, rounded up."""

    @property
    def n(self) -> int:
        """Items with a case."""
        return len(self.counts)

    @property
    def items(self) -> int:
        """Items with a case."""
        return len(self.counts)

    @property
    def _order(self) -> NDArray[Any]:
        order: NDArray[Any] = np.argsort(-self.counts, kind="stable")
        return order

    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return the share that the worst items carry; NaN without a finding, which holds."""
        given = np.ones((1, self.items)) if weights is None else weights
        ordered, counts = given[:, self._order].astype(np.float64), self.counts[self._order]
        before = np.cumsum(ordered, axis=1) - ordered
        taken = np.clip(_many(self.worst, self.items) - before, 0, ordered)
        total, carried = ordered @ counts, taken @ counts
        value = np.divide(carried, total, out=np.full_like(total, np.nan), where=total > 0)
        return Reading(value=value, holds=np.isnan(value) | self.keeps(value))

    def told(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return the share, of how many findings, over how many items."""
        total = int(self.counts.sum())
        if not total:
            return f"of nothing: no finding over {self.n} items"
        return f"{value:.4g} of {total} findings over {self.n} items"

    def against_it(self) -> list[str]:
        """Return the worst items that have a finding."""
        worst = self._order[: _many(self.worst, self.items)]
        return [self.ids[place] for place in worst if self.counts[place]]


def _many(share: float, items: int) -> int:
    # 0.07 * 100 is a little above 7 in binary.
    return ceil(round(share * items, 9))
