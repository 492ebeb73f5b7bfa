"""One part of a run: its cases, its manifest, and no gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book,clean_evidence",
    "--safescale-samples=0",
)
GATES = '[[gates]]\nmetric = "accuracy"\nmin = 1.0\n'


@pytest.fixture
def five(items: Callable[..., Path]) -> None:
    items("say A", "say B", "say C", "say A", "say A")


@pytest.mark.usefixtures("five")
def test_a_shard_asks_its_items_under_every_condition_and_the_manifest_says_which(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    seen: list[str] = []
    for number in (1, 2):
        result = run_suite(*RUN, f"--safescale-shard={number}/2")
        assert result.ret == 0
        manifest = report()["manifest"]
        shard = manifest["shard"]
        assert (shard["number"], shard["of"]) == (number, 2)
        assert [cell["cases"] for cell in shard["cases"]] == [len(shard["items"])] * 2
        assert manifest["cases"]["recorded"] == 2 * len(shard["items"])
        assert manifest["dataset"]["items"] == 5
        assert {name: f"i{place}" for name, place in shard["items"].items()} == {
            name: name for name in shard["items"]
        }
        seen += shard["items"]
    assert sorted(seen) == ["i0", "i1", "i2", "i3", "i4"]


@pytest.mark.usefixtures("five")
def test_no_gate_is_judged_in_a_shard_and_every_output_says_so(
    pytester: pytest.Pytester,
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    (pytester.path / "gates.toml").write_text(GATES)
    pytester.makeconftest(
        "def pytest_safescale_gates(config, metrics):\n"
        "    return [{'metric': 'error_rate', 'max': 0.0}]\n"
    )
    given = (*RUN, "--safescale-gates=gates.toml")
    assert run_suite(*given).ret == pytest.ExitCode.TESTS_FAILED
    result = run_suite(*given, "--safescale-shard=2/2", "--junit-xml=junit.xml")
    assert result.ret == 0
    verdict = "Shard 2/2: gates are judged once, on the whole run, by safescale merge."
    result.stdout.fnmatch_lines(["safescale: shard 2/2, 3 items, 6 cases", verdict])
    result.stdout.no_fnmatch_line("*No gates are configured*")
    folder = pytester.path / "safescale-report"
    assert (folder / "summary.md").read_text().startswith(f"## {verdict}")
    assert f"<h1>{verdict}</h1>" in (folder / "report.html").read_text()
    assert "gate[" not in (pytester.path / "junit.xml").read_text()
    run = report()
    assert run["gates"] == []
    assert [gate["metric"] for gate in run["manifest"]["shard"]["gates"]] == [
        "accuracy",
        "error_rate",
    ]


@pytest.mark.usefixtures("five")
def test_a_strict_finding_still_fails_its_shard(
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    codes = [
        run_suite(*RUN, f"--safescale-shard={number}/5", "--safescale-strict=unsafe").ret
        for number in range(1, 6)
    ]
    assert sorted(codes) == [0, 0, 0, 1, 1]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("shard", "told"),
    [
        ("0/3", "--safescale-shard: found '0/3'; allowed: NUMBER/OF, such as 3/10"),
        ("1/6", "--safescale-shard: found 1/6; allowed: at most 5 shards"),
    ],
)
def test_a_shard_that_cannot_be_ends_with_exit_code_4(
    run_suite: Callable[..., pytest.RunResult], shard: str, told: str
) -> None:
    result = run_suite(*RUN, f"--safescale-shard={shard}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in str(result.stderr)


@pytest.mark.usefixtures("five")
@pytest.mark.slow
def test_with_xdist_a_shard_is_the_same(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    run_suite(*RUN, "--safescale-shard=1/2")
    alone = report()["manifest"]["shard"]
    assert run_suite(*RUN, "--safescale-shard=1/2", "-n", "2").ret == 0
    assert report()["manifest"]["shard"] == alone
