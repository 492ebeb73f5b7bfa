"""How often a gate passes where its cases are not independent, by seeded simulation.

Items in clusters, subgroups that are held together, findings over several cells and bounds by
resampling: drawn runs are judged by the gate's own criterion.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.panel_arrays import cluster_codes
from pytest_safescale.gates.criteria.build import limit_of
from pytest_safescale.gates.criteria.clustered import ClusteredCriterion
from pytest_safescale.gates.criteria.concentration import concentration_of
from pytest_safescale.gates.criteria.difference import MeanDifferenceCriterion
from pytest_safescale.gates.criteria.equivalence import EquivalenceCriterion
from pytest_safescale.gates.criteria.planned import planned_criterion
from pytest_safescale.gates.criteria.subgroups import (
    Subgroup,
    SubgroupsCriterion,
    subgroups_of,
    too_few,
)
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.runs.planned_chances import Chances, chances_of_codes
from pytest_safescale.statistics.power import POWER, fewest_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.gates.criteria.criterion import Criterion
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.assumed_truth import Truth

__all__ = ["RUNS", "Layout", "SimulatedGate"]

RUNS = 1_600
"""Drawn runs: a chance of 80 % is told within 2 points in 95 % of plans."""
_FIRST_RUNS = 400
"""Enough where nearly all pass or nearly none, and in a search for a number of items."""
_NEARLY = 0.05
_AT_ONCE = 4_000
"""Drawn runs where all are judged at once."""
_TIMES_AT_MOST = 40
"""How many times the items a search for a number of them goes to."""
_STEPS = 20
_UNDECIDED = 2
_SPREAD = 5.0
"""Standard deviation of differences without a range, in margins."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the items hang together."""

    clusters: Sequence[str]
    """(items,) the cluster of each; empty names are clusters of their own."""
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """(items,) the subgroup of each, by what parts them."""

    def of(self, items: int) -> Layout:
        """Return the same pattern over another number of items: clusters and shares stay alike."""
        known = len(self.clusters)
        rounds = [divmod(place, known) for place in range(items)]
        if items < known and not self.has_clusters:
            rounds = [(0, place * known // items) for place in range(items)]
        return Layout(
            clusters=[
                f"{self.clusters[at]}#{turn}" if self.clusters[at] else "" for turn, at in rounds
            ],
            subgroups={
                name: [of_each[at] for _, at in rounds] for name, of_each in self.subgroups.items()
            },
        )

    @property
    def has_clusters(self) -> bool:
        """Whether two items share a cluster."""
        return max(Counter(filter(None, self.clusters)).values(), default=0) > 1


@dataclass(frozen=True, kw_only=True)
class SimulatedGate:
    """A gate over items that hang together."""

    gate: Gate
    truth: Truth
    layout: Layout
    icc: float
    seed: int
    cells: int = 1
    """How many cells it takes together."""
    runs: int = RUNS

    def chances(self, items: int) -> Chances:
        """Return how often it passes and fails with so many items."""
        generator = np.random.default_rng([self.seed, items])
        layout = self.layout.of(items)
        if self.gate.by is not None and not layout.has_clusters:
            return _shares(self._decided_at_once(layout.subgroups[self.gate.by], generator))
        codes: list[int] = []
        for runs in (min(_FIRST_RUNS, self.runs), self.runs):
            codes += [self._decided(layout, generator) for _ in range(runs - len(codes))]
            found = _shares(np.array(codes))
            if min(found.passed, 1 - found.passed) < _NEARLY:
                break
        return found

    def items_from(self, *, power: float = POWER) -> int | None:
        """Return about from how many items on it passes with that chance.

        It looks from the layout's own number upwards, in steps of a twentieth. ``None`` where
        forty times as many are too few.
        """
        some = replace(self, runs=min(_FIRST_RUNS, self.runs))
        own = len(self.layout.clusters)
        low = high = own
        while some.chances(high).passed < power:
            low, high = high, 2 * high
            if high > _TIMES_AT_MOST * own:
                return None
        while high - low > max(1, low // _STEPS):
            middle = (low + high) // 2
            low, high = (low, middle) if some.chances(middle).passed >= power else (middle, high)
        while self.chances(high).passed < power:
            high += max(1, high // (2 * _STEPS))
        return high

    def best_p(self, items: int) -> float:
        """Return the lowest p that so many items can have; 0 without a test."""
        if self.gate.is_resampled or self.gate.kind is CriterionKind.MAX_EXCESS_SHARE:
            return 0.0
        layout, values = self.layout.of(items), self.truth.values
        best = min(values) if self.gate.at_most else max(values)
        if self.gate.kind is CriterionKind.MAX_CHANGE:
            best = 0.0
        codes = cluster_codes(layout.clusters)
        criterion = self._on(layout, np.full(items, best), codes)
        p_value = criterion.evaluate().p_value if not criterion.unfit() else np.ones(1)
        return 0.0 if p_value is None else float(p_value[0])

    def items_at_best(self) -> int | None:
        """Return about the fewest items with which it can pass at all; ``None`` for none found."""
        return fewest_items(
            lambda items: self.best_p(items) <= self._alpha,
            start=len(self.layout.clusters),
            most=_TIMES_AT_MOST * len(self.layout.clusters),
        )

    def _decided_at_once(
        self, subgroups: Sequence[str], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return the decisions over independent items in subgroups, (runs,).

        Each kind of case of each subgroup is one case, and runs are told by how often it came.
        """
        sizes = Counter(subgroups)
        kinds = len(self.truth.values)
        whole = planned_criterion(self.gate, np.tile(self.truth.values, len(sizes)))
        assert isinstance(whole, ClusteredCriterion)
        parts, drawn = [], []
        for number, name in enumerate(sorted(sizes)):
            places = np.arange(kinds) + kinds * number
            ids = [whole.measure.ids[place] for place in places]
            part = replace(whole, measure=whole.measure.at(ids))
            all_alike = planned_criterion(self.gate, np.zeros(sizes[name]))
            assert isinstance(all_alike, ClusteredCriterion)
            parts.append(Subgroup(name, part, places, too_few(all_alike)))
            drawn.append(generator.multinomial(sizes[name], self.truth.chances, _AT_ONCE))
        if all(part.too_few for part in parts):
            return np.full(_AT_ONCE, _UNDECIDED)
        criterion = self._by(whole, parts)
        return criterion.evaluate(np.concatenate(drawn, axis=1)).decision_codes(self._alpha)

    @property
    def _alpha(self) -> float:
        confidence = self.gate.tested_confidence
        return 0.0 if confidence is None else 1 - confidence

    def _by(self, whole: ClusteredCriterion, parts: Sequence[Subgroup]) -> SubgroupsCriterion:
        assert self.gate.by is not None
        return SubgroupsCriterion(
            **limit_of(self.gate),
            field=self.gate.by.replace("_", " "),
            whole=whole,
            subgroups=tuple(parts),
        )

    def _decided(self, layout: Layout, generator: np.random.Generator) -> int:
        criterion = self._criterion(layout, generator)
        if self.gate.is_resampled and criterion.unfit():
            return _UNDECIDED
        code = int(criterion.evaluate().decision_codes(self._alpha)[0])
        # A value that breaks its threshold is fit to fail; to ask costs as much as to judge.
        return _UNDECIDED if not code and criterion.unfit() else code

    def _criterion(self, layout: Layout, generator: np.random.Generator) -> Criterion:
        codes = cluster_codes(layout.clusters)
        if self.gate.kind is CriterionKind.MAX_EXCESS_SHARE:
            return self._concentration(layout, generator)
        if self.gate.is_resampled:
            return self._resampled(len(layout.clusters), codes, generator)
        return self._on(layout, self._drawn(len(layout.clusters), codes, generator), codes)

    def _on(
        self, layout: Layout, values: NDArray[np.float64], codes: NDArray[np.int64] | None
    ) -> Criterion:
        """Return the criterion on a value of each item."""
        whole = planned_criterion(self.gate, values, codes)
        if self.gate.by is None:
            return whole
        assert isinstance(whole, ClusteredCriterion)
        return self._by(whole, subgroups_of(whole, layout.subgroups[self.gate.by]))

    def _drawn(
        self, items: int, codes: NDArray[np.int64] | None, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a value of each item, (items,): those of one cluster have its own chances."""
        chances = np.array(self.truth.chances)
        ends = np.cumsum(chances)[:-1]
        if codes is not None and self.icc > 0:
            chances = np.maximum(chances, 1e-12) * max(1 - self.icc, 1e-9) / self.icc
            of_clusters = generator.dirichlet(chances, size=int(codes.max()) + 1)
            ends = np.cumsum(of_clusters, axis=1)[codes, :-1]
        kinds = (generator.random(items)[:, None] >= ends).sum(axis=1)
        return np.asarray(np.array(self.truth.values)[kinds], dtype=np.float64)

    def _concentration(self, layout: Layout, generator: np.random.Generator) -> Criterion:
        """Return the criterion on findings that chance spreads over the items of each cell."""
        items = len(layout.clusters)
        ids = tuple(map(str, range(items)))
        found = [
            MeanOfCases(ids=ids, values=one, over=np.ones(items, dtype=bool))
            for one in generator.random((self.cells, items)) < self.truth.chances[0]
        ]
        clusters = dict(zip(ids, layout.clusters, strict=True)) if layout.has_clusters else {}
        return concentration_of(
            found,
            worst=self.gate.worst,
            clusters=clusters,
            seed=self.seed,
            **limit_of(self.gate),
        )

    def _resampled(
        self, items: int, codes: NDArray[np.int64] | None, generator: np.random.Generator
    ) -> Criterion:
        """Return the criterion on differences that scatter normally around 0."""
        moved = generator.normal(0.0, _SPREAD * self.gate.threshold, items)
        up, down = (self._side(sign * moved, codes) for sign in (1, -1))
        if self.gate.kind is CriterionKind.MAX_CHANGE:
            return EquivalenceCriterion(**limit_of(self.gate), up=up, down=down)
        return up

    def _side(
        self, moved: NDArray[np.float64], codes: NDArray[np.int64] | None
    ) -> MeanDifferenceCriterion:
        ids = tuple(map(str, range(len(moved))))
        names: dict[str, Any] = {
            "ids": ids,
            "over": np.ones(len(moved), dtype=bool),
            "codes": codes,
        }
        return MeanDifferenceCriterion(
            **limit_of(self.gate),
            rising=True,
            other=self.gate.against_words,
            now=MeanOfCases(values=moved, **names),
            before=MeanOfCases(values=np.zeros(len(moved)), **names),
            seed=self.seed,
        )


def _shares(codes: NDArray[np.int64]) -> Chances:
    return chances_of_codes(codes, np.full(len(codes), 1 / len(codes)))
