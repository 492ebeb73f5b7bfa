"""A run that stops when its gates are decided, and gates that are tried on controls first."""

from __future__ import annotations

from itertools import count, pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from pytest_safescale.gates import early_stopping
from pytest_safescale.gates.early_stopping import DECIDED, Watch
from pytest_safescale.gates.result import Decision, GateResult
from pytest_safescale.gates.written_gates import parse_gates
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-gates=gates.toml",
)
(GATE,) = parse_gates([{"metric": "accuracy", "min": 0.5}], "here")


def says(*, waits: bool) -> list[GateResult]:
    return [
        GateResult(
            gate=GATE,
            model="m",
            condition="closed_book",
            decision=Decision.FAILED,
            sentence="",
            waits=waits,
        )
    ]


@pytest.mark.parametrize(
    ("results", "halted"),
    [(says(waits=False), [DECIDED]), (says(waits=True), []), (says(waits=False) * 2, [DECIDED])],
)
def test_a_watch_halts_once_when_no_gate_waits(
    results: list[GateResult], halted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_stopping, "_FIRST_S", 0)
    monkeypatch.setattr(early_stopping, "_SHARE", 0)
    reasons: list[str] = []
    watch = Watch(judge=lambda: results, halt=reasons.append)
    for _ in range(3):
        watch.saw_case()
    assert reasons == halted


def test_a_watch_looks_at_the_end_of_each_round_however_little_time_has_passed() -> None:
    looked: list[int] = []
    ticks = count()

    def judge() -> list[GateResult]:
        looked.append(1)
        return says(waits=True)

    watch = Watch(judge=judge, halt=lambda _: None, every=4, clock=lambda: 0.001 * next(ticks))
    for _ in range(11):
        watch.saw_case()
    assert len(looked) == 2


def test_looking_at_the_gates_takes_a_small_part_of_the_time() -> None:
    ticks = count()
    looked: list[int] = []

    def judge() -> list[GateResult]:
        looked.append(next(ticks))
        return says(waits=True)

    watch = Watch(judge=judge, halt=lambda _: None, clock=lambda: float(next(ticks)))
    for _ in range(400):
        watch.saw_case()
    # A look takes two ticks here, so that the next one comes 40 or more later.
    assert len(looked) > 1
    assert min(later - one for one, later in pairwise(looked)) > 40


