"""The search for variants that break a relation: bounded, in rounds, the same for every worker.

Variants are drawn before anything is asked and answered in batches whose calls go out together. A
variant that fails is minimised in rounds: edits are left out first, then pieces of each edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import Phase, settings

from pytest_safescale.errors import EditError, SafescaleError
from pytest_safescale.perturb.edits.diff import item_diff
from pytest_safescale.perturb.families.family import Material, NotApplicable, default_target
from pytest_safescale.perturb.relations import Observed, Trial
from pytest_safescale.perturb.search.counterexample import Counterexample
from pytest_safescale.perturb.search.draw_variants import draw_variants
from pytest_safescale.perturb.search.kept_counterexamples import KeptCounterexamples
from pytest_safescale.perturb.search.minimise import Parts, minimise
from pytest_safescale.perturb.search.probe import Budget, Probe, SearchReport, Tally, seed_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

    from pytest_safescale.perturb.edits.edit import Variant
    from pytest_safescale.perturb.families.family import Edits

__all__ = [
    "HypothesisSettings",
    "current_hypothesis_settings",
    "search",
    "search_concurrently",
    "variants_drawn",
]

HypothesisSettings = settings
"""Hypothesis's settings, for those who hand them on."""


def current_hypothesis_settings() -> HypothesisSettings:
    """Return hypothesis's current settings; of the thread that calls it, where one was loaded."""
    return settings()


async def search_concurrently(
    probe: Probe,
    answer: Callable[[Sequence[Variant]], Awaitable[Sequence[Observed]]],
    *,
    budget: Budget | None = None,
    seed: int = 42,
    hypothesis_settings: HypothesisSettings | None = None,
    drawn: Callable[[int], None] | None = None,
) -> SearchReport:
    """Search and return what came of it; ``answer`` gives one answer for each variant, in order.

    An answer that is missing is an ``Observed`` with ``error``. What ``answer`` raises is raised
    here too; only while a failure is minimised, an error of this package ends that instead.
    ``hypothesis_settings`` give phases, database and verbosity; by default those in force do.
    ``drawn`` is told how many variants are drawn, before any of them is asked.
    """
    chosen = hypothesis_settings or current_hypothesis_settings()
    one = _Search(probe, answer, budget or Budget(), chosen)
    variants = one.drawn(seed)
    if drawn is not None:
        drawn(len(variants))
    await one.run(variants)
    return one.report()


def search(
    probe: Probe,
    answer: Callable[[Sequence[Variant]], Sequence[Observed]],
    *,
    budget: Budget | None = None,
    seed: int = 42,
    hypothesis_settings: HypothesisSettings | None = None,
) -> SearchReport:
    """Search as ``search_concurrently`` does, with an ``answer`` that is no coroutine."""

    async def answered(variants: Sequence[Variant]) -> Sequence[Observed]:
        return answer(variants)

    searching = search_concurrently(
        probe, answered, budget=budget, seed=seed, hypothesis_settings=hypothesis_settings
    )
    try:
        searching.send(None)
    except StopIteration as end:  # it waits for nothing, so it ends without a loop
        report: SearchReport = end.value
        return report
    raise AssertionError


def variants_drawn(
    probe: Probe, *, budget: Budget, seed: int, hypothesis_settings: HypothesisSettings
) -> int:
    """Return how many variants a search draws: its seed settles that before anything is asked."""

    async def unasked(variants: Sequence[Variant]) -> Sequence[Observed]:
        raise AssertionError(variants)

    return len(_Search(probe, unasked, budget, hypothesis_settings).drawn(seed))


