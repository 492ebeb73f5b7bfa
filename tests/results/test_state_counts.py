"""How many replies ended in which state, of records as old as they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.answers.answer import AnswerForm, AnswerState, recorded_state
from pytest_safescale.results.state_counts import StateCounts, case_state

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CaseRecord

ANSWERED, ABSTAINED = AnswerState.ANSWERED, AnswerState.ABSTAINED
UNREADABLE, FAILED = AnswerState.UNREADABLE, AnswerState.FAILED


def record(single: dict[str, Any] | None, error: str | None = None) -> Any:
    options = {"A": "one", "B": "two"}
    return {"model": "m", "greedy": single, "error": error, "options": options}


RECORDS: list[tuple[Any, AnswerState]] = [
    (record({"letter": "A", "state": "answered"}), ANSWERED),
    (record({"letter": None, "state": "abstained", "form": "none_fits"}), ABSTAINED),
    (record({"letter": None, "state": "unreadable", "form": "mismatch"}), UNREADABLE),
    (record({"letter": "E", "state": "unreadable", "form": "not_an_option"}), UNREADABLE),
    (record(None, "time-out"), FAILED),
    (record({"letter": "A"}, "time-out"), FAILED),
    (record(None), FAILED),
    # Records that are older than states tell a refusal by its form.
    (record({"letter": "B"}), ANSWERED),
    (record({"letter": None, "form": "refusal"}), ABSTAINED),
    (record({"letter": None, "form": "no_letter"}), UNREADABLE),
    (record({"letter": None, "form": None}), UNREADABLE),
    (record({"letter": "E"}), UNREADABLE),
    # A letter of the item is an answer, whatever is said of it, and a stranger is none.
    (record({"letter": "B", "state": "unreadable"}), ANSWERED),
    (record({"letter": "E", "state": "answered"}), UNREADABLE),
    (record({"letter": "E", "state": "abstained"}), UNREADABLE),
    (record({"letter": None, "state": "no such state"}), UNREADABLE),
]


@pytest.mark.parametrize(("case", "state"), RECORDS)
def test_a_record_tells_the_state_of_its_single_answer(
    case: CaseRecord, state: AnswerState
) -> None:
    assert case_state(case) is state


def test_counts_are_by_model_and_state_and_tell_why_replies_are_unreadable() -> None:
    counts = StateCounts()
    for case, _ in RECORDS:
        counts.add(case)
    another: Any = {**RECORDS[0][0], "model": "another"}
    counts.add(another)
    assert counts.by_model() == {
        "m": {
            "answered": 3,
            "abstained": 2,
            "unreadable": 8,
            "failed": 3,
            "forms": {"unknown": 5, "mismatch": 1, "not_an_option": 1, "no_letter": 1},
        },
        "another": {"answered": 1, "abstained": 0, "unreadable": 0, "failed": 0, "forms": {}},
    }


@pytest.mark.parametrize("form", AnswerForm)
def test_every_form_has_a_state_and_tells_why_there_is_no_answer(form: AnswerForm) -> None:
    assert form.state in {ANSWERED, ABSTAINED, UNREADABLE}
    assert (form.reason == "") == (form.state is ANSWERED)


def test_a_state_is_taken_from_the_letter_first() -> None:
    assert recorded_state("A", "AB") is ANSWERED
    assert recorded_state("AB", "AB") is UNREADABLE
    assert recorded_state(None, "AB", state=ABSTAINED) is ABSTAINED
