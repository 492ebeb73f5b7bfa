"""Calls that go by batch: sent in rounds, paid once, and sent again where nothing came."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls import batch_desk, batch_job
from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.wait_reasons import Waits
from pytest_safescale.errors import BudgetSpent, CallFailed, EndpointRefused, GatesDecided
from pytest_safescale.models.openai import batch_lines
from tests.batch_server import AT_ONCE, CANCELLED, EXPIRED, FAILED, BatchServer
from tests.calls.callers import FAST
from tests.calls.models import ScriptedModel
from tests.models.openai.asking import model, request
from tests.servers import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.models.openai.chat import OpenAIModel

from pytest_safescale.calls.limits import CallLimits


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_desk, "QUIET_S", 0.02)
    monkeypatch.setattr(batch_job, "FIRST_POLL_S", 0.001)


def by_batch(store: Store, waits: Waits | None = None, **limits: Any) -> Caller:
    return Caller(store, CallLimits(**{**FAST, "batch": True, **limits}), waits)


def questions(count: int, **fields: Any) -> list[Any]:
    return [
        replace(request(**fields), messages=({"role": "user", "content": f"Q{number}"},))
        for number in range(count)
    ]


def asked(
    ask: Caller, one: OpenAIModel, requests: Sequence[Any], *, failing: bool = False
) -> list[Any]:
    async def all_of_them() -> list[Any]:
        try:
            return await asyncio.gather(
                *(ask.ask(one, each) for each in requests), return_exceptions=failing
            )
        finally:
            await one.aclose()

    return asyncio.run(all_of_them())


def paid_once(server: BatchServer, count: int) -> bool:
    return len(server.paid) == count and set(server.paid.values()) == {1}


def test_a_round_goes_as_one_job_and_gives_what_live_calls_give(
    store: Store, tmp_path: Path
) -> None:
    wanted = [*questions(5), *questions(5, samples=(0, 1, 2), temperature=0.7)]
    with BatchServer() as server, Store(tmp_path / "live.sqlite") as other:
        by = asked(by_batch(store), model(server.url), wanted)
        assert (len(server.batches), paid_once(server, 10)) == (1, True)
        live = asked(Caller(other, CallLimits()), model(server.url), wanted)
        assert store.spending.spent().calls == other.spending.spent().calls == 10
    for one, two in zip(by, live, strict=True):
        assert (one.key, one.usage.prompt_tokens) == (two.key, two.usage.prompt_tokens)
        assert one.replies == {n: reply.came_by_batch() for n, reply in two.replies.items()}
    assert store.batches.under_way() == 0


def test_the_next_call_goes_with_the_next_round(store: Store) -> None:
    async def twice(ask: Caller, one: OpenAIModel, number: int) -> None:
        first, second = questions(2 * number + 2)[-2:]
        await ask.ask(one, first)
        await ask.ask(one, second)

    async def all_of_them(server: BatchServer) -> None:
        ask, one = by_batch(store), model(server.url)
        await asyncio.gather(*(twice(ask, one, number) for number in range(4)))
        await one.aclose()

    with BatchServer() as server:
        asyncio.run(all_of_them(server))
    assert [len(batch.lines) for batch in server.batches] == [4, 4]


def test_fewer_choices_than_asked_for_are_asked_in_the_next_round(store: Store) -> None:
    wanted = questions(3, samples=(0, 1, 2, 3, 4))
    with BatchServer(most_choices=2) as server:
        answered = asked(by_batch(store), model(server.url), wanted)
    assert all(len(one.replies) == 5 for one in answered)
    rounds = [[line["body"].get("n", 1) for line in one.lines] for one in server.batches]
    assert rounds == [[5, 5, 5], [2, 1] * 3]


def test_what_an_endpoint_refuses_is_learned_and_left_out_in_the_next_round(store: Store) -> None:
    def outcome(_: int, body: dict[str, Any]) -> str:
        return "400 seed" if "seed" in body else "well"

    with BatchServer(outcome=outcome) as server:
        answered = asked(by_batch(store), model(server.url), questions(4))
    assert len(answered) == 4
    assert len(server.batches) == 2
    assert paid_once(server, 4)
    assert store.spending.spent().retries == 4


@pytest.mark.parametrize("course", [EXPIRED, CANCELLED], ids=["expired", "cancelled"])
def test_what_came_of_a_batch_that_ended_early_is_kept_and_the_rest_sent_again(
    store: Store, course: tuple[str, ...]
) -> None:
    with BatchServer(course=lambda number: course if number == 0 else AT_ONCE) as server:
        answered = asked(by_batch(store), model(server.url), questions(9))
    assert len(answered) == 9
    assert [len(batch.lines) for batch in server.batches] == [9, 4]
    assert paid_once(server, 9)


def test_a_batch_that_failed_as_a_whole_is_sent_again(store: Store) -> None:
    with BatchServer(course=lambda number: FAILED if number == 0 else AT_ONCE) as server:
        assert len(asked(by_batch(store), model(server.url), questions(3))) == 3
    assert [len(batch.lines) for batch in server.batches] == [3, 3]


def test_results_that_are_missing_or_errors_are_asked_again_and_no_more_often_than_live(
    store: Store,
) -> None:
    def outcome(_: int, body: dict[str, Any]) -> str:
        return {"Q1": "missing", "Q2": "500", "Q3": "422"}.get(
            body["messages"][0]["content"], "well"
        )

    with BatchServer(course=lambda _: AT_ONCE, outcome=outcome) as server:
        found = asked(by_batch(store), model(server.url), questions(5), failing=True)
    errors = {n: str(one) for n, one in enumerate(found) if isinstance(one, CallFailed)}
    assert errors == {
        1: "the batch batch-3 ended without a result of the request (4 attempts)",
        2: "HTTP 500: a scripted error (4 attempts)",
        3: "HTTP 422: a scripted error",
    }
    assert [len(batch.lines) for batch in server.batches] == [5, 2, 2, 2]
    assert paid_once(server, 2)
    assert store.batches.under_way() == 0


def test_an_endpoint_that_takes_fewer_tokens_at_once_is_asked_half_by_half(store: Store) -> None:
    full = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}

    def course(number: int) -> tuple[str, ...]:
        return FAILED if number < 2 else AT_ONCE

    with BatchServer(course=course, failed_with=full) as server:
        assert len(asked(by_batch(store), model(server.url), questions(8))) == 8
    assert [len(batch.lines) for batch in server.batches] == [8, 4, 2, 2, 4]
    assert paid_once(server, 8)


def test_a_batch_that_can_never_be_taken_ends_the_run(store: Store) -> None:
    spent = {"code": "billing_hard_limit_reached", "message": "pay first"}
    with (
        BatchServer(course=lambda _: FAILED, failed_with=spent) as server,
        pytest.raises(EndpointRefused, match="refuses the batch: pay first"),
    ):
        asked(by_batch(store), model(server.url), questions(2))
    assert len(server.batches) == 1
    assert store.batches.under_way() == 0


def test_an_endpoint_without_batches_ends_the_run_with_a_sentence(store: Store) -> None:
    with BatchServer(key=KEY) as server, pytest.raises(EndpointRefused) as caught:
        asked(by_batch(store), model(server.url, key="another-key-0123"), questions(2))
    told = f"openai:m: {server.url.removesuffix('/v1')} takes no batch (HTTP 401)"
    assert str(caught.value) == told
    assert store.batches.under_way() == 0


def test_a_creation_whose_answer_was_lost_is_found_and_not_made_again(store: Store) -> None:
    with BatchServer(loses_creation=True) as server:
        assert len(asked(by_batch(store), model(server.url), questions(3))) == 3
    assert len(server.batches) == 1
    assert paid_once(server, 3)


def test_models_that_cannot_go_by_batch_are_asked_at_once(store: Store) -> None:
    scripted = ScriptedModel()
    asyncio.run(by_batch(store).ask(scripted, request()))
    assert len(scripted.asked) == 1


def test_a_job_holds_no_more_requests_than_it_may(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_lines, "MOST_REQUESTS", 4)
    with BatchServer(course=lambda _: AT_ONCE) as server:
        assert len(asked(by_batch(store), model(server.url), questions(10))) == 10
    assert sorted(len(batch.lines) for batch in server.batches) == [2, 4, 4]


def test_no_more_calls_are_sent_than_the_budget_has(store: Store) -> None:
    with BatchServer(course=lambda _: AT_ONCE) as server:
        ask = by_batch(store, max_calls=4)
        found = asked(ask, model(server.url), questions(6), failing=True)
    assert sum(isinstance(one, BudgetSpent) for one in found) == 2
    assert paid_once(server, 4)
    assert store.spending.spent().calls == 4


def test_no_more_is_sent_than_the_money_left_pays_for(store: Store) -> None:
    counted = {"prompt_tokens": 1, "completion_tokens": 1}
    with BatchServer(course=lambda _: AT_ONCE, usage=counted) as server:
        one = model(server.url)
        # A token of the prompt, at half the price: 5 a request.
        one.info = replace(one.info, price_in=10e6, batch_discount=0.5)
        ask = by_batch(store, max_cost=20.0, in_flight=1)
        found = asked(ask, one, questions(9), failing=True)
    assert store.spending.spent().money == pytest.approx(20.0)
    assert sum(isinstance(each, BudgetSpent) for each in found) == 5
    assert paid_once(server, 4)


def test_what_waits_is_not_sent_any_more_once_the_run_was_told_to_end(store: Store) -> None:
    store.halt("every gate is decided")
    with BatchServer() as server:
        ask = by_batch(store, heed_halt=True)
        found = asked(ask, model(server.url), questions(3), failing=True)
    assert {type(one) for one in found} == {GatesDecided}
    assert not server.batches
    assert store.spending.spent().calls == 0


def test_whoever_waits_is_told_of_jobs_requests_and_the_price(store: Store) -> None:
    waits, told = Waits(), []

    async def watched(server: BatchServer) -> None:
        one = model(server.url)
        one.info = replace(one.info, price_in=1e6, batch_discount=0.5)
        ask = by_batch(store, waits)
        asking = asyncio.gather(*(ask.ask(one, each) for each in questions(4)))
        while not asking.done():
            told.extend(waits.reasons())
            await asyncio.sleep(0)
        await one.aclose()

    with BatchServer() as server:
        asyncio.run(watched(server))
    about = "batch batch-0 of 4 requests to openai:m"
    assert list(dict.fromkeys(told)) == [
        f"{about}: {state}, cost 2.00 at most"
        for state in ("validating", "in_progress", "finalizing, 4 or more answered")
    ]


async def given_up(ask: Caller, one: OpenAIModel, requests: Sequence[Any], there: Any) -> None:
    """Ask, and give up as a run that is ended, once something is there."""
    asking = [asyncio.ensure_future(ask.ask(one, each)) for each in requests]
    while not there():
        await asyncio.sleep(0.001)
    for call in asking:
        call.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    # The batch is still waited for, and would open a connection anew once the model is closed.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await one.aclose()


def test_what_an_ended_run_left_under_way_is_told_and_taken_up_by_the_next(
    store: Store, tmp_path: Path
) -> None:
    wanted = questions(6, samples=(0, 1, 2), temperature=0.7)
    with BatchServer() as server:
        server.hold_at("in_progress")
        first = by_batch(store)
        asyncio.run(given_up(first, model(server.url), wanted, server.held.is_set))
        told = "1 batch is still under way; the same command with the same store takes up"
        assert first.close().startswith(told)
        server.release()
        with Store(tmp_path / "store.sqlite") as opened:
            answered = asked(by_batch(opened), model(server.url), wanted)
            assert (opened.spending.spent().calls, opened.batches.under_way()) == (6, 0)
    assert [len(one.replies) for one in answered] == [3] * 6
    assert len(server.batches) == 1
    assert paid_once(server, 6)


def test_a_batch_that_is_not_wanted_any_more_stays_for_whoever_wants_it(
    store: Store, tmp_path: Path
) -> None:
    wanted = questions(4)
    with BatchServer(course=lambda _: AT_ONCE) as server:
        server.hold_at("created")
        first = by_batch(store)
        asyncio.run(given_up(first, model(server.url), wanted, server.held.is_set))
        first.close()
        server.release()
        for some in (wanted[:1], wanted):
            with Store(tmp_path / "store.sqlite") as opened:
                left = 4 - len(some)
                assert len(asked(by_batch(opened), model(server.url), some)) == len(some)
                assert opened.batches.under_way() == (1 if left else 0)
    assert len(server.batches) == 1
    assert paid_once(server, 4)


def test_a_run_that_asks_afresh_leaves_earlier_batches_alone(store: Store, tmp_path: Path) -> None:
    with BatchServer(course=lambda _: AT_ONCE) as server:
        server.hold_at("created")
        first = by_batch(store)
        asyncio.run(given_up(first, model(server.url), questions(2), server.held.is_set))
        first.close()
        server.release()
        with Store(tmp_path / "store.sqlite", not_before=2.0**32) as opened:
            assert len(asked(by_batch(opened), model(server.url), questions(2))) == 2
    assert len(server.batches) == 2


def test_a_batch_that_the_endpoint_does_not_know_any_more_is_sent_again(
    store: Store, tmp_path: Path
) -> None:
    with BatchServer(course=lambda _: AT_ONCE) as server:
        server.hold_at("completed")
        first = by_batch(store)
        asyncio.run(given_up(first, model(server.url), questions(2), server.held.is_set))
        first.close()
        server.release()
        server.paid.clear()
        server.batches[0].id = "another"
        with Store(tmp_path / "store.sqlite") as opened:
            assert len(asked(by_batch(opened), model(server.url), questions(2))) == 2
    assert len(server.batches) == 2