class _Search:
    """One search while it is under way."""

    def __init__(
        self,
        probe: Probe,
        answer: Callable[[Sequence[Variant]], Awaitable[Sequence[Observed]]],
        budget: Budget,
        hypothesis_settings: HypothesisSettings,
    ) -> None:
        self._probe = probe
        self._answer = answer
        self._budget = budget
        self._hypothesis_settings = hypothesis_settings
        self._phases = set(hypothesis_settings.phases)
        self._kept = KeptCounterexamples(hypothesis_settings.database, probe)
        target = probe.target or default_target(probe.item, avoid=probe.before.letter)
        self._material = Material.of(
            probe.item, probe.evidence, target=target, passages=probe.passages, whole=True
        )
        self._answers: dict[str, Observed] = {}
        self._tally = Tally(followed=0 if probe.relation.instructs else None)
        self._lack: str | None = None
        self._failing: Trial | None = None
        self._calls = 0
        self._left = budget.shrink_calls
        """How many variants may be asked beside those drawn."""
        self._cut_short = False
        self._shrunk = False
        self._stop: SafescaleError | None = None

    async def run(self, drawn: Sequence[Variant]) -> None:
        """Ask what is drawn, and minimise what fails."""
        if self._lack is not None:
            return
        self._failing = await self._ask_all(drawn) or await self._ask_kept()
        if Phase.generate in self._phases and not drawn:
            self._lack = "no edit of the family changes anything"
        elif not self._calls:
            self._lack = "the hypothesis settings leave out the phase that draws variants"
        if self._failing is None:
            return
        if Phase.shrink in self._phases:
            self._failing = await self._minimised(self._failing)
            self._shrunk = not self._cut_short
        self._kept.replace(self._failing.variant.edits)

    def drawn(self, seed: int) -> list[Variant]:
        """Return the variants that are drawn; none where there is nothing to search."""
        strategy = self._strategy()
        if strategy is None or Phase.generate not in self._phases:
            return []
        return draw_variants(
            strategy,
            self._material.variant,
            wanted=self._budget.variants or self._hypothesis_settings.max_examples,
            number=seed_of(seed, self._probe),
            hypothesis_settings=self._hypothesis_settings,
        )

    def _strategy(self) -> SearchStrategy[Edits] | None:
        """Return what variants are drawn from; ``None`` where there is nothing to search."""
        probe = self._probe
        if probe.before.error is not None:
            self._lack = f"no original answer: {probe.before.error}"
            return None
        self._lack = probe.relation.unsuited(probe.item, probe.before, self._material.target)
        if self._lack is not None:
            return None
        strategy = probe.relation.family.on(self._material)
        if isinstance(strategy, NotApplicable):
            self._lack = strategy.reason
            return None
        return strategy

    async def _ask_all(self, drawn: Sequence[Variant]) -> Trial | None:
        """Ask the examples and what was drawn, batch by batch; return the smallest that fails."""
        examples = self._probe.examples if Phase.explicit in self._phases else ()
        trials = await self._ask([self._material.variant(edits) for edits in examples])
        for start in range(0, len(drawn), self._budget.batch):
            if self._budget.stop_at_failure and any(map(self._breaks, trials)):
                break
            batch = await self._ask(drawn[start : start + self._budget.batch])
            for trial in batch:
                if trial.variant.edits not in self._probe.examples:
                    self._tally += Tally.of(trial, self._probe.relation)
            trials += batch
        return _smallest(filter(self._breaks, trials))

    async def _ask_kept(self) -> Trial | None:
        """Ask the counterexample of an earlier run; return it where it fails.

        It comes last, and only where nothing that was drawn fails: all variants are answered for
        the rates anyway, and what is reported stays settled by seed and answers.
        """
        kept = self._kept.edits() if Phase.reuse in self._phases else []
        variants = [one for one in map(self._applied, kept) if one is not None]
        broken = await self._ask_round(variants)
        failing = [one for one, breaking in zip(variants, broken, strict=True) if breaking]
        return _smallest(map(self._known, failing))

    def _applied(self, edits: Edits) -> Variant | None:
        try:
            return self._material.variant(edits)
        except EditError:  # the condition shows another text by now
            return None

    async def _minimised(self, failing: Trial) -> Trial:
        """Return what fails with as little as it takes: fewer edits, then fewer pieces of each."""
        edits = failing.variant.edits
        for parts_of in (_by_edit, _by_piece):
            edits = await self._with_fewer(parts_of(edits), edits)
        return self._known(self._material.variant(edits))

    async def _with_fewer(self, parts: Sequence[Sequence[_Piece]], edits: Edits) -> Edits:
        def put_together(selection: Parts) -> Edits:
            return _of_pieces(edits, [piece for part in selection for piece in parts[part]])

        async def breaks(selections: Sequence[Parts]) -> list[bool]:
            return await self._ask_round(
                [self._material.variant(put_together(selection)) for selection in selections]
            )

        kept = await minimise(len(parts), breaks, left=lambda: self._left)
        return put_together(kept)

    async def _ask_round(self, variants: Sequence[Variant]) -> list[bool]:
        """Say which variants break the relation; none that is neither known nor affordable does."""
        new = {one.key: one for one in variants if one.changed and one.key not in self._answers}
        asked = list(new.values())[: self._left]
        self._cut_short |= len(asked) < len(new)
        self._left -= len(asked)
        try:
            for start in range(0, len(asked), self._budget.batch):
                await self._ask(asked[start : start + self._budget.batch])
        except SafescaleError as error:
            self._stop, self._left, self._cut_short = error, 0, True
        return [one.key in self._answers and self._breaks(self._known(one)) for one in variants]

    async def _ask(self, variants: Sequence[Variant]) -> list[Trial]:
        if not variants:
            return []
        answers = await self._answer(variants)
        for variant, answer in zip(variants, answers, strict=True):
            self._answers[variant.key] = answer
        self._calls += len(variants)
        return [self._known(variant) for variant in variants]

    def _known(self, variant: Variant) -> Trial:
        return Trial(
            item=self._probe.item,
            variant=variant,
            target=self._material.target,
            before=self._probe.before,
            after=self._answers[variant.key],
        )

    def _breaks(self, trial: Trial) -> bool:
        return trial.after.error is None and self._probe.relation.broken(trial) is not None

    def report(self) -> SearchReport:
        """Return what came of it."""
        probe = self._probe
        return SearchReport(
            relation=probe.relation.name,
            family=probe.relation.family.name,
            item_id=probe.item.id,
            condition=probe.condition,
            scope=probe.scope,
            lack=self._lack,
            tally=self._tally,
            counterexample=self._counterexample(),
            calls=self._calls,
            stopped_by=None if self._stop is None else str(self._stop),
        )

    def _counterexample(self) -> Counterexample | None:
        trial, probe = self._failing, self._probe
        if trial is None:
            return None
        return Counterexample(
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


def _smallest(trials: Iterable[Trial]) -> Trial | None:
    """Return the trial with the fewest edits and pieces of them, the first of several."""
    return min(trials, key=lambda trial: _size(trial.variant.edits), default=None)


def _size(edits: Edits) -> tuple[int, int]:
    return len(edits), sum(edit.pieces for edit in edits)


_Piece = tuple[int, int]
"""The number of an edit, and of a piece of it."""


def _by_edit(edits: Edits) -> list[list[_Piece]]:
    """Return the pieces of the edits, those of one edit together."""
    return [[(at, piece) for piece in range(edit.pieces)] for at, edit in enumerate(edits)]


def _by_piece(edits: Edits) -> list[list[_Piece]]:
    """Return the pieces of the edits, one by one."""
    return [[piece] for pieces in _by_edit(edits) for piece in pieces]


def _of_pieces(edits: Edits, pieces: Sequence[_Piece]) -> Edits:
    """Return the edits with these pieces alone; an edit without any is left out."""
    kept = [[piece for of, piece in pieces if of == at] for at in range(len(edits))]
    return tuple(edit.only(some) for edit, some in zip(edits, kept, strict=True) if some)
