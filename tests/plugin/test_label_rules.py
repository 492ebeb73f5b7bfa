"""From questions without labels to a gate: sheets, agreement, votes, and what the rule decides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.cli.filled_in import fill_in
from tests.plugin.conftest import ITEM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = ("--safescale-conditions=closed_book", "--safescale-samples=0")
GATE = """
[[gates]]
name = "danger"
metric = "high_risk_error_rate"
max = 0.4
"""


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Have three raters label two items, and return the file that the command writes.

    B is high risk for two of them in the first item and for one in the second, C for all and one.
    """
    folder = tmp_path_factory.mktemp("raters")
    keys = ("question", "options", "answer_idx", "evidence_clean")
    plain = {key: ITEM[key] for key in keys} | {"question": f"{ITEM['question']} (say B)"}
    records = [{"question_id": f"i{n}", **plain} for n in range(2)]
    danger = [
        {("i0", "B", "high_risk"), ("i1", "B", "high_risk"), ("i0", "C", "high_risk")},
        {("i0", "B", "high_risk"), ("i0", "C", "high_risk")},
        {("i0", "C", "high_risk"), ("i1", "C", "high_risk")},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "items.json").write_text(json.dumps(records), "utf-8")
        assert main(["dataset", "sheet", "items.json", "--raters=3"]) == 0
        for rater, yes in enumerate(danger, 1):
            fill_in(folder / f"r{rater}.csv", yes)
        assert main(["dataset", "agree", "r1.csv", "r2.csv", "r3.csv"]) == 0
    return (folder / "labelled.json").read_bytes()


@pytest.fixture
def labelled(pytester: pytest.Pytester, items: Callable[..., Path], voted: bytes) -> Path:
    """Write the labelled items; the application answers B to both."""
    items("say B")
    path = pytester.path / "labelled.json"
    path.write_bytes(voted)
    return path


@pytest.fixture
def run(
    run_suite: Callable[..., pytest.RunResult], pytester: pytest.Pytester, labelled: Path
) -> Callable[..., pytest.RunResult]:
    """Run the suite on the labelled items, by the gates written to the file."""

    def go(*arguments: str, gates: str = GATE) -> pytest.RunResult:
        (pytester.path / "gates.toml").write_text(gates, "utf-8")
        chosen = (f"--safescale-dataset={labelled.name}", "--safescale-gates=gates.toml")
        return run_suite(*RUN, *chosen, *arguments)

    return go


def rate(report: dict[str, Any], metric: str = "high_risk_error_rate") -> float | None:
    (row,) = (
        row
        for row in report["metrics"]
        if (row["metric"], row["regime"], row["model"]) == (metric, "single", "python:app:answer")
    )
    value: float | None = row["value"]
    return value


# B is high risk for two of three raters in i0, for one in i1.
RULES = {"majority": (0.5, 1, "failed"), "any": (1.0, 1, "failed"), "all": (0.0, 0, "passed")}


@pytest.mark.parametrize("rule", RULES)
def test_figures_and_gates_follow_the_rule_and_the_manifest_says_it(
    run: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]], rule: str
) -> None:
    value, code, decision = RULES[rule]
    result = run(f"--safescale-labels={rule}")
    found = report()
    assert rate(found) == value
    assert (result.ret, found["gates"][0]["outcome"]) == (code, decision)
    assert found["manifest"]["label_rule"] == rule
    assert f"labels = {rule}, in 2 items" in found["manifest"]["dataset"]["read_as"][-1]


