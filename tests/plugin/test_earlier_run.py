"""A verdict never outlives its run: the next one in the folder takes it away, however it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_safescale.cli.command import main
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

RUN = ("--safescale-suite=radsafe200", "--safescale-model=lexical")
SETTINGS = """
dataset = "items.json"
samples = 0
conditions = ["closed_book"]
max_attempts = 1

[[gates]]
metric = "accuracy"
min = 0.0

[models.refused]
provider = "openai"
model = "m"
base_url = "{url}"

[models.silent]
provider = "openai"
model = "m"
base_url = "http://127.0.0.1:9/v1"
"""
VERDICT = ("run.json", "metrics.csv", "report.html")
KEPT = ("cases.jsonl", "run.superseded.json")
PROCESSES = pytest.mark.parametrize("processes", [(), ("-n2",)], ids=["one", "-n2"])


@pytest.fixture
def folder(
    pytester: pytest.Pytester,
    run_pytest: Run,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project in which a run has passed; its report's folder."""
    items("one", "two")
    monkeypatch.chdir(pytester.path)
    monkeypatch.setenv("SAFESCALE_API_KEY", "another-key-than-the-server-wants")
    (pytester.path / "safescale.toml").write_text(SETTINGS.format(url="http://127.0.0.1:9/v1"))
    assert run_pytest(*RUN).ret == 0
    report = pytester.path / "safescale-report"
    assert (report / "summary.md").read_text(encoding="utf-8").startswith("## Passed: 1 gate.")
    return report


