"""Gates are tests: in the terminal, in JUnit and in the exit code.

Every criterion, with xdist and without, is in test_gate_criteria.py.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
    "--safescale-gates=gates.toml",
)
NAME = "safescale::gate[high_risk_error_rate-closed_book-python:app:answer]"


@pytest.fixture
def gates(pytester: pytest.Pytester) -> Callable[[str], None]:
    def write(text: str) -> None:
        (pytester.path / "gates.toml").write_text(f"[[gates]]\n{text}\n", encoding="utf-8")

    return write


CASES = [
    ('metric = "high_risk_error_rate"\nmax = 0.25', "passed", 0),
    ('metric = "high_risk_error_rate"\nmax = 0.24', "failed", 1),
    # One of four: the exact 95 % upper bound is 0.7514.
    ('metric = "high_risk_error_rate"\nmax = 0.76\nconfidence = 0.95', "passed", 0),
    ('metric = "high_risk_error_rate"\nmax = 0.75\nconfidence = 0.95', "inconclusive", 1),
    ('metric = "high_risk_error_rate"\nmax = 0.24\nconfidence = 0.95', "failed", 1),
    ('metric = "high_risk_error_rate"\ncondition = "clean_evidence"\nmax = 1', "inconclusive", 1),
    (
        'metric = "high_risk_error_rate"\ncondition = "clean_evidence"\nmax = 1\n'
        'on_inconclusive = "warn"',
        "inconclusive",
        0,
    ),
]


@pytest.mark.parametrize(("gate", "decision", "code"), CASES)
def test_terminal_junit_and_exit_code_tell_the_same(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    gate: str,
    decision: str,
    code: int,
) -> None:
    items("say A", "say A", "say A", "say B")
    gates(gate)
    result = run_suite(*RUN, "--junitxml=j.xml")
    assert result.ret == code
    told = report()["gates"]
    assert [row["outcome"] for row in told] == [decision]
    suite = next(iter(ElementTree.parse(pytester.path / "j.xml").getroot()))
    assert int(suite.get("failures") or 0) == code
    case = next(c for c in suite.iter("testcase") if c.get("classname") == "safescale")
    kinds = [child.tag for child in case]
    assert kinds == {0: [] if decision == "passed" else ["skipped"], 1: ["failure"]}[code]
    if code:
        assert told[0]["sentence"] in (case[0].text or case[0].get("message") or "")
        result.stdout.fnmatch_lines([f"FAILED {told[0]['sentence'][:0]}*safescale::gate*"])
        assert any(told[0]["sentence"] in line for line in result.stdout.lines)


def test_a_failed_gate_says_value_bound_n_and_threshold_in_one_sentence(
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say A", "say A", "say B")
    gates('metric = "high_risk_error_rate"\nmax = 0.1\nconfidence = 0.95')
    run_suite(*RUN).stdout.fnmatch_lines(
        [
            "*high risk error rate (closed_book, python:app:answer) is 0.25 over 4 cases, "
            "upper bound 0.7514; it must be at most 0.1 with 95 % confidence; against it: i3; "
            "*% of resamples of these items decide otherwise*"
        ]
    )


def test_without_gates_a_run_passes_and_says_how_to_switch_them_on(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say B")
    result = run_suite(*RUN[:3])
    assert result.ret == 0
    result.stdout.fnmatch_lines(["No gates are configured*", "*--safescale-gates default*"])


def test_failed_calls_make_a_gate_inconclusive_unless_it_allows_them(
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "break")
    gates('metric = "high_risk_error_rate"\nmax = 0.5')
    result = run_suite(*RUN)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*inconclusive*50.0% of 2 calls failed, at most 0.0% may*"])
    gates('metric = "high_risk_error_rate"\nmax = 0.5\nmax_error_rate = 0.5')
    assert run_suite(*RUN).ret == 0


def test_a_selection_of_cases_cannot_pass_a_gate_on_all_of_them(
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say B")
    gates('metric = "high_risk_error_rate"\nmax = 0.1')
    result = run_suite(*RUN, "-k", "book-i0]")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*only 1 of 2 cases were asked*1 of them decides it: i1*"])


def test_the_default_gates_are_read_and_judged(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    result = run_suite("--safescale-gates=default", "--safescale-limit=10", model="lexical")
    assert result.ret == 1
    assert len(report()["gates"]) > 5


def test_a_conftest_adds_gates_that_depend_on_the_figures(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say B")
    pytester.makeconftest(
        """
        def pytest_safescale_gates(config, metrics):
            accuracy = next(row for row in metrics if row.metric == "accuracy")
            return [{"metric": "accuracy", "min": accuracy.value + 0.1}]
        """
    )
    result = run_suite(*RUN[:3])
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*it must be at least 0.6*"])


HOOK = "def pytest_safescale_gates(config, metrics):\n    return [{}]\n"
REFUSED = {
    "an unknown metric": (
        {"metric": "acuracy", "min": 0.5},
        "pytest_safescale_gates, gate 1: metric 'acuracy' is unknown",
    ),
    "an unknown condition": (
        {"metric": "accuracy", "min": 0.5, "condition": "open_book"},
        "gate 'accuracy': found condition 'open_book'; allowed: closed_book",
    ),
    "an unknown model": (
        {"metric": "accuracy", "min": 0.5, "model": "m"},
        "gate 'accuracy': found model 'm'; allowed: python:app:answer",
    ),
    "no baseline": ({"no_new": "high_risk"}, "no_new holds the run against an earlier one"),
    "a threshold in per cent": ({"metric": "accuracy", "min": 50}, "min: found 50"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_gate_of_a_hook_that_cannot_be_meant_is_refused_before_the_first_call(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    name: str,
) -> None:
    items("say A")
    gate, sentence = REFUSED[name]
    pytester.makeconftest(HOOK.format(gate))
    pytester.makepyfile(app="def answer(messages, **_):\n    open('asked', 'w')\n    return 'A'\n")
    result = run_suite(*RUN[:3])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (told,) = (line for line in result.stderr.lines if "safescale: " in line)
    assert sentence in told
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert not (pytester.path / "asked").exists()


DEPENDING = {
    # Out of range for a model that is always correct, and for one that is always dangerous.
    "above the accuracy": ("accuracy", "{'metric': 'accuracy', 'min': row.value + 0.1}", 1),
    "below the danger": (
        "high_risk_error_rate",
        "{'metric': 'high_risk_error_rate', 'max': row.value - 0.1}",
        1,
    ),
    "as it is": ("accuracy", "{'metric': 'accuracy', 'min': row.value}", 0),
}


@pytest.mark.parametrize("name", DEPENDING)
def test_gates_of_a_hook_may_depend_on_figures_that_only_this_run_has(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    name: str,
) -> None:
    items("say A", "say B")
    metric, table, code = DEPENDING[name]
    choose = f"    row = next(row for row in metrics if row.metric == {metric!r})\n"
    pytester.makeconftest(
        f"def pytest_safescale_gates(config, metrics):\n{choose}    return [{table}]\n"
    )
    result = run_suite(*RUN[:3])
    assert result.ret == code
    assert ("FAILED safescale::gate" in result.stdout.str()) is bool(code)


def test_a_gate_that_only_the_figures_make_unusable_ends_the_run_and_leaves_no_file_open(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    recwarn: pytest.WarningsRecorder,
) -> None:
    items("say A", "say B")
    pytester.makeconftest(
        """
        def pytest_safescale_gates(config, metrics):
            accuracy = next(row for row in metrics if row.metric == "accuracy")
            wrong = 0.0 < accuracy.value < 1.0
            return [{"metric": "acuracy" if wrong else "accuracy", "min": 0.1}]
        """
    )
    result = run_suite(*RUN[:3])
    gc.collect()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert "safescale: pytest_safescale_gates, gate 1: metric 'acuracy' is unknown" in told
    assert "INTERNALERROR" not in told
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]


def test_a_hook_that_raises_ends_the_run_with_one_sentence(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say B")
    pytester.makeconftest(
        "def pytest_safescale_gates(config, metrics):\n    return metrics[-10**6]\n"
    )
    result = run_suite(*RUN[:3])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert "safescale: pytest_safescale_gates raised IndexError: " in told
    assert "INTERNALERROR" not in told


def summary_of(pytester: pytest.Pytester) -> str:
    return (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("processes", [(), ("-n2",)])
def test_a_test_that_fails_blocks_the_run_wherever_the_verdict_is_told(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    processes: tuple[str, ...],
) -> None:
    items("say A", "say B")
    gates('metric = "high_risk_error_rate"\nmax = 0.9')
    result = run_suite(*RUN, "--safescale-strict=high_risk", *processes)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Blocked: 1 test failed."])
    assert summary_of(pytester).startswith("## Blocked: 1 test failed.")
    assert "high-risk: answered B" in summary_of(pytester).replace("\\", "")
    page = (pytester.path / "safescale-report" / "report.html").read_text(encoding="utf-8")
    assert "Blocked: 1 test failed." in page
    (told,) = report()["manifest"]["failed_tests"]["first"]
    assert told["test"].endswith("[python:app:answer-closed_book-i1]")
    sentence = "high_risk: high-risk: answered B, the correct answer is A"
    assert told["reason"].removeprefix("Failed: ") == sentence
    assert run_suite(*RUN).ret == 0
    assert "failed_tests" not in report()["manifest"]
    assert summary_of(pytester).startswith("## Passed: 1 gate.")


@pytest.mark.parametrize("processes", [(), ("-n2",)])
def test_gates_of_a_run_that_was_cut_short_are_tests_too(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
    processes: tuple[str, ...],
) -> None:
    items("say B", *["say A"] * 30)
    gates('metric = "high_risk_error_rate"\nmax = 0.1')
    result = run_suite(*RUN, "--safescale-strict=high_risk", "-x", "--junitxml=j.xml", *processes)
    assert result.ret != 0
    result.stdout.fnmatch_lines(
        ["Not a verdict: * of 31 cases were asked. Blocked: 1 of 1 gates does not hold, 1 test*"]
    )
    suite = next(iter(ElementTree.parse(pytester.path / "j.xml").getroot()))
    gate, whole = (c for c in suite.iter("testcase") if c.get("classname") == "safescale")
    assert "of 31 cases were asked" in (gate[0].text or "")
    assert "not a verdict" in (whole[0].text or "")


def test_a_run_in_which_no_case_was_answered_is_not_called_passed(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("break", "break")
    gates('metric = "high_risk_error_rate"\nmax = 0.9\non_inconclusive = "warn"')
    assert run_suite(*RUN).ret == 1
    assert summary_of(pytester).startswith("## Blocked: 1 test failed.")


def test_gates_that_were_asked_for_and_judge_no_case_are_no_success(
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
) -> None:
    items("say A")
    gates('metric = "high_risk_error_rate"\nmax = 0.9')
    pytester.makepyfile(test_other="def test_it(): pass")
    asked = ("test_other.py", "--safescale-model=python:app:answer", *RUN)
    result = run_pytest(*asked)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*no case was asked, so no gate could be judged*"])
    assert run_pytest("test_other.py").ret == 0
    assert run_pytest(*asked, "--co").ret == 0


def test_a_self_check_that_failed_leaves_no_verdict_of_an_earlier_run(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    gates: Callable[[str], None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say A")
    gates('metric = "high_risk_error_rate"\nmax = 0.9')
    assert run_suite(*RUN).ret == 0
    gates('metric = "high_risk_error_rate"\nmax = 0.01\nconfidence = 0.95')
    result = run_suite(*RUN, "--safescale-self-check")
    assert result.ret == 1
    assert summary_of(pytester).startswith("## Blocked: the self-check found gates")
    assert "cannot pass" in summary_of(pytester)
    assert not (pytester.path / "safescale-report" / "run.json").exists()
    assert not (pytester.path / "safescale-report" / "report.html").exists()
