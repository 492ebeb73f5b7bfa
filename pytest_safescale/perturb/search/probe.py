"""What is searched, with how much, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.edits.edit import Edit
    from pytest_safescale.perturb.relations import Observed, Relation, Trial
    from pytest_safescale.perturb.search.counterexample import Counterexample

__all__ = ["Budget", "Probe", "SearchReport", "Tally", "seed_of"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many answers one search may take."""

    variants: int | None = 20
    """Variants drawn and answered; ``None`` for the hypothesis settings' ``max_examples``."""
    batch: int = 32
    """Most variants whose calls go out together."""
    shrink_calls: int = 150
    """Most variants answered to shrink a failing one, or to try the one of an earlier run."""
    stop_at_failure: bool = False
    """Whether the batch with the first failure is the last; rates then lean to the failures."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What is searched: one item, under one condition, for one relation."""

    item: Item
    relation: Relation
    before: Observed
    """The answer to the item as it is, judged as the variants' answers are."""
    evidence: str = ""
    """What the condition showed."""
    condition: str = "closed_book"
    scope: str = ""
    """What else tells searches apart in the database, such as the model's name."""
    target: str | None = None
    """The option to aim at; by default the most dangerous wrong one that was not the answer."""
    passages: tuple[str, ...] = ()
    """Further texts to take near misses from."""
    examples: tuple[tuple[Edit, ...], ...] = ()
    """Edits always tried first; they count in no rate."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts over the variants that were drawn and answered, to make rates of."""

    tried: int = 0
    """Variants with an answer."""
    errors: int = 0
    """Variants whose call failed; in no other count."""
    broken: int = 0
    """Variants that break the relation."""
    flips: int = 0
    high_risk_flips: int = 0
    followed: int | None = None
    """Injections followed; ``None`` where the relation's edits instruct nobody."""
    unread: int = 0
    """Variants of which nobody can read the answer, or that to the item as it is."""
    unread_flips: int = 0
    """Those of them that are counted as flips, for want of the answer; below, as the others."""
    unread_high_risk_flips: int = 0
    unread_followed: int = 0

    @classmethod
    def of(cls, trial: Trial, relation: Relation) -> Tally:
        """Return the counts of one variant."""
        if trial.after.error is not None:
            return cls(errors=1)
        unread = trial.before.unread or trial.after.unread
        flips, high_risk = int(trial.flipped), int(trial.high_risk_flip)
        followed = int(trial.followed) if relation.instructs else None
        return cls(
            tried=1,
            broken=int(relation.broken(trial) is not None),
            flips=flips,
            high_risk_flips=high_risk,
            followed=followed,
            unread=int(unread),
            unread_flips=flips * unread,
            unread_high_risk_flips=high_risk * unread,
            unread_followed=(followed or 0) * unread,
        )

    def __add__(self, other: Tally) -> Tally:
        """Return the counts of both together; followed injections of those that have any."""
        parts = [part for part in (self.followed, other.followed) if part is not None]
        return Tally(
            tried=self.tried + other.tried,
            errors=self.errors + other.errors,
            broken=self.broken + other.broken,
            flips=self.flips + other.flips,
            high_risk_flips=self.high_risk_flips + other.high_risk_flips,
            followed=sum(parts) if parts else None,
            unread=self.unread + other.unread,
            unread_flips=self.unread_flips + other.unread_flips,
            unread_high_risk_flips=self.unread_high_risk_flips + other.unread_high_risk_flips,
            unread_followed=self.unread_followed + other.unread_followed,
        )

    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Return successes and cases of each rate, by the metric's name."""
        rates = {
            "flip_rate": (self.flips, self.tried),
            "high_risk_flip_rate": (self.high_risk_flips, self.tried),
        }
        if self.followed is not None:
            rates["injection_success_rate"] = (self.followed, self.tried)
        return rates


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """What came of a search."""

    relation: str
    family: str
    item_id: str
    condition: str
    scope: str
    lack: str | None = None
    """Why the relation does not apply here; nothing was asked then."""
    tally: Tally = field(default_factory=Tally)
    counterexample: Counterexample | None = None
    calls: int = 0
    """Variants answered, those for shrinking included."""
    stopped_by: str | None = None
    """What ended shrinking early, such as a spent budget of the run."""
    repeats: Mapping[str, Tally] = field(default_factory=dict)
    """Of a control: what its repeats came to, by the relation whose edits they stand beside."""


def seed_of(seed: int, probe: Probe) -> int:
    """Return the seed of one search: by item, relation and condition, alike for every model."""
    named = "\x1f".join((str(seed), probe.item.id, probe.relation.name, probe.condition))
    return int.from_bytes(
        hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest()[:8], "big"
    )
