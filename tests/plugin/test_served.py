"""A server that puts another model behind the same name is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.plugin.test_calls import SINGLE, configure
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = ("--safescale-concurrency=1", *SINGLE)


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run six items against a server that says so of each request."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case {n}" for n in range(6)))

    def run(served: Callable[[int], tuple[str, str]], *arguments: str) -> pytest.RunResult:
        with ChatServer(served=served) as server:
            configure(pytester.path, server.url)
            return run_suite(*RUN, *arguments, model="m")

    return run


def places(pytester: pytest.Pytester, result: pytest.RunResult) -> list[str]:
    folder = pytester.path / "safescale-report"
    files = [(folder / name).read_text(encoding="utf-8") for name in ("summary.md", "report.html")]
    # Markdown escapes what could be read as markup.
    return [result.stdout.str(), *(text.replace("\\", "") for text in files)]


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (("m-2", "fp_1"), "m answered as m-1 (fp_1), m-2 (fp_1)"),
        (("m-1", "fp_2"), "m answered as m-1 (fp_1), m-1 (fp_2)"),
    ],
    ids=["another name", "another fingerprint"],
)
def test_a_change_within_the_run_is_told_everywhere(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    later: tuple[str, str],
    told: str,
) -> None:
    result = ask(lambda number: ("m-1", "fp_1") if number <= 3 else later)
    assert result.ret == 0
    for place in places(pytester, result):
        assert f"{told}: what was served changed within the run" in place


def test_a_change_against_the_baseline_is_told_everywhere(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask(lambda _: ("m-1", "fp_1"), "--safescale-report=before")
    assert ask(lambda _: ("m-1", "fp_1")).ret == 0
    assert not [told for told in report()["manifest"]["notices"] if "answered as" in told]
    result = ask(
        lambda _: ("m-2", ""),
        "--safescale-baseline=before",
        "--safescale-store=another.sqlite",
    )
    told = "m answered as m-2, in the baseline as m-1 (fp_1): what is served was changed"
    for place in places(pytester, result):
        assert told in place


def test_a_change_against_what_was_certified_is_told(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(pytester.path)
    assert ask(lambda _: ("m-1", "fp_1"), "--safescale-samples=2").ret == 0
    demand = ("--risk", "high_risk_error_rate", "--max", "0.9", "--delta", "0.5")
    main(["certify", *demand, "safescale-report"])
    gates = pytester.path / "gates.toml"
    gates.write_text('[[gates]]\ncertified = "certified.json"\n', encoding="utf-8")
    held = ("--safescale-samples=2", "--safescale-gates=gates.toml")
    ask(lambda _: ("m-1", "fp_1"), *held)
    assert not [told for told in report()["manifest"]["notices"] if "answered as" in told]
    result = ask(lambda _: ("m-2", "fp_1"), *held, "--safescale-store=another.sqlite")
    told = "m answered as m-2 (fp_1), where it was certified as m-1 (fp_1): what is served was"
    assert told in report()["manifest"]["notices"][-1]
    assert any(told[:40] in line for line in result.stdout.lines)
