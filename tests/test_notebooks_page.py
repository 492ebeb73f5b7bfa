"""The examples of docs/notebooks.md are run in their order, and their plots show the figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.runs.kept_run import unpack

PAGE = Path(__file__).parent.parent / "docs" / "notebooks.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)

pytestmark = pytest.mark.slow  # libraries that draw take long to load


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the names that the examples leave, by example and name."""
    for library in ("pandas", "polars"):
        pytest.importorskip(library)
    pytest.importorskip("matplotlib").use("Agg")
    folder = tmp_path_factory.mktemp("notebook")
    unpack(folder / "safescale-report")
    found: dict[str, Any] = {}
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, code in enumerate(EXAMPLES):
            exec(compile(code, f"{PAGE.name}, example {number}", "exec"), names)
            found[str(number)] = dict(names)
    found["pictures"] = sorted(path.name for path in folder.glob("*.svg"))
    return found


def test_the_examples_are_five_and_draw_three_pictures(seen: dict[str, Any]) -> None:
    assert len(EXAMPLES) == 5
    assert seen["pictures"] == ["by-condition.svg", "confidence.svg", "differences.svg"]


def test_the_plot_by_condition_shows_each_figure_of_a_model(seen: dict[str, Any]) -> None:
    run, axes = seen["1"]["run"], seen["1"]["axes"]
    for ax, metric in zip(axes, ["accuracy", "high_risk_error_rate"], strict=True):
        drawn = {
            (bars.get_label(), condition): value
            for bars in ax.containers
            for value, condition in zip(*bars[0].get_data(orig=True), strict=True)
        }
        assert drawn == {
            (row["model"], row["condition"]): row["value"]
            for row in run.figures("rows")
            if (row["metric"], row["regime"]) == (metric, "single") and row["model"] != "*"
        }


def test_the_plot_of_confidence_shows_shares_of_cases(seen: dict[str, Any]) -> None:
    cases = [
        row
        for row in seen["2"]["run"].cases("rows")
        if row["confidence"] is not None and row["correct"] is not None
    ]
    assert cases
    shares = seen["2"]["shares"]
    for confidence, row in shares.iterrows():
        own = [one for one in cases if round(one["confidence"] * 5) / 5 == confidence]
        assert row["correct"] == pytest.approx(sum(one["correct"] for one in own) / len(own))


def test_the_plot_of_differences_shows_each_pair_of_conditions(seen: dict[str, Any]) -> None:
    rows = [
        row
        for row in seen["3"]["run"].comparisons("rows")
        if (row["kind"], row["metric"]) == ("condition", "high_risk_error_rate")
    ]
    bars, *_ = seen["3"]["ax"].containers
    values, _ = bars[0].get_data(orig=True)
    assert sorted(values) == sorted(row["delta"] for row in rows)


def test_the_worst_items_by_polars_are_those_of_the_rows(seen: dict[str, Any]) -> None:
    dangerous = [row["item_id"] for row in seen["4"]["run"].cases("rows")
                 if "high_risk" in row["findings"]]  # fmt: skip
    counts = {name: dangerous.count(name) for name in set(dangerous)}
    worst = seen["4"]["worst"]
    assert dict(zip(worst["item_id"], worst["answers"], strict=True)) == counts
