"""The configuration of the folder pytest was started in holds, whatever its rootdir becomes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_safescale

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

SETTINGS = 'dataset = "items.json"\nconditions = ["closed_book"]\nsamples = 0\n'
GATE = '[[{}gates]]\nmetric = "high_risk_error_rate"\nmax = 0.1\n'
ASKED = ("--safescale-suite", "radsafe200", "--safescale-model", "python:app:answer")
BLOCKED = "Blocked: 1 of 1 gates does not hold."


@pytest.fixture
def project(pytester: pytest.Pytester, items: Callable[..., Path]) -> Path:
    """Return a folder with an application that fails the gate of its configuration."""
    folder = pytester.mkdir("project")
    (folder / "safescale.toml").write_text(SETTINGS + GATE.format(""), encoding="utf-8")
    for path in (pytester.path / "app.py", items("say B")):
        shutil.move(path, folder / path.name)
    return folder


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, project: Path) -> Path:
    """Return a folder beside the project that holds one file for each option."""
    folder = pytester.mkdir("elsewhere")
    shutil.copy(project / "items.json", folder)
    (folder / "gates.toml").write_text(GATE.format(""), encoding="utf-8")
    (folder / "corpus.jsonl").write_text('{"id": "p", "title": "t", "text": "x"}\n')
    return folder


def judged(result: pytest.RunResult, configuration: Path) -> None:
    """Check that the gate was read from the configuration, and judged."""
    told = result.stdout.str() + result.stderr.str()
    assert result.ret == 1, told
    result.stdout.fnmatch_lines([f"safescale: configuration {configuration}"])
    assert any(line.startswith(BLOCKED[:8]) for line in result.stdout.lines), told


@pytest.mark.parametrize(
    ("option", "value", "ini"),
    [
        ("report", ".", None),
        ("report", ".", "pytest.ini"),
        ("report", ".", "elsewhere/pytest.ini"),
        ("figures", ".", None),
        ("dataset", "items.json", None),
        ("store", "store.sqlite", None),
        ("gates", "gates.toml", "elsewhere/pytest.ini"),
        ("corpus", "corpus.jsonl", None),
        ("baseline", "before", None),
    ],
)
def test_an_option_that_names_a_path_elsewhere_does_not_lose_the_configuration(
    project: Path,
    elsewhere: Path,
    run_pytest: Run,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    value: str,
    ini: str | None,
) -> None:
    # Pytest takes the value, once the path exists, for a place of tests, and its root is above.
    monkeypatch.chdir(project)
    if option == "baseline":
        run_pytest(*ASKED, "--safescale-report=../elsewhere/before", "--safescale-gates=none")
    if ini is not None:
        (elsewhere.parent / ini).write_text("[pytest]\n", encoding="utf-8")
    # A run that rests on the very replies of its baseline would be refused.
    fresh = ["--safescale-fresh"] * (option == "baseline")
    for _ in range(1 if value != "store.sqlite" else 2):
        result = run_pytest(*ASKED, *fresh, f"--safescale-{option}", f"../elsewhere/{value}")
        judged(result, project / "safescale.toml")


ROOTS = {
    "the root above": (["pytest.ini"], []),
    "a root that is named": ([], ["--rootdir=../elsewhere"]),
    "a file that is named": (["elsewhere/pytest.ini"], ["-c", "../elsewhere/pytest.ini"]),
    "both": (
        ["elsewhere/pytest.ini"],
        ["-c", "../elsewhere/pytest.ini", "--rootdir=../elsewhere"],
    ),
    "tests given by path": (["elsewhere/test_it.py"], ["../elsewhere/test_it.py"]),
}


@pytest.mark.parametrize(
    ("root", "processes"),
    [*((root, ()) for root in ROOTS), ("a root that is named", ("-n2",))],
)
def test_it_holds_whatever_the_root_is(
    project: Path,
    elsewhere: Path,
    run_pytest: Run,
    monkeypatch: pytest.MonkeyPatch,
    root: str,
    processes: tuple[str, ...],
) -> None:
    files, arguments = ROOTS[root]
    for file in files:
        text = "[pytest]\n" if file.endswith(".ini") else "def test_it(): pass\n"
        (elsewhere.parent / file).write_text(text, encoding="utf-8")
    monkeypatch.chdir(project)
    judged(run_pytest(*ASKED, *arguments, *processes), project / "safescale.toml")


@pytest.mark.parametrize("start", ["sub", "sub/deeper"])
def test_it_is_found_from_a_folder_below(
    project: Path, run_pytest: Run, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    (project / start).mkdir(parents=True)
    monkeypatch.chdir(project / start)
    judged(run_pytest(*ASKED), project / "safescale.toml")


def test_it_is_found_from_the_tests_where_the_folder_of_the_call_has_none(
    project: Path, run_pytest: Run
) -> None:
    (project / "test_it.py").write_text("def test_it(safescale_case): safescale_case.judge()\n")
    judged(run_pytest("project/test_it.py", *ASKED[2:]), project / "safescale.toml")


SECOND = {
    "in the same folder": ("project/pyproject.toml", []),
    "beside the tests": ("elsewhere/safescale.toml", ["../elsewhere/test_it.py"]),
    "in the root that is named": ("elsewhere/pyproject.toml", ["--rootdir=../elsewhere"]),
    "in the file that is named": (
        "elsewhere/pyproject.toml",
        ["-c", "../elsewhere/pyproject.toml"],
    ),
    "in the root above": ("pyproject.toml", ["-c", "../pyproject.toml"]),
    "below": ("project/sub/safescale.toml", ["sub"]),
}


@pytest.mark.parametrize("second", SECOND)
def test_two_configurations_are_refused_and_named(
    project: Path,
    elsewhere: Path,
    run_pytest: Run,
    monkeypatch: pytest.MonkeyPatch,
    second: str,
) -> None:
    (elsewhere / "test_it.py").write_text("def test_it(safescale_case): safescale_case.judge()\n")
    file, arguments = SECOND[second]
    table = "tool.safescale." if file.endswith("pyproject.toml") else ""
    (elsewhere.parent / file).parent.mkdir(exist_ok=True)
    (elsewhere.parent / file).write_text(GATE.format(table), encoding="utf-8")
    monkeypatch.chdir(project)
    result = run_pytest(*ASKED, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stderr.str()
    assert "safescale: two configurations: found" in told
    assert str(project / "safescale.toml") in told
    assert str(elsewhere.parent / file) in told
    assert not (project / ".safescale").exists()


@pytest.mark.parametrize("processes", [(), ("-n2",)], ids=["one", "-n2"])
def test_a_configuration_above_the_installed_suites_is_not_meant(
    project: Path,
    elsewhere: Path,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    processes: tuple[str, ...],
) -> None:
    # As where the package is installed into an environment inside another project.
    package = Path(pytest_safescale.__file__).parent
    shutil.copytree(package, elsewhere / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("suites", "fixtures"):
        shutil.copytree(package.parent / name, elsewhere / name)
    (elsewhere / "safescale.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    judged(pytester.runpytest_subprocess(*ASKED, *processes), project / "safescale.toml")


def test_tables_of_pyproject_in_safescale_toml_are_told_apart(
    pytester: pytest.Pytester, run_pytest: Run
) -> None:
    (pytester.path / "safescale.toml").write_text("[tool.safescale.models.m]\nmodel = 'x'\n")
    result = run_pytest("--safescale-suite=radsafe200", "--safescale-model=m")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*allowed: their names without tool.safescale, such as [[]models.NAME]"]
    )


def test_gates_that_are_switched_off_block_nothing(
    project: Path, run_pytest: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert run_pytest(*ASKED).ret == 1
    again = run_pytest(*ASKED)
    again.stdout.fnmatch_lines(
        ["All 1 replies come from the store, of * (UTC): nothing was asked."]
    )
    assert run_pytest(*ASKED, "--safescale-gates", "none").ret == 0


def test_a_plan_reads_the_same_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_safescale.cli.command import main

    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    assert main(["plan", "--model=lexical"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"configuration {project / 'safescale.toml'}\n")
    assert "lexical closed_book" in told


ADDOPTS = {
    "pytest.ini": "[pytest]\naddopts = --safescale-gates=gates.toml\n",
    "tox.ini": "[pytest]\naddopts =\n    -q\n    --safescale-gates=gates.toml\n",
    "setup.cfg": "[tool:pytest]\naddopts = --safescale-gates=gates.toml\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['--safescale-gates=gates.toml']\n",
}


@pytest.mark.parametrize("file", ADDOPTS)
def test_options_that_pytest_lost_sight_of_are_not_left_out_unsaid(
    project: Path, elsewhere: Path, run_pytest: Run, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    (project / "safescale.toml").write_text(SETTINGS, encoding="utf-8")
    (project / file).write_text(ADDOPTS[file], encoding="utf-8")
    shutil.copy(elsewhere / "gates.toml", project)
    monkeypatch.chdir(project)
    assert run_pytest(*ASKED).ret == 1
    assert run_pytest(*ASKED, "--safescale-report=../elsewhere").ret == 1
    result = run_pytest(*ASKED, "--safescale-report", "../elsewhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*found options in addopts of {project / file}, which pytest does not read: *"]
    )
