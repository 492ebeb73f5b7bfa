"""What a run says beyond its rates: ensembles, concentration of risk, mechanisms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = ("simulated:safe", "simulated:paper", "simulated:dangerous")
ENSEMBLE = '[[ensembles]]\nname = "panel"\nmodels = {}\n'


def test_an_ensemble_votes_and_every_analysis_stands_in_the_run(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    report: Callable[[], dict[str, Any]],
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(list(MODELS)))
    result = run_pytest(
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
    (ensemble,) = found["ensembles"]
    assert set(ensemble["failed_alike"]) == {"closed_book", "clean_evidence", "agentic_rag"}
    concentration = found["concentration"]
    assert {row["finding"] for row in concentration["findings"]} >= {"high_risk", "wrong"}
    assert all(worst["failures"] for worst in concentration["worst"]["wrong"])
    within = next(row for row in concentration["items"] if row["condition"] == "closed_book")
    assert set(within["letters"]) == set(MODELS)
    mechanisms = found["mechanisms"]
    assert {row["direction"] for row in mechanisms["evidence_misread"]} == {"lost", "gained"}
    assert mechanisms["confident_errors"]
    assert "reasoning_drift" in mechanisms
    steps = {row["step"] for row in found["scaling"]["decoupling"]}
    assert {"closed_book to clean_evidence", "the members of panel to their vote"} <= steps


@pytest.mark.parametrize(
    ("models", "found"),
    [
        (["a", "b", "lexical"], "a, b"),
        (["lexical", "lexical", "lexical"], "lexical more than once"),
    ],
)
def test_an_ensemble_that_cannot_vote_ends_with_exit_code_4(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    models: list[str],
    found: str,
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(models))
    result = run_pytest("--safescale-suite=radsafe200", "--safescale-model=lexical")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    allowed = "allowed: models of the run, each once, lexical"
    assert f"ensemble 'panel': found {found}; {allowed}" in str(result.stderr)


def test_two_ensembles_need_two_names(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(list(MODELS)) * 2)
    result = run_pytest(
        "--safescale-suite=radsafe200", *(f"--safescale-model={name}" for name in MODELS)
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ensembles: found panel more than once" in str(result.stderr)


def test_an_ensemble_whose_member_was_not_asked_has_no_figures(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    report: Callable[[], dict[str, Any]],
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(list(MODELS)))
    run_pytest(
        "--safescale-suite=radsafe200",
        *(f"--safescale-model={name}" for name in MODELS),
        "--safescale-samples=0",
        "--safescale-limit=2",
        "--safescale-conditions=closed_book",
        "-k",
        "not dangerous",
    )
    run = report()
    assert {row["model"] for row in run["metrics"]} == {"*", *MODELS[:2]}
    assert run["analyses"]["ensembles"] == []
    assert any("ensemble panel has no figures" in notice for notice in run["manifest"]["notices"])


def test_what_adaptive_sampling_leaves_open_is_not_told(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    report: Callable[[], dict[str, Any]],
) -> None:
    (pytester.path / "safescale.toml").write_text(ENSEMBLE.format(list(MODELS)))
    run_pytest(
        "--safescale-suite=radsafe200",
        *(f"--safescale-model={name}" for name in MODELS),
        "--safescale-adaptive",
        "--safescale-samples=5",
        "--safescale-limit=3",
        "--safescale-conditions=closed_book,clean_evidence",
    )
    run = report()
    votes = [row for row in run["metrics"] if row["model"] == "ensemble:panel"]
    open_ones = {row["metric"] for row in votes if not row["comparable"]}
    assert open_ones == {"dangerous_overconfidence_rate"}
    assert run["analyses"]["mechanisms"]["confident_errors"] == []
    moved = run["analyses"]["scaling"]["decoupling"]
    assert {row["regime"] for row in moved if row["dimension"] == "ensemble"} == {"single"}
