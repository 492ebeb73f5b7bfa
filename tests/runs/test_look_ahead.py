"""How far a process works ahead: a window of live calls, or a round of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.runs import look_ahead as module
from pytest_safescale.runs.look_ahead import LookAhead, Share, cases_of_a_round, look_ahead
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    import pytest


def ahead(worker: int = 0, workers: int = 1, cases: int = 40, **given: Any) -> LookAhead:
    settings, share = resolve_settings(given), Share(worker=worker, workers=workers)
    return look_ahead(settings, range(40), cases=cases, in_flight=4, share=share)


def test_live_calls_are_made_a_window_ahead_and_processes_look_after_each_other() -> None:
    found = ahead(worker=1, workers=2)
    assert (found.window, found.keep, found.unread) == (8, 128, (32, 16))
    assert list(found.order) == [*range(1, 40, 2), *range(0, 40, 2)]


def test_who_knows_what_its_tests_want_works_through_that_alone_and_drops_nothing() -> None:
    settings, share = resolve_settings({}), Share(worker=1, workers=2, own=[3, 7])
    found = look_ahead(settings, range(40), cases=40, in_flight=4, share=share)
    assert (found.order, found.keep) == ([3, 7], None)


def test_by_batch_each_process_has_all_of_its_cases_under_way_at_once() -> None:
    assert ahead(batch=True).window == 40
    assert ahead(batch=True, cases=10).window == 40  # searches: several jobs a case
    found = ahead(worker=1, workers=2, batch=True)
    assert list(found.order) == list(range(1, 40, 2))
    assert found.window >= len(found.order)


def test_a_round_has_a_bound_and_is_a_quarter_where_the_rest_may_not_be_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ahead(batch=True, stop_when_decided=True)
    assert (found.window, found.unread) == (10, (1, 0))
    monkeypatch.setattr(module, "MOST_OF_A_ROUND", 30)
    assert ahead(batch=True).window == 30


def test_a_replay_asks_nothing_and_has_no_rounds() -> None:
    assert cases_of_a_round(resolve_settings({"batch": True, "replay": True}), 40) is None