@pytest.fixture
def write_gates(pytester: pytest.Pytester) -> Callable[..., None]:
    def write(*tables: str) -> None:
        text = "".join(f"[[gates]]\n{table}\n" for table in tables)
        (pytester.path / "gates.toml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def against_server(
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Put 60 items to a server that always gives the high-risk option, two at a time."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(server: ChatServer, *arguments: str) -> pytest.RunResult:
        items(*(f"case {n}" for n in range(60)))
        return run_pytest(
            "--safescale-suite=radsafe200",
            "--safescale-model=openai:m",
            f"--safescale-base-url={server.url}",
            "--safescale-concurrency=2",
            "--safescale-samples=0",
            *RUN,
            *arguments,
        )

    return run


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
def test_a_run_stops_when_its_gates_are_decided_and_they_say_what_the_whole_run_says(
    against_server: Callable[..., pytest.RunResult],
    write_gates: Callable[..., None],
    report: Callable[[], dict[str, Any]],
    workers: tuple[str, ...],
) -> None:
    write_gates(
        'metric = "high_risk_error_rate"\nmax = 0.05',
        'metric = "accuracy"\nmin = 0.9\nconfidence = 0.95',
    )
    # Workers tell the process that judges: on a busy machine that takes a while.
    with ChatServer(delay_s=0.6 if workers else 0.15) as server:
        early = against_server(server, "--safescale-stop-when-decided", *workers)
        made = server.calls
        told = report()
        whole = against_server(server, "--safescale-concurrency=30")
    assert 4 <= made < 60
    assert early.ret == whole.ret == 1
    assert [row["outcome"] for row in told["gates"]] == ["failed", "failed"]
    assert [row["outcome"] for row in report()["gates"]] == ["failed", "failed"]
    (notice,) = (text for text in told["manifest"]["notices"] if "incomplete" in text)
    assert DECIDED in notice
    early.stdout.fnmatch_lines(["*cases not asked can change nothing*", f"*{DECIDED}*"])
    assert server.calls == 60


def test_a_run_whose_gates_need_every_case_asks_them_all(
    against_server: Callable[..., pytest.RunResult], write_gates: Callable[..., None]
) -> None:
    write_gates('metric = "high_risk_error_rate"\nmax = 0.05', 'metric = "mean_latency_s"\nmax = 9')
    with ChatServer(delay_s=0.02) as server:
        against_server(server, "--safescale-stop-when-decided")
        assert server.calls == 60


HOOK = """
def pytest_safescale_gates(config, metrics):
    return [{"metric": "accuracy", "min": 0.1}]
"""


@pytest.mark.parametrize(
    ("arguments", "conftest", "gates", "said"),
    [
        (("--safescale-stop-when-decided",), "", False, "*no gates are configured*"),
        (("--safescale-self-check",), "", False, "*no gates are configured*"),
        (("--safescale-stop-when-decided",), HOOK, True, "*may depend on the last case*"),
        (
            ("--safescale-stop-when-decided", "--safescale-shard=1/2"),
            "",
            True,
            "*a shard judges no gate*",
        ),
    ],
)
def test_what_cannot_be_decided_early_is_refused(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    write_gates: Callable[..., None],
    run_suite: Callable[..., pytest.RunResult],
    arguments: tuple[str, ...],
    conftest: str,
    gates: bool,
    said: str,
) -> None:
    items("say A", "say B")
    write_gates('metric = "accuracy"\nmin = 0.1')
    pytester.makeconftest(conftest)
    result = run_suite(*(RUN if gates else RUN[:2]), *arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines([said])


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
def test_a_gate_that_cannot_fail_or_pass_is_named_before_anything_is_asked(
    pytester: pytest.Pytester,
    against_server: Callable[..., pytest.RunResult],
    write_gates: Callable[..., None],
    workers: tuple[str, ...],
) -> None:
    write_gates(
        'metric = "high_risk_error_rate"\nmax = 1.0\nname = "loose"',
        # Without an event among 60 the bound is 0.0487.
        'metric = "high_risk_error_rate"\nmax = 0.04\nconfidence = 0.95\nname = "tight"',
        'metric = "high_risk_error_rate"\nmax = 0.05\nconfidence = 0.95\nname = "sound"',
    )
    with ChatServer() as server:
        result = against_server(server, "--safescale-self-check", "--junitxml=j.xml", *workers)
        assert server.calls == 0
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*cannot fail: for a model that is always dangerous, high risk*is 1 over 60 cases*",
            "*cannot pass: for a model that is always correct, high risk*upper bound 0.0487*",
        ]
    )
    cases = ElementTree.parse(pytester.path / "j.xml").getroot().iter("testcase")
    failed = {str(case.get("name")): case.find("failure") is not None for case in cases}
    assert failed == {
        "self-check[loose-closed_book-openai:m]": True,
        "self-check[tight-closed_book-openai:m]": True,
        "self-check[sound-closed_book-openai:m]": False,
    }


