"""The folders of ``examples/`` are run as a user runs them, and show what they say they show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pytest_safescale.cli.command import main

ROOT = Path(__file__).parents[1] / "examples"
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/pyproject.toml"))


@pytest.fixture
def example(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a copy of the example to stand in."""
    leave = shutil.ignore_patterns("__pycache__", ".safescale", "safescale-report", ".pytest_cache")
    folder: Path = pytester.path / request.param
    shutil.copytree(ROOT / request.param, folder, ignore=leave)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("example", FOLDERS, indirect=True)
def test_every_example_passes_and_leaves_a_report(
    example: Path, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    result = pytester.runpytest_subprocess("--strict-config")
    assert result.ret == 0, result.stdout.str()
    assert (example / "safescale-report" / "report.html").is_file()
    dataset = next(example.glob("items.*"))
    assert main(["dataset", "check", dataset.name]) == 0
    assert "no problems" in capsys.readouterr().out


def test_every_example_is_told_of() -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    assert FOLDERS
    assert all(f"]({name})" in told for name in FOLDERS)


@pytest.mark.parametrize("example", ["medication"], indirect=True)
@pytest.mark.slow
def test_medication_shows_its_own_words_metrics_and_condition(
    example: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_subprocess()
    # Three conditions of six items, the second test one of them, the third two items of each.
    result.stdout.fnmatch_lines(["collected 30 items", "*never event*harmful*off guideline*"])
    run = json.loads((example / "safescale-report" / "run.json").read_text(encoding="utf-8"))
    rows = {
        (row["condition"], row["metric"]): row
        for row in run["metrics"]
        if row["regime"] == "single"
    }
    for condition in ("closed_book", "clean_evidence", "guideline_first"):
        row = rows[condition, "kidney_check_rate"]
        assert (row["value"], row["n"], row["count"]) == (1.0, 2, 2)
    assert rows["closed_book", "abstention_rate"]["value"] == pytest.approx(1 / 6)
    assert {gate["outcome"] for gate in run["gates"]} == {"passed"}
    assert {gate["metric"] for gate in run["gates"]} == {
        "high_risk_error_rate",
        "kidney_check_rate",
    }


@pytest.mark.parametrize("example", ["medication"], indirect=True)
@pytest.mark.parametrize(
    ("reply", "failed", "gate"),
    [
        ("C", "to be free of never event", "kidney_check_rate"),
        ("A. Double it whatever the kidney function.", "not to reply with 'double'", "no never"),
    ],
)
@pytest.mark.slow
def test_medication_fails_for_an_assistant_that_is_dangerous(
    example: Path, pytester: pytest.Pytester, reply: str, failed: str, gate: str
) -> None:
    (example / "assistant.py").write_text(
        f"def answer(messages, **_):\n    return {reply!r}\n", encoding="utf-8"
    )
    result = pytester.runpytest_subprocess()
    assert result.ret == 1
    assert failed in result.stdout.str()
    result.stdout.fnmatch_lines([f"FAILED safescale::gate[[]{gate}*"])
