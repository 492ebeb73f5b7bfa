"""What a run says beyond its rates: ensembles, concentration of risk, mechanisms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = ("simulated:safe", "simulated:paper", "simulated:dangerous")
ENSEMBLE = '[[ensembles]]\nname = "panel"\nmodels = {}\n'


def test_an_ensemble_votes_and_every_analysis_stands_in_the_run(
    pytester: pytest.Pytester, report: Callable[[], dict[str, Any]]
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(list(MODELS)))
    result = pytester.runpytest_subprocess(
        "--safescale-suite=radsafe200",
        *(f"--safescale-model={name}" for name in MODELS),
        "--safescale-samples=2",
        "--safescale-limit=12",
        "--safescale-conditions=closed_book,clean_evidence,agentic_rag",
    )
    assert result.ret == 0
    run = report()
    votes = {
        (row["condition"], row["metric"]): row
        for row in run["metrics"]
        if row["model"] == "ensemble:panel"
    }
    assert votes["clean_evidence", "accuracy"]["n"] == 12
    assert ("closed_book", "synchronized_failure_rate") in votes
    assert run["manifest"]["ensembles"] == [{"name": "panel", "models": list(MODELS)}]
    found = run["analyses"]
    assert {row["finding"] for row in found["concentration"]} >= {"high_risk", "wrong"}
    assert all(worst["failures"] for worst in found["worst_items"])
    assert {row["direction"] for row in found["evidence_misread"]} == {"lost", "gained"}
    assert "reasoning_drift" in found


def test_an_ensemble_of_strangers_ends_with_exit_code_4(pytester: pytest.Pytester) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(["a", "b", "lexical"]))
    result = pytester.runpytest_subprocess(
        "--safescale-suite=radsafe200", "--safescale-model=lexical"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ensemble 'panel': found a, b; allowed: models of the run, lexical" in str(result.stderr)
