"""A run, free of pytest: settings become models, conditions, cases, and an engine to ask them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.analysis.metrics import ENSEMBLE
from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.engine import Engine
from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.traces import call_traces
from pytest_safescale.cells import PLAIN, cell_condition
from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.catalogue import SIX, conditions_named, known_conditions
from pytest_safescale.conditions.profiles import BUILT_IN, ProfileTexts, profiles_named
from pytest_safescale.conditions.prompt import PromptTemplate, default_prompt
from pytest_safescale.conditions.repaired import Rankers, RepairedCondition
from pytest_safescale.errors import SettingsError
from pytest_safescale.layers.layered_model import LAYERED
from pytest_safescale.models.build import build_embedder, build_reader
from pytest_safescale.retrieval.retriever import Retriever
from pytest_safescale.runs.asking import CaseRunner
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.case import Decoding
from pytest_safescale.runs.case_list import (
    cases_of,
    cases_of_shard,
    check_letters,
    chosen_items,
    narrowed_by,
    opened,
)
from pytest_safescale.runs.data_of_run import data_of_run
from pytest_safescale.runs.layer_profiles import profiles_for_layers
from pytest_safescale.runs.look_ahead import Share, look_ahead
from pytest_safescale.runs.models_of_run import build_models, check_ensembles
from pytest_safescale.runs.second_reader import SecondReader
from pytest_safescale.settings.shards import parse_shard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.analysis.custom_metrics import CaseMetric
    from pytest_safescale.calls.wait_reasons import Waits
    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.dataset.item import Dataset, Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.runs.case import Case
    from pytest_safescale.settings.schema import Settings
    from pytest_safescale.settings.shards import Shard

__all__ = [
    "Run",
    "case_runner",
    "check_budget",
    "prepare_run",
    "start_engine",
]


T = TypeVar("T")
LOOP_LOCK_S = 0.2
"""How long the loop that asks may be kept from its replies by another process's lock."""
CLOSE_S = 1.0
"""How long connections may take to close."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything a run consists of, validated before the first call."""

    settings: Settings
    dataset: Dataset
    """The items of the whole run, all shards together: all, or the first ``limit``."""
    models: tuple[Model, ...]
    conditions: tuple[Condition, ...]
    known_conditions: tuple[str, ...]
    """Names of every condition it might have had: the built-in ones and the user's own."""
    cases: tuple[Case, ...]
    """Model by model, condition by condition, profile by profile, item by item; of a shard, its
    own."""
    profiles: tuple[PromptProfile, ...]
    """How the cases are asked: the plain profile alone unless others are named."""
    known_profiles: tuple[str, ...]
    """Names of every profile it might have had."""
    excluded: Mapping[tuple[str, str], int]
    """How many items a condition could not be put to, by (condition, reason)."""
    prompt: PromptTemplate
    decoding: Decoding
    retriever: Retriever | None
    """What searches the corpus; ``None`` where there is none."""
    beside: tuple[Model, ...] = ()
    """Models that are asked and not under test: bases of models with layers, and whom these ask."""
    layer_profiles: Mapping[str, PromptProfile]
    """The prompt profiles that layers may ask with, by name."""
    metrics: tuple[CaseMetric, ...] = ()
    """The user's own, beside the built-in ones."""
    reader: Model | None = None
    """The second model, which reads what the rules cannot."""
    shard: Shard | None = None
    """Which part of the run this is; ``None`` for the whole."""
    narrowed: str = ""
    """Which items alone are asked about, and by which options; empty for all of the data."""
    listed: tuple[Item, ...] = ()
    """The items in their order, the sealed ones too where they are left out."""

    @property
    def names_profiles(self) -> bool:
        """Whether ids, records and figures tell the profile: not for the plain one alone."""
        return [profile.name for profile in self.profiles] != [PLAIN]

    @property
    def cell_conditions(self) -> list[str]:
        """The conditions with each profile, as names of cells (``cells.py``)."""
        return [
            cell_condition(condition.name, profile.name)
            for condition in self.conditions
            for profile in self.profiles
        ]

    @property
    def paid(self) -> list[str]:
        """The models whose calls may cost money; one with layers makes none of its own."""
        asked = (model.info for model in (*self.models, *self.beside))
        return [
            info.name for info in asked if not info.answers_by_itself and info.provider != LAYERED
        ]

    @property
    def asked(self) -> list[Model]:
        """Every model that is asked, whatever for, but the embedder."""
        return [*self.models, *self.beside, *([self.reader] if self.reader is not None else [])]

    @property
    def embedder(self) -> Model | None:
        """The model of dense retrieval, where it is dense."""
        return self.retriever.embedder if self.retriever is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """The models and, as ``ensemble:NAME``, the ensembles."""
        votes = (f"{ENSEMBLE}{name}" for name in self.ensembles)
        return (*(model.info.name for model in self.models), *votes)

    @property
    def ensembles(self) -> dict[str, tuple[str, ...]]:
        """The models that vote together, by the ensemble's name."""
        return {ensemble.name: ensemble.models for ensemble in self.settings.ensembles}


