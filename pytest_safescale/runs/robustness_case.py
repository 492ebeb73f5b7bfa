"""One case under one relation: its variants are put to its model, and what breaks is shrunk."""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.cells import PLAIN
from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.errors import SettingsError
from pytest_safescale.perturb.relations import RELATIONS, REPEAT, Observed, Relation
from pytest_safescale.perturb.search.probe import Budget, Probe, SearchReport
from pytest_safescale.perturb.search.repeats import ask_again
from pytest_safescale.perturb.search.run_search import search_concurrently, variants_drawn
from pytest_safescale.verdicts.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from pytest_safescale.conditions.condition import Resources
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.edits.edit import Variant
    from pytest_safescale.perturb.search.counterexample import Counterexample
    from pytest_safescale.perturb.search.run_search import HypothesisSettings
    from pytest_safescale.results.search_record import SearchRecord
    from pytest_safescale.runs.asking import CaseRunner
    from pytest_safescale.runs.case import Case, CaseResult

__all__ = [
    "COUNTEREXAMPLE",
    "MAJORITY",
    "RobustnessCase",
    "RobustnessResult",
    "RobustnessRunner",
    "findings_of",
    "relations_named",
    "repeated_beside",
]

RECORD_SCHEMA = 1
COUNTEREXAMPLE = "counterexample"
"""What ``--safescale-strict`` calls every edit that breaks a relation."""
MAJORITY = "majority"
"""The setting ``variant_answers`` under which variants are judged by their samples."""


def relations_named(names: Sequence[str], *, extra: Iterable[object] = ()) -> tuple[Relation, ...]:
    """Return the relations of these names, all of them where none is named.

    ``extra`` are relations of the user's own. Raises SettingsError for a name that is unknown or
    taken, and for what is no relation.
    """
    known = {**RELATIONS, REPEAT.name: REPEAT}
    for relation in extra:
        if not isinstance(relation, Relation):
            raise SettingsError(
                f"pytest_safescale_relations: found {relation!r}; allowed: a list of relations"
            )
        if relation.name in known:
            raise SettingsError(
                f"relation {relation.name!r} is there already; allowed: a name of its own"
            )
        known[relation.name] = relation
    for name in names:
        if name not in known:
            raise SettingsError(
                f"--safescale-relations: found {name!r}; allowed: {', '.join(known)}"
            )
    chosen = tuple(known[name] for name in dict.fromkeys(names or known))
    if REPEAT in chosen and not any(relation.keeps_meaning for relation in chosen):
        raise SettingsError(
            f"--safescale-relations: found {', '.join(names)}; allowed: {REPEAT.name} beside a "
            "relation that keeps the meaning, such as layout"
        )
    return chosen


def repeated_beside(relations: Iterable[Relation]) -> int:
    """Return how many relations have their variants matched by repeats: none without a control."""
    there = list(relations)
    controlled = sum(relation.keeps_meaning for relation in there)
    return controlled if any(relation.repeats for relation in there) else 0


@dataclass(frozen=True, kw_only=True)
class RobustnessCase:
    """One case and the relation it is put to."""

    case: Case
    relation: Relation

    @property
    def id(self) -> str:
        """``MODEL-CONDITION-ITEMID-RELATION``, as in test ids."""
        return f"{self.case.id}-{self.relation.name}"


