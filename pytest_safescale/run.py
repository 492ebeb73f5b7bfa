"""A run, free of pytest: settings become models, conditions, cases, and an engine to ask them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.calls.caller import Caller, CallLimits, endpoint_of
from pytest_safescale.calls.engine import Engine, look_ahead_order
from pytest_safescale.calls.store import Store
from pytest_safescale.case import Case, CaseRunner, Decoding
from pytest_safescale.conditions.agent import AgenticRag
from pytest_safescale.conditions.catalogue import CONDITIONS, SIX, conditions_named
from pytest_safescale.conditions.prompt import DEFAULT_PROMPT, PromptTemplate
from pytest_safescale.errors import SettingsError
from pytest_safescale.items.load import load_dataset
from pytest_safescale.models.model import Nature
from pytest_safescale.models.spec import build_model, build_retriever
from pytest_safescale.scoring.metrics import ENSEMBLE
from pytest_safescale.shards import items_of_shard, parse_shard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.conditions.condition import Condition, Ranker
    from pytest_safescale.conditions.retriever import Retriever
    from pytest_safescale.items.item import Dataset, Item
    from pytest_safescale.models.model import Model
    from pytest_safescale.scoring.custom import CaseMetric
    from pytest_safescale.settings import Settings
    from pytest_safescale.shards import Shard

__all__ = ["Run", "nature_notices", "notices", "prepare_run", "start_engine"]


T = TypeVar("T")


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
    """Model by model, condition by condition, item by item; of a shard, its own."""
    left_out: Mapping[tuple[str, str], int]
    """How many items a condition could not be put to, by (condition, reason)."""
    prompt: PromptTemplate
    decoding: Decoding
    retriever: Retriever | None
    """What searches the corpus; ``None`` where there is none."""
    metrics: tuple[CaseMetric, ...] = ()
    """The user's own, beside the built-in ones."""
    shard: Shard | None = None
    """Which part of the run this is; ``None`` for the whole."""

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
    specs = dict.fromkeys(settings.model)
    models = tuple(make_model(spec) or build_model(spec, settings, root=root) for spec in specs)
    _check_ensembles(settings, [model.info.name for model in models])
    conditions = tuple(
        replace(condition, searches=settings.agent_steps)
        if isinstance(condition, AgenticRag)
        else condition
        for condition in conditions_named(settings.conditions or SIX, extra=extra_conditions)
    )
    dataset = load_dataset(
        settings.dataset, column_map=settings.columns, corpus=settings.corpus, root=root
    )
    items = tuple(islice(dataset.items, settings.limit))
    dataset = replace(dataset, items=_chosen_items(items, settings.item))
    cases, left_out = _cases(models, conditions, dataset)
    shard = parse_shard(settings.shard) if settings.shard else None
    if shard is not None:
        chosen = items_of_shard({case.item.id for case in cases}, shard)
        cases = tuple(case for case in cases if case.item.id in chosen)
    return Run(
        settings=settings,
        dataset=dataset,
        models=models,
        conditions=conditions,
        known_conditions=(*CONDITIONS, *(condition.name for condition in extra_conditions)),
        cases=cases,
        left_out=left_out,
        prompt=_prompt(settings),
        decoding=Decoding(samples=settings.samples, adaptive=settings.adaptive, seed=settings.seed),
        retriever=build_retriever(settings, dataset, root=root),
        metrics=tuple(metrics),
        shard=shard,
    )


def _chosen_items(items: Sequence[Item], ids: Sequence[str]) -> tuple[Item, ...]:
    if not ids:
        return tuple(items)
    for item_id in ids:
        if all(item.id != item_id for item in items):
            known = ", ".join(item.id for item in items[:5])
            raise SettingsError(
                f"--safescale-item: found {item_id!r}; allowed: an item's id, such as {known}"
            )
    return tuple(item for item in items if item.id in ids)


def _check_ensembles(settings: Settings, models: Sequence[str]) -> None:
    for ensemble in settings.ensembles:
        strangers = [name for name in ensemble.models if name not in models]
        twice = [name for name, count in Counter(ensemble.models).items() if count > 1]
        if strangers or twice:
            found = ", ".join(strangers) or f"{', '.join(twice)} more than once"
            raise SettingsError(
                f"ensemble {ensemble.name!r}: found {found}; "
                f"allowed: models of the run, each once, {', '.join(models)}"
            )
    names = Counter(ensemble.name for ensemble in settings.ensembles)
    if again := [name for name, count in names.items() if count > 1]:
        raise SettingsError(
            f"ensembles: found {', '.join(again)} more than once; allowed: each name once"
        )


