"""What a figure rests on where items come in clusters (docs/statistics.md, "Clusters")."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.statistics.clusters import (
    RATE_ENDS,
    ClusterSums,
    effective_sizes,
    intraclass_correlation,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["ClusterFacts", "cluster_facts"]


class ClusterFacts(NamedTuple):
    """Of the cases of one figure."""

    clusters: int
    """Clusters with a case; a case without one is a cluster of its own."""
    icc: float | None
    """Intraclass correlation; ``None`` where cases are all alike, or each is alone."""
    effective_n: float
    """How many independent cases say as much."""


def cluster_facts(
    values: Numbers,
    over: NDArray[np.bool_],
    codes: NDArray[np.int64],
    ends: Sequence[float] = RATE_ENDS,
) -> ClusterFacts:
    """Return the facts of a mean; ``values``, ``over`` and ``codes`` are (items,).

    ``ends`` as in ``effective_sizes``: those of a rate, of a difference of two, or none.
    """
    parts = ClusterSums.of(values, over, codes)
    return ClusterFacts(
        clusters=parts.many,
        icc=intraclass_correlation(parts),
        effective_n=float(effective_sizes(parts, parts.once, ends)[0]),
    )
