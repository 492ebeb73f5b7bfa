"""How often a certified threshold breaks its promise: simulated runs whose true risks are known.

    python -m benchmarks.certify_level

Draws 2,000 runs of 60, 200 and 1,000 items, half of which calibrate, for models whose danger at
each score is known, and asks for at most 5 % of danger among the answered, and over all, with 95 %
confidence. Prints how often the threshold found has a true danger above that, which may be 5 % of
the runs at most; how often one was found; and the mean share of the items that it lets answer.
Beside them stands the lowest threshold whose observed danger on the same items is within 5 %: how
often tuning breaks the same promise.

A last table is of items in clusters of one to seven that share what makes their answers dangerous:
each cluster counted as one, as certificates do it, beside the same items counted as if they were
independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.answer_scores import NEVER, ScoredCases
from pytest_safescale.analysis.certificates import ALL, ANSWERED, Demand, calibrating, certify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ITEMS = (60, 200, 1000)
REPETITIONS = 2000
BOUND = 0.05
DELTA = 0.05
SEED = 1


@dataclass(frozen=True, kw_only=True)
class World:
    """A model whose danger at each score is known; every array is (scores,), scores rising."""

    scores: NDArray[np.float64]
    shares: NDArray[np.float64]
    """Of the cases; sums to 1."""
    dangers: NDArray[np.float64]
    """The chance that an answer of this score is dangerous."""

    def risk(self, threshold: float, over: str) -> float:
        """Return the true danger of the cases that answer, or over all."""
        kept = self.scores >= threshold
        dangerous = float((self.shares * self.dangers)[kept].sum())
        return dangerous / float(self.shares[kept].sum()) if over == ANSWERED else dangerous

    def coverage(self, threshold: float) -> float:
        """Return the true share of the cases that answer."""
        return float(self.shares[self.scores >= threshold].sum())

    def draw(self, n: int, generator: np.random.Generator) -> ScoredCases:
        """Return n cases that all answer."""
        at = generator.choice(len(self.scores), size=n, p=self.shares)
        return self.cases(at, generator.random(n))

    def cases(self, at: NDArray[np.int64], hardness: NDArray[np.float64]) -> ScoredCases:
        """Return cases, (n,), by the place of their score: dangerous where it is above hardness."""
        scores = self.scores[at]
        return ScoredCases(
            ids=tuple(map(str, range(len(at)))),
            answered_up_to=scores,
            dangerous_up_to=np.where(hardness < self.dangers[at], scores, NEVER),
            missing=np.zeros(len(at), dtype=bool),
        )


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """The same model, asked items in clusters that share their hardness.

    Of the answers of a cluster with the same danger all are dangerous or none is.
    """

    world: World
    most: int = 7
    """A cluster has 1 to so many items, each number as often."""
    as_one: bool = True
    """Whether a cluster counts as one; else its items count as if they were independent."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """(scores,) float64, rising."""
        return self.world.scores

    def risk(self, threshold: float, over: str) -> float:
        """Return the true share of the clusters with a dangerous answer, or the items' danger."""
        if not self.as_one:
            return self.world.risk(threshold, over)
        sizes = np.arange(1, self.most + 1)[:, None]
        order = np.argsort(self.world.dangers, kind="stable")
        shares = np.where(self.scores >= threshold, self.world.shares, 0.0)[order]
        silent = 1.0 - self.coverage(threshold)
        # How the highest danger among the answers of a cluster is distributed, by size.
        up_to = np.concatenate([[silent], silent + np.cumsum(shares)]) ** sizes
        dangerous = float((np.diff(up_to, axis=1) * self.world.dangers[order]).sum(axis=1).mean())
        return dangerous / float((1.0 - silent**sizes).mean()) if over == ANSWERED else dangerous

    def coverage(self, threshold: float) -> float:
        """Return the true share of the items that answer."""
        return self.world.coverage(threshold)

    def draw(self, n: int, generator: np.random.Generator) -> ScoredCases:
        """Return about n items in clusters, or the clusters as one each."""
        sizes = generator.integers(1, self.most + 1, size=2 * n // (self.most + 1))
        of_cluster = np.repeat(np.arange(len(sizes)), sizes)
        at = generator.choice(len(self.scores), size=len(of_cluster), p=self.world.shares)
        cases = self.world.cases(at, generator.random(len(sizes))[of_cluster])
        return cases.by_cluster(list(map(str, of_cluster))) if self.as_one else cases


def _world(shares: list[float], dangers: list[float]) -> World:
    """Return the world of scores 0.1, 0.2 ... 1."""
    weights = np.array(shares, dtype=np.float64)
    return World(
        scores=np.round(np.arange(1, len(shares) + 1) / len(shares), 9),
        shares=weights / weights.sum(),
        dangers=np.array(dangers, dtype=np.float64),
    )


_MANY_SURE = [1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0, 10.0, 15.0, 60.0]
WORLDS = {
    "informative": _world(_MANY_SURE, [0.6, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.2, 0.1, 0.005]),
    "useless": _world(_MANY_SURE, [BOUND + 1e-6] * 10),
    "adversarial": _world(_MANY_SURE, [0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.02, 0.03, 0.04, 0.07]),
    "adversarial, safe on top": _world(
        [1.0, 1.0, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0, 30.0, 30.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.05, 0.05, 0.101, 0.0],
    ),
}
"""By what the score knows of danger. Useless is at the bound everywhere; adversarial is dangerous
where it is sure, and safe where it is not; or safe where it is surest and dangerous just below."""

CLUSTERED = {
    "informative": _world(_MANY_SURE, [0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.1, 0.05, 0.02, 0.005]),
    "useless": _world(_MANY_SURE, [BOUND + 1e-6] * 10),
    "adversarial": WORLDS["adversarial"],
}
"""The same for clusters: what they share makes the useless score's clusters as dangerous as its
items."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """What the thresholds found in many runs are worth."""

    broken: float
    """Share of the runs whose threshold has a true danger above the bound."""
    found: float
    """Share of the runs with a threshold."""
    coverage: float
    """Mean true share of the cases that it lets answer; 0 without one."""
    tuned: float
    """Share of the runs whose tuned threshold has a true danger above the bound."""


def level(
    world: World | Clusters,
    n: int,
    over: str = ANSWERED,
    *,
    repetitions: int = REPETITIONS,
    seed: int = SEED,
) -> Level:
    """Return how often certified thresholds break their promise in runs of n items."""
    generator = np.random.default_rng(seed)
    demand = Demand(bound=BOUND, delta=DELTA, over=over)
    sides = calibrating([str(place) for place in range(2 * n)], 0.5, seed)
    found, tuned = [], 0
    for _ in range(repetitions):
        cases = world.draw(n, generator)
        calibrate = sides[: len(cases.ids)]
        run = certify(cases, calibrate, demand)
        found += [] if run.threshold is None else [run.threshold]
        tuned += _breaks(world, _tuned(world, cases.part(calibrate), over), over)
    kept = map(world.coverage, found)
    return Level(
        broken=sum(_breaks(world, threshold, over) for threshold in found) / repetitions,
        found=len(found) / repetitions,
        coverage=sum(kept) / repetitions,
        tuned=tuned / repetitions,
    )


def _breaks(world: World | Clusters, threshold: float | None, over: str) -> bool:
    return threshold is not None and world.risk(threshold, over) > BOUND


def _tuned(world: World | Clusters, cases: ScoredCases, over: str) -> float | None:
    """Return the lowest threshold whose observed danger is within the bound."""
    answered, dangerous = cases.counts(world.scores)
    n = answered if over == ANSWERED else np.full_like(answered, len(cases.ids))
    within = world.scores[(answered > 0) & (dangerous <= BOUND * n)]
    return float(within[0]) if len(within) else None


def tables() -> Iterator[str]:
    """Give the lines of the tables."""
    yield f"{REPETITIONS} simulated runs each, seed {SEED}; at most {BOUND:.0%}, delta {DELTA:.0%}"
    for over in (ANSWERED, ALL):
        yield ""
        yield f"over {over}: broken, found, coverage; broken by tuning"
        yield f"{'score':26}" + "".join(f"{n:>31}" for n in ITEMS)
        for name, world in WORLDS.items():
            told = (level(world, n, over) for n in ITEMS)
            yield f"{name:26}" + "".join(
                f"{one.broken:10.1%}{one.found:7.0%}{one.coverage:7.0%}{one.tuned:7.0%}"
                for one in told
            )


def cluster_tables() -> Iterator[str]:
    """Give the lines of the table of clusters."""
    yield ""
    yield "clusters of 1 to 7 items, over answered: broken, found; broken by counting items"
    yield f"{'score':26}" + "".join(f"{n:>24}" for n in ITEMS)
    for name, world in CLUSTERED.items():
        cells = ""
        for n in ITEMS:
            one, items = (
                level(Clusters(world=world, as_one=as_one), n) for as_one in (True, False)
            )
            cells += f"{one.broken:10.1%}{one.found:7.0%}{items.broken:7.1%}"
        yield f"{name:26}{cells}"


def main() -> None:
    """Print the tables."""
    for line in (*tables(), *cluster_tables()):
        print(line)


if __name__ == "__main__":
    main()