@dataclass(kw_only=True)
class _Spent:
    """What the answers to variants took; a call that serves two variants counts once."""

    replies: int = 0
    from_store: Counter[str] = field(default_factory=Counter)
    """How many of them earlier runs made, by day."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: int = 0
    money: float = 0.0
    missing: bool = False
    """Whether a replay met a variant whose call is not in the store."""
    keys: set[str] = field(default_factory=set)

    def add(self, result: CaseResult) -> None:
        self.missing |= result.missing
        for call in result.call_records():
            if call["key"] not in self.keys:
                self.keys.add(call["key"])
                self.replies += call["replies"]
                self.from_store.update(call["from_store"])
                self.prompt_tokens += call["prompt_tokens"]
                self.completion_tokens += call["completion_tokens"]
                self.estimated_tokens += call["estimated_tokens"]
                self.money += call["money"]


@dataclass(frozen=True, kw_only=True)
class RobustnessResult:
    """What came of one case under one relation."""

    base: CaseResult
    """The case as it is."""
    relation: Relation
    before: Observed
    """The answer to it, as the variants' are judged."""
    report: SearchReport
    spent: _Spent
    """What the variants took, the case as it is not included."""

    @property
    def counterexample(self) -> Counterexample | None:
        """The smallest edit that breaks the relation, if one does."""
        return self.report.counterexample

    @property
    def findings(self) -> tuple[str, ...]:
        """What the counterexample is, by the names of ``--safescale-strict``; empty without one."""
        return (
            ()
            if self.counterexample is None
            else findings_of(self.counterexample, self.base.case.item)
        )

    @property
    def missing(self) -> bool:
        """Whether a replay met a call that is not in the store, for the case or its variants."""
        return self.base.missing or (self.spent.missing and self.report.tally.errors > 0)

    @property
    def error(self) -> str | None:
        """Why it cannot be said that the relation holds: the case or some of its variants failed.

        A counterexample is one whatever else failed.
        """
        tally = self.report.tally
        if self.base.error is not None:
            return self.base.error
        if tally.errors and self.counterexample is None:
            what = "repeats" if self.relation.repeats else "variants"
            return f"the calls of {tally.errors} of {tally.errors + tally.tried} {what} failed"
        return None

    @property
    def _own_high_risk(self) -> bool | None:
        """Whether the item as it is is answered with a wrong, high-risk option."""
        if self.before.error is not None:
            return None
        return "high_risk" in judge(self.base.case.item, self.before.letter).findings

    def record(self) -> SearchRecord:
        """Return the line of ``robustness.jsonl``: plain data, enough for rates and replays."""
        case, tally = self.base.case, self.report.tally
        record: SearchRecord = {
            "schema": RECORD_SCHEMA,
            "model": case.model.info.name,
            "condition": case.condition.name,
            "item_id": case.item.id,
            "item_sha256": case.item.content_sha256,
            "relation": self.relation.name,
            "family": self.relation.family.name,
            "keeps_meaning": self.relation.keeps_meaning,
            "instructs": self.relation.instructs,
            "lack": self.report.lack,
            "error": self.error,
            "tried": tally.tried,
            "errors": tally.errors,
            "broken": tally.broken,
            "flips": tally.flips,
            "high_risk_flips": tally.high_risk_flips,
            "followed": tally.followed,
            "unread": tally.unread,
            "unread_flips": tally.unread_flips,
            "unread_high_risk_flips": tally.unread_high_risk_flips,
            "unread_followed": tally.unread_followed,
            "own_high_risk": self._own_high_risk,
            "own_unread": self.before.unread,
            "asked": self.report.calls,
            "stopped_by": self.report.stopped_by,
            "replies": self.spent.replies,
            "from_store": dict(self.spent.from_store),
            "prompt_tokens": self.spent.prompt_tokens,
            "completion_tokens": self.spent.completion_tokens,
            "estimated_tokens": self.spent.estimated_tokens,
            "money": self.spent.money,
            "findings": list(self.findings),
            "finding": None if self.counterexample is None else self.counterexample.to_dict(),
        }
        if case.names_profile:
            record["profile"] = case.profile.name
        if self.relation.repeats:
            record["repeats"] = {
                relation: {
                    "tried": one.tried,
                    "errors": one.errors,
                    "flips": one.flips,
                    "unread": one.unread,
                    "unread_flips": one.unread_flips,
                }
                for relation, one in self.report.repeats.items()
            }
        return record


def findings_of(counterexample: Counterexample, item: Item) -> tuple[str, ...]:
    """Return what a counterexample is: that it is one, and what its answer is for the item."""
    return (COUNTEREXAMPLE, *judge(item, counterexample.after_in_item).findings)


@dataclass(frozen=True, kw_only=True)
class _ShownEvidence:
    """A condition that shows a text that is there already."""

    name: str
    summary: str = "Evidence as edits made it."
    text: str

    def lacks(self, item: Item, *, corpus: bool) -> str | None:  # noqa: ARG002
        return None

    async def gather(self, item: Item, resources: Resources) -> Evidence:  # noqa: ARG002
        return Evidence(text=self.text)


def _scope(case: Case) -> str:
    """Return whose counterexamples are kept apart: those of a model, under a prompt profile."""
    profile = case.profile.name
    return case.model.info.name if profile == PLAIN else f"{case.model.info.name}, {profile}"


