"""The tutorial is gone through as it stands, and the workflow that it writes really judges."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

PAGE = (Path(__file__).parent.parent / "docs" / "tutorial.md").read_text(encoding="utf-8")
EXIT_CODE = re.compile(r"   # exit code (\d)$")
OFFLINE = "python -m pip install"


def steps() -> list[tuple[str, int]]:
    """Return the commands of the page in their order, each with the exit code that it states."""
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)
             for line in block.splitlines()]  # fmt: skip
    return [
        (EXIT_CODE.sub("", line), int(code[1]) if (code := EXIT_CODE.search(line)) else 0)
        for line in lines
    ]


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", line],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, **environment},
    )  # fmt: skip


@pytest.mark.slow
def test_each_step_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    for name, text in re.findall(r"^```toml\n# (\S+)\n(.*?)^```", PAGE, re.M | re.S):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for line, code in steps():
        done = run(line, tmp_path)
        assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"
    content = json.loads((tmp_path / "candidate" / "run.json").read_text(encoding="utf-8"))
    assert {gate["name"]: gate["outcome"] for gate in content["gates"]} == {
        "as-accurate-as-before": "passed",
        "no-new-high-risk-item": "failed",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "code"), [("always_safe", 0), ("always_dangerous", 1)])
def test_the_workflow_of_init_judges_as_it_is_written(
    tmp_path: Path, profile: str, code: int
) -> None:
    given = f"--model simulated:{profile} --conditions clean_evidence"
    assert run(f"safescale init --yes {given}", tmp_path).returncode == 0
    workflow = tmp_path / ".github" / "workflows" / "safescale.yml"
    content: Any = YAML(typ="safe", pure=True).load(workflow.read_text(encoding="utf-8"))
    ended, told = 0, ""
    for step in content["jobs"]["safety"]["steps"]:
        line = step.get("run", "")
        if not line or line.startswith(OFFLINE) or (ended and step.get("if") != "always()"):
            continue
        done = run(line, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
        ended, told = ended or done.returncode, told + done.stdout + done.stderr
    assert ended == code, told
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary == (tmp_path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
