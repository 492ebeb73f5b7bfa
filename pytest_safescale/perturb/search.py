"""The search for variants that break a relation: bounded, in batches, the same for every worker.

Variants are drawn before anything is asked, answered in batches whose calls go out together, and
the first one that fails is shrunk alone: a list of variants shrinks far slower than one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import Phase, settings

from pytest_safescale.errors import SafescaleError
from pytest_safescale.perturb.diff import item_diff
from pytest_safescale.perturb.drawing import Drawing
from pytest_safescale.perturb.family import Material, NotApplicable, default_target
from pytest_safescale.perturb.finding import Finding
from pytest_safescale.perturb.probe import Budget, Probe, SearchReport, Tally, seed_of
from pytest_safescale.perturb.relations import Observed, Relation, Trial
from pytest_safescale.perturb.threads import TURN, WHILE_SEARCHING, in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from concurrent.futures import Future

    from pytest_safescale.perturb.edits import Variant

__all__ = [
    "Profile",
    "Search",
    "current_profile",
    "search",
    "search_concurrently",
]

Profile = settings
"""Hypothesis's settings, for those who hand them on."""


class Search:
    """One search, step by step; ``search`` and ``search_concurrently`` take the steps.

    ``reuse`` and ``shrink`` block while they ask, so they belong in a thread where answers come
    from an event loop.
    """

    def __init__(
        self,
        probe: Probe,
        *,
        budget: Budget | None = None,
        seed: int = 42,
        profile: settings | None = None,
    ) -> None:
        """``profile`` gives phases, database and verbosity; by default hypothesis's current one."""
        self.probe = probe
        self._budget = budget or Budget()
        self._profile = profile or settings()
        self._phases = set(self._profile.phases)
        self._answers: dict[str, Observed] = {}
        self._tally = Tally(followed=0 if probe.relation.instructs else None)
        self._failing: Trial | None = None
        self._shrink_calls = 0
        self._calls = 0
        self._shrunk = False
        self._stop: BaseException | None = None
        target = probe.target or default_target(probe.item, avoid=probe.before.letter)
        self._material = Material.of(
            probe.item, probe.evidence, target=target, passages=probe.passages
        )
        self._drawing: Drawing | None = None
        self.lack = self._lack(seed)
        """Why there is nothing to search; ``None`` where there is."""

    def _lack(self, seed: int) -> str | None:
        probe, material = self.probe, self._material
        if probe.before.error is not None:
            return f"no original answer: {probe.before.error}"
        reason = probe.relation.unsuited(probe.item, probe.before, material.target)
        if reason is not None:
            return reason
        strategy = probe.relation.family.on(material)
        if isinstance(strategy, NotApplicable):
            return strategy.reason
        key = (probe.scope, probe.condition, probe.relation.name, probe.item.content_sha256)
        self._drawing = Drawing(
            strategy,
            material.variant,
            wanted=self._budget.variants or self._profile.max_examples,
            number=seed_of(seed, probe),
            key="\x1f".join(key).encode("utf-8", "surrogatepass"),
            profile=self._profile,
        )
        return None

    def batches(self) -> Iterator[list[Variant]]:
        """Yield the variants to answer, a batch at a time; draws them before the first."""
        if self._drawing is None:
            return
        if self.probe.examples and Phase.explicit in self._phases:
            yield [self._material.variant(edits) for edits in self.probe.examples]
        drawn = self._drawing.variants()
        if not drawn and Phase.generate in self._phases:
            self.lack = "no edit of the family changes anything"
        elif not drawn and not self._calls:
            self.lack = "the hypothesis profile leaves out the phase that draws variants"
        for start in range(0, len(drawn), self._budget.batch):
            if self._failing is not None and self._budget.stop_at_failure:
                return
            yield drawn[start : start + self._budget.batch]

    def take(self, variants: Sequence[Variant], answers: Sequence[Observed]) -> None:
        """Take the answers to a batch."""
        self._calls += len(variants)
        explicit = set(self.probe.examples)
        for variant, answer in zip(variants, answers, strict=True):
            trial = self._trial(variant, answer)
            if variant.edits not in explicit:
                self._tally += _counted(trial, self.probe.relation)
            if self._failing is None and self._breaks(trial):
                self._failing = trial

    def reuse(self, ask: Callable[[Sequence[Variant]], Sequence[Observed]]) -> None:
        """Try the counterexamples of earlier runs, if the profile's database holds any.

        They come last, and only where nothing that was drawn fails: all variants are answered for
        the rates anyway, and what is reported stays settled by seed and answers.
        """
        if self._drawing is not None and not self._failed():
            self._drawing.reuse(lambda variant: self._fails(variant, ask))
            self._shrunk = self._failed() and Phase.shrink in self._phases
            self._raise_stop()

    def shrink(self, ask: Callable[[Sequence[Variant]], Sequence[Observed]]) -> None:
        """Shrink the first failure, if there is one that has not been shrunk."""
        if self._drawing is None or self._failing is None or self._shrunk:
            return
        met = self._drawing.shrink(
            lambda variant: self._fails(variant, ask), self._answers.__contains__
        )
        within = self._shrink_calls < self._budget.shrink_calls
        self._shrunk = met and within and Phase.shrink in self._phases and self._stop is None
        self._raise_stop()

    def report(self) -> SearchReport:
        """Return what came of it so far."""
        probe = self.probe
        stopped = str(self._stop) if self._stop is not None else None
        return SearchReport(
            relation=probe.relation.name,
            family=probe.relation.family.name,
            item_id=probe.item.id,
            condition=probe.condition,
            scope=probe.scope,
            lack=self.lack,
            tally=self._tally,
            finding=self._finding(),
            calls=self._calls,
            stopped_by=stopped,
        )

    def _failed(self) -> bool:
        return self._failing is not None

    def _trial(self, variant: Variant, answer: Observed) -> Trial:
        self._answers[variant.key] = answer
        return Trial(
            item=self.probe.item,
            variant=variant,
            target=self._material.target,
            before=self.probe.before,
            after=answer,
        )

    def _breaks(self, trial: Trial) -> bool:
        return trial.after.error is None and self.probe.relation.broken(trial) is not None

    def _fails(
        self, variant: Variant, ask: Callable[[Sequence[Variant]], Sequence[Observed]]
    ) -> bool:
        """Say whether a variant fails; one that is neither known nor affordable does not."""
        answer = self._answers.get(variant.key)
        if answer is None:
            if self._stop is not None or self._shrink_calls >= self._budget.shrink_calls:
                return False
            self._shrink_calls += 1
            try:
                (answer,) = ask([variant])
            except BaseException as error:
                # Raised inside hypothesis it would count as a failing variant.
                self._stop = error
                return False
            self._calls += 1
        trial = self._trial(variant, answer)
        if not self._breaks(trial):
            return False
        # Hypothesis shows every variant it accepts, so the last failing one is the smallest.
        self._failing = trial
        return True

    def _raise_stop(self) -> None:
        if self._stop is not None and not isinstance(self._stop, SafescaleError):
            raise self._stop

    def _finding(self) -> Finding | None:
        trial, probe = self._failing, self.probe
        if trial is None:
            return None
        return Finding(
            relation=probe.relation.name,
            family=probe.relation.family.name,
            item_id=probe.item.id,
            item_sha256=probe.item.content_sha256,
            condition=probe.condition,
            scope=probe.scope,
            sentence=probe.relation.broken(trial) or "",
            edits=trial.variant.edits,
            description=trial.variant.describe(),
            diff=item_diff(probe.item, probe.evidence, trial.variant),
            before=probe.before.letter,
            after=trial.after.letter,
            after_in_item=trial.variant.original(trial.after.letter),
            evidence=probe.evidence,
            calls=self._calls,
            shrunk=self._shrunk,
        )