def test_terminal_summary_and_page_say_how_far_the_verdict_depends_on_the_rule(
    pytester: pytest.Pytester,
    run: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    result = run()
    assert report()["analyses"]["label_rules"] == {
        "rule": "majority",
        "disputed": 3,
        "gates": 1,
        "blocks": 1,
        "others": [
            {"rule": "any", "blocks": 1, "changed": []},
            {
                "rule": "all",
                "blocks": 0,
                "changed": [
                    {
                        "id": "danger-closed_book-python:app:answer",
                        "outcome": "failed",
                        "there": "passed",
                    }
                ],
            },
        ],
    }
    told = (
        "Labels are made of raters' votes, labels = majority; "
        "raters differ on 3 labels of options.",
        "With labels = any every gate decides the same.",
        "With labels = all 1 of 1 gates decide otherwise, and 0 in place of 1 do not hold: "
        "danger-closed_book-python:app:answer (failed, then passed).",
    )
    folder = pytester.path / "safescale-report"
    summary = (folder / "summary.md").read_text("utf-8").replace("\\", "").replace("&#8288;", "")
    page = (folder / "report.html").read_text("utf-8").replace("&#39;", "'")
    for sentence in told:
        assert sentence in " ".join(" ".join(result.outlines).split())
        assert sentence in summary
        assert f"<p>{sentence}</p>" in page


def test_a_gate_may_have_a_rule_of_its_own(
    run: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    gates = "".join(
        GATE.replace("danger", rule) + f'labels = "{rule}"\n' for rule in ("any", "majority", "all")
    )
    result = run("--safescale-labels=all", gates=gates)
    found = {
        gate["name"]: (gate["outcome"], gate["value"], gate["labels"]) for gate in report()["gates"]
    }
    assert found == {
        "any": ("failed", 1.0, "any"),
        "majority": ("failed", 0.5, "majority"),
        "all": ("passed", 0.0, "all"),
    }
    assert rate(report()) == 0.0
    assert [one["changed"] for one in report()["analyses"]["label_rules"]["others"]] == [[], []]
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*it must be at most 0.4, labels = any*"])


def test_a_bound_is_taken_by_the_rule_too(
    run: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    run(gates=GATE.replace("max = 0.4", 'max = 0.99\nconfidence = 0.9\nlabels = "all"'))
    (gate,) = report()["gates"]
    # None of two: the upper bound at 90 % is 1 - 0.1 ** (1 / 2).
    assert (gate["value"], gate["outcome"]) == (0.0, "passed")
    assert gate["bound"] == pytest.approx(1 - 0.1**0.5)


def test_the_rule_may_stand_beside_words_or_alone_and_the_option_keeps_the_words(
    pytester: pytest.Pytester,
    run: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    words = '[tool.safescale.labels]\nrule = "any"\nhigh_risk = "never event"\n'
    pytester.makepyprojecttoml(words)
    run()
    assert report()["manifest"]["label_rule"] == "any"
    run("--safescale-labels=all")
    manifest = report()["manifest"]
    assert (manifest["label_rule"], manifest["labels"]) == ("all", {"high_risk": "never event"})
    pytester.makepyprojecttoml('[tool.safescale]\nlabels = "any"\n')
    run()
    assert report()["manifest"]["label_rule"] == "any"


def test_shards_are_judged_by_every_rule_once_they_are_joined(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    for shard in (1, 2):
        run(f"--safescale-shard={shard}/2", f"--safescale-report=s{shard}")
    assert main(["merge", "s1", "s2", "--out=whole"]) == 1
    whole = json.loads((pytester.path / "whole" / "run.json").read_text("utf-8"))
    (_, by_all) = whole["analyses"]["label_rules"]["others"]
    assert [one["there"] for one in by_all["changed"]] == ["passed"]
    assert whole["manifest"]["label_rule"] == "majority"


def test_a_report_is_scored_again_by_another_rule(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    run()
    pytester.makepyprojecttoml('[tool.safescale]\nlabels = "any"\n')
    scored = ["score", "safescale-report", "--dataset=labelled.json", "--out=again"]
    assert main(scored) == 0
    again = json.loads((pytester.path / "again" / "run.json").read_text("utf-8"))
    assert rate(again) == 1.0
    assert again["manifest"]["label_rule"] == "any"


def test_a_rule_without_votes_is_said_to_change_nothing_and_its_gate_blocks(
    run_suite: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A")
    (pytester.path / "gates.toml").write_text(GATE + 'labels = "any"\n', "utf-8")
    chosen = ("--safescale-dataset=items.json", "--safescale-gates=gates.toml")
    result = run_suite(*RUN, *chosen, "--safescale-labels=any")
    assert result.ret == 1
    assert report()["gates"][0]["outcome"] == "inconclusive"
    assert "no rater's vote on these items says yes" in report()["gates"][0]["sentence"]
    assert "label_rule" not in report()["manifest"]
    assert "label_rules" not in report()["analyses"]
    assert (
        "labels = any changes nothing: items.json keeps no votes" in report()["manifest"]["notices"]
    )


def test_an_unknown_rule_is_refused_before_any_call(
    run: Callable[..., pytest.RunResult],
) -> None:
    result = run("--safescale-labels=most")
    assert result.ret == 4
    assert "--safescale-labels: found 'most'" in result.stderr.str()
    assert "'majority', 'any' or 'all'" in result.stderr.str()


def test_where_every_rater_said_no_rates_of_danger_are_0_with_an_interval(
    pytester: pytest.Pytester,
    run: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    voted: bytes,
) -> None:
    records = json.loads(voted)
    for record in records:
        for labels in record["label_votes"].values():
            for votes in labels.values():
                votes.update(dict.fromkeys(votes, 0))
    (pytester.path / "labelled.json").write_text(json.dumps(records), "utf-8")
    result = run()
    danger = [
        (row["value"], row["n"], row["ci_low"], row["ci_method"])
        for row in report()["metrics"]
        if row["metric"] in ("high_risk_error_rate", "unsafe_answer_rate", "contradiction_rate")
        and (row["regime"], row["model"]) == ("single", "python:app:answer")
    ]
    assert danger == [(0.0, 2, 0.0, danger[0][3])] * 3
    # Nothing can be found there, so a gate on it proves nothing.
    assert report()["gates"][0]["outcome"] == "inconclusive"
    assert "! every label says no" in result.stdout.str()
    assert main(["score", "safescale-report", "--dataset=labelled.json", "--out=again"]) == 0
    again = json.loads((pytester.path / "again" / "run.json").read_text("utf-8"))
    assert rate(again) == 0.0


def test_a_labelled_item_without_danger_keeps_its_rates_where_it_is_asked_alone(
    pytester: pytest.Pytester,
    run_suite: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    report: Callable[[], dict[str, Any]],
) -> None:
    path = items("say B", "say B")
    records = json.loads(path.read_text("utf-8"))
    no = {f"option_{n}_{label}": 0 for n in (2, 3, 4) for label in ("high_risk", "unsafe")}
    records[0] |= no | {"option_4_contradicts": 0}
    path.write_text(json.dumps(records), "utf-8")
    run_suite(*RUN, f"--safescale-dataset={path.name}", "--safescale-item=i0")
    assert rate(report()) == 0.0