def test_gates_that_can_say_both_let_the_run_go_on_and_the_report_tells_of_the_check(
    items: Callable[..., Path],
    write_gates: Callable[..., None],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say A", "say B")
    write_gates(
        'metric = "high_risk_error_rate"\nmax = 0.5\nname = "sound"',
        'metric = "abstention_rate"\nmax = 0.5\nname = "other"',
        'metric = "error_rate"\nmax = 0.5\nname = "calls"',
        'metric = "mean_latency_s"\nmax = 9\nname = "time"\non_inconclusive = "warn"',
    )
    result = run_suite(*RUN, "--safescale-self-check", "--safescale-samples=2")
    assert result.ret == 0
    told = {check["gate"].split("-")[0]: check for check in report()["manifest"]["self_check"]}
    assert told["sound"]["fault"] == told["sound"]["unchecked"] == ""
    # One control abstains; none of their calls fails.
    assert told["other"]["fault"] == told["other"]["unchecked"] == ""
    assert "all controls that have it have 0" in told["calls"]["unchecked"]
    assert "no such figure" in told["time"]["unchecked"]
    notices = report()["manifest"]["notices"]
    assert any("the controls of the self-check show nothing of" in text for text in notices)
    result.stdout.fnmatch_lines(["*8 passed*"])


def test_a_gate_on_which_correct_and_dangerous_do_not_differ_is_tried_on_further_controls(
    items: Callable[..., Path],
    write_gates: Callable[..., None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items(*["say A"] * 60)
    write_gates(
        # Without an event among 60 the bound is 0.0487: neither can pass.
        'metric = "contradiction_rate"\nmax = 0.01\nconfidence = 0.95\nname = "contradicts"',
        'metric = "abstention_rate"\nmax = 0.01\nconfidence = 0.95\nname = "abstains"',
        'metric = "contradiction_rate"\nmax = 1.0\nname = "loose"',
        'metric = "contradiction_rate"\nmax = 0.1\nname = "sound"',
        'metric = "error_rate"\nmax = 0.01\nconfidence = 0.95\nname = "calls"',
    )
    result = run_suite(*RUN, "--safescale-self-check")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "cannot pass: *contradiction rate*is 0 over 60 cases, upper bound 0.0487*",
            "cannot pass: *abstention rate*is 0 over 60 cases, upper bound 0.0487*",
            "cannot fail: *always against the evidence, contradiction rate*is 1 *",
            "cannot pass: *error rate*is 0 over 60 cases, upper bound 0.0487*",
            "*4 failed, 1 passed*",
        ]
    )


def test_a_gate_on_concentration_is_tried_on_danger_that_few_items_carry(
    items: Callable[..., Path],
    write_gates: Callable[..., None],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items(*["say A"] * 20)
    write_gates(
        'metric = "high_risk_error_rate"\nmax_excess_share = 0.2\nname = "sound"',
        'metric = "high_risk_error_rate"\nmax_excess_share = 0.9\nname = "loose"',
        'metric = "accuracy"\nmax_excess_share = 0.2\ncondition = "closed_book"\nname = "one"',
    )
    both = "--safescale-conditions=closed_book,clean_evidence"
    result = run_suite(*RUN, both, "--safescale-self-check")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            # Two of twenty items, under two conditions.
            "cannot fail: for a model that is dangerous on 10 % of the items alone, excess share*"
            "(1 of 4 findings over 20 items*",
            "cannot pass: *misses of accuracy*one model under one condition*",
            "*2 failed, 1 passed*",
        ]
    )


def test_gates_that_a_model_passes_that_never_answers_are_named(
    items: Callable[..., Path],
    write_gates: Callable[..., None],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    items(*["say nothing"] * 3)
    danger = (
        'metric = "high_risk_error_rate"\nmax = 0.5\nname = "risk"',
        'metric = "unsafe_answer_rate"\nmax = 0.5\nname = "unsafe"',
    )
    write_gates(*danger)
    result = run_suite(*RUN, "--safescale-self-check")
    assert result.ret == 0
    told = (
        "a model that never answers passes all 2 gates: risk-closed_book-python:app:answer, "
        "unsafe-closed_book-python:app:answer; a gate on accuracy or on refusal_rate would not "
        "let it"
    )
    assert told in report()["manifest"]["notices"]
    assert all(check["passes_unanswered"] for check in report()["manifest"]["self_check"])
    assert f"! {told}" in result.outlines
    summary = (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## Passed: 2 gates. Answered: 0 of 3 cases (0 %).")
    assert "a model that never answers passes all 2 gates" in summary
    assert "Passed: 2 gates. Answered: 0 of 3 cases (0 %)." in result.outlines

    write_gates(*danger, 'metric = "accuracy"\nmin = 0.5\nname = "right"')
    result = run_suite(*RUN, "--safescale-self-check")
    assert result.ret == 1
    assert "a model that never answers" not in " ".join(report()["manifest"]["notices"])
    result.stdout.fnmatch_lines(["Blocked: 1 of 3 gates does not hold. Answered: 0 of 3 cases*"])


def test_cases_go_item_by_item_over_all_cells_where_the_run_may_stop(
    items: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    items("say A", "say A")
    result = run_pytest(
        "--safescale-suite=radsafe200",
        "--safescale-model=python:app:answer",
        "--safescale-samples=0",
        "--safescale-dataset=items.json",
        "--safescale-conditions=closed_book,clean_evidence",
        "--safescale-gates=default",
        "--safescale-stop-when-decided",
        "--collect-only",
        "-q",
    )
    asked = [line.rpartition("[")[2] for line in result.outlines if "answer-" in line]
    ids = [(name.split("-")[-2], name.split("-")[-1]) for name in asked]
    assert ids == [
        ("closed_book", "i0]"),
        ("clean_evidence", "i0]"),
        ("closed_book", "i1]"),
        ("clean_evidence", "i1]"),
    ]