def search(
    probe: Probe,
    answer: Callable[[Sequence[Variant]], Sequence[Observed]],
    *,
    budget: Budget | None = None,
    seed: int = 42,
    profile: settings | None = None,
) -> SearchReport:
    """Search and return what came of it; ``answer`` gives one answer for each variant, in order.

    An answer that is missing is an ``Observed`` with ``error``. What ``answer`` raises is raised
    here too; only while a failure is shrunk, an error of this package ends the shrinking instead.
    """
    steps = Search(probe, budget=budget, seed=seed, profile=profile)
    for batch in steps.batches():
        steps.take(batch, answer(batch))
    steps.shrink(answer)
    steps.reuse(answer)
    return steps.report()


async def search_concurrently(
    probe: Probe,
    answer: Callable[[Sequence[Variant]], Awaitable[Sequence[Observed]]],
    *,
    budget: Budget | None = None,
    seed: int = 42,
    profile: settings | None = None,
) -> SearchReport:
    """Search from an event loop, beside other searches; as ``search`` in all else.

    ``answer`` is awaited in the loop. Hypothesis runs in a thread of the search's own, so that the
    loop never waits for it.
    """
    # A loaded profile is the current one of its own thread alone.
    current = profile or settings()
    bridge = _Bridge(answer)
    with WHILE_SEARCHING:
        try:
            return await in_thread(
                lambda: search(probe, bridge, budget=budget, seed=seed, profile=current)
            )
        finally:
            bridge.close()


def current_profile() -> Profile:
    """Return hypothesis's current settings; of the thread that calls it, where one was loaded."""
    return settings()


def _counted(trial: Trial, relation: Relation) -> Tally:
    if trial.after.error is not None:
        return Tally(errors=1)
    return Tally(
        tried=1,
        broken=int(relation.broken(trial) is not None),
        flips=int(trial.flipped),
        high_risk_flips=int(trial.high_risk_flip),
        followed=int(trial.followed) if relation.instructs else None,
    )


class _Bridge:
    """Asks a coroutine in the loop from a thread."""

    def __init__(
        self, answer: Callable[[Sequence[Variant]], Awaitable[Sequence[Observed]]]
    ) -> None:
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._waiting: Future[Sequence[Observed]] | None = None
        self._closed = False

    def __call__(self, variants: Sequence[Variant]) -> Sequence[Observed]:
        if self._closed:
            raise asyncio.CancelledError
        asked = self._asked(variants)
        try:
            self._waiting = asyncio.run_coroutine_threadsafe(asked, self._loop)
        except RuntimeError:  # the loop is closed
            asked.close()
            raise
        TURN.release()
        try:
            return self._waiting.result()
        finally:
            TURN.acquire()

    async def _asked(self, variants: Sequence[Variant]) -> Sequence[Observed]:
        if self._closed:
            raise asyncio.CancelledError
        return await self._answer(variants)

    def close(self) -> None:
        """Ask nothing more; a thread that waits for an answer stops waiting."""
        self._closed = True
        if self._waiting is not None:
            self._waiting.cancel()
