"""Counterexamples come again: by their line, from the store, with any number of workers."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.planted_runs import SINGLE

if TYPE_CHECKING:
    from collections.abc import Callable


def figures(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every figure but the time that answers took."""
    return [row for row in content["metrics"] if row["metric"] != "mean_latency_s"]


def test_the_line_that_reproduces_a_counterexample_does_so_without_a_call(
    run_pytest: Callable[..., pytest.RunResult],
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    robust("planted", *SINGLE, "--safescale-relations=outdated_guideline,hedge")
    first = report()["findings"]
    line = first[1]["reproduce"]
    source = (pytester.path / "app.py").read_text()
    # The replies are bound to the source of the application: another source has none of them.
    (pytester.path / "app.py").write_text(f"{source}\n# changed\n")
    program, *arguments = shlex.split(line)
    assert program == "pytest"
    assert run_pytest(*arguments).ret == 1
    (pytester.path / "app.py").write_text(source)
    result = run_pytest(*arguments)
    result.stdout.fnmatch_lines(["*1 counterexample in*"])
    assert result.ret == 0
    again = json.loads((pytester.path / ".safescale/reproduced/run.json").read_text())
    assert again["findings"] == [first[1]]
    assert again["manifest"]["calls"]["made"] == 0
    # The report it was taken from stands as it was.
    assert report()["findings"] == first


@pytest.mark.slow
def test_findings_and_figures_are_the_same_for_any_number_of_workers_and_cost_nothing_again(
    robust: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    relations = "--safescale-relations=outdated_guideline,option_order,sentence_order,typos"
    several = (*SINGLE, relations, "--safescale-variants=8")
    one_store, other_store = "--safescale-store=one.sqlite", "--safescale-store=two.sqlite"
    robust("planted", *several, one_store)
    alone = report()
    robust("planted", *several, other_store, "-n2")
    shared = report()
    assert alone["findings"] == [
        {**found, "reproduce": found["reproduce"].replace("two.sqlite", "one.sqlite")}
        for found in shared["findings"]
    ]
    assert figures(alone) == figures(shared)
    assert alone["findings"]
    robust("planted", *several, other_store)
    assert report()["manifest"]["calls"]["made"] == 0
    assert report()["findings"] == shared["findings"]
    assert robust("planted", *several, one_store, "--safescale-replay").ret == 0
    assert report()["findings"] == alone["findings"]


PROFILES = """
from hypothesis import Phase, settings

settings.register_profile("small", max_examples=7)
settings.register_profile("explicit", phases=[Phase.explicit])
"""


@pytest.fixture
def with_hypothesis_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs have the options of hypothesis' own plugin, which runs of tests leave out."""
    monkeypatch.delenv("PYTEST_ADDOPTS")


@pytest.mark.slow
@pytest.mark.usefixtures("with_hypothesis_plugin")
def test_the_line_that_reproduces_holds_the_profile_that_gave_the_number_of_variants(
    robust: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(PROFILES)
    by_profile = ("--safescale-variants=0", "--hypothesis-profile=small", "-n0")
    result = robust("planted", *SINGLE, "--safescale-relations=outdated_guideline", *by_profile)
    result.stdout.fnmatch_lines(["safescale: robustness: * 2 searches of 7 variants: *"])
    line = report()["findings"][0]["reproduce"]
    again = run_pytest(*shlex.split(line)[1:], "-n0")
    assert again.ret == 0
    again.stdout.fnmatch_lines(["*1 counterexample*"])


@pytest.mark.usefixtures("with_hypothesis_plugin")
def test_a_profile_that_draws_nothing_is_told_and_is_no_pass(
    robust: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(PROFILES)
    result = robust(
        *("right", *SINGLE, "--safescale-relations=layout", "--hypothesis-profile=explicit"),
        *("-n0", "-rs"),
    )
    result.stdout.fnmatch_lines(["*2 not_applicable*"])
