"""A threshold with a guarantee, from report folders to a file that says what it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scipy.stats import binomtest

from pytest_safescale.cli.command import main
from tests.cli.certifiable_runs import RISK, SAMPLE, SURE, content, write_run

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("in_a_folder")

SCORED = {"files": {}, "definitions": "ours", "answers": "raw", "partial": True, "problems": []}


def test_a_threshold_is_found_written_and_told_in_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run("run", SURE)
    assert main(["certify", *RISK, "run"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert f"! {SAMPLE}" in out
    assert "Certified: answer where the score is at least 1." in out
    assert "This is no clinical claim" in out
    found = content()
    assert {key: found[key] for key in ("score", "risk", "over", "bound", "delta")} == {
        "score": "agreement",
        "risk": "high_risk_error_rate",
        "over": "answered",
        "bound": 0.1,
        "delta": 0.05,
    }
    assert found["dataset"] == {"name": "items.json", "sha256": "d1", "items": 200}
    assert (found["prompt_sha256"], found["conditions"]) == ("p1", ["closed_book"])
    assert found["split"] == {"calibration": 0.5, "seed": 42, "by": "item id"}
    assert [model["model"] for model in found["models"]] == ["big"]
    (cell,) = found["certificates"]
    assert cell["threshold"] == 1.0
    assert cell["shown"]["dangerous"] == 0
    assert cell["without"]["dangerous"] > 0
    assert cell["calibration_items"] + cell["without"]["items"] == 200
    assert [one["threshold"] for one in cell["tested"]] == [1.0, 0.6]
    assert cell["tested"][-1]["p_value"] > 0.05


def test_the_items_of_a_cluster_stay_together_and_count_as_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The last two of 100 clusters have one dangerous answer of two.
    write_run("run", ["AAAAA"] * 196 + ["AAAAA", "BBBBB"] * 2, of_a_cluster=2)
    assert main(["certify", *RISK, "run"]) == 0
    found = content()
    assert found["split"]["by"] == "cluster"
    assert found["dataset"]["clustered"] is True
    (cell,) = found["certificates"]
    halves = (cell["calibration_items"], cell["without"]["items"])
    assert sum(halves) == 100
    assert cell["tested"][-1]["answered"] == halves[0]
    told = " ".join(capsys.readouterr().out.split())
    assert "high_risk_error_rate of the answered clusters at most 10 %" in told
    assert "Items are split by cluster, of which each counts as one, dangerous where one" in told
    dangerous = cell["tested"][-1]["dangerous"] + cell["without"]["dangerous"]
    assert dangerous == 2
    # The same answers, each in a cluster of its own, are twice as many.
    write_run("alone", ["AAAAA"] * 196 + ["AAAAA", "BBBBB"] * 2, of_a_cluster=1)
    assert main(["certify", *RISK, "alone", "--out", "alone.json"]) == 0
    (cell,) = content("alone.json")["certificates"]
    assert cell["calibration_items"] + cell["without"]["items"] == 200
    assert main(["certify", *RISK, "run", "--calibration", "0.0001"]) == 4
    assert "all 100 clusters of m, closed_book fall on one side" in capsys.readouterr().err


def test_where_none_holds_it_says_so_with_exit_code_1_and_how_many_items_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run("few", ["AAAAA"] * 20)
    assert main(["certify", *RISK, "few"]) == 1
    out = capsys.readouterr().out
    assert "No threshold holds." in out
    assert "items would be needed" in out
    (cell,) = content()["certificates"]
    assert cell["threshold"] is None
    assert cell["items_needed"] > 20
    write_run("bad", ["BBBBB"] * 20 + ["AAAAA"] * 20)
    assert main(["certify", *RISK, "bad"]) == 1
    assert "No number of items would do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        # Of one item in each half: 29 answers without danger show 10 %, so 58 items.
        (["AAAAA"] * 2, "About 58 items would be needed"),
        (["-----"] * 60, "No threshold holds: no case of the other half answers."),
        (
            ["AABBC"] * 60,
            "No threshold holds. Calibration half, at 0.4: 0 dangerous of 24 answered",
        ),
        (
            ["AABB-"] * 60,
            "No threshold holds. Calibration half, at 0.4: 0 dangerous of 24 answered",
        ),
        (["A----"] * 60, "No threshold holds: no case of the other half answers."),
        (["BBBBB"] * 60, "No number of items would do at these rates"),
    ],
)
def test_few_items_abstentions_and_ties_are_told_as_they_are(
    capsys: pytest.CaptureFixture[str], answers: list[str], told: str
) -> None:
    """A tie of two options is an answer, the first of them, as everywhere; see docs/metrics.md."""
    write_run("run", answers)
    assert main(["certify", *RISK, "run"]) == 1
    assert told in " ".join(capsys.readouterr().out.split())
    (cell,) = content()["certificates"]
    assert (cell["threshold"], cell["shown"]) == (None, None)


def test_the_other_half_shows_answers_danger_and_hand_overs_with_exact_intervals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run("run", SURE)
    assert main(["certify", *RISK, "run"]) == 0
    (cell,) = content()["certificates"]
    for shown in (cell["shown"], cell["without"]):
        items, answered = shown["items"], shown["answered"]
        low, high = binomtest(items - answered, items).proportion_ci(0.95, "exact")
        assert shown["hand_over"] == pytest.approx(1 - answered / items)
        assert (shown["hand_over_low"], shown["hand_over_high"]) == pytest.approx((low, high))
        low, high = binomtest(shown["dangerous"], answered).proportion_ci(0.95, "exact")
        assert (shown["danger_low"], shown["danger_high"]) == pytest.approx((low, high))
    left = cell["shown"]["items"] - cell["shown"]["answered"]
    assert left > 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"; hands over {left}, {100 * left / cell['shown']['items']:.1f} % (" in told


def test_of_two_models_one_without_samples_is_named_and_the_other_can_be_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run("one", SURE)
    write_run("two", [""] * 60, model="bare", decoding={"samples": 5})
    assert main(["certify", *RISK, "one", "two"]) == 4
    assert "--score agreement: bare, closed_book: the cases have no samples" in (
        capsys.readouterr().err
    )
    assert main(["certify", *RISK, "--model", "m", "one", "two"]) == 0


def test_each_model_under_each_condition_is_certified_by_itself_on_the_same_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run("one", SURE)
    write_run("two", ["AAAAA"] * 200, condition="clean_evidence")
    write_run("three", ["BBBBB"] * 200, model="other")
    assert main(["certify", *RISK, "one", "two", "three"]) == 1
    cells = content()["certificates"]
    assert [(one["model"], one["condition"], one["threshold"]) for one in cells] == [
        ("m", "closed_book", 1.0),
        ("m", "clean_evidence", 1.0),
        ("other", "closed_book", None),
    ]
    assert len({one["calibration_items"] for one in cells}) == 1
    chosen = ["--model", "m", "--conditions", "clean_evidence", "--out", "c.json"]
    assert main(["certify", *RISK, *chosen, "one", "two", "three"]) == 0
    assert len(content("c.json")["certificates"]) == 1
    assert [model["name"] for model in content("c.json")["models"]] == ["m"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--risk", "accuracy"], "--risk: found 'accuracy'; allowed: high_risk_error_rate, "),
        (["--max", "5"], "--max: found 5; allowed: a fraction such as 0.05"),
        (["--delta", "0"], "--delta: found 0; allowed"),
        (["--calibration", "1"], "--calibration: found 1; allowed"),
        (["--calibration", "0.0001"], "--calibration 0.0001: all 200 items of m, closed_book"),
        (["--score", "logprob"], "have no option probabilities; logprob is the confidence by"),
        (["--score", "mood"], "--score: found 'mood'; allowed: agreement, entropy, logprob, or"),
        (["--score", "layer:"], "--score: found 'layer:'; allowed: agreement"),
        (["--score", "layer:x"], "m, closed_book: the cases have no such score; layer:x is how"),
        (["--model", "stranger"], "--model: found 'stranger'; allowed, as the runs have them: m"),
        (["--conditions", ""], "--conditions: found ''; allowed, as the runs have them: closed"),
        (["--conditions", "x"], "--conditions: found 'x'; allowed, as the runs have them: closed"),
        (["nowhere"], "safescale certify: nowhere"),
        (["run"], "m, closed_book, item-0 is a case of run and of run; allowed: runs that share"),
        (["prompted"], "run and prompted differ in prompt; allowed: runs that are alike in them"),
        (["renamed"], "m is another model in renamed than in the runs before it"),
        (["part"], "part holds 200 of 300 cases, and what is missing may be what is dangerous"),
        (["partial"], "partial holds a part of its results"),
        (["--out", "run/run.json"], "--out: run/run.json is there and is no certificate"),
        (["--out", "no/c.json"], "--out: no/c.json cannot be written: No such file"),
    ],
)
def test_what_cannot_be_certified_ends_with_exit_code_4_and_one_sentence(
    capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    write_run("run", SURE)
    write_run("prompted", SURE, condition="x1", prompt_sha256="p2")
    write_run("renamed", SURE, condition="x2", models=[{"name": "m", "model": "small"}])
    write_run("part", SURE, condition="x3", cases={"of_the_run": 300, "recorded": 200})
    write_run("partial", SURE, condition="x4", scored=SCORED)
    before = Path("run", "run.json").read_bytes()
    assert main(["certify", *RISK, "run", *more]) == 4
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1
    assert not Path("certified.json").exists()
    assert Path("run", "run.json").read_bytes() == before


def test_a_certificate_is_replaced_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    write_run("run", SURE)
    assert main(["certify", *RISK, "run"]) == 0
    assert main(["certify", *RISK, "run", "--seed", "7", "--over", "all"]) == 0
    assert content()["split"]["seed"] == 7
    assert content()["over"] == "all"
    assert "of all cases at most 10 %" in capsys.readouterr().out


def test_data_without_labels_has_no_danger_to_bound(capsys: pytest.CaptureFixture[str]) -> None:
    write_run("run", SURE)
    path = Path("run", "cases.jsonl")
    records = [json.loads(line) | {"labels": {}} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    assert main(["certify", *RISK, "run"]) == 4
    assert "no item carries a label" in capsys.readouterr().err


def test_words_from_outside_stay_words(capsys: pytest.CaptureFixture[str]) -> None:
    write_run("run", SURE, model="m\x1b[31m\n::error::x")
    assert main(["certify", *RISK, "run"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\n::error" not in out


def test_a_run_of_this_program_is_certified(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = run_pytest(
        "--safescale-suite=radsafe200",
        "--safescale-model=simulated:always_safe",
        "--safescale-conditions=closed_book",
        "--safescale-samples=3",
    )
    assert result.ret == 0
    folder = pytester.path / "safescale-report"
    capsys.readouterr()
    arguments = ["--risk", "high_risk_error_rate", "--max", "0.2", str(folder)]
    for score in ("agreement", "entropy"):
        assert main(["certify", *arguments, "--score", score]) == 0
        out = capsys.readouterr().out
        assert "! sample data, written for testing software" in out
        assert "is simulated, no clinical language model" in " ".join(out.split())
        assert content()["certificates"][0]["shown"]["dangerous"] == 0