def prepare_run(
    settings: Settings,
    *,
    root: Path,
    make_model: Callable[[str], Model | None] = lambda _: None,
    extra_conditions: Sequence[Condition] = (),
    metrics: Sequence[CaseMetric] = (),
) -> Run:
    """Load and check everything a run needs; raises UsageError, makes no call.

    ``root`` is where ``python:`` models are imported from. ``make_model`` may build a model for a
    specification of its own and returns ``None`` for every other.
    """
    if not settings.model:
        raise SettingsError(
            "no model to test: give --safescale-model SPEC, for example --safescale-model lexical"
        )
    built = build_models(settings.model, settings, root=root, make_model=make_model)
    models = built.tested
    check_ensembles(settings, [model.info.name for model in models])
    repairs = settings.corpus_repair is not None
    named = conditions_named(
        settings.conditions or SIX, extra=extra_conditions, with_repaired=repairs
    )
    _check_repaired(settings, named)
    dataset = data_of_run(settings, root)
    conditions = tuple(_configured(condition, settings, dataset) for condition in named)
    items = chosen_items(dataset.items[: settings.limit], settings.item)
    narrowed = narrowed_by(settings, items, dataset.items)
    dataset = replace(dataset, items=opened(items, settings, dataset.name))
    prompt = _prompt(settings, dataset.subject)
    own_texts = {
        name: ProfileTexts(**table.model_dump()) for name, table in settings.prompts.items()
    }
    profiles = profiles_named(
        settings.profiles, plain=prompt, subject=dataset.subject, own=own_texts
    )
    check_letters(profiles, dataset)
    layer_profiles = profiles_for_layers(
        models, plain=prompt, subject=dataset.subject, own=own_texts
    )
    cases, excluded = cases_of(models, conditions, profiles, dataset)
    shard = parse_shard(settings.shard) if settings.shard else None
    if shard is not None:
        cases = cases_of_shard(cases, shard, models, by=settings.shard_by)
    decoding = Decoding(samples=settings.samples, adaptive=settings.adaptive, seed=settings.seed)
    _check_retries((*models, *built.beside), decoding)
    return Run(
        settings=settings,
        dataset=dataset,
        models=models,
        beside=built.beside,
        conditions=conditions,
        known_conditions=tuple(known_conditions(extra_conditions, with_repaired=repairs)),
        cases=cases,
        profiles=profiles,
        layer_profiles=layer_profiles,
        known_profiles=(*BUILT_IN, *own_texts),
        excluded=excluded,
        prompt=prompt,
        decoding=decoding,
        retriever=_retriever(settings, dataset, root),
        metrics=tuple(metrics),
        reader=build_reader(settings, root=root, make_model=make_model),
        shard=shard,
        narrowed=narrowed,
        listed=items,
    )


def _configured(condition: Condition, settings: Settings, dataset: Dataset) -> Condition:
    """Return a condition as the settings want it."""
    if isinstance(condition, RepairedCondition):
        return replace(condition, base=_configured(condition.base, settings, dataset))
    if isinstance(condition, AgenticRag):
        return replace(condition, searches=settings.agent_steps, subject=dataset.subject)
    return condition


def _check_repaired(settings: Settings, conditions: Sequence[Condition]) -> None:
    """Refuse a plan of repairs that no condition would read."""
    if settings.corpus_repair is None:
        return
    if not any(isinstance(condition, RepairedCondition) for condition in conditions):
        names = ", ".join(condition.name for condition in conditions)
        raise SettingsError(
            f"--safescale-corpus-repair: found {settings.corpus_repair!r}, and none of the "
            f"conditions retrieves ({names}); allowed: beside one that does, such as standard_rag"
        )


def _retriever(settings: Settings, dataset: Dataset, root: Path) -> Retriever | None:
    """Return what searches the data set's corpus; ``None`` where it has none."""
    if not dataset.corpus:
        return None
    embedder = build_embedder(settings, root=root)
    repair = dataset.repair
    return Retriever(
        passages=tuple(dataset.corpus),
        embedder=embedder,
        repaired=None if repair is None else repair.passages,
    )


