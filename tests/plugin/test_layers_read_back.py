"""What a run with layers has written is scored and merged as it was run, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.plugin.guarded_runs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]


@pytest.mark.parametrize("answers", ["checked", "raw"])
def test_results_with_layers_are_scored_as_they_were_run(
    ask_guarded: Run,
    layered_cases: Callable[[], dict[tuple[str, str], Any]],
    pytester: pytest.Pytester,
    answers: str,
) -> None:
    ask_guarded("--safescale-samples=5")
    ran = layered_cases()
    folder = pytester.path / "safescale-report"
    given = ["score", str(folder), "--dataset", "items.json", "--out", "again"]
    assert main([*given, f"--answers={answers}"]) == 0
    folder.rename("run")
    pytester.path.joinpath("again").rename(folder)
    for key, record in layered_cases().items():
        assert record["layers"] == ran[key]["layers"]
        assert record["greedy"]["letter"] == ran[key]["greedy"]["letter"]
        assert record["outcome"] == ran[key]["outcome"]


def test_a_damaged_account_of_layers_is_refused_by_line(
    ask_guarded: Run, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_guarded("--safescale-samples=0")
    path = pytester.path / "safescale-report" / "cases.jsonl"
    path.write_text(path.read_text("utf-8").replace('"order": 3', '"order": "x"'), "utf-8")
    folder = str(path.parent)
    assert main(["score", folder, "--dataset", "items.json", "--out", "again"]) == 4
    assert "what a run writes of a model's layers" in capsys.readouterr().err


def test_shards_are_cut_at_the_capacity_as_a_whole(
    ask_guarded: Run, report: Callable[[], dict[str, Any]], pytester: pytest.Pytester
) -> None:
    toml = GUARDED.replace("capacity = 0.5", "capacity = 0.2")
    ask_guarded("--safescale-samples=5", toml=toml)
    whole = report()
    for number in (1, 2):
        ask_guarded(
            "--safescale-samples=5",
            f"--safescale-shard={number}/2",
            f"--safescale-report=part{number}",
            toml=toml,
        )
    assert main(["merge", "part1", "part2", "--out", "safescale-report"]) == 0
    merged = report()
    assert merged["analyses"]["layers"] == whole["analyses"]["layers"]
    taken = [
        [row["count"] for row in run["metrics"] if row["metric"] == "hand_over_rate"]
        for run in (whole, merged)
    ]
    assert taken == [[1], [1]]
    beside = [
        {row["name"]: row["tokens"] for row in run["manifest"]["models_beside"]}
        for run in (whole, merged)
    ]
    assert beside[0] == beside[1]
