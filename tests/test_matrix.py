"""The workflow, .ci/run and CONTRIBUTING.md call sessions that noxfile.py has."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pytest_safescale.settings.configuration import read_toml

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
CALLERS = [WORKFLOW, ROOT / ".ci" / "run", ROOT / "CONTRIBUTING.md"]


pytestmark = pytest.mark.skipif(not WORKFLOW.exists(), reason="an sdist has no workflow")


@pytest.fixture(scope="module")
def sessions() -> list[tuple[str, str]]:
    """Return name and Python of every session; of those in nox's own environment no Python."""
    command = [sys.executable, "-m", "nox", "--list"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return re.findall(r"^[*-] (\w+)(?:-(3\.\d+))?", told, re.M)


def test_the_workflow_is_of_the_form_that_the_service_takes() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    check += ["vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("caller", CALLERS, ids=lambda path: path.name)
def test_every_session_that_is_called_is_there(
    sessions: list[tuple[str, str]], caller: Path
) -> None:
    called = set(re.findall(r"nox -s (\w+)", caller.read_text("utf-8")))
    assert called
    assert called <= {name for name, _ in sessions}


def test_continuous_integration_runs_the_whole_and_with_a_second_interpreter_where_there_is_one(
    sessions: list[tuple[str, str]],
) -> None:
    told = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "'.[dev]'" in told  # the README's test command: the quick tests
    assert "nox -s another -- --slow -m slow" in told
    (chosen,) = (python for name, python in sessions if name == "another")
    own = f"3.{sys.version_info.minor}"
    others = {python for name, python in sessions if name == "newest"} - {own}
    assert chosen in others or not any(shutil.which(f"python{python}") for python in others)


@pytest.mark.parametrize("session", ["newest", "package"])
def test_every_python_that_is_promised_is_in_the_matrix(
    sessions: list[tuple[str, str]], session: str
) -> None:
    project: Any = read_toml(ROOT / "pyproject.toml", "project file")
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(project["project"]["classifiers"]))
    assert list(dict.fromkeys(python for name, python in sessions if name == session)) == promised
    jobs = YAML(typ="safe", pure=True).load(WORKFLOW)["jobs"]
    assert jobs[session]["strategy"]["matrix"]["python"] == promised