def _check_retries(models: Sequence[Model], decoding: Decoding) -> None:
    for model in models:
        retry, first = model.info.max_tokens_retry, decoding.tokens_for(model)
        if retry is not None and retry <= first:
            raise SettingsError(
                f"models.{model.info.name}.max_tokens_retry: found {retry}; "
                f"allowed: more than the {first} tokens of the first try"
            )


def check_budget(run: Run) -> None:
    """Refuse a limit of cost that would limit nothing; raises SettingsError."""
    infos = (model.info for model in (*run.asked, run.embedder) if model is not None)
    priced = any(info.price_in or info.price_out for info in infos)
    if run.settings.max_cost is not None and run.paid and not priced:
        raise SettingsError(
            f"--safescale-max-cost: found {run.settings.max_cost:g}, and no price of "
            f"{', '.join(run.paid)}; allowed: price_in or price_out in a model's table beside it, "
            "or --safescale-max-calls"
        )


def _prompt(settings: Settings, subject: str) -> PromptTemplate:
    given = settings.prompt.model_dump(exclude_none=True)
    return replace(default_prompt(subject), **given)


def start_engine(
    run: Run,
    order: Sequence[int],
    *,
    run_id: str,
    started: float,
    share: Share | None = None,
    job: Callable[[CaseRunner, int], Awaitable[T]],
    waits: Waits | None = None,
) -> Engine[T]:
    """Open the store and start to work through ``order``, numbers that ``job`` knows.

    ``job`` puts one of them to its model through the runner it is given. ``share`` is what this
    process takes of them, and of the requests in flight; all unless given. ``started`` is when the
    run began, in seconds since 1970. ``waits`` is told what calls wait for.
    """
    settings = run.settings
    # Ranks below the remainder take one request more, so that the shares sum to the whole.
    share = share or Share()
    at_once, more = divmod(settings.concurrency, share.workers)
    at_once += share.worker < more
    store = Store(
        settings.store,
        run=run_id,
        read_only=settings.replay,
        lock_s=LOOP_LOCK_S,
        not_before=settings.stored_before_which(started),
    )
    limits = call_limits(
        settings,
        in_flight=max(1, at_once),
        heed_halt=settings.stop_when_decided,
        workers=share.workers,
        batch=settings.batch,
    )
    traces = call_traces() if settings.otel else None
    caller = Caller(store, limits, waits, traces)
    runner = case_runner(run, caller)

    async def close_store() -> str:
        return caller.close()

    async def close_connections() -> str:
        embedders = [run.embedder] if run.embedder is not None else []
        closing = [asyncio.ensure_future(m.aclose()) for m in (*run.asked, *embedders)]
        await asyncio.wait(closing, timeout=CLOSE_S)
        return ""

    async def send_spans() -> str:
        if traces is not None:
            traces.flush()
        return ""

    ahead = look_ahead(
        settings,
        order,
        cases=len(run.cases),
        share=share,
        in_flight=at_once,
    )
    engine = Engine(
        lambda number: job(runner, number),
        **vars(ahead),
        beat=caller.keeper.beat,
        on_close=(close_store, close_connections, send_spans),
    )
    engine.start()
    return engine


def case_runner(run: Run, caller: Caller) -> CaseRunner:
    """Return what puts the cases of a run to their models, with what is known of their endpoints.

    Raises StoreError where the store cannot be read.
    """
    for model in run.asked:
        model.facts.update(caller.store.facts(endpoint_of(model)))
    return CaseRunner(
        caller=caller,
        decoding=run.decoding,
        rankers=_rankers(run.retriever, caller),
        second=SecondReader.of(run.reader, caller, run.cases, run.decoding),
        layer_profiles=run.layer_profiles,
    )


def _rankers(retriever: Retriever | None, caller: Caller) -> Rankers:
    """Return rankers whose embeddings are asked for as every answer is: once, and kept."""
    if retriever is None:
        return Rankers()
    embedder = retriever.embedder
    if embedder is None:
        return Rankers(*retriever.rankers())
    # Here and not in the loop's thread: pytest may parse what is imported.
    from pytest_safescale.models.openai.embedding import embedding_request, read_vectors

    async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        answered = await caller.ask(embedder, embedding_request(texts))
        return read_vectors(answered.replies[0], len(texts))

    return Rankers(*retriever.rankers(embed))
