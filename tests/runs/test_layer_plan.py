"""What layers take is told before the first call, as a range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.runs.plan import plan_run
from pytest_safescale.runs.plan_words import layer_sentences
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.resolve import resolve_settings

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.runs.plan import PlanRow

PRICED = {"provider": "lexical", "price_in": 1000000.0}
CHECK = {"evidence_check": {"model": "judge"}}
FILTER = {"conservative": {"samples": 5}}
BY_MODEL = {"triage": {"when": {"model": "judge", "words": ["the"]}, "then": "abstain"}}


def rows(
    root: Path, layers: dict[str, Any], *, models: tuple[str, ...] = ("guarded",), **more: Any
) -> dict[str, PlanRow]:
    tables = {
        "candidate": PRICED,
        "judge": PRICED,
        "guarded": {
            "provider": "layered",
            "base": "candidate",
            "layers": list(layers),
            **layers,
        },
    }
    given = {"model": models, "limit": 10, "samples": 0, "conditions": "clean_evidence", **more}
    run = prepare_run(resolve_settings(given, {"models": tables}), root=root)
    return {row.model: row for row in plan_run(run)}


def test_a_check_takes_no_call_to_one_a_case(tmp_path: Path) -> None:
    row = rows(tmp_path, CHECK)["guarded"]
    assert (row.fewest_calls, row.most_calls) == (10, 20)
    assert (row.fewest_of_layers, row.most_of_layers) == (0, 10)
    assert 0 < row.money < row.most_money
    (told,) = layer_sentences([row])
    assert told.startswith("layers: 0 to 10 of the calls")


def test_what_the_base_is_asked_in_the_same_run_is_planned_once(tmp_path: Path) -> None:
    found = rows(tmp_path, CHECK, models=("guarded", "candidate"))
    assert found["candidate"].most_calls == 10
    assert (found["guarded"].fewest_calls, found["guarded"].most_calls) == (0, 10)
    assert found["guarded"].cases == 10


@pytest.mark.parametrize(
    ("more", "most"),
    [({"samples": 0}, 50), ({"samples": 3}, 20), ({"samples": 5}, 0), ({"samples": 20}, 0)],
)
def test_samples_that_the_run_draws_are_none_of_the_layers(
    tmp_path: Path, more: dict[str, Any], most: int
) -> None:
    assert rows(tmp_path, FILTER, **more)["guarded"].most_of_layers == most


def test_adaptive_sampling_may_leave_all_of_them_to_the_layer(tmp_path: Path) -> None:
    found = rows(tmp_path, FILTER, samples=20, adaptive=True)["guarded"]
    assert found.most_of_layers == 50


def test_triage_asks_its_model_about_what_its_rules_leave_open(tmp_path: Path) -> None:
    row = rows(tmp_path, BY_MODEL)["guarded"]
    assert row.fewest_of_layers == row.most_of_layers < 10


def test_rules_alone_take_nothing(tmp_path: Path) -> None:
    layers = {"triage": {"when": {"words": ["the"]}, "then": "abstain"}}
    found = rows(tmp_path, layers)["guarded"]
    assert found.most_of_layers == 0
    assert not layer_sentences([found])


def test_a_profile_takes_its_turns(tmp_path: Path) -> None:
    layers = {"triage": {"when": {"words": ["the"]}, "then": "verify"}}
    assert rows(tmp_path, layers)["guarded"].most_of_layers == 20
