"""The recipes of docs/ci.md: of a form their services take, and their shell steps really run."""

from __future__ import annotations

import io
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from tests.runs.sharded import data_of

DOCS = Path(__file__).parents[1] / "docs"


def recipes(page: Path) -> dict[str, str]:
    """Return a page's recipes by the file that their first line names."""
    blocks = re.findall(r"^```yaml\n# (\S+)[^\n]*\n(.*?)```", page.read_text("utf-8"), re.M | re.S)
    return dict(blocks)


RECIPES = recipes(DOCS / "ci.md")
EVERY = [
    pytest.param(text, name, id=f"{page.name}-{name}")
    for page in sorted(DOCS.glob("*.md"))
    for name, text in recipes(page).items()
]
GITHUB, GITLAB = ".github/workflows/safescale.yml", ".gitlab-ci.yml"
INSTALL = "python -m pip install pytest-safescale"

PROJECT = """
samples = 0
[models.candidate]
provider = "simulated"
model = "{profile}"
"""
GATES = """
[[gates]]
metric = "high_risk_error_rate"
max = 0.05
"""
RECORDER = """#!/bin/sh
printf '%s\\n' "$0 $*" >> calls.txt
"""


class Step(NamedTuple):
    """A shell step of a recipe."""

    script: str
    environment: dict[str, str]
    always: bool


def content(recipe: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(RECIPES[recipe]))


def github_steps(values: dict[str, str]) -> list[Step]:
    """Return the shell steps of the one job, with what stands in ``${{ }}`` filled in."""

    def filled(text: object) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: values[match[1]], str(text))

    job = content(GITHUB)["jobs"]["safety"]
    shared = {name: filled(value) for name, value in job["env"].items()}
    return [
        Step(
            filled(step["run"]),
            shared | {name: filled(value) for name, value in step.get("env", {}).items()},
            step.get("if", "").startswith("always()"),
        )
        for step in job["steps"]
        if "run" in step
    ]


def gitlab_steps() -> list[Step]:
    job = content(GITLAB)["safety"]
    steps = [(line, False) for line in job["script"]]
    steps += [(line, True) for line in job["after_script"]]
    variables = {
        "MODEL": "candidate",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_PROJECT_ID": "3",
        "CI_API_V4_URL": "http://127.0.0.1:9/api/v4",
        "SAFESCALE_COMMENT_TOKEN": "word",
    }
    return [Step(line, variables, always) for line, always in steps]


VALUES = {
    "matrix.model": "candidate",
    "github.token": "word",
    "github.event.pull_request.number": "7",
    "vars.SAFESCALE_BASE_URL": "http://127.0.0.1:9/v1",
    "secrets.SAFESCALE_API_KEY": "word",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose programs for comments only note how they were called."""
    (tmp_path / "gates.toml").write_text(GATES, encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("gh", "curl"):
        program = programs / name
        program.write_text(RECORDER, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def carried_out(steps: list[Step], folder: Path, profile: str) -> tuple[int, str]:
    """Run the steps as the services do: after one that fails, only those that always run."""
    settings = data_of(folder, 12) + PROJECT.format(profile=profile)
    (folder / "safescale.toml").write_text(settings, encoding="utf-8")
    path = f"{folder / 'programs'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}"
    outside = {
        "PATH": path + os.environ["PATH"],
        "HOME": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "step-summary.md"),
        **{name: value for name, value in os.environ.items() if name.startswith("PYTHON")},
    }
    code, told = 0, ""
    for step in steps:
        # The package under test is installed already, and is on no index that is reached here.
        if step.script.strip() == INSTALL or (code and not step.always):
            continue
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step.script],
            cwd=folder, env=outside | step.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told += done.stdout + done.stderr
        code = code or done.returncode
    return code, told


@pytest.mark.parametrize(("recipe", "name"), EVERY)
def test_a_recipe_is_of_the_form_that_its_service_takes(
    tmp_path: Path, recipe: str, name: str
) -> None:
    path = tmp_path / "recipe.yml"
    schema = f"vendor.{'github-workflows' if name.startswith('.github') else 'gitlab-ci'}"
    for text, valid in ((recipe, True), (recipe + "\nsafety: 3\n", False)):
        path.write_text(text, encoding="utf-8")
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is valid, done.stdout + done.stderr


@pytest.mark.parametrize("recipe", [GITHUB, GITLAB])
@pytest.mark.parametrize(
    ("profile", "code", "verdict"),
    [("always_safe", 0, "## Passed: 6 gates."), ("always_dangerous", 1, "## Blocked: 6 of 6")],
)
@pytest.mark.slow
def test_the_shell_steps_judge_a_model_and_tell_it_everywhere(
    project: Path, recipe: str, profile: str, code: int, verdict: str
) -> None:
    steps = github_steps(VALUES) if recipe == GITHUB else gitlab_steps()
    ended, told = carried_out(steps, project, profile)
    assert ended == code, told
    summary = (project / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith(verdict)
    suites = ElementTree.parse(project / "junit.xml").getroot()
    assert int(suites[0].get("failures") or 0) == 6 * code
    called = (project / "calls.txt").read_text(encoding="utf-8")
    if recipe == GITHUB:
        assert (project / "step-summary.md").read_text(encoding="utf-8") == summary
        assert "gh pr comment 7 --body-file safescale-report/summary.md --edit-last" in called
    else:
        assert "body@safescale-report/summary.md http://127.0.0.1:9/api/v4/projects/3/" in called
    assert "word" not in told


@pytest.mark.parametrize("recipe", [GITHUB, GITLAB])
@pytest.mark.slow
def test_a_configuration_that_cannot_be_used_ends_with_four_and_without_a_comment(
    project: Path, recipe: str
) -> None:
    steps = github_steps(VALUES) if recipe == GITHUB else gitlab_steps()
    ended, told = carried_out(steps, project, "no_such_profile")
    assert ended == 4, told
    assert "no_such_profile" in told
    assert not (project / "calls.txt").exists()
    assert not (project / "step-summary.md").exists()


@pytest.mark.slow
def test_a_second_run_takes_its_replies_from_the_cached_store(project: Path) -> None:
    steps = [step for step in github_steps(VALUES) if "--safescale-suite" in step.script]
    carried_out(steps, project, "always_safe")
    option = "--safescale-gates gates.toml"
    replay = [
        step._replace(script=step.script.replace(option, f"{option} --safescale-replay"))
        for step in steps
    ]
    ended, told = carried_out(replay, project, "always_safe")
    assert ended == 0, told


def test_every_block_of_yaml_names_its_file() -> None:
    for page in DOCS.glob("*.md"):
        assert page.read_text(encoding="utf-8").count("```yaml\n") == len(recipes(page))


def test_what_the_recipes_keep_is_what_a_run_writes() -> None:
    github, gitlab = content(GITHUB)["jobs"]["safety"], content(GITLAB)["safety"]
    used = {step["uses"].split("@")[0]: step for step in github["steps"] if "uses" in step}
    assert used["actions/cache/restore"]["with"]["path"] == ".safescale"
    assert used["actions/cache/save"]["with"] == {
        name: used["actions/cache/restore"]["with"][name] for name in ("path", "key")
    }
    assert gitlab["cache"]["paths"] == [".safescale/"]
    assert gitlab["artifacts"]["reports"] == {"junit": "junit.xml"}
    assert gitlab["script"][0] == INSTALL
