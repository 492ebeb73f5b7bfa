"""A run is green only where the gates that were configured were judged, on all they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.text.escaping import markdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

SETTINGS = """
model = "python:app:answer"
dataset = "items.json"
conditions = ["closed_book"]
samples = 0
"""
GATES = '[[gates]]\nmetric = "high_risk_error_rate"\nmax = {}\n'
OWN = "def test_it(safescale_case):\n    safescale_case.judge()\n"
OTHER = "def test_other():\n    pass\n"
OPTIONS = (
    "--safescale-model=python:app:answer --safescale-dataset=items.json "
    "--safescale-conditions=closed_book --safescale-samples=0 --safescale-gates=gates.toml"
)
NOTHING = "*no case was asked, so no gate could be judged*"
SUMMARY = "safescale-report/summary.md"
PROCESSES = pytest.mark.parametrize("processes", [(), ("-n2",)], ids=["one", "-n2"])


@pytest.fixture
def folder(pytester: pytest.Pytester, items: Callable[..., Path]) -> Path:
    """Return a folder with an application, two items, a test of them and one of something else."""
    items("say A", "say B")
    (pytester.path / "gates.toml").write_text(GATES.format(0.9), encoding="utf-8")
    pytester.makepyfile(test_own=OWN, test_other=OTHER)
    return pytester.path


@pytest.fixture
def configure(folder: Path) -> Callable[[float], None]:
    """Write a configuration whose gate holds up to a rate."""

    def write(highest: float = 0.9) -> None:
        text = SETTINGS + GATES.format(highest)
        (folder / "safescale.toml").write_text(text, encoding="utf-8")

    return write


def junit(folder: Path) -> dict[str, bool]:
    """Return whether each test of the JUnit file failed, by its name."""
    cases = ElementTree.parse(folder / "j.xml").getroot().iter("testcase")
    return {str(case.get("name")): case.find("failure") is not None for case in cases}


def first_lines(folder: Path, result: pytest.RunResult) -> dict[str, str]:
    """Return the first line of a run in each place that tells its verdict."""
    report = folder / "safescale-report"
    lines = result.stdout.lines
    section = next(n for n, line in enumerate(lines) if line.strip("= ") == "safescale")
    return {
        "terminal": lines[section + 1],
        "summary.md": (report / "summary.md").read_text("utf-8").splitlines()[0],
        "run.json": (report / "run.json").read_text("utf-8").splitlines()[1],
        "page": (report / "report.html")
        .read_text("utf-8")
        .partition("<h1")[2]
        .partition("</h1>")[0],
    }


WAYS = ("typed", "PYTEST_ADDOPTS", "addopts", "configuration")


@pytest.fixture
def switch(
    request: pytest.FixtureRequest,
    folder: Path,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, ...]:
    """Configure the run in one of the ways there are; return what is typed."""
    way = request.param
    if way == "PYTEST_ADDOPTS":
        monkeypatch.setenv("PYTEST_ADDOPTS", OPTIONS, prepend=" ")
    elif way == "addopts":
        (folder / "pytest.ini").write_text(f"[pytest]\naddopts = {OPTIONS}\n", encoding="utf-8")
    elif way == "configuration":
        configure()
    return tuple(OPTIONS.split()) if way == "typed" else ()


SKIPPED = "import pytest\n@pytest.mark.skip\n" + OWN
NOT_ASKED = {
    "every case is skipped": (SKIPPED, ()),
    "nothing matches the marker": (
        "import pytest\n@pytest.mark.safescale(where={'subspecialty': 'x'})\n" + OWN,
        (),
    ),
    "no case is asked for its verdict": ("def test_it(safescale_case): pass\n", ()),
    "every case is deselected": (OWN, ("-k", "no_such_case")),
}


@pytest.mark.parametrize("name", NOT_ASKED)
@pytest.mark.parametrize("switch", WAYS, indirect=True)
def test_gates_that_judge_no_case_fail_the_run_whichever_way_they_came(
    folder: Path, run_pytest: Run, switch: tuple[str, ...], name: str
) -> None:
    test, more = NOT_ASKED[name]
    (folder / "test_own.py").write_text(test, encoding="utf-8")
    result = run_pytest(*switch, *more, "--junitxml=j.xml")
    assert result.ret == 1
    result.stdout.fnmatch_lines([NOTHING])
    assert junit(folder)["run[asked]"]
    assert (folder / SUMMARY).read_text("utf-8").startswith("## Blocked: no case was asked")


@pytest.mark.parametrize(
    ("switch", "name"),
    [("addopts", "every case is skipped"), ("configuration", "every case is deselected")],
    indirect=["switch"],
)
@pytest.mark.slow
def test_so_they_do_with_workers(
    folder: Path, run_pytest: Run, switch: tuple[str, ...], name: str
) -> None:
    test, more = NOT_ASKED[name]
    (folder / "test_own.py").write_text(test, encoding="utf-8")
    result = run_pytest(*switch, *more, "-n2")
    assert result.ret == 1
    result.stdout.fnmatch_lines([NOTHING])


def test_a_run_without_gates_that_asks_nothing_leaves_no_verdict(
    folder: Path, run_pytest: Run, configure: Callable[[], None]
) -> None:
    configure()
    assert run_pytest().ret == 0
    (folder / "test_own.py").write_text(SKIPPED, encoding="utf-8")
    assert run_pytest("--safescale-gates=none").ret == 0
    told = (folder / SUMMARY).read_text("utf-8")
    assert told.startswith("## No verdict: no case was asked.\n\n")
    assert "Passed" not in told


def test_gates_of_a_hook_alone_are_to_be_judged_too(folder: Path, run_pytest: Run) -> None:
    hook = "def pytest_safescale_gates(config):\n    return [{'metric': 'accuracy', 'min': 0}]\n"
    leave = "def pytest_collection_finish():\n    pytest.exit('enough', returncode=0)\n"
    options = OPTIONS.rpartition(" ")[0].split()
    (folder / "test_own.py").write_text(SKIPPED, encoding="utf-8")
    for text in (hook, f"import pytest\n{hook}{leave}"):
        (folder / "conftest.py").write_text(text, encoding="utf-8")
        assert run_pytest(*options).ret == 1


@pytest.mark.parametrize("switch", WAYS[:3], indirect=True)
def test_options_mean_the_same_wherever_pytest_takes_them_from(
    run_pytest: Run, switch: tuple[str, ...]
) -> None:
    result = run_pytest(*switch)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["safescale: 1 model x 1 condition*", "Passed: 1 gate."])
    result = run_pytest("test_other.py", *switch)
    assert result.ret == 1
    result.stdout.fnmatch_lines([NOTHING])
    assert run_pytest("test_other.py", *switch, "--safescale-gates=none").ret == 0
    result = run_pytest(*switch, "--safescale-gates=none")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Gates are switched off: these figures block nothing."])
    assert run_pytest("test_other.py", *switch, "--collect-only").ret == 0
    assert run_pytest(*switch, "--fixtures").ret == 0
    assert run_pytest(*switch, "--help").ret == 0


PARTS = {
    "a limit": (("--safescale-limit=1",), "1 of 2 items were chosen (--safescale-limit)"),
    "an item": (("--safescale-item=i0",), "1 of 2 items were chosen (--safescale-item)"),
    "both": (
        ("--safescale-limit=1", "--safescale-item=i0"),
        "1 of 2 items were chosen (--safescale-limit and --safescale-item)",
    ),
    "a selection": (("-k", "book-i0] or no_such_case"), "1 of 2 cases were asked"),
    "conditions": (
        ("--safescale-conditions=clean_evidence",),
        "configured conditions were excluded (--safescale-conditions): closed_book",
    ),
    "a budget": (("--safescale-max-calls=1", "--safescale-concurrency=1"), "1 of 2 cases were*"),
}


@pytest.mark.parametrize("highest", [1.0, 0.0], ids=["nothing blocks", "a gate blocks"])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_run_is_no_verdict_and_says_so_in_its_first_line(
    folder: Path, run_pytest: Run, configure: Callable[[float], None], part: str, highest: float
) -> None:
    configure(highest)
    more, why = PARTS[part]
    result = run_pytest(*more, "--junitxml=j.xml")
    assert result.ret == 1
    for place, line in first_lines(folder, result).items():
        told = f"Not a verdict: {why.rstrip('*')}"
        assert (told if place != "summary.md" else markdown(told)) in line
        assert "Passed" not in line
    assert junit(folder)["run[verdict]"]


@pytest.mark.slow
def test_a_part_with_workers_is_none_either(
    run_pytest: Run, configure: Callable[[float], None]
) -> None:
    configure(1.0)
    result = run_pytest("--safescale-limit=1", "-n2")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Not a verdict: 1 of 2 items were chosen*", "*run[[]verdict*"])


def test_a_part_without_gates_blocks_nothing(
    run_pytest: Run, configure: Callable[[float], None]
) -> None:
    configure(1.0)
    result = run_pytest("--safescale-limit=1", "--safescale-gates=none")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["! narrowed: 1 of 2 items were chosen (--safescale-limit)"])


@pytest.mark.parametrize(
    "more", [("--safescale-limit=2",), ("--safescale-item=i1", "--safescale-item=i0")]
)
def test_what_leaves_nothing_out_is_no_part(
    run_pytest: Run, configure: Callable[[float], None], more: tuple[str, ...]
) -> None:
    configure(0.9)
    result = run_pytest(*more)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Passed: 1 gate."])


def test_a_test_narrowed_to_all_that_the_gates_are_about_is_a_verdict(
    folder: Path, run_pytest: Run
) -> None:
    settings = SETTINGS.replace('["closed_book"]', '["closed_book", "clean_evidence"]')
    gate = GATES.format(0.9) + 'condition = "closed_book"\n'
    (folder / "safescale.toml").write_text(settings + gate, encoding="utf-8")
    marker = "import pytest\n@pytest.mark.safescale(conditions='closed_book')\n"
    (folder / "test_own.py").write_text(marker + OWN, encoding="utf-8")
    result = run_pytest()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Passed: 1 gate."])


EXITS = {
    "a test": (
        "test_own.py",
        "import pytest\ndef test_it(safescale_case):\n"
        "    safescale_case.judge()\n    pytest.exit('enough', returncode=0)\n",
    ),
    "a test that asks nothing": (
        "test_other.py",
        "import pytest\ndef test_first():\n    pytest.exit('enough', returncode=0)\n",
    ),
    **{
        f"pytest_{hook}": (
            "conftest.py",
            f"import pytest\ndef pytest_{hook}():\n    pytest.exit('enough', returncode=0)\n",
        )
        for hook in (
            "configure",
            "sessionstart",
            "collection_finish",
            "runtest_setup",
            "runtest_teardown",
            "sessionfinish",
            "terminal_summary",
        )
    },
    "an exit code that is set": (
        "conftest.py",
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
    ),
}


@pytest.mark.parametrize("highest", [0.1, 1.0], ids=["a gate blocks", "nothing blocks"])
@pytest.mark.parametrize("place", EXITS)
def test_an_exit_with_code_0_does_not_make_green_what_was_not_judged(
    folder: Path, run_pytest: Run, place: str, highest: float
) -> None:
    (folder / "gates.toml").write_text(GATES.format(highest), encoding="utf-8")
    file, text = EXITS[place]
    (folder / file).write_text(text, encoding="utf-8")
    result = run_pytest(*OPTIONS.split(), "--junitxml=j.xml")
    whole = place in (
        "pytest_sessionfinish",
        "pytest_terminal_summary",
        "an exit code that is set",
    )
    assert result.ret == (0 if whole and highest == 1.0 else 1)
    if not whole and (folder / "j.xml").is_file():
        assert any(junit(folder).values())


@pytest.mark.parametrize("place", ["a test", "pytest_runtest_setup", "pytest_sessionfinish"])
@pytest.mark.slow
def test_nor_does_it_in_a_worker(
    folder: Path, run_pytest: Run, configure: Callable[[float], None], place: str
) -> None:
    configure(0.1)
    file, text = EXITS[place]
    (folder / file).write_text(text, encoding="utf-8")
    assert run_pytest("-n2").ret != 0


@pytest.mark.parametrize("part", ["recording", "session", "suites"])
def test_a_part_of_the_plugin_cannot_be_left_out_unsaid(
    folder: Path, run_pytest: Run, part: str
) -> None:
    suite = ("--safescale-suite=radsafe200", "test_own.py")
    result = run_pytest(*OPTIONS.split(), *suite, "-p", f"no:safescale-{part}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*safescale: found -p no:safescale-{part}, which leaves out*"])


@PROCESSES
def test_an_application_that_ends_the_process_leaves_no_verdict(
    folder: Path,
    run_pytest: Run,
    configure: Callable[[float], None],
    pytester: pytest.Pytester,
    capsys: pytest.CaptureFixture[str],
    processes: tuple[str, ...],
) -> None:
    configure(1.0)
    assert run_pytest().ret == 0
    assert main(["verdict", "safescale-report"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Passed: 1 gate."
    (folder / "app.py").write_text("import os\ndef answer(messages, **_):\n    os._exit(0)\n")
    result = pytester.runpytest_subprocess(*processes)
    # Where nobody is left to say no the files do, and so does the command that reads them.
    assert result.ret == (1 if processes else 0)
    assert "Passed" not in (folder / SUMMARY).read_text("utf-8")
    if not processes:
        assert (folder / SUMMARY).read_text("utf-8").startswith("## No verdict: this run has not")
        assert main(["verdict", "safescale-report"]) != 0


def test_the_verdict_of_a_folder_is_green_only_where_gates_were_judged(
    folder: Path, run_pytest: Run, configure: Callable[[float], None]
) -> None:
    verdict = ["verdict", "safescale-report"]
    configure(0.1)
    assert run_pytest().ret == 1
    assert main(verdict) == 1
    assert run_pytest("--safescale-gates=none").ret == 0
    assert main(verdict) == 1
    configure(1.0)
    run_pytest("--safescale-limit=1")
    assert main(verdict) == 1
    assert run_pytest("--safescale-shard=1/2").ret == 0
    assert main(verdict) == 1