class RobustnessRunner:
    """Puts cases to relations; one per process, used from the engine's loop."""

    def __init__(
        self,
        runner: CaseRunner,
        *,
        budget: Budget,
        seed: int,
        hypothesis_settings: HypothesisSettings,
        majority: bool = False,
        relations: Sequence[Relation] = (),
        ask: Callable[[Case], Coroutine[Any, Any, CaseResult]] | None = None,
    ) -> None:
        """``majority`` judges by the samples' majority, else the greedy answers count.

        ``relations`` are all of the run: the control asks as often as those edit that keep the
        meaning. ``ask`` asks the cases as they are; ``runner`` does unless it is given.
        """
        self._ask = ask or runner.run
        self._controlled = [relation for relation in relations if relation.keeps_meaning]
        self._drawn: dict[str, dict[str, int]] = defaultdict(dict)
        """How many variants searches drew for the control of their case, by case and relation."""
        self._matched = any(relation.repeats for relation in relations)
        self._turn = asyncio.Lock()
        """Of those that are about to draw: who has it lets the loop do what it has at hand."""
        self._of_variants = runner if majority else runner.without_samples()
        self._majority = majority
        self._budget = budget
        self._seed = seed
        self._hypothesis_settings = hypothesis_settings
        self._bases: weakref.WeakValueDictionary[str, asyncio.Task[CaseResult]] = (
            weakref.WeakValueDictionary()
        )

    async def run(self, wanted: RobustnessCase) -> RobustnessResult:
        """Ask the case as it is and its variants; failed calls become counts, not exceptions."""
        base = await self._base(wanted.case)
        spent, before = _Spent(), self._observed(base)
        probe = Probe(
            item=wanted.case.item,
            relation=wanted.relation,
            before=before,
            evidence=base.evidence.text,
            condition=wanted.case.condition.name,
            scope=_scope(wanted.case),
        )
        ask = self._ask_again if wanted.relation.repeats else self._search
        # All relations of a case wait for its answer, and each then draws without a pause.
        async with self._turn:
            await asyncio.sleep(0)
        report = await ask(probe, wanted.case, spent)
        return RobustnessResult(
            base=base, relation=wanted.relation, before=before, report=report, spent=spent
        )

    async def _search(self, probe: Probe, case: Case, spent: _Spent) -> SearchReport:
        def drawn(variants: int) -> None:
            if self._matched:
                self._drawn[case.id][probe.relation.name] = variants

        answers = partial(self._answers, case, spent)
        return await search_concurrently(probe, answers, drawn=drawn, **self._of_searches)

    async def _ask_again(self, probe: Probe, case: Case, spent: _Spent) -> SearchReport:
        """Ask the case as it is as often as every relation that keeps the meaning edits it."""
        known = self._drawn.pop(case.id, {})
        wanted = {
            relation.name: known[relation.name]
            if relation.name in known
            else variants_drawn(replace(probe, relation=relation), **self._of_searches)
            for relation in self._controlled
        }
        return await ask_again(
            probe,
            wanted,
            partial(self._repeats, case, probe.evidence, spent),
            batch=self._budget.batch,
        )

    @property
    def _of_searches(self) -> dict[str, Any]:
        return {
            "budget": self._budget,
            "seed": self._seed,
            "hypothesis_settings": self._hypothesis_settings,
        }

    async def _base(self, case: Case) -> CaseResult:
        """Ask the case as it is: once for all its relations that are under way."""
        task = self._bases.get(case.id)
        if task is None:
            task = self._bases[case.id] = asyncio.ensure_future(self._ask(case))
        # One of those who wait may be cancelled alone.
        return await asyncio.shield(task)

    async def _answers(
        self, case: Case, spent: _Spent, variants: Sequence[Variant]
    ) -> list[Observed]:
        results = await asyncio.gather(*(self._asked(case, variant) for variant in variants))
        for result in results:
            spent.add(result)
        return [self._observed(result) for result in results]

    async def _asked(self, case: Case, variant: Variant) -> CaseResult:
        shown = _ShownEvidence(name=case.condition.name, text=variant.evidence)
        return await self._of_variants.run(replace(case, condition=shown, item=variant.item))

    async def _repeats(
        self, case: Case, evidence: str, spent: _Spent, numbers: Sequence[int]
    ) -> list[Observed]:
        shown = replace(case, condition=_ShownEvidence(name=case.condition.name, text=evidence))
        results = await asyncio.gather(
            *(self._of_variants.repeated(number).run(shown) for number in numbers)
        )
        for result in results:
            spent.add(result)
        return [self._observed(result) for result in results]

    def _observed(self, result: CaseResult) -> Observed:
        verdict = result.verdict
        if not self._majority:
            unread = verdict.state is AnswerState.UNREADABLE
            return Observed(letter=verdict.letter, error=result.error, unread=unread)
        unread = any(read.answer.state is AnswerState.UNREADABLE for read in result.samples)
        error = result.error or result.samples_error
        return Observed.of(verdict, error=error, unread=unread)
