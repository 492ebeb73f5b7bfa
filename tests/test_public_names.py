"""What users import stands in ``pytest_safescale`` alone, and is all that the docs import."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import pytest_safescale
from pytest_safescale.packaged import data_folder

ROOT = Path(__file__).parent.parent
PROGRAM = Path(__file__).with_name("user_program.py")
CACHE = str(ROOT / ".mypy_cache")
"""Shared with the check of the whole: the package is looked at once."""
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *ROOT.glob("examples/**/*.md")]
FILES = [*sorted(ROOT.glob("examples/**/*.py")), *sorted(ROOT.glob("suites/*.py")), PROGRAM]


def examples() -> dict[str, list[str]]:
    """Return the Python code that is written for users, by the file it stands in."""
    code = {page.name: blocks(page) for page in PAGES}
    return code | {str(file.relative_to(ROOT)): [file.read_text("utf-8")] for file in FILES}


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def imported(code: str) -> list[tuple[str, str]]:
    """Return what a piece of code imports from this package, as module and name."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return [(module, name) for module, name in found if module.startswith("pytest_safescale")]


def listed() -> list[str]:
    """Return the names of the list in the documentation."""
    page = (ROOT / "docs" / "options.md").read_text("utf-8")
    section = page.partition("## Names to import\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^`]+ \| (.+) \|$", section, re.M)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_the_public_names_are_those_that_the_documentation_lists() -> None:
    assert sorted(listed()) == sorted(pytest_safescale.__all__)


def test_every_public_name_is_there_and_the_list_is_sorted() -> None:
    homes = [name for names in pytest_safescale._HOMES.values() for name in names]
    assert sorted(homes) == sorted(pytest_safescale.__all__)
    for home, names in pytest_safescale._HOMES.items():
        assert set(names) <= set(import_module(f"pytest_safescale.{home}").__all__)
    for name in pytest_safescale.__all__:
        assert getattr(pytest_safescale, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pytest_safescale.nothing


@pytest.mark.parametrize("place", examples())
def test_examples_import_public_names_only(place: str) -> None:
    for code in examples()[place]:
        for module, name in imported(code):
            assert module == "pytest_safescale"
            assert name in pytest_safescale.__all__


@pytest.mark.slow
def test_a_users_program_runs_with_hooks_of_its_own(pytester: pytest.Pytester) -> None:
    shutil.copy(PROGRAM, pytester.path)
    records = json.loads((data_folder("fixtures") / "sample" / "items.json").read_text("utf-8"))
    (pytester.path / "items.json").write_text(json.dumps(records[:1]), "utf-8")
    result = pytester.runpytest_subprocess(
        "-p", PROGRAM.stem, PROGRAM.name, "--safescale-model=first", "--safescale-samples=0",
        "--safescale-conditions=titled,key_fact_only", "--safescale-variants=2",
        "--safescale-dataset=items.json", "--safescale-relations=printed,printed_kept",
    )  # fmt: skip
    assert result.ret == 0, result.stdout.str()
    metrics = (pytester.path / "safescale-report" / "metrics.csv").read_text("utf-8")
    assert {"reply_letters", "flip_rate"} <= set(re.split(r"[,\n]", metrics))


@pytest.mark.slow
def test_a_users_program_is_typed(tmp_path: Path) -> None:
    shutil.copy(PROGRAM, tmp_path)
    check = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", CACHE, PROGRAM.name]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
