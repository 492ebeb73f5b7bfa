"""What missing replies can make of the figures of models with layers.

A case whose call failed could have come to any outcome; where the base's own answer cannot be
read, it could have been any of the item's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.layer_facts import BARE_UNREAD, BEYOND, HANDED_OVER, OUTCOME
from pytest_safescale.analysis.metrics import (
    EFFORT_METRICS,
    PER_HUNDRED_METRICS,
    RESIDUAL_OF,
    SELECTIVE_OF,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel

__all__ = ["SOMETIMES", "OpenCases", "highest_of", "open_cases"]

SOMETIMES = (
    *SELECTIVE_OF,
    "danger_caught",
    "needless_stops",
    "danger_prevented_per_100_reviews",
    *EFFORT_METRICS,
)
"""Metrics that are not over every case, or over none whose call failed."""


class OpenCases(NamedTuple):
    """The cases of a cell of which something is open, and what they can be."""

    cases: NDArray[np.bool_]
    high: Any
    """The most that each can add; the least is 0."""
    must: Any
    """Whether each is a case of the metric whatever is missing."""


def highest_of(metric: str) -> float:
    """Return the most that a case can add to a metric of models with layers."""
    if metric in EFFORT_METRICS:
        return np.inf
    return 100.0 if metric in PER_HUNDRED_METRICS else 1.0


def open_cases(
    panel: Panel,
    at: tuple[int, int],
    there: NDArray[np.bool_],
    metric: str,
    *,
    failed: NDArray[np.bool_],
    unread: NDArray[np.bool_],
    codes: Mapping[str, NDArray[np.bool_]],
) -> OpenCases:
    """Return what is open of a metric in the cell ``at``.

    ``there`` is (items,) which cases are meant; ``failed`` and ``unread`` are of those, as are the
    rows of ``codes``, (cases, codes) which answers count for a metric.
    """
    must = metric not in SOMETIMES
    if metric == "answered_share" or metric in SELECTIVE_OF or metric in RESIDUAL_OF:
        of = {**SELECTIVE_OF, **RESIDUAL_OF}.get(metric)
        high = 1.0 if of is None else codes[of].any(axis=1)
        return OpenCases(failed | unread, high, must)
    outcome, bare_unread = (panel.layers[name][at][there] for name in (OUTCOME, BARE_UNREAD))
    nothing_known = failed & np.isfinite(panel.layers[OUTCOME][at]).any()
    open_ = nothing_known
    if metric in ("danger_caught", "needless_stops"):
        open_ = nothing_known | (bare_unread > 0)
    elif metric == "danger_prevented_per_100_reviews":
        # A case more may push another one beyond the capacity, or let one more within it.
        moved = np.isin(outcome, (HANDED_OVER, BEYOND)) & nothing_known.any()
        open_ = nothing_known | moved | ((bare_unread > 0) & (outcome == HANDED_OVER))
    return OpenCases(np.asarray(open_), highest_of(metric), must)
