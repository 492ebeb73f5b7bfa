"""The tutorial is gone through as it stands, and the workflow that it writes really judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from docs.steps import gone_through, run, steps

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
OFFLINE = "python -m pip install"


@pytest.mark.slow
def test_each_step_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    for done in gone_through(steps(PAGE), tmp_path):
        assert done.code == done.step.code, f"{done.step.line}\n{done.told}"
    for report in ("candidate", "safescale-report"):
        content = json.loads((tmp_path / report / "run.json").read_text(encoding="utf-8"))
        assert {gate["name"]: gate["outcome"] for gate in content["gates"]} == {
            "as-accurate-as-before": "passed",
            "no-new-high-risk-item": "failed",
        }


def test_steps_are_lines_and_files_in_the_order_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(STEPS, encoding="utf-8")
    done = list(gone_through(steps(page), tmp_path))
    assert [(one.step.code, one.code, one.told) for one in done] == [
        (0, 0, ""),
        (0, 0, '# own.toml\nlimit = "$HOME"\n'),
        (3, 3, ""),
    ]


STEPS = """
```sh
python3 -m venv .venv && .venv/bin/pip install .
```

```toml
# own.toml
limit = "$HOME"
```

```sh
cat \\
    own.toml
exit 3   # exit code 3
```
"""


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
        ended, told = ended or done.returncode, told + done.stdout
    assert ended == code, told
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary == (tmp_path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
