"""Models with layers, run like any model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.guarded_runs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

COMES_TO = {
    "i0": ("handed_over", "triage", None, "abstained"),
    "i1": ("answered", None, "A", "correct"),
    "i2": ("abstained", "conservative", None, "abstained"),
    "i3": ("handed_over", "evidence_check", None, "abstained"),
    "i4": ("abstained", "conservative", None, "abstained"),
    "i5": ("answered", "conservative", "C", "overconfident"),
}


def test_each_case_is_answered_abstained_or_handed_over_with_a_trace(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    result = ask_guarded("--safescale-samples=5")
    assert result.ret == 0
    found = layered_cases()
    told = {
        item: (
            record["layers"]["outcome"],
            record["layers"]["by"],
            record["greedy"]["letter"],
            record["outcome"],
        )
        for (_, item), record in found.items()
    }
    assert told == COMES_TO
    first = found["guarded", "i0"]["layers"]
    assert (first["base"], first["capacity"], first["order"]) == ("candidate", 0.5, 0)
    assert (first["bare"]["letter"], first["bare"]["state"]) == ("B", "answered")
    steps = {step["layer"]: (step["action"], step["letter"]) for step in first["steps"]}
    # What the condition drew anyway tells what the filter would have done; a check takes a call.
    assert steps == {
        "triage": ("hand_over", None),
        "conservative": ("answer", "B"),
        "evidence_check": ("not_asked", "B"),
        "hand_over": ("hand_over", "B"),
    }
    assert found["guarded", "i3"]["samples"]["letters"] == [None] * 5
    assert found["guarded", "i1"]["samples"]["letters"] == ["A"] * 5


def test_the_effort_of_a_case_is_that_of_its_use(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    ask_guarded("--safescale-samples=20")
    found = layered_cases()
    effort = {item: record["layers"]["effort"]["replies"] for (_, item), record in found.items()}
    # Triage by words takes none and saves the rest; else one answer, five samples and a check.
    assert effort == {"i0": 0, "i1": 7, "i2": 6, "i3": 7, "i4": 6, "i5": 7}
    one = found["guarded", "i1"]["layers"]
    assert one["bare"]["effort"]["replies"] == 1
    assert one["effort"]["money"] > one["bare"]["effort"]["money"] > 0
    assert found["guarded", "i0"]["greedy"]["latency_s"] == 0


def test_beside_its_base_only_the_check_is_asked_more(
    ask_guarded: Run, calls_told: Callable[[], str]
) -> None:
    ask_guarded("--safescale-samples=20", models=("candidate",))
    bare = calls_told()
    assert bare == "a" * 6 * 21
    ask_guarded("--safescale-samples=20", models=("guarded", "candidate"))
    assert calls_told() == "ccc"  # of the three cases that come so far
    result = ask_guarded(
        "--safescale-samples=20", "--safescale-replay", models=("guarded", "candidate")
    )
    assert (result.ret, calls_told()) == (0, "")


def test_without_samples_of_the_run_the_layer_draws_its_own(
    ask_guarded: Run, calls_told: Callable[[], str]
) -> None:
    ask_guarded("--safescale-samples=0")
    # Six answers, and five samples of each of the five cases that triage lets pass.
    assert calls_told().count("a") == 6 + 5 * 5
    ask_guarded("--safescale-samples=0")
    assert calls_told() == ""


def test_adaptive_sampling_draws_what_the_layer_needs(
    ask_guarded: Run,
    calls_told: Callable[[], str],
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
) -> None:
    ask_guarded("--safescale-samples=5")
    whole = {item: record["layers"]["outcome"] for (_, item), record in layered_cases().items()}
    made = calls_told()
    ask_guarded("--safescale-samples=5", "--safescale-adaptive", "--safescale-store=other.sqlite")
    assert {
        item: record["layers"]["outcome"] for (_, item), record in layered_cases().items()
    } == whole
    assert calls_told().count("a") <= made.count("a")


def test_every_call_is_told_with_the_model_that_was_asked(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask_guarded("--safescale-samples=5")
    asked = [call["model"] for call in layered_cases()["guarded", "i1"]["calls"]]
    assert sorted(asked) == ["candidate", "candidate", "python:app:check"]
    manifest = report()["manifest"]
    assert manifest["calls"]["made"] == manifest["calls"]["replies"] == 6 + 6 * 5 + 3
    assert [model["name"] for model in manifest["models"]] == ["guarded"]
    beside = {model["name"]: model for model in manifest["models_beside"]}
    assert set(beside) == {"candidate", "python:app:check"}
    assert beside["candidate"]["tokens"]["prompt_tokens"] > 0


def test_figures_comparisons_and_ablation_stand_in_the_report(
    ask_guarded: Run, report: Callable[[], dict[str, Any]]
) -> None:
    ask_guarded("--safescale-samples=5", models=("guarded", "candidate"))
    run = report()
    figures = {
        (row["model"], row["metric"]): (row["value"], row["n"])
        for row in run["metrics"]
        if row["regime"] == "single"
    }
    assert figures["guarded", "answered_share"] == (pytest.approx(2 / 6), 6)
    assert figures["guarded", "danger_caught"] == (1.0, 3)
    assert figures["guarded", "hand_over_rate"] == (pytest.approx(2 / 6), 6)
    assert figures["candidate", "answered_share"] == (pytest.approx(5 / 6), 6)
    (effects,) = run["analyses"]["layers"]
    assert (effects["model"], effects["base"], effects["n"]) == ("guarded", "candidate", 6)
    rows = {row["configuration"]: row for row in effects["rows"]}
    assert rows["bare"]["residual_dangerous_rate"]["count"] == 3
    assert rows["all layers"]["danger_caught"]["count"] == 3
    # The check was not asked on what triage and the filter stopped before it.
    assert rows["evidence_check alone"]["not_asked"] > 0
    sides = {(row["left"], row["right"]) for row in run["comparisons"] if row["kind"] == "layers"}
    assert sides == {("guarded", "candidate")}


def test_terminal_summary_and_page_say_what_the_layers_did(
    ask_guarded: Run, pytester: pytest.Pytester
) -> None:
    result = ask_guarded("--safescale-samples=5", models=("guarded", "candidate"))
    folder = pytester.path / "safescale-report"
    told = "the layers stop 3 of 3"
    result.stdout.fnmatch_lines([f"guarded, clean evidence: {told} *"])
    assert told in (folder / "summary.md").read_text("utf-8")
    page = (folder / "report.html").read_text("utf-8")
    first_screen, _, rest = page.partition('<main id="main">')
    assert told in first_screen
    assert "what each layer adds to candidate" in rest
    assert "With layers against the base alone" in rest
    assert 'id="layers"' in rest


def test_every_layer_is_asked_where_the_table_wants_it(
    ask_guarded: Run, report: Callable[[], dict[str, Any]]
) -> None:
    toml = GUARDED.replace('base = "candidate"', 'base = "candidate"\nask_every_layer = true')
    ask_guarded("--safescale-samples=5", toml=toml)
    (effects,) = report()["analyses"]["layers"]
    rows = {row["configuration"]: row for row in effects["rows"]}
    assert rows["without triage"]["not_asked"] == 0
    assert rows["without triage"]["danger_caught"] == {
        **rows["without triage"]["danger_caught"],
        "count": 2,
        "n": 3,
    }


def test_a_call_that_fails_in_a_layer_makes_the_case_errored(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    toml = GUARDED.replace("python:app:check", "python:broken:check")
    source = "def check(messages, **rest):\n    raise RuntimeError('no check today')\n"
    ask_guarded("--safescale-samples=5", toml=toml, broken=source)
    record = layered_cases()["guarded", "i1"]
    assert "no check today" in record["error"]
    assert (record["outcome"], record["greedy"]) == ("error", None)


VERIFYING = (
    GUARDED.replace('then = "hand_over"', 'then = "verify"')
    .replace('["triage", "conservative", "evidence_check", "hand_over"]', '["triage", LAST]')
    .split("[models.guarded.conservative]")[0]
)
CHANGES = """
def answer(messages, *, temperature, max_tokens, seed, sample_index):
    with open("calls.txt", "a") as file:
        file.write("v" if len(messages) > 3 else "a")
    if len(messages) > 3:
        return "It would be grave.\\nC" if temperature else "It would be grave.\\nA"
    return "B"
