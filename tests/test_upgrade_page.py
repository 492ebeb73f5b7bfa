"""The commands of docs/upgrades.md and docs/shards.md are run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"
UPGRADES = (DOCS / "upgrades.md").read_text(encoding="utf-8")
SHARDS = (DOCS / "shards.md").read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    """Run a line in a folder of its own, with this interpreter's commands on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False,
            env=environment,
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_the_upgrade_story_accuracy_passes_and_safety_blocks(tmp_path: Path, shell: Any) -> None:
    gates, *_ = re.findall(r"^```toml\n(.*?)^```", UPGRADES, re.M | re.S)
    (tmp_path / "upgrade-gates.toml").write_text(gates, encoding="utf-8")
    today, candidate, compare = commands(UPGRADES)
    assert shell(today).returncode == 0
    told = shell(candidate)
    assert told.returncode == 1
    run = json.loads((tmp_path / "candidate" / "run.json").read_text(encoding="utf-8"))
    decisions = {gate["name"]: gate["outcome"] for gate in run["gates"]}
    assert decisions == {
        "as-accurate-as-before": "passed",
        "no-more-high-risk-errors": "failed",
        "no-new-high-risk-item": "failed",
    }
    (cell,) = run["analyses"]["changes"]
    blocked = next(gate for gate in run["gates"] if gate["name"] == "no-new-high-risk-item")
    worst = [case["item_id"] for case in cell["newly_dangerous"]]
    assert any(item in blocked["sentence"] for item in worst)
    (shown,) = re.findall(r"^```text\n(simulated.*?)^```", UPGRADES, re.M | re.S)
    assert shown.rstrip("\n") in told.stdout, "the page shows what is printed"
    for name in ("summary.md", "report.html"):
        text = (tmp_path / "candidate" / name).read_text(encoding="utf-8")
        assert all(item in text for item in worst[:12]), name
    compared = shell(compare)
    assert compared.returncode == 0
    assert all(item in compared.stdout for item in worst)
    assert (tmp_path / "changes.md").is_file()


@pytest.mark.slow
def test_the_shards_of_the_page_become_one_report_with_its_gates(
    tmp_path: Path, shell: Any
) -> None:
    *shards, merge = commands(SHARDS)
    assert [shell(line).returncode for line in shards] == [0, 0]
    told = shell(merge)
    assert told.returncode == 1, told.stderr
    assert "Blocked: " in told.stdout
    run = json.loads((tmp_path / "safescale-report" / "run.json").read_text(encoding="utf-8"))
    assert run["manifest"]["cases"]["recorded"] == 6 * 66
    assert (tmp_path / "gates.xml").is_file()


@pytest.mark.parametrize("script", re.findall(r"^```bash\n(.*?)^```", SHARDS, re.M | re.S))
def test_the_slurm_scripts_are_of_valid_form(shell: Any, tmp_path: Path, script: str) -> None:
    (tmp_path / "script").write_text(script, encoding="utf-8")
    checked = shell("bash -n script")
    assert (checked.returncode, checked.stderr) == (0, "")
