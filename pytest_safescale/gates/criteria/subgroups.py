"""``by``: a gate on a rate or a difference of rates, held in every subgroup of the items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.gates.criteria.clustered import ClusteredCriterion, too_few_clusters
from pytest_safescale.gates.criteria.criterion import DECISIONS, Criterion, Evaluation
from pytest_safescale.gates.result import SubgroupResult
from pytest_safescale.statistics.paired import holm_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.criteria.criterion import Missing
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["FEWEST_CASES", "Subgroup", "SubgroupsCriterion", "subgroups_of", "too_few"]

FEWEST_CASES = 10
"""Cases below which a subgroup says too little without a bound."""
_NAMED = 5
"""How many subgroups a sentence names."""


class Subgroup(NamedTuple):
    """One subgroup of the items."""

    name: str
    criterion: ClusteredCriterion
    """The gate's criterion on the subgroup's cases alone."""
    places: NDArray[np.int64]
    """(items of the subgroup,) where they stand among all."""
    too_few: bool
    """Whether its cases could not decide the gate whatever had been answered."""


def subgroups_of(whole: ClusteredCriterion, names: Sequence[str]) -> list[Subgroup]:
    """Return the subgroups of a criterion's items; ``names`` (items,) says which each is in."""
    found = []
    for name in sorted(set(names)):
        places = np.array([at for at, own in enumerate(names) if own == name], dtype=np.int64)
        ids = [whole.measure.ids[place] for place in places]
        part = replace(whole, measure=whole.measure.at(ids))
        if part.n or part.missing:
            found.append(Subgroup(name, part, places, too_few(part)))
    return found


def too_few(part: ClusteredCriterion) -> bool:
    """Say whether so few cases could not pass even if each were as the gate wants it."""
    if part.confidence is None:
        return part.n < FEWEST_CASES
    best = replace(part, measure=part.measure.at_best(low=part.at_most))
    p_value = best.evaluate().p_value
    few = p_value is None or float(p_value[0]) > 1 - part.confidence
    return few or bool(too_few_clusters(part.clusters))


def _in_clusters(part: ClusteredCriterion) -> str:
    """Say in how many clusters the cases are, where those are too few for a bound."""
    few = part.confidence is not None and too_few_clusters(part.clusters)
    return f" in {part.clusters} clusters" if few else ""