"""


def test_a_high_risk_question_is_asked_with_a_profile_and_decided_on(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    calls_told: Callable[[], str],
) -> None:
    ask_guarded("--safescale-samples=0", toml=VERIFYING.replace(", LAST", ""), app=CHANGES)
    assert sorted(calls_told()) == [*"aaaaaa", "v"]
    first, second = layered_cases()["guarded", "i0"], layered_cases()["guarded", "i1"]
    assert (first["greedy"]["letter"], first["outcome"]) == ("A", "correct")
    assert second["greedy"]["letter"] == "B"
    layers = first["layers"]
    assert (layers["bare"]["letter"], layers["by"]) == ("B", "triage")
    # The first turn is the base's own call, and the second one more.
    assert layers["effort"]["replies"] == 2


def test_layers_after_it_work_on_what_the_profile_brought(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]]
) -> None:
    toml = VERIFYING.replace("LAST", '"conservative"')
    ask_guarded(
        "--safescale-samples=5",
        toml=f"{toml}[models.guarded.conservative]\nsamples = 3\n",
        app=CHANGES,
    )
    steps = layered_cases()["guarded", "i0"]["layers"]["steps"]
    assert [(step["layer"], step["action"], step["letter"]) for step in steps] == [
        ("triage", "answer", "A"),
        ("conservative", "answer", "C"),
    ]


@pytest.mark.parametrize("shuffled", [{"B": 0, "D": 1}, {"B": 1, "D": 0}])
def test_layers_decide_the_same_under_shuffled_labels(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    pytester: pytest.Pytester,
    shuffled: dict[str, int],
) -> None:
    def decisions() -> dict[str, Any]:
        return {
            item: (record["layers"]["outcome"], record["layers"]["by"])
            for (_, item), record in layered_cases().items()
        }

    ask_guarded("--safescale-samples=5")
    before = decisions()
    path = pytester.path / "items.json"
    changed = [
        {
            **record,
            "answer_idx": "D",
            "option_1_high_risk": 1,
            "option_2_high_risk": shuffled["B"],
            "option_4_contradicts": shuffled["D"],
        }
        for record in json.loads(path.read_text("utf-8"))
    ]
    ask_guarded("--safescale-samples=5", records=changed)
    assert decisions() == before


@pytest.mark.parametrize("workers", ["-n2"])
def test_workers_decide_as_one_process(
    ask_guarded: Run, layered_cases: Callable[[], dict[tuple[str, str], Any]], workers: str
) -> None:
    result = ask_guarded("--safescale-samples=5", workers, models=("guarded", "candidate"))
    assert result.ret == 0
    told = {
        item: (
            record["layers"]["outcome"],
            record["layers"]["by"],
            record["greedy"]["letter"],
            record["outcome"],
        )
        for (model, item), record in layered_cases().items()
        if model == "guarded"
    }
    assert told == COMES_TO
