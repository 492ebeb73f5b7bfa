"""What is run here: ``nox -s check``, ``fix`` and ``test`` in the environment that nox stands in.

``nox`` alone runs the matrix, each session in an environment of its own under ``.nox/``. An
interpreter that the machine lacks is skipped. What stands behind ``--`` goes to pytest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
OF_LOWEST = ["3.10", "3.11"]
"""Those for which the lowest versions are offered as wheels."""
SPREAD = ("-n", "2", "--dist", "loadfile")
"""Tests of a file stay in one process: the runs that they look at together are made once."""
OF_USERS = ("audit", "hf", "parquet", "labels", "png")
"""The extras whose requirements are held at their lowest too."""

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["newest", "lowest", "without_xdist", "package"]

# pyenv's names of interpreters run those alone that it is told to show; the first stays the first.
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
if "PYENV_VERSION" not in os.environ and _PYENV.is_dir():
    here = ".".join(map(str, sys.version_info[:3]))
    found = [one.name for one in _PYENV.iterdir() if re.fullmatch(r"3\.1\d\.\d+", one.name)]
    os.environ["PYENV_VERSION"] = ":".join(sorted(found, key=lambda one: one != here))


def _another_python() -> str:
    """Return the newest version that runs here beside nox's own, or that one where it is alone."""
    own = f"3.{sys.version_info.minor}"
    newest_first = sorted(PYTHONS, key=lambda one: int(one.partition(".")[2]), reverse=True)
    return next((one for one in newest_first if one != own and _runs(f"python{one}")), own)


def _runs(python: str) -> bool:
    """Try it: pyenv has a name for each interpreter, and refuses those it is not told to show."""
    path = shutil.which(python)
    return (
        path is not None
        and subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0
    )


@nox.session(venv_backend="none")
def check(session: nox.Session) -> None:
    """Look at the form of the code and at its types; changes nothing."""
    _here(session, "ruff", "check", ".")
    _here(session, "ruff", "format", "--check", ".")
    _here(session, "mypy")


@nox.session(venv_backend="none")
def fix(session: nox.Session) -> None:
    """Mend what can be mended by itself."""
    _here(session, "ruff", "check", "--fix", ".")
    _here(session, "ruff", "format", ".")


@nox.session(venv_backend="none")
def test(session: nox.Session) -> None:
    """Run the quick tests; ``-- --slow`` all."""
    _here(session, "pytest", "-n", "2", *session.posargs)


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Build the documentation as a site in build/docs/, with a report that is made for it."""
    _here(session, "docs.live_report")
    _here(session, "sphinx", "-q", "-W", "--keep-going", "-E", "docs", "build/docs")


@nox.session(venv_backend="none")
def pictures(session: nox.Session) -> None:
    """Draw the pictures of docs/pictures/ anew, from the runs of the tutorial."""
    _here(session, "docs.pictures")


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Run the tests with the newest version of everything."""
    _test_newest(session)


@nox.session(python=[_another_python()])
def another(session: nox.Session) -> None:
    """Run the tests with the newest interpreter that the machine has beside nox's own."""
    _test_newest(session)


@nox.session(python=OF_LOWEST)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest version of every requirement that pyproject.toml states."""
    extras = ",".join(("dev", *OF_USERS))
    # A folder of nox's own lies within the project, whose configuration tests would find there.
    with tempfile.TemporaryDirectory() as outside:
        constraints = Path(outside) / "lowest.txt"
        constraints.write_text("\n".join(lowest_versions()) + "\n", encoding="utf-8")
        session.install("-q", "-e", f".[{extras}]", "-c", str(constraints))
    session.run("python", "-m", "pytest", *SPREAD, *session.posargs)


@nox.session(python=PYTHONS)
def without_xdist(session: nox.Session) -> None:
    """Run the tests in one process, where pytest does not load xdist."""
    session.install("-q", "-e", ".[dev]")
    session.run("python", "-m", "pytest", "-p", "no:xdist", *session.posargs)


@nox.session(python=PYTHONS)
@nox.parametrize("kind", ["wheel", "sdist"])
def package(session: nox.Session, kind: str) -> None:
    """Install what is published in a fresh environment, and run the README's first command."""
    with tempfile.TemporaryDirectory() as outside:
        _here(session, "build", f"--{kind}", "--outdir", outside)
        (built,) = Path(outside).glob("pytest_safescale-*")
        session.install("-q", str(built))
        session.chdir(outside)
        session.run(*first_command().split())
        session.chdir(ROOT)


def lowest_versions() -> list[str]:
    """Return a constraint for each requirement of users: ``>=`` becomes ``==``."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    stated = [*project["dependencies"], *(one for name in OF_USERS for one in extras[name])]
    return [re.sub(r">=([^,;\s]+)[^;]*", r"==\1 ", one).strip() for one in stated]


def first_command() -> str:
    """Return how the README runs the sample data, without the way to the program."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"pip install -q \. && \.venv/bin/(pytest .+)", readme)
    return str(command)


def _test_newest(session: nox.Session) -> None:
    session.install("-q", "-e", ".[dev]")
    session.run("python", "-m", "pytest", *SPREAD, *session.posargs)


def _here(session: nox.Session, module: str, *arguments: str) -> None:
    session.run(sys.executable, "-m", module, *arguments, external=True)
