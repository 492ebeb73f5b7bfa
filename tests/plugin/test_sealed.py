"""Sealed items: left out and told, opened once under a lock, and held against the public ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.text.escaping import markdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
OPEN = "--safescale-sealed=open"
LOCKED = ("--safescale-lock=safescale.lock.json", "--safescale-ledger=ledger.jsonl")


@pytest.fixture
def pools(pytester: pytest.Pytester, items: Callable[..., Path]) -> Path:
    """A project of three public and two sealed items."""
    path = items("say A", "say A", "say A", "say B", "say A")
    records = json.loads(path.read_text())
    for record in records[3:]:
        record["pool"] = "Sealed"
    path.write_text(json.dumps(records))
    return pytester.path


def test_sealed_items_are_opened_once_under_a_lock_and_the_gap_is_told(
    pools: Path, run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    assert main(["lock", *RUN]) == 0
    run_suite(*RUN, *LOCKED).stdout.fnmatch_lines(["*2 sealed items are left out: *"])
    closed = report()
    assert closed["manifest"]["dataset"]["items"] == 3
    assert "pools" not in closed["analyses"]
    run_suite(*RUN, *LOCKED, OPEN)
    opened = report()
    assert opened["manifest"]["lock"]["sha256"] == closed["manifest"]["lock"]["sha256"]
    gap = opened["analyses"]["pools"][0]
    assert (gap["metric"], gap["public"]["n"], gap["sealed"]["count"]) == ("accuracy", 3, 1)
    told = "accuracy 100.0 % of 3 public items and 50.0 % of 2 sealed ones, +50.0 points"
    folder = pools / "safescale-report"
    assert markdown(told) in (folder / "summary.md").read_text()
    page = (folder / "report.html").read_text()
    assert told in page.replace("&#43;", "+")
    assert "Public and sealed items" in page
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    assert [case.get("pool") for case in cases] == [None, None, None, "sealed", "sealed"]
    again = run_suite(*RUN, *LOCKED, OPEN)
    assert again.ret == pytest.ExitCode.USAGE_ERROR
    run_id = opened["manifest"]["run_id"][:12]
    refused = f"*the sealed items were opened under this lock at * by run {run_id} (*"
    again.stderr.fnmatch_lines([refused])
    # Closed it may be run again; a line that cannot be read might have been an opening.
    with (pools / "ledger.jsonl").open("a") as file:
        file.write('{"event"')
    assert run_suite(*RUN, *LOCKED).ret == 0
    torn = run_suite(*RUN, *LOCKED, OPEN)
    torn.stderr.fnmatch_lines(["*ledger.jsonl, line 5, is not JSON, and may have opened the *"])
    assert json.loads((pools / "ledger.jsonl").read_text().splitlines()[2])["sealed"] == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((OPEN,), "--safescale-sealed: sealed items are opened once under a lock, which the led*"),
        (("--safescale-item=i3",), "--safescale-item: found 'i3', which is sealed; allowed: *"),
        (("--safescale-sealed=yes",), "--safescale-sealed: found 'yes'; *"),
        ((OPEN, "--safescale-dataset=sample"), "--safescale-sealed: found open, and sample has *"),
    ],
)
@pytest.mark.usefixtures("pools")
def test_what_cannot_be_opened_is_refused_before_any_call(
    given: tuple[str, ...], told: str, run_suite: Callable[..., pytest.RunResult]
) -> None:
    result = run_suite(*RUN, *given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*safescale: {told}"])
