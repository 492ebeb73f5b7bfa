"""Criteria whose bound is taken at the effective size of the sample (statistics/clusters.py)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.gates.criteria.criterion import CasesCriterion
from pytest_safescale.statistics.clusters import (
    FEWEST_CLUSTERS,
    ClusterSums,
    adjusted_sizes,
    design_effects,
    most_design_effect,
)
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["MAY_EXCLUDE_CASES", "OF_ANY_CLUSTER", "ClusteredCriterion", "too_few_clusters"]

MAY_EXCLUDE_CASES = "a metric that may exclude cases has no bound that holds whatever is missing"
OF_ANY_CLUSTER = "the cases not asked may be of any cluster"


def too_few_clusters(clusters: int | None) -> str:
    """Say that so few clusters have no bound; empty where they have one, or there are none."""
    if clusters is None or clusters >= FEWEST_CLUSTERS:
        return ""
    return f"a bound needs {FEWEST_CLUSTERS} clusters of items, there are {clusters}"


@dataclass(frozen=True, kw_only=True)
class ClusteredCriterion(CasesCriterion):
    """A mean over cases with a bound, which takes cases of one cluster for what they are."""

    ends: ClassVar[tuple[float, ...]]
    """What every case of the added cluster can be (``effective_sizes``)."""
    most_effect: float = 1.0
    """The design effect that no completion exceeds, of the worst one."""

    @property
    def clusters(self) -> int | None:
        """Clusters with a case; ``None`` where no two items share one."""
        return None if self._parts is None else self._parts.many

    @property
    def effective_n(self) -> float | None:
        """How many independent cases say as much as those that are counted."""
        return None if self._parts is None else float(self.effective(self.measure.once)[0])

    @cached_property
    def _parts(self) -> ClusterSums | None:
        measure = self.measure
        if measure.codes is None:
            return None
        return ClusterSums.of(measure.values, measure.over, measure.codes)

    def effective(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the effective size of each row of (rows, items) weights, (rows,), float64."""
        n, parts = self.measure.sums(weights)[1], self._parts
        if parts is None or parts.single:
            return n
        by_cluster = weights[:, self._first].astype(np.float64)
        many = product(by_cluster, (parts.sizes > 0).astype(np.float64)[:, None])[:, 0]
        effects = self._effects(parts, by_cluster)
        beyond = max(1.0, self.most_effect / float(self._effects(parts, parts.once)[0]))
        return adjusted_sizes(n, many, effects * beyond)

    def _effects(self, parts: ClusterSums, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [design_effects(parts, weights, added=end) for end in self.ends]
        return np.asarray(np.max(found, axis=0))

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        """(clusters,) the place of an item of each, which counts as often as all of its items."""
        assert self.measure.codes is not None
        return np.unique(self.measure.codes, return_index=True)[1]

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it.

        With all of them at worst the cases say no more than in any completion, however they
        cluster.
        """
        found, measure = super().moved(many, worst=worst), self.measure
        if not worst or measure.codes is None or not 0 < len(self.missing) <= many:
            return found
        span = measure.ends
        effects = [
            most_design_effect((span.low, span.high), span.must, measure.codes, end)
            for end in self.ends
        ]
        return replace(found, most_effect=max(effects)) if span.must.any() else found

    def unproven(self) -> str:
        """Refuse a bound where completions differ in what is a case, or in its cluster."""
        if self.confidence is not None and self.measure.codes is not None:
            if Lack.NOT_ASKED in self.measure.lacks:
                return OF_ANY_CLUSTER
            if self.measure.has_options:
                return MAY_EXCLUDE_CASES
        return super().unproven()

    def unfit(self) -> str:
        """Refuse a bound of too few clusters, where the value itself keeps the threshold."""
        if self.confidence is None or not self.evaluate().holds[0]:
            return ""
        return too_few_clusters(self.clusters)
