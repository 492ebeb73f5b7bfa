"""A call is made once, retried within its budget, and kept."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Kept, Spent, call_key
from pytest_safescale.calls.usage import Usage
from pytest_safescale.calls.wait_reasons import Waits
from pytest_safescale.errors import (
    BudgetSpent,
    CallFailed,
    EndpointRefused,
    GatesDecided,
    NotInStore,
)
from pytest_safescale.models.model import (
    Reply,
    Request,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)
from tests.calls.callers import caller
from tests.calls.models import ScriptedModel, answers, failing, request

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_store_holds_is_not_asked_again(store: Store) -> None:
    model = ScriptedModel()

    async def twice() -> None:
        ask = caller(store)
        for _ in range(2):
            await ask.ask(model, request())

    asyncio.run(twice())
    assert len(model.asked) == 1


def test_replies_of_earlier_runs_are_counted_by_the_day_on_which_they_were_stored(
    store: Store,
) -> None:
    model, last_year = ScriptedModel(), datetime(2025, 12, 31, 23, 59, tzinfo=timezone.utc)
    key = call_key(model.info, request())
    with Store(store.path, run="earlier") as earlier:
        for sample, seconds in ((0, 0), (1, 30), (2, 60)):
            kept = Kept(
                call=key,
                model="m",
                base_url="here",
                replies={sample: Reply(text="B")},
                at=last_year.timestamp() + seconds,
                spent=Spent(),
            )
            earlier.put([kept])
    answered = asyncio.run(caller(store).ask(model, request(samples=5)))
    assert answered.from_store == {"2025-12-31": 2, "2026-01-01": 1}
    assert [reply.text for _, reply in sorted(answered.replies.items())] == ["B"] * 5
    *old, new = answered.stored_at
    assert old == [last_year.timestamp() + seconds for seconds in (0, 30, 60)]
    assert new > max(old)
    # It is the time that is kept: whoever asks again is told the same.
    again = asyncio.run(caller(store).ask(model, request(samples=5)))
    assert again.stored_at == answered.stored_at


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

    async def both() -> None:
        await asyncio.gather(*(caller(store).ask(model, request()) for store in stores))

    asyncio.run(both())
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


def test_a_passing_failure_is_retried_and_counted(store: Store) -> None:
    model = ScriptedModel(failing(TransientFailure("503")), failing(TransientFailure("")), answers)
    answered = asyncio.run(caller(store).ask(model, request()))
    assert answered.replies[0].text == "B"
    assert (store.spending.spent().calls, store.spending.spent().retries) == (3, 2)


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
    busy = ScriptedModel(failing(TransientFailure("429", retry_after_s=3600)), name="busy")
    later, waits = ScriptedModel(name="later"), Waits()

    async def both() -> None:
        ask = Caller(store, CallLimits(retry_seconds=7200), waits)
        calls = [asyncio.ensure_future(ask.ask(busy, request("a")))]
        while not store.spending.spent().calls:
            await asyncio.sleep(0.01)
        calls.append(asyncio.ensure_future(ask.ask(later, request("b"))))
        while "the pause that the server of later asks for" not in waits.reasons():
            await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(both())
    assert (len(busy.asked), len(later.asked)) == (1, 0)


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


def _uncounted(request: Request) -> list[Reply]:
    return [Reply(text="B") for _ in request.samples]


def test_a_budget_holds_by_the_estimate_where_no_tokens_are_stated(store: Store) -> None:
    # Ten words are 13 tokens at 1 per million: two calls reach 20 millionths.
    model = ScriptedModel(_uncounted, price_in=1.0)

    async def many() -> None:
        ask = caller(store, max_cost=20e-6)
        for n in range(9):
            await ask.ask(model, request(f"{n} one two three four five six seven eight nine"))

    with pytest.raises(BudgetSpent):
        asyncio.run(many())
    assert len(model.asked) == 2
    assert store.spending.spent().estimated_tokens == 2 * (13 + 1)


def test_what_replies_took_is_told_whether_they_are_stored_or_new(store: Store) -> None:
    model = ScriptedModel(_uncounted)
    asked = [asyncio.run(caller(store).ask(model, request())).usage for _ in range(2)]
    assert asked == [Usage(prompt_tokens=1, completion_tokens=1, estimated_tokens=2)] * 2


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


def test_tools_known_to_be_refused_are_not_offered_again(store: Store) -> None:
    model = ScriptedModel()
    model.facts.tools = False
    with pytest.raises(ToolsRefused):
        asyncio.run(caller(store, replay=True).ask(model, request(tools=({"type": "function"},))))
    assert model.asked == []


def test_what_was_spent_is_summed_in_tokens_and_money(store: Store) -> None:
    model = ScriptedModel(price_in=2.0, price_out=5.0)
    asyncio.run(caller(store).ask(model, request(samples=4)))
    spent = store.spending.spent()
    assert (spent.prompt_tokens, spent.completion_tokens) == (10, 8)
    assert spent.money == pytest.approx((10 * 2 + 8 * 5) / 1e6)


@pytest.mark.parametrize(("most", "workers", "at_once"), [(2, 1, 2), (5, 2, 2), (1, 4, 1)])
def test_a_model_is_called_no_more_at_once_than_its_table_allows(
    store: Store, most: int, workers: int, at_once: int
) -> None:
    model = ScriptedModel(delay_s=0.001, max_parallel=most)

    async def several() -> None:
        ask = caller(store, workers=workers)
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(8)))

    asyncio.run(several())
    assert (model.most_at_once, len(model.asked)) == (at_once, 8)