@dataclass(frozen=True, kw_only=True)
class SubgroupsCriterion(Criterion):
    """The threshold holds in every subgroup; the value is that of the worst one.

    With confidence each subgroup has its own p, and Holm's method holds them together: the chance
    that any subgroup is passed wrongly stays within 1 - confidence. Subgroups with too few cases
    count among them, and leave the gate undecided unless another one fails.
    """

    field: str
    """What parts the items, such as ``subspecialty``."""
    whole: ClusteredCriterion
    subgroups: tuple[Subgroup, ...]

    @property
    def n(self) -> int:
        """Cases of all subgroups."""
        return self.whole.n

    @property
    def items(self) -> int:
        """Items that were asked in the cell."""
        return self.whole.items

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return self.whole.codes

    @property
    def clusters(self) -> int | None:
        """Clusters of all subgroups; ``None`` where no two items share one."""
        return self.whole.clusters

    @cached_property
    def _ordered(self) -> list[int]:
        """The places of the subgroups, the worst first; those with too few cases last."""
        sign = -1.0 if self.at_most else 1.0

        def rank(place: int) -> tuple[bool, float, int]:
            one = self.subgroups[place]
            value = float(one.criterion.evaluate().value[0]) if one.criterion.n else np.inf
            return one.too_few, sign * value, one.criterion.n

        return sorted(range(len(self.subgroups)), key=rank)

    @property
    def worst(self) -> Subgroup:
        """The worst of the subgroups with enough cases; of all, where none has."""
        return self.subgroups[self._ordered[0]]

    @property
    def worst_subgroup(self) -> str:
        """The name of the worst subgroup."""
        return self.worst.name

    @property
    def missing(self) -> list[Missing]:
        """The cases that completions can make something else of, by subgroup, the worst first."""
        parts = (self.subgroups[place].criterion.missing for place in self._ordered)
        return list(chain.from_iterable(parts))

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        parts = list(self.subgroups)
        for place in self._ordered:
            part = parts[place].criterion
            here = min(many, len(part.missing))
            parts[place] = parts[place]._replace(criterion=part.moved(here, worst=worst))
            many -= here
        return replace(self, subgroups=tuple(parts))

    @property
    def always_there(self) -> bool:
        """Whether every subgroup has a case in every completion."""
        return all(one.criterion.always_there for one in self.subgroups)

    def unproven(self) -> str:
        """Say why the worst completion of some subgroup proves nothing; empty where each does."""
        doubts = (one.criterion.unproven() for one in self.subgroups if one.criterion.missing)
        return next((doubt for doubt in doubts if doubt), "")

    def unfit(self) -> str:
        """Refuse to judge where no subgroup has enough cases."""
        if not all(one.too_few for one in self.subgroups):
            return ""
        return f"no {self.field} has enough cases: {self._listed(self.subgroups)}"

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the worst subgroup's figure, whether all hold, and the highest p among them."""
        found = [self._evaluated(one, weights) for one in self.subgroups]
        judged = [place for place, one in enumerate(self.subgroups) if not one.too_few]
        values = np.stack([found[place].value for place in judged], axis=1)
        unknown = np.isnan(values)
        filled = np.where(unknown, -np.inf if self.at_most else np.inf, values)
        value = filled.max(axis=1) if self.at_most else filled.min(axis=1)
        holds = np.stack([found[place].holds for place in judged], axis=1) | unknown
        p_value = None
        if self.confidence is not None or len(judged) < len(found):
            p_value = self._adjusted(found).max(axis=1)
        return Evaluation(
            value=np.where(unknown.all(axis=1), np.nan, value),
            holds=np.asarray(holds.all(axis=1) & ~unknown.all(axis=1)),
            p_value=p_value,
        )

    def _evaluated(self, one: Subgroup, weights: Numbers | None) -> Evaluation:
        return one.criterion.evaluate(None if weights is None else weights[:, one.places])

    def _adjusted(self, found: Sequence[Evaluation]) -> NDArray[np.float64]:
        """Return the (rows, subgroups) p of each among all; 1 of one that cannot decide."""
        rows = []
        for one, evaluation in zip(self.subgroups, found, strict=True):
            p_value = evaluation.p_value
            if p_value is None:
                p_value = np.zeros(len(evaluation.value))
            unknown = np.isnan(evaluation.value) | one.too_few
            rows.append(np.where(unknown, 1.0, p_value))
        return holm_rows(np.stack(rows, axis=1))

    def bound(self, confidence: float) -> float | None:
        """Return the bound of the worst subgroup."""
        return self.worst.criterion.bound(confidence)

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items of the same make-up the last subgroup is decided."""
        alone = 1 - (1 - confidence) / len(self.subgroups)
        scale = 1.0
        for one, row in zip(self.subgroups, self.rows, strict=True):
            if row.decision is not DECISIONS[2]:
                continue
            needed: float | None = FEWEST_CASES
            if self.confidence is not None:
                needed = one.criterion.items_needed(alone)
            if needed is None:
                return None
            scale = max(scale, needed / max(one.criterion.n, 1))
        return int(np.ceil(scale * self.n))

    @cached_property
    def rows(self) -> tuple[SubgroupResult, ...]:
        """What each subgroup comes to, in the order of their names."""
        found = [self._evaluated(one, None) for one in self.subgroups]
        adjusted = self._adjusted(found)[0]
        alpha = 1 - self.confidence if self.confidence is not None else 0.0
        return tuple(
            self._row(one, evaluation, float(p), alpha)
            for one, evaluation, p in zip(self.subgroups, found, adjusted, strict=True)
        )

    def _row(
        self, one: Subgroup, evaluation: Evaluation, p_holm: float, alpha: float
    ) -> SubgroupResult:
        part, value = one.criterion, float(evaluation.value[0])
        code = int(evaluation.decision_codes(alpha, np.array([p_holm]))[0])
        sure = self.confidence
        return SubgroupResult(
            name=one.name,
            n=part.n,
            value=None if np.isnan(value) else value,
            bound=None if sure is None or not part.n else part.bound(sure),
            clusters=part.clusters,
            effective_n=part.effective_n,
            p_holm=None if sure is None else p_holm,
            decision=DECISIONS[2] if one.too_few else DECISIONS[code],
            too_few=one.too_few,
        )

    def sentence(self, value: float, bound: float | None) -> str:
        """Return the worst subgroup with its figure, and which ones are not decided."""
        many = len(self.subgroups)
        told = f"{self.worst.criterion.sentence(value, bound)} in {self.worst.name}, the worst of "
        parts = [f"{told}{many} by {self.field}"]
        few = [one for one in self.subgroups if one.too_few]
        if few:
            parts.append(f"too few cases to tell in {self._listed(few)}")
        names = {row.name for row in self.rows if row.decision is DECISIONS[2] and not row.too_few}
        left = [one for one in self.subgroups if one.name in names]
        if left:
            parts.append(f"not shown in {self._listed(left)}")
        return "; ".join(parts)

    @staticmethod
    def _listed(some: Sequence[Subgroup]) -> str:
        named = ", ".join(
            f"{one.name} ({one.criterion.n}{_in_clusters(one.criterion)})" for one in some[:_NAMED]
        )
        more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
        return f"{named}{more}"

    def value_text(self, value: float) -> str:
        """Return a value alone in words."""
        return self.worst.criterion.value_text(value)

    def bound_text(self, bound: float) -> str:
        """Return a bound in words."""
        return self.worst.criterion.bound_text(bound)

    def against_it(self) -> list[str]:
        """Return the items that count against it, those of the worst subgroup first."""
        parts = (self.subgroups[place].criterion.against_it() for place in self._ordered)
        return list(chain.from_iterable(parts))
