"""Several samples are asked for in one request, as far as the endpoint gives them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import ANY_BATCH, BatchRefused, Reply, Request, TransientFailure
from tests.calls.callers import caller
from tests.calls.models import ScriptedModel, answers, failing, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.calls.store import Store


def _first(n: int) -> object:
    return lambda request: answers(request)[:n]


def _refuse_several(request: Request) -> list[Reply]:
    if len(request.samples) > 1:
        raise BatchRefused("n must be 1")
    return answers(request)


@pytest.mark.parametrize(
    ("behaviour", "calls_first", "calls_then", "batch"),
    [
        (answers, 1, 1, ANY_BATCH),
        # 3 of 8 come back: the 5 others are asked for in threes, then 8 more as 3 + 3 + 2.
        (_first(3), 1 + 2, 3, 3),
        (_refuse_several, 1 + 8, 8, 1),
    ],
    ids=["honours n", "returns fewer", "refuses n"],
)
def test_samples_are_asked_for_together_as_far_as_the_endpoint_gives_them(
    store: Store, behaviour: object, calls_first: int, calls_then: int, batch: int
) -> None:
    model = ScriptedModel(behaviour)  # type: ignore[arg-type]

    async def twice() -> list[int]:
        ask, made = caller(store), []
        for text in ("first", "then"):
            before = len(model.asked)
            answered = await ask.ask(model, request(text, samples=8, temperature=0.7))
            assert sorted(answered.replies) == list(range(8))
            made.append(len(model.asked) - before)
        return made

    assert asyncio.run(twice()) == [calls_first, calls_then]
    assert model.facts.batch == batch
    assert store.facts("openai:scripted@here")["batch"] == batch


def test_an_endpoint_that_no_longer_takes_n_is_asked_for_one_at_a_time(store: Store) -> None:
    model = ScriptedModel(_refuse_several)
    model.facts.batch = ANY_BATCH
    answered = asyncio.run(caller(store).ask(model, request(samples=3)))
    assert sorted(answered.replies) == [0, 1, 2]
    assert model.facts.batch == 1


def _fails_on_several(error: Exception) -> Callable[[Request], list[Reply]]:
    def step(request: Request) -> list[Reply]:
        if len(request.samples) > 1:
            raise error
        return answers(request)

    return step


@pytest.mark.parametrize("known", [None, ANY_BATCH], ids=["new", "took several before"])
@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (CallFailed("HTTP 400: no"), 1),
        # Asked again as often as any call, and once more after one sample came alone.
        (TransientFailure("HTTP 500: no"), 4 + 1),
        (TransientFailure("no answer in time"), 4 + 1),
    ],
    ids=["refused", "broken", "too slow"],
)
def test_a_call_for_several_that_fails_without_naming_them_is_tried_with_one(
    store: Store, error: Exception, tried: int, known: int | None
) -> None:
    model = ScriptedModel(_fails_on_several(error))
    model.facts.batch = known

    async def twice() -> None:
        ask = caller(store)
        for text in ("first", "then"):
            answered = await ask.ask(model, request(text, samples=5))
            assert sorted(answered.replies) == [0, 1, 2, 3, 4]

    asyncio.run(twice())
    sizes = [len(asked.samples) for asked in model.asked]
    assert sum(size > 1 for size in sizes) == tried
    assert sizes.count(1) == 10
    assert store.facts("openai:scripted@here")["batch"] == 1
    assert (store.spending.spent().calls, store.spending.spent().retries) == (len(sizes), tried)


def test_a_failure_that_passes_while_one_is_tried_teaches_nothing(store: Store) -> None:
    broken = failing(TransientFailure("HTTP 500: no"))
    model = ScriptedModel(*[broken] * 4, answers)
    answered = asyncio.run(caller(store).ask(model, request(samples=5)))
    assert sorted(answered.replies) == [0, 1, 2, 3, 4]
    assert [len(asked.samples) for asked in model.asked] == [5, 5, 5, 5, 1, 4]
    assert model.facts.batch == ANY_BATCH


@pytest.mark.parametrize("error", [CallFailed("HTTP 400: no"), TransientFailure("HTTP 500: no")])
def test_where_one_fails_too_the_first_failure_stands_and_nothing_is_learned(
    store: Store, error: Exception
) -> None:
    model = ScriptedModel(failing(error))
    with pytest.raises(CallFailed, match=str(error)):
        asyncio.run(caller(store).ask(model, request(samples=5)))
    assert [len(asked.samples) for asked in model.asked].count(1) == 1
    assert model.facts.batch is None


def test_the_refusal_of_n_is_met_once_however_many_ask_at_once(store: Store) -> None:
    model = ScriptedModel(_refuse_several, delay_s=0.01)

    async def many() -> None:
        ask = caller(store)
        await asyncio.gather(*(ask.ask(model, request(str(n), samples=2)) for n in range(6)))

    asyncio.run(many())
    assert [len(asked.samples) for asked in model.asked].count(2) == 1
