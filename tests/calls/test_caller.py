"""A call is made once, retried within its budget, and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.caller import Caller, CallLimits
from pytest_safescale.calls.entries import call_key
from pytest_safescale.calls.store import Store
from pytest_safescale.errors import (
    BudgetSpent,
    CallFailed,
    EndpointRefused,
    GatesDecided,
    NotInStore,
)
from pytest_safescale.models.model import (
    ANY_BATCH,
    BatchRefused,
    Reply,
    Request,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)
from tests.calls.models import ScriptedModel, answers, failing, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = {"first_wait_s": 0.001, "max_attempts": 4}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def caller(store: Store, **limits: object) -> Caller:
    return Caller(store, CallLimits(**{**FAST, **limits}))  # type: ignore[arg-type]


def test_what_the_store_holds_is_not_asked_again(store: Store) -> None:
    model = ScriptedModel()

    async def twice() -> list[int]:
        ask = caller(store)
        return [(await ask.ask(model, request())).from_store for _ in range(2)]

    assert asyncio.run(twice()) == [0, 1]
    assert len(model.asked) == 1


def test_one_call_wanted_twice_at_once_is_made_once(store: Store) -> None:
    model = ScriptedModel(delay_s=0.02)

    async def both() -> None:
        ask = caller(store)
        await asyncio.gather(*(ask.ask(model, request()) for _ in range(5)))

    asyncio.run(both())
    assert len(model.asked) == 1


def test_two_processes_wait_for_each_other(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=0.1)
    stores = [Store(tmp_path / "store.sqlite") for _ in range(2)]

    async def both() -> list[int]:
        asked = (caller(store).ask(model, request()) for store in stores)
        return [answered.from_store for answered in await asyncio.gather(*asked)]

    assert sorted(asyncio.run(both())) == [0, 1]
    assert len(model.asked) == 1
    for store in stores:
        store.close()


def test_no_more_requests_are_in_flight_than_allowed(store: Store) -> None:
    model = ScriptedModel(delay_s=0.005)

    async def many() -> None:
        ask = caller(store, in_flight=3)
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(12)))

    asyncio.run(many())
    assert model.most_at_once == 3


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


def test_the_refusal_of_n_is_met_once_however_many_ask_at_once(store: Store) -> None:
    model = ScriptedModel(_refuse_several, delay_s=0.01)

    async def many() -> None:
        ask = caller(store)
        await asyncio.gather(*(ask.ask(model, request(str(n), samples=2)) for n in range(6)))

    asyncio.run(many())
    assert [len(asked.samples) for asked in model.asked].count(2) == 1


def test_a_passing_failure_is_retried_and_counted(store: Store) -> None:
    model = ScriptedModel(failing(TransientFailure("503")), failing(TransientFailure("")), answers)
    answered = asyncio.run(caller(store).ask(model, request()))
    assert answered.replies[0].text == "B"
    assert (store.spent().calls, store.spent().retries) == (3, 2)


def test_a_lasting_failure_is_told_with_its_reason_and_leaves_no_claim(store: Store) -> None:
    model = ScriptedModel(failing(TransientFailure("503 from here")))
    with pytest.raises(CallFailed, match=r"503 from here \(4 attempts\)"):
        asyncio.run(caller(store).ask(model, request()))
    other = Store(store.path)
    (claim,) = other.claim([(call_key(model.info, request()), [0])])
    assert claim.elsewhere == ()
    other.close()


def test_what_failed_for_good_is_not_tried_again_in_the_same_run(tmp_path: Path) -> None:
    model = ScriptedModel(failing(TransientFailure("503")))
    for run, asked in (("one", 4), ("one", 4), ("two", 8)):
        opened = Store(tmp_path / "store.sqlite", run=run)
        with pytest.raises(CallFailed, match=r"503 \(4 attempts\)"):
            asyncio.run(caller(opened).ask(model, request()))
        opened.close()
        assert len(model.asked) == asked


def test_the_wait_the_server_asks_for_is_kept_by_every_call(store: Store) -> None:
    times: list[float] = []

    def noted(request: Request) -> list[Reply]:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise TransientFailure("429", retry_after_s=0.3)
        return answers(request)

    async def both() -> None:
        ask = caller(store)
        await asyncio.gather(
            ask.ask(ScriptedModel(noted), request("a")), _later(ask, ScriptedModel(noted))
        )

    async def _later(ask: Caller, model: ScriptedModel) -> None:
        await asyncio.sleep(0.05)
        await ask.ask(model, request("b"))

    asyncio.run(both())
    assert min(times[1:]) - times[0] >= 0.29


def test_a_reply_that_is_incomplete_is_asked_for_again(store: Store) -> None:
    cut = lambda _: [Reply(text="The", finish_reason="length")]  # noqa: E731
    model = ScriptedModel(cut, answers)
    incomplete = lambda reply: "cut off" if reply.finish_reason == "length" else None  # noqa: E731
    answered = asyncio.run(caller(store).ask(model, request(), incomplete=incomplete))
    assert answered.replies[0].text == "B"


def test_a_refused_key_stops_every_later_call(store: Store) -> None:
    model = ScriptedModel(failing(EndpointRefused("401")))

    async def two() -> None:
        ask = caller(store)
        for text in ("a", "b"):
            with pytest.raises(EndpointRefused, match="401"):
                await ask.ask(model, request(text))

    asyncio.run(two())
    assert len(model.asked) == 1


def test_an_endpoint_nobody_ever_reached_stops_the_run(store: Store) -> None:
    model = ScriptedModel(failing(Unreachable("no connection to here")))
    with pytest.raises(EndpointRefused, match="no connection to here"):
        asyncio.run(caller(store).ask(model, request()))


def test_an_endpoint_that_once_answered_only_fails_the_call(store: Store) -> None:
    model = ScriptedModel(answers, failing(Unreachable("gone")))

    async def two() -> None:
        ask = caller(store)
        await ask.ask(model, request("a"))
        await ask.ask(model, request("b"))

    with pytest.raises(CallFailed, match="gone") as caught:
        asyncio.run(two())
    assert not isinstance(caught.value, EndpointRefused)


def test_replay_makes_no_call(store: Store) -> None:
    model = ScriptedModel()
    with pytest.raises(NotInStore, match="not in the store"):
        asyncio.run(caller(store, replay=True).ask(model, request()))
    assert model.asked == []


@pytest.mark.parametrize(
    ("limits", "made"), [({"max_calls": 3}, 3), ({"max_cost": 20e-6}, 2)], ids=["calls", "cost"]
)
def test_a_budget_that_is_spent_ends_the_calls(
    store: Store, limits: dict[str, float], made: int
) -> None:
    # Each call takes 10 prompt tokens at 1 per million: two calls reach 20 millionths.
    model = ScriptedModel(price_in=1.0)

    async def many() -> None:
        ask = caller(store, **limits)
        for n in range(9):
            await ask.ask(model, request(str(n)))

    with pytest.raises(BudgetSpent, match="the run may go no further than"):
        asyncio.run(many())
    assert len(model.asked) == made


def test_a_run_that_is_halted_by_any_process_asks_nothing_more(store: Store) -> None:
    model, other = ScriptedModel(), Store(store.path, run=store.run)

    async def before_and_after() -> None:
        ask = caller(store, heed_halt=True)
        await ask.ask(model, request("before"))
        other.halt("every gate is decided")
        await ask.ask(model, request("before"))
        await ask.ask(model, request("after"))

    with pytest.raises(GatesDecided, match="every gate is decided"):
        asyncio.run(before_and_after())
    assert len(model.asked) == 1
    stranger = Store(store.path, run="another")
    assert stranger.halted() is None
    other.close()
    stranger.close()


def test_rate_limits_space_the_calls(store: Store) -> None:
    model = ScriptedModel(requests_per_minute=60 / 0.1)

    async def three() -> float:
        ask, loop = caller(store), asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(3)))
        return loop.time() - start

    assert asyncio.run(three()) >= 0.19


def test_tools_known_to_be_refused_are_not_offered_again(store: Store) -> None:
    model = ScriptedModel()
    model.facts.tools = False
    with pytest.raises(ToolsRefused):
        asyncio.run(caller(store, replay=True).ask(model, request(tools=({"type": "function"},))))
    assert model.asked == []


def test_what_was_spent_is_summed_in_tokens_and_money(store: Store) -> None:
    model = ScriptedModel(price_in=2.0, price_out=5.0)
    asyncio.run(caller(store).ask(model, request(samples=4)))
    spent = store.spent()
    assert (spent.prompt_tokens, spent.completion_tokens) == (10, 8)
    assert spent.money == pytest.approx((10 * 2 + 8 * 5) / 1e6)