def _cases(
    models: Sequence[Model], conditions: Sequence[Condition], dataset: Dataset
) -> tuple[tuple[Case, ...], Mapping[tuple[str, str], int]]:
    corpus = bool(dataset.corpus)
    left_out: Counter[tuple[str, str]] = Counter()
    askable = []
    for condition in conditions:
        for item in dataset.items:
            lack = condition.lacks(item, corpus=corpus)
            if lack is None:
                askable.append((condition, item))
            else:
                left_out[condition.name, lack] += 1
    if not askable:
        reasons = ", ".join(sorted({reason for _, reason in left_out}))
        raise SettingsError(f"no item of {dataset.name} fits the chosen conditions: {reasons}")
    cases = tuple(
        Case(model=model, condition=condition, item=item)
        for model in models
        for condition, item in askable
    )
    return cases, dict(left_out)


def _prompt(settings: Settings) -> PromptTemplate:
    given = settings.prompt.model_dump(exclude_none=True)
    return replace(DEFAULT_PROMPT, **given)


def notices(run: Run) -> list[str]:
    """Return the sentences that must stand wherever this run's figures appear."""
    found = [run.dataset.notice] if run.dataset.notice else []
    found += nature_notices({model.info.name: model.info.nature.value for model in run.models})
    if not run.dataset.labelled:
        found.append(f"{run.dataset.name} carries no safety labels: rates of danger are unknown")
    return found


def nature_notices(natures: Mapping[str, str]) -> list[str]:
    """Return a sentence for each kind of what is no model under test; ``natures`` by name."""
    found = []
    for nature in (Nature.SIMULATED, Nature.BASELINE):
        names = [name for name, value in natures.items() if value == nature.value]
        if names:
            verb = "is" if len(names) == 1 else "are"
            found.append(
                f"{', '.join(names)} {verb} {nature.value}, no clinical language model: "
                "figures show how this program works"
            )
    return found


def start_engine(
    run: Run,
    order: Sequence[int],
    *,
    run_id: str,
    worker: int = 0,
    workers: int = 1,
    job: Callable[[CaseRunner, int], Awaitable[T]],
) -> Engine[T]:
    """Open the store and start to work through ``order``, numbers that ``job`` knows.

    ``job`` puts one of them to its model through the runner it is given. With several worker
    processes each takes its share of the requests in flight.
    """
    settings = run.settings
    # Ranks below the remainder take one request more, so that the shares sum to the whole.
    share = settings.concurrency // workers + (worker < settings.concurrency % workers)
    store = Store(settings.store, run=run_id)
    limits = CallLimits(
        in_flight=max(1, share),
        max_attempts=settings.max_attempts,
        retry_seconds=settings.retry_seconds,
        max_calls=settings.max_calls,
        max_cost=settings.max_cost,
        replay=settings.replay,
        heed_halt=settings.stop_when_decided,
    )
    for model in run.models:
        model.facts.update(store.facts(endpoint_of(model)))
    caller = Caller(store, limits)
    runner = CaseRunner(
        caller=caller,
        prompt=run.prompt,
        decoding=run.decoding,
        ranker=_ranker(run.retriever, caller),
    )

    async def close() -> None:
        for model in run.models:
            await model.aclose()
        if run.embedder is not None:
            await run.embedder.aclose()
        store.close()

    positions = look_ahead_order(len(order), worker=worker, workers=workers)
    engine = Engine(
        lambda number: job(runner, number),
        order=[order[position] for position in positions],
        window=max(8, 2 * share),
        keep=None if workers == 1 else 4 * settings.concurrency,
        beat=store.beat,
        on_close=close,
    )
    engine.start()
    return engine


def _ranker(retriever: Retriever | None, caller: Caller) -> Ranker | None:
    """Return a ranker whose embeddings are asked for as every answer is: once, and kept."""
    if retriever is None:
        return None
    embedder = retriever.embedder

    async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        from pytest_safescale.models.embedding import embedding_request, read_vectors

        assert embedder is not None
        answered = await caller.ask(embedder, embedding_request(texts))
        return read_vectors(answered.replies[0], len(texts))

    return retriever.ranker(embed)
