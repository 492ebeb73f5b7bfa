from __future__ import annotations

from typing import Any

from pytest_safescale.report.page.trends import RunInOrder, followed, trend_chart, trends
from pytest_safescale.results.run_file import RunFile


def run(number: int, *models: str, value: float, data: str = "a") -> RunInOrder:
    rows = [
        {
            "model": name,
            "condition": "closed_book",
            "regime": "single",
            "metric": "accuracy",
            "value": value,
            "n": 10,
            "count": round(10 * value),
            "ci_low": value - 0.1,
            "ci_high": value + 0.2,
            "ci_method": "wilson",
            "std": None,
        }
        for name in models
    ]
    content: Any = {"manifest": {"dataset": {"sha256": data}}, "metrics": rows}
    return RunInOrder(number=number, folder=f"run-{number}", file=RunFile(content=content))


def drawn(*runs: RunInOrder) -> Any:
    lines = followed(runs)
    return trend_chart(runs, lines, trends(runs, lines, "accuracy", "single"))


def test_each_figure_of_a_trend_has_its_interval() -> None:
    (panel,) = drawn(run(1, "m", value=0.5), run(2, "m", value=0.7)).panels
    assert [(mark.x, mark.y) for mark in panel.marks] == [(1, 0.5), (2, 0.7)]
    path, *intervals = [line.points for line in panel.lines]
    assert path == [(1, 0.5), (2, 0.7)]
    assert intervals == [((1, 0.4), (1, 0.7)), ((2, 0.6), (2, 0.7 + 0.2))]


def test_the_models_of_one_run_stand_apart_and_one_alone_on_its_line() -> None:
    (panel,) = drawn(run(1, "m", value=0.5), run(2, "m", "n", value=0.7)).panels
    assert [round(mark.x, 2) for mark in panel.marks] == [1, 1.9, 2.1]
    assert [mark.told.split(",")[0] for mark in panel.marks] == ["run 1", "run 2", "run 2"]


def test_the_only_models_of_runs_of_one_data_set_follow_each_other() -> None:
    few = [run(at, f"m-{at}", value=0.5) for at in (1, 2)]
    many = [run(at, f"m-{at}", value=0.5) for at in (1, 2, 3, 4)]
    apart = [run(at, f"m-{at}", value=0.5, data=str(at)) for at in (1, 2)]
    assert followed(few) == [("m-1, then m-2", ["m-1", "m-2"])]
    assert followed(many) == [("the model of each run", ["m-1", "m-2", "m-3", "m-4"])]
    assert followed(apart) == [("m-1", ["m-1", "m-1"]), ("m-2", ["m-2", "m-2"])]