def assert_superseded(report: Path, reason: str) -> None:
    """Assert that no verdict is left, that the reason is told, and that the cases are kept."""
    assert sorted(path.name for path in report.iterdir()) == sorted([*KEPT, "summary.md"])
    summary = (report / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith(("## No verdict: ", "## Blocked: "))
    assert "Passed" not in summary
    assert reason in summary.replace("\\", "").replace("&#8288;", "")
    assert "run.superseded.json and cases.jsonl are of the run before it." in summary
    assert main(["verdict", str(report)]) == 4
    before = json.loads((report / "run.superseded.json").read_text(encoding="utf-8"))
    lines = (report / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["run_id"] for line in lines} == {before["manifest"]["run_id"]}


class Early(NamedTuple):
    """A run that ends before its first case."""

    arguments: tuple[str, ...]
    code: int
    told: str
    files: dict[str, str] = {}  # noqa: RUF012 (never written to)


NOT_STARTED = "pytest could not start it, and its output says why"
OWN = "import pytest\n\n{mark}\ndef test_own(safescale_case):\n    assert safescale_case.verdict\n"
ENDINGS = {
    "an unknown model": Early(("--safescale-model=nothing",), 4, "nothing"),
    "a value of the wrong kind": Early((*RUN, "--safescale-samples=many"), 4, "many"),
    "an unknown suite": Early(("--safescale-suite=none",), 4, "--safescale-suite: found 'none'"),
    "an option pytest does not know": Early((*RUN, "--safescale-nonsense"), 4, NOT_STARTED),
    "a conftest that cannot be loaded": Early(
        RUN, 4, NOT_STARTED, {"conftest.py": "import nothing_of_that_name"}
    ),
    "a hook that breaks": Early(
        RUN,
        3,
        "broken",
        {"conftest.py": "def pytest_safescale_conditions(config):\n    raise ValueError('broken')"},
    ),
    "gates that cannot be read": Early((*RUN, "--safescale-gates=none.toml"), 4, "none.toml"),
    "no baseline": Early((*RUN, "--safescale-baseline=old"), 4, "cannot be read"),
    "a store that is none": Early((*RUN, "--safescale-store=safescale.toml"), 4, "store"),
    "two configurations": Early(
        (*RUN, "--safescale-report=safescale-report"),
        4,
        "two configurations",
        {"pyproject.toml": "[tool.safescale]"},
    ),
    "two configurations that name no report": Early(
        RUN, 4, "two configurations", {"pyproject.toml": "[tool.safescale]"}
    ),
    "two configurations, one of which names another report": Early(
        RUN, 4, "two configurations", {"pyproject.toml": "[tool.safescale]\nreport = 'other'"}
    ),
    "a configuration that is no TOML and may have named the report": Early(
        RUN, 4, "TOML", {"safescale.toml": "["}
    ),
    "a configuration that is no TOML": Early(
        (*RUN, "--safescale-report=safescale-report"), 4, "TOML", {"safescale.toml": "["}
    ),
    "nothing selected": Early((*RUN, "-k", "no_such_case"), 1, "no case was asked"),
    "no such test": Early(("none.py", *RUN), 4, "pytest ended with exit code 4"),
    "a marker that names nothing": Early(
        ("test_own.py", *RUN[1:]),
        4,
        "pytest ended with exit code 4",
        {"test_own.py": OWN.format(mark="@pytest.mark.safescale(conditions='none')")},
    ),
    "every case skipped": Early(
        ("test_own.py", *RUN[1:]),
        1,
        "no case was asked",
        {"test_own.py": OWN.format(mark="@pytest.mark.skip")},
    ),
    "a test file that cannot be collected": Early(
        ("test_own.py", *RUN), 2, "1 error", {"test_own.py": "import nothing_of_that_name"}
    ),
    "a session that is ended as it starts": Early(
        RUN,
        3,
        "its tests were not collected",
        {"conftest.py": "import pytest\n\ndef pytest_sessionstart():\n    pytest.exit('no', 3)"},
    ),
    "a self-check that finds a fault": Early((*RUN, "--safescale-self-check"), 1, "self-check"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_ends_before_its_first_case_leaves_no_verdict_of_the_one_before(
    folder: Path, pytester: pytest.Pytester, run_pytest: Run, ending: str
) -> None:
    early = ENDINGS[ending]
    for name, text in early.files.items():
        (pytester.path / name).write_text(text, encoding="utf-8")
    assert run_pytest(*early.arguments).ret == early.code
    assert_superseded(folder, early.told)


@pytest.mark.parametrize(
    ("model", "told", "processes"),
    [
        ("refused", "refuses the key", ()),
        ("silent", "no server answers", ()),
        ("refused", "refuses the key", ("-n2",)),
    ],
    ids=["refused", "silent", "refused -n2"],
)
def test_an_endpoint_that_refuses_the_first_call_leaves_no_verdict_of_the_run_before(
    folder: Path,
    pytester: pytest.Pytester,
    run_pytest: Run,
    model: str,
    told: str,
    processes: tuple[str, ...],
) -> None:
    with ChatServer(key=KEY) as server:
        (pytester.path / "safescale.toml").write_text(SETTINGS.format(url=server.url))
        result = run_pytest(RUN[0], f"--safescale-model={model}", *processes)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([f"*{told}*"])
    assert_superseded(folder, told)


def test_a_run_without_gates_that_asks_nothing_says_so(folder: Path, run_pytest: Run) -> None:
    assert run_pytest(*RUN, "--safescale-gates=none", "-k", "no_such_case").ret == 5
    assert_superseded(folder, "no case was asked")


@pytest.mark.parametrize("options", [(), ("--safescale-report=safescale-report",)])
def test_a_configured_run_whose_process_ends_while_it_collects_leaves_no_verdict(
    folder: Path, pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    settings = (pytester.path / "safescale.toml").read_text(encoding="utf-8")
    (pytester.path / "safescale.toml").write_text(f'model = "lexical"\n{settings}')
    (pytester.path / "test_own.py").write_text(OWN.format(mark=""), encoding="utf-8")
    (pytester.path / "test_then.py").write_text("import os\nos._exit(0)", encoding="utf-8")
    assert pytester.runpytest_subprocess("test_own.py", "test_then.py", *options).ret == 0
    assert_superseded(folder, "its tests were not collected")


def test_a_run_that_a_test_starts_below_xdist_takes_the_verdict_away_as_any_other(
    folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert pytester.runpytest_subprocess(*RUN, "--safescale-nonsense").ret == 4
    assert_superseded(folder, NOT_STARTED)


@PROCESSES
def test_a_configured_run_takes_the_verdict_away_too(
    folder: Path, pytester: pytest.Pytester, run_pytest: Run, processes: tuple[str, ...]
) -> None:
    settings = (pytester.path / "safescale.toml").read_text(encoding="utf-8")
    (pytester.path / "safescale.toml").write_text(f'model = "nothing"\n{settings}')
    (pytester.path / "test_own.py").write_text(OWN.format(mark=""), encoding="utf-8")
    assert run_pytest("test_own.py", *processes).ret == 4
    assert_superseded(folder, "nothing")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--collect-only",),
        ("--help",),
        ("--version",),
        ("--markers",),
        ("--fixtures",),
        ("--cache-show",),
        ("--collect-only", "--safescale-samples=many"),
        ("--help", "--safescale-model=nothing"),
        ("--safescale-report=safescale.toml",),
        ("--safescale-report=elsewhere", "--safescale-samples=many"),
    ],
    ids=" ".join,
)
def test_what_is_no_run_in_this_folder_changes_nothing_in_it(
    folder: Path, run_pytest: Run, arguments: tuple[str, ...]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run_pytest(*RUN, *arguments)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_refused_run_writes_no_report_where_there_was_none(
    folder: Path, pytester: pytest.Pytester, run_pytest: Run
) -> None:
    assert run_pytest(*RUN, "--safescale-report=new", "--safescale-samples=many").ret == 4
    assert not (pytester.path / "new").exists()
    assert (folder / "run.json").exists()


def test_the_next_run_that_asks_replaces_what_was_kept(folder: Path, run_pytest: Run) -> None:
    assert run_pytest(*RUN, "--safescale-samples=many").ret == 4
    assert run_pytest(*RUN).ret == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {"cases.jsonl", "summary.md", *VERDICT}
    assert main(["verdict", str(folder)]) == 0


def test_a_run_is_compared_with_the_one_whose_folder_it_takes_over(
    folder: Path, run_pytest: Run
) -> None:
    # A run that rests on its baseline's replies would be refused.
    run = (*RUN, "--safescale-fresh", "--safescale-baseline=safescale-report")
    assert run_pytest(*run).ret == 0
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert any(row["kind"] == "baseline" for row in told["comparisons"])
    assert run_pytest(*run, "--safescale-seed=x").ret == 4
    assert_superseded(folder, "--safescale-seed")
    lost = run_pytest(*run)
    assert lost.ret == 4
    assert "run.superseded.json" in lost.stderr.str()
    kept = "--safescale-baseline=safescale-report/run.superseded.json"
    assert run_pytest(*run[:-1], kept).ret == 0


def test_a_shard_whose_rerun_ended_early_is_not_merged(
    folder: Path, pytester: pytest.Pytester, run_pytest: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        shard = (f"--safescale-shard={number}/2", f"--safescale-report=s{number}")
        assert run_pytest(*RUN, *shard).ret == 0
    assert main(["merge", "s1", "s2", "--out=whole", "--junit=gates.xml"]) == 0
    whole = pytester.path / "whole"
    assert (whole / "summary.md").read_text(encoding="utf-8").startswith("## Passed: 1 gate.")
    assert run_pytest(*RUN, *shard, "-k", "no_such_case").ret == 5
    capsys.readouterr()
    assert main(["merge", "s1", "s2", "--out=whole", "--junit=gates.xml"]) == 4
    assert "s2/run.json cannot be read" in capsys.readouterr().err
    # Nor does the verdict of the merge before stand where this one failed.
    assert_superseded(whole, "safescale merge: s2/run.json cannot be read")
    assert not (pytester.path / "gates.xml").exists()
