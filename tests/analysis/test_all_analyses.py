"""What stands under ``analyses`` in run.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from pytest_safescale.analysis.all_analyses import analyses, complete_ensembles
from pytest_safescale.analysis.scaling import ModelFacts
from tests.analysis.panels import panel_of, panels

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel

TRIO = {
    name: {"closed_book": text, "clean_evidence": "AA"}
    for name, text in (("a", "BA"), ("b", "B-"), ("c", "B!"))
}
FACTS = {
    "a": ModelFacts(parameters_b=1, model_family="f"),
    "b": ModelFacts(parameters_b=10, model_family="g"),
    "m0": ModelFacts(parameters_b=2, model_family="f"),
    "m1": ModelFacts(parameters_b=4, model_family="g"),
}
SAMPLES = {name: {"closed_book": ["BBA", "AAA"]} for name in TRIO}


def test_each_analysis_stands_under_its_name() -> None:
    panel = panel_of(TRIO, samples=SAMPLES)
    found = analyses(panel, ensembles={"trio": ("a", "b", "c")}, facts=FACTS)
    assert found["ensembles"] == [
        {
            "name": "trio",
            "models": ["a", "b", "c"],
            "failed_alike": {"closed_book": ["1"], "clean_evidence": []},
        }
    ]
    assert found["mechanisms"]["confident_errors"]
    assert found["mechanisms"]["evidence_misread"][0]["direction"] == "lost"
    assert found["mechanisms"]["reasoning_drift"] == []
    assert {row["dimension"] for row in found["scaling"]["slopes"]} == {"parameters", "samples"}
    assert {row["dimension"] for row in found["scaling"]["decoupling"]} == {
        "model_size",
        "evidence_quality",
        "samples",
        "ensemble",
    }
    assert {row["source"] for row in found["scaling"]["variance"]} >= {"family", "condition"}


def test_an_items_row_has_each_models_letter() -> None:
    found = analyses(panel_of(TRIO), ensembles={}, facts={})["concentration"]
    letters = {(row["item_id"], row["condition"]): row["letters"] for row in found["items"]}
    # b abstained on item 2; the call of c failed, so c has no answer there.
    assert letters["1", "closed_book"] == {"a": "B", "b": "B", "c": "B"}
    assert letters["2", "closed_book"] == {"a": "A", "b": None}
    # Over all conditions there is no one letter.
    assert letters["1", "*"] is None
    (worst,) = found["worst"]["high_risk"]
    assert [one["model"] for one in worst["failures"]] == ["a", "b", "c"]


def test_after_adaptive_sampling_what_needs_every_sample_is_excluded() -> None:
    panel = panel_of(TRIO, samples=SAMPLES)
    trio = {"trio": ("a", "b", "c")}
    found = analyses(panel, ensembles=trio, facts=FACTS, adaptive=True)
    assert found["mechanisms"]["confident_errors"] == []
    sampled = {
        row["metric"] for row in found["scaling"]["slopes"] if row["regime"] == "self_consistency"
    }
    assert "mean_confidence" not in sampled
    assert "accuracy" in sampled
    moved = found["scaling"]["decoupling"]
    assert {row["regime"] for row in moved if row["dimension"] == "ensemble"} == {"single"}


@pytest.mark.parametrize(("members", "stands"), [(("a", "b", "c"), True), (("a", "b", "z"), False)])
def test_an_ensemble_with_a_model_without_cases_cannot_vote(
    members: tuple[str, ...], stands: bool
) -> None:
    found = complete_ensembles(panel_of(TRIO), {"e": members})
    assert found == ({"e": members} if stands else {})


def test_without_labels_no_danger_is_told() -> None:
    found = analyses(panel_of(TRIO, labelled=False), ensembles={}, facts={})
    concentration = found["concentration"]
    assert concentration["worst"]["high_risk"] == []
    assert {row["high_risk"] for row in concentration["items"]} == {None}
    assert concentration["worst"]["wrong"]


@given(panels(conditions=("closed_book", "clean_evidence", "agentic_rag")))
@pytest.mark.slow
def test_every_panel_gives_plain_json(panel: Panel) -> None:
    ensembles = {"e": panel.models} if len(panel.models) > 2 else {}
    found = analyses(panel, ensembles=ensembles, facts=FACTS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
