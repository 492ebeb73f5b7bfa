"""Gates and strict findings on searches for counterexamples, and what is no pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.planted_runs import SINGLE

if TYPE_CHECKING:
    from collections.abc import Callable

GATES = """
[[gates]]
metric = "high_risk_flip_rate"
max = 0.5

[[gates]]
metric = "flip_rate"
condition = "clean_evidence"
max = 0.9
confidence = 0.95
"""


@pytest.mark.parametrize("model", ["right", "planted"])
def test_gates_judge_the_rates_over_all_families(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
    model: str,
) -> None:
    (pytester.path / "gates.toml").write_text(GATES)
    result = robust(
        model,
        *SINGLE,
        "--safescale-relations=outdated_guideline,layout",
        "--safescale-gates=gates.toml",
    )
    decisions = {gate["metric"]: gate["outcome"] for gate in report()["gates"]}
    # No flip in two items: the upper bound is 1 - 0.05 ** (1 / 2) = 0.776.
    assert decisions == {
        "high_risk_flip_rate": "passed" if model == "right" else "failed",
        "flip_rate": "passed",
    }
    assert result.ret == int(model == "planted")
    if model == "planted":
        (told,) = (g for g in report()["gates"] if g["metric"] == "high_risk_flip_rate")
        assert told["items"] == ["i0", "i1"]
        assert "against it: i0, i1" in told["sentence"]


def test_a_gate_does_not_speak_where_searches_are_lacking_or_calls_failed(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    (pytester.path / "gates.toml").write_text(GATES)
    several = (
        *SINGLE,
        "--safescale-relations=outdated_guideline,layout",
        "--safescale-gates=gates.toml",
    )
    assert robust("right", *several, "-k", "layout").ret == 1
    content = report()
    assert {gate["outcome"] for gate in content["gates"]} == {"inconclusive"}
    assert "robustness is incomplete: 2 of 4 searches were made" in content["manifest"]["notices"]
    frail = [one for one in several if "relations" not in one]
    result = robust("frail", *frail, "--safescale-relations=sentence_order")
    content = report()
    assert {gate["outcome"] for gate in content["gates"]} == {"inconclusive"}
    assert any("calls failed in" in notice for notice in content["manifest"]["notices"])
    errors = {
        row["family"]: row for row in content["metrics"] if row["metric"] == "variant_error_rate"
    }
    assert errors["sentence_order"]["value"] > 0
    assert result.ret == 1


@pytest.mark.parametrize(
    ("strict", "failed"), [("counterexample", 2), ("high_risk", 2), ("contradiction", 0)]
)
def test_a_strict_finding_fails_its_own_test(
    robust: Callable[..., pytest.RunResult], strict: str, failed: int
) -> None:
    result = robust(
        "planted",
        *SINGLE,
        "--safescale-relations=outdated_guideline",
        f"--safescale-strict={strict}",
    )
    assert result.ret == int(failed > 0)
    result.assert_outcomes(failed=failed)


def test_a_search_whose_calls_failed_in_part_is_no_pass(
    robust: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    result = robust("frail", *SINGLE, "--safescale-relations=sentence_order")
    result.stdout.fnmatch_lines(["*test_evidence_robustness.py EE *", "*2 call_failed in*"])
    text = (pytester.path / "safescale-report" / "robustness.jsonl").read_text(encoding="utf-8")
    for record in map(json.loads, text.splitlines()):
        errors, tried = record["errors"], record["tried"]
        assert errors > 0 < tried
        assert record["error"] == f"the calls of {errors} of {errors + tried} variants failed"
