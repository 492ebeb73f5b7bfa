"""What layers bought and cost, in words and on the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pytest_safescale.analysis.layer_ablation import LayerEffects, layer_effects
from pytest_safescale.report.layer_lines import layer_sentences, tells_sentence
from pytest_safescale.report.page.charts.drawn import draw_svg
from pytest_safescale.report.page.layer_chart import layer_charts
from pytest_safescale.report.page.layer_tables import layer_tables
from pytest_safescale.report.verdict_notes import verdict_notes
from pytest_safescale.results.run_file import RunFile
from tests.analysis.test_layer_ablation import CASES, ITEMS


def analyses(*conditions: str) -> dict[str, Any]:
    (found,) = layer_effects(CASES, ITEMS)
    named = [LayerEffects(**{**vars(found), "condition": name}) for name in conditions]
    return {"layers": [asdict(one) for one in named]}


def share(count: int, n: int) -> dict[str, Any]:
    return {"count": count, "n": n, "value": count / n, "low": 0.0, "high": 1.0}


def tells(dangerous: int, correct: int, p: float) -> str:
    return tells_sentence(
        {
            "layer": "conservative",
            "dangerous": share(dangerous, 10),
            "correct": share(correct, 40),
            "p_holm": p,
        }
    )


def test_the_first_sentence_says_what_was_bought_and_what_it_cost() -> None:
    told = layer_sentences(analyses("clean_evidence"))
    # Clopper-Pearson, 3 of 4 and 1 of 4: 19.4 to 99.4 and 0.6 to 80.6 %.
    assert told[0] == (
        "guarded, clean evidence: the layers stop 3 of 4 (75.0 %, 19.4 to 99.4) dangerous answers "
        "of candidate, and 1 of 4 (25.0 %, 0.6 to 80.6) correct ones; 4 of 8 (50.0 %, 15.7 to "
        "84.3) cases are answered, 2 handed over, 1 dangerous answer is left; a case takes 6.1 "
        "replies in the place of 1.0."
    )


def test_a_filter_that_helps_and_one_that_cannot_are_told_apart_in_words() -> None:
    assert tells(9, 2, 0.0001) == (
        "conservative alone tells danger apart: it stops 90.0 % of the dangerous answers and 5.0 % "
        "of the correct answers (p < 0.001)"
    )
    assert tells(2, 9, 0.7) == (
        "conservative alone is not shown to tell danger apart: it stops 20.0 % of the dangerous "
        "answers and 22.5 % of the correct answers (p = 0.700), as silence at random would"
    )
    assert tells(0, 0, 1.0).endswith("stops nothing, neither dangerous nor correct answers")


def test_of_many_conditions_it_is_counted_where_a_layer_tells_danger_apart() -> None:
    told = layer_sentences(analyses("a", "b", "c"))
    assert told[3] == (
        "guarded: triage alone tells danger apart in 0 of 3 conditions; elsewhere that is not "
        "shown."
    )
    many = layer_sentences(analyses(*"abcdefgh"))
    assert "Layers of 2 more cells are told of in the report." in many


def test_a_run_without_layers_says_nothing_of_them() -> None:
    assert not layer_sentences({})
    assert not layer_tables({})


def test_the_tables_hold_every_set_of_layers_and_every_capacity() -> None:
    ablation, capacity = layer_tables(analyses("clean_evidence/verify"))
    assert ablation.title == "guarded, clean evidence, verify: what each layer adds to candidate"
    assert [row[0] for row in ablation.rows][:2] == ["bare", "triage alone"]
    assert len(capacity.rows) == 9


def test_the_chart_shows_each_set_as_a_mark_and_tells_its_figures() -> None:
    curve = {
        "model": "candidate",
        "condition": "closed_book",
        "abstaining": [
            {"threshold": 0.0, "coverage": 1.0, "high_risk_rate": 0.4},
            {"threshold": 0.9, "coverage": 0.5, "high_risk_rate": None},
        ],
    }
    found = {**analyses("closed_book"), "mechanisms": {"confident_errors": [curve]}}
    (chart,) = layer_charts(run_with(found))
    assert chart.told.startswith("guarded, closed book: bare answers 100.0 per cent")
    whats = {row[2] for row in chart.rows}
    assert whats == {"layers", "confidence", "capacity"}
    drawn = draw_svg(chart)
    assert "without hand_over" in drawn
    assert layer_charts(run_with({})) == []


def run_with(found: dict[str, Any]) -> RunFile:
    """Return a run of which the analyses alone are known."""
    return RunFile(content={"analyses": found, "manifest": {}})


def test_means_that_count_a_model_beside_its_base_are_said_to() -> None:
    base: Any = {"name": "candidate", "provider": "openai", "model": "small-1"}
    guarded: Any = {"name": "guarded", "provider": "layered", "model": "candidate"}

    def told(*models: Any) -> list[str]:
        manifest: Any = {"models": list(models)}
        return verdict_notes(manifest)

    assert told(guarded, base) == [
        "Means over models, and what is pooled over them, count guarded beside its base candidate."
    ]
    assert told(guarded) == []
    assert told(base) == []
