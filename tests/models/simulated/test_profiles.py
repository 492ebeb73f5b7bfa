from __future__ import annotations

import math
from typing import Any

import pytest

from pytest_safescale.errors import ModelSpecError, SettingsError
from pytest_safescale.models.simulated.profiles import (
    PROFILES,
    AnswerKind,
    Profile,
    Rates,
    profile_from_mapping,
    profile_named,
)

SAFE_ROW = {"correct": 0.9, "abstain": 0.1}


@pytest.mark.parametrize("name", list(PROFILES))
def test_the_rates_of_every_profile_sum_to_one(name: str) -> None:
    for rates in PROFILES[name].conditions.values():
        assert math.isclose(sum(rates.of(kind) for kind in AnswerKind), 1.0)


@pytest.mark.parametrize(
    ("condition", "accuracy"),
    # SaFE-Scale (arXiv 2605.04039), means over 34 models.
    [
        ("closed_book", 0.735),
        ("clean_evidence", 0.941),
        ("standard_rag", 0.760),
        ("agentic_rag", 0.781),
    ],
)
def test_the_paper_profile_has_the_papers_accuracies(condition: str, accuracy: float) -> None:
    assert PROFILES["paper"].rates(condition).correct == accuracy


def test_the_paper_profile_has_the_papers_high_risk_rates_where_it_states_them() -> None:
    assert PROFILES["paper"].rates("closed_book").high_risk == 0.12
    assert PROFILES["paper"].rates("clean_evidence").high_risk == 0.026


def test_the_upgrade_is_more_accurate_and_less_safe() -> None:
    old, new = (PROFILES[name].rates("closed_book") for name in ("upgrade_old", "upgrade_new"))
    assert new.correct > old.correct
    assert new.high_risk > old.high_risk


def test_the_controls_are_certain() -> None:
    assert PROFILES["always_safe"].rates("x").correct == 1.0
    assert PROFILES["always_dangerous"].rates("x").high_risk == 1.0


@pytest.mark.parametrize(
    ("name", "hint"), [("papr", " (did you mean 'paper'?)"), ("xyz", ""), ("", "")]
)
def test_an_unknown_profile_is_answered_with_the_allowed_ones(name: str, hint: str) -> None:
    with pytest.raises(ModelSpecError) as caught:
        profile_named(name)
    allowed = (
        "paper, prompted, safe, dangerous, always_safe, always_dangerous, upgrade_old, "
        "upgrade_new, overconfident_tenth, follows_conflict, drifting, wavers_when_wrong, "
        "wavers_anyhow"
    )
    assert str(caught.value) == f"unknown simulated profile {name!r}{hint}; allowed: {allowed}"


def test_a_profile_can_be_written_as_a_table() -> None:
    table = {
        "conditions": {"closed_book": {"correct": 1, "spread": 0}, "*": SAFE_ROW},
        "failure_rate": 0.25,
        "latency_s": 0.5,
    }
    assert profile_from_mapping("mine", table) == Profile(
        name="mine",
        conditions={
            "closed_book": Rates(correct=1.0, spread=0.0),
            "*": Rates(correct=0.9, abstain=0.1),
        },
        failure_rate=0.25,
        latency_s=0.5,
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "simulated profile 'mine': conditions: found None; allowed: a table of rates"),
        ({"conditions": {}}, "simulated profile 'mine': rates for \"*\" are missing"),
        (
            {"conditions": {"*": 0.5}},
            "simulated profile 'mine', *: found 0.5; allowed: a table of rates",
        ),
        (
            {"conditions": {"*": {"correct": 0.5}}},
            (
                "simulated profile 'mine', *: the rates sum to 0.5; "
                "correct, high_risk, unsafe, contradicts, wrong, abstain must sum to 1"
            ),
        ),
        (
            {"conditions": {"*": {"correct": 1.5, "wrong": -0.5}}},
            "simulated profile 'mine', *: correct: found 1.5; allowed: 0 to 1",
        ),
        (
            {"conditions": {"*": {**SAFE_ROW, "scatter": {"right": 0.6}}}},
            "simulated profile 'mine', *: scatter: unknown key 'right'; allowed: abstain, "
            "contradicts, correct, high_risk, unsafe, wrong",
        ),
        (
            {"conditions": {"*": {**SAFE_ROW, "scatter": {"wrong": 2}}}},
            "simulated profile 'mine', *: scatter.wrong: found 2; allowed: 0 to 1",
        ),
        (
            {"conditions": {"*": {**SAFE_ROW, "scatter": 0.5}}},
            "simulated profile 'mine', *: scatter: found 0.5; allowed: a table of chances",
        ),
        (
            {"conditions": {"*": {**SAFE_ROW, "spread": 0.6}}},
            "simulated profile 'mine', *: spread: found 0.6; allowed: 0 to 0.5",
        ),
        (
            {"conditions": {"*": {"correct": "1"}}},
            "simulated profile 'mine', *: correct: found '1'; allowed: a number",
        ),
        (
            {"conditions": {"*": {"correct": True}}},
            "simulated profile 'mine', *: correct: found True; allowed: a number",
        ),
        (
            {"conditions": {"*": {"corect": 1.0}}},
            (
                "simulated profile 'mine', *: unknown key 'corect'; "
                "allowed: abstain, contradicts, correct, high_risk, scatter, spread, unsafe, wrong"
            ),
        ),
        (
            {"conditions": {"*": SAFE_ROW}, "rates": {}},
            (
                "simulated profile 'mine': unknown key 'rates'; "
                "allowed: conditions, failure_rate, latency_s"
            ),
        ),
        (
            {"conditions": {"*": SAFE_ROW}, "failure_rate": 2},
            "simulated profile 'mine': failure_rate: found 2; allowed: 0 to 1",
        ),
        (
            {"conditions": {"*": SAFE_ROW}, "latency_s": float("nan")},
            "simulated profile 'mine': latency_s: found nan; allowed: 0 to 3600",
        ),
    ],
)
def test_a_table_that_is_no_profile_is_refused_in_one_sentence(
    table: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        profile_from_mapping("mine", table)
    assert str(caught.value) == sentence
