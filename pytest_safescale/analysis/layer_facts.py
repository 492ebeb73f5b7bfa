"""What is known of the cases of models with layers: a number of each case by name, NaN elsewhere.

Definitions: docs/metrics.md, "Models with layers".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = [
    "ABSTAINED",
    "BARE",
    "BARE_UNREAD",
    "BEYOND",
    "CAPACITY",
    "EFFORTS",
    "GIVEN",
    "HANDED_OVER",
    "NO_FACTS",
    "ORDER",
    "OUTCOME",
    "OUTCOMES",
    "with_capacity",
]

OUTCOME, BARE, BARE_UNREAD, ORDER, CAPACITY = "outcome", "bare", "bare_unread", "order", "capacity"
"""Names: what the layers came to, one of the numbers below; the letter of the base's own answer,
1 for A, 0 for none, and whether it is unreadable; where the item stands in the data set; and the
share of the cases that people can take."""
EFFORTS = ("replies", "tokens", "money")
"""Names of what a case took in use."""
GIVEN, ABSTAINED, HANDED_OVER, BEYOND = 0, 1, 2, 3
"""No layer stopped the case; a layer abstained; handed over; handed over beyond the capacity."""
OUTCOMES = {
    "answered": GIVEN,
    "none": GIVEN,
    "abstained": ABSTAINED,
    "handed_over": HANDED_OVER,
}
NO_FACTS: Mapping[str, float] = MappingProxyType({})
"""Of a case without layers."""
_ROUNDING = 1e-9


def with_capacity(
    facts: Mapping[str, NDArray[np.float64]],
) -> Mapping[str, NDArray[np.float64]]:
    """Return the facts with each cell's hand-overs cut at what people can take.

    All arrays are (models, conditions, items). People take the first that come, in the order of the
    data set, up to the share of all cases of the cell that layers decided on.
    """
    if OUTCOME not in facts:
        return facts
    outcome = facts[OUTCOME].copy()
    for cell in np.ndindex(outcome.shape[:2]):
        handed = np.flatnonzero(outcome[cell] == HANDED_OVER)
        if not len(handed):
            continue
        (capacity,) = np.unique(facts[CAPACITY][cell][handed])[:1]
        room = max(0, int(capacity * np.isfinite(outcome[cell]).sum() + _ROUNDING))
        in_order = handed[np.argsort(facts[ORDER][cell][handed], kind="stable")]
        outcome[cell][in_order[room:]] = BEYOND
    return {**facts, OUTCOME: outcome}
