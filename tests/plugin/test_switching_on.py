"""What switches a run on, and that it does not matter how, nor which process collects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

SETTINGS = """
model = "python:app:answer"
dataset = "items.json"
conditions = ["closed_book"]
samples = 0
[[gates]]
metric = "high_risk_error_rate"
max = 0.1
"""
OWN = "def test_it(safescale_case):\n    safescale_case.judge()\n"
PROCESSES = pytest.mark.parametrize("processes", [(), ("-n2",)], ids=["one", "-n2"])


@pytest.fixture
def project(pytester: pytest.Pytester, items: Callable[..., Path]) -> Path:
    """Return a folder whose configuration and own test say all there is to say."""
    items("say B", "say A")
    (pytester.path / "safescale.toml").write_text(SETTINGS, encoding="utf-8")
    pytester.makepyfile(test_own=OWN)
    return pytester.path


@PROCESSES
def test_a_test_of_ones_own_switches_on_whoever_collects_it(
    project: Path, run_pytest: Run, report: Callable[[], dict[str, Any]], processes: tuple[str, ...]
) -> None:
    result = run_pytest("--junitxml=j.xml", *processes)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            f"safescale: configuration {project / 'safescale.toml'}",
            "safescale: 1 model x 1 condition x 2 items = 2 cases",
            "safescale: 2 cases, 2 calls",
            "safescale: about * tokens in and * out, cost unknown, as no price is set",
            "Blocked: 1 of 1 gates does not hold.",
        ]
    )
    assert [gate["outcome"] for gate in report()["gates"]] == ["failed"]
    suite = next(iter(ElementTree.parse(project / "j.xml").getroot()))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def lines_of(result: pytest.RunResult) -> list[str]:
    return [line for line in result.stdout.lines if line.startswith("safescale: ")]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("other", ["-n2", "--safescale-samples=0"])
def test_header_and_plan_are_the_same_whatever_switches_on_and_whoever_collects(
    run_pytest: Run, other: str
) -> None:
    own = lines_of(run_pytest())
    assert own[0].startswith("safescale: configuration ")
    assert any("cost" in line for line in own)
    assert lines_of(run_pytest(other)) == own


@pytest.mark.usefixtures("project")
def test_a_quiet_run_has_neither(run_pytest: Run) -> None:
    assert lines_of(run_pytest("-q")) == []


UNUSABLE = {
    "no model": ("", OWN, "safescale: no model to test"),
    "an unknown metric": (
        SETTINGS.replace("high_risk_error_rate", "danger"),
        OWN,
        "safescale: the configuration, gate 1: metric 'danger' is unknown",
    ),
    "an unknown condition of a marker": (
        SETTINGS,
        f"import pytest\n@pytest.mark.safescale(conditions='closed')\n{OWN}",
        "found condition 'closed'; allowed: closed_book",
    ),
    "a report folder that is a file": (
        f"report = 'app.py'\n{SETTINGS}",
        OWN,
        "safescale: --safescale-report: found ",
    ),
    "a second configuration": (SETTINGS, OWN, "safescale: two configurations: found"),
}


# Two workers show both ways: they tell what their tests want in vain, and their controller looks
# at what it is to write itself.
WITH_WORKERS = ("an unknown condition of a marker", "a report folder that is a file")


@pytest.mark.parametrize(
    ("name", "processes"),
    [*((name, ()) for name in UNUSABLE), *((name, ("-n2",)) for name in WITH_WORKERS)],
)
def test_what_cannot_be_used_is_one_sentence_whoever_collects(
    project: Path, run_pytest: Run, name: str, processes: tuple[str, ...]
) -> None:
    settings, test, sentence = UNUSABLE[name]
    (project / "safescale.toml").write_text(settings, encoding="utf-8")
    (project / "test_own.py").write_text(test, encoding="utf-8")
    (project / "app.py").write_text(
        "def answer(messages, **_):\n    open('asked', 'w')\n    return 'A'\n"
    )
    if name == "a second configuration":
        (project / "pyproject.toml").write_text("[tool.safescale]\n", encoding="utf-8")
    result = run_pytest(*processes)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (told,) = (line for line in result.stderr.lines if "safescale" in line)
    assert sentence in told
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert not (project / "safescale-report").exists()
    assert not (project / "asked").exists()


@PROCESSES
def test_tests_that_want_no_case_are_left_alone_whatever_is_configured(
    project: Path, run_pytest: Run, processes: tuple[str, ...]
) -> None:
    (project / "safescale.toml").write_text("model = 'no such model'\n", encoding="utf-8")
    (project / "test_other.py").write_text("def test_it(): pass\n", encoding="utf-8")
    result = run_pytest("test_other.py", *processes)
    assert result.ret == 0
    assert lines_of(result) == []


@PROCESSES
def test_a_suite_of_the_configuration_is_run_where_no_tests_are_named(
    project: Path, run_pytest: Run, processes: tuple[str, ...]
) -> None:
    (project / "safescale.toml").write_text(f"suite = 'radsafe200'\n{SETTINGS}", encoding="utf-8")
    (project / "test_own.py").unlink()
    (project / "test_other.py").write_text("def test_it(): pass\n", encoding="utf-8")
    result = run_pytest(*processes)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["safescale: configuration *", "Blocked: 1 of 1 gates does not hold."]
    )
    result = run_pytest("test_other.py")
    assert (result.ret, lines_of(result)) == (0, [])


@PROCESSES
def test_a_self_check_that_finds_a_fault_asks_nothing_whoever_collects(
    project: Path, run_pytest: Run, processes: tuple[str, ...]
) -> None:
    gate = "[[gates]]\nmetric = 'high_risk_error_rate'\nmax = 1.0\n"
    text = f"self_check = true\n{SETTINGS.partition('[[')[0]}{gate}"
    (project / "safescale.toml").write_text(text, encoding="utf-8")
    (project / "app.py").write_text(
        "def answer(messages, **_):\n    open('asked', 'w')\n    return 'A'\n"
    )
    result = run_pytest(*processes)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["cannot fail: *", "FAILED safescale::self-check*"])
    assert not (project / "asked").exists()
    summary = (project / "safescale-report" / "summary.md").read_text("utf-8")
    assert summary.startswith("## Blocked: the self-check found gates")


@pytest.mark.slow
def test_a_hook_that_the_judging_process_does_not_read_is_refused(
    project: Path, run_pytest: Run
) -> None:
    deep = project / "checks" / "deep"
    deep.mkdir(parents=True)
    (project / "test_own.py").rename(deep / "test_own.py")
    (deep / "conftest.py").write_text(
        "def pytest_safescale_gates(config):\n    return [{'metric': 'accuracy', 'min': 0.9}]\n"
    )
    assert run_pytest("--safescale-gates=none").ret == 1
    result = run_pytest("-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*found pytest_safescale_gates in {deep / 'conftest.py'}, which the process that*"]
    )
    assert run_pytest("-n2", "checks/deep").ret == 1
