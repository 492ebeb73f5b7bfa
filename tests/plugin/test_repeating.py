"""The line of a case that repeats it, typed in another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_safescale.report.page.repeat_command import REPEATED, RepeatCommands

OWN = """
def test_mine(safescale_case):
    assert safescale_case.verdict.outcome
"""
OPTIONS = ("--safescale-model=simulated", "--safescale-samples=2", "--safescale-limit=3")
CONDITIONS = "--safescale-conditions=closed_book,clean_evidence"


@pytest.fixture(params=["suite", "own test"])
def started_in(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> Path:
    """Run a suite, or a test below the root, and return the folder that pytest was started in."""
    pytester.makeini("[pytest]\n")
    folder = pytester.mkdir("project")
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_own.py").write_text(OWN, encoding="utf-8")
    where = "--safescale-suite=radsafe200" if request.param == "suite" else "tests"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pytester.runpytest_inprocess(where, *OPTIONS, CONDITIONS, "--safescale-seed=5")
    return folder


def _read(report: Path) -> tuple[Any, list[Any]]:
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    lines = (report / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return run["manifest"], [json.loads(line) for line in lines]


@pytest.mark.slow
def test_a_case_is_repeated_from_another_folder(started_in: Path, tmp_path: Path) -> None:
    manifest, cases = _read(started_in / "safescale-report")
    assert manifest["repeat"]["folder"] == str(started_in)
    command = RepeatCommands(manifest["repeat"]).command(cases[-1])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout.decode()
    again, (case,) = _read(started_in / REPEATED)
    assert again["calls"]["made"] == 0
    for key in ("model", "condition", "item_id", "prompt_sha256", "outcome"):
        assert case[key] == cases[-1][key]
    assert case["samples"]["texts"] == cases[-1]["samples"]["texts"]
    assert _read(started_in / "safescale-report")[1] == cases


def test_the_manifest_names_the_variables_of_keys_and_never_their_values(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "a-key-that-stays")
    monkeypatch.setenv("SAFESCALE_BASE_URL", "http://127.0.0.1:9/v1")
    pytester.makepyfile(OWN)
    pytester.runpytest_inprocess(*OPTIONS, "--safescale-conditions=closed_book")
    manifest, _ = _read(pytester.path / "safescale-report")
    assert "SAFESCALE_API_KEY" in manifest["repeat"]["environment"]
    assert "--safescale-base-url=http://127.0.0.1:9/v1" in manifest["repeat"]["options"]
    assert "a-key-that-stays" not in json.dumps(manifest)
