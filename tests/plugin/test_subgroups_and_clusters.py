"""A run whose items come in clusters and subspecialties: gates, files, summary and page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.plugin.conftest import APPLICATION, ITEM

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

GATES = """
[[gates]]
metric = "high_risk_error_rate"
max = 0.5
confidence = 0.95

[[gates]]
metric = "high_risk_error_rate"
max = 0.25
by = "subspecialty"
"""


def test_clusters_and_subgroups_go_through_a_whole_run(
    pytester: pytest.Pytester,
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makepyfile(app=APPLICATION)
    # Of ten items of the brain four are dangerous; two items share a patient.
    records = [
        {
            **{key: value for key, value in ITEM.items() if key != "subspecialty"},
            "question_id": f"i{place:02}",
            "question": f"{ITEM['question']} (say {'B' if place < 4 else 'A'})",
            "subspecialty": "Brain" if place < 10 else "Chest",
            "cluster": f"patient {place // 2}",
        }
        for place in range(20)
    ]
    (pytester.path / "items.json").write_text(json.dumps(records), encoding="utf-8")
    (pytester.path / "gates.toml").write_text(GATES, encoding="utf-8")
    run = ("--safescale-dataset=items.json", "--safescale-gates=gates.toml")
    result = run_suite(*run, "--safescale-conditions=closed_book", "--safescale-samples=0")
    assert result.ret == 1
    bound, worst = report()["gates"]
    assert (bound["outcome"], bound["clusters"]) == ("inconclusive", None)
    assert "a bound needs 30 clusters of items, there are 10" in bound["sentence"]
    assert (worst["outcome"], worst["subgroup"], worst["value"]) == ("failed", "Brain", 0.4)
    assert [(row["name"], row["clusters"]) for row in worst["subgroups"]] == [
        ("Brain", 5),
        ("Chest", 5),
    ]
    brain, chest = report()["analyses"]["strata"]
    assert (brain["subgroup"], brain["count"], brain["n"]) == ("Brain", 4, 10)
    assert brain["effective_n"] < 5
    assert chest["value"] == 0
    rows = report()["metrics"]
    row = next(one for one in rows if one["metric"] == "high_risk_error_rate")
    assert (row["clusters"], row["n"]) == (10, 20)
    folder = pytester.path / "safescale-report"
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "Items come in clusters" in summary
    assert "of 2 rates, the highest high risk error rate is 40.0 % (4 of 10" in summary
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "in 10 clusters, effective n " in page
    assert "Subgroups of the items" in page
    assert "High risk error rate by subspecialty" in page

    (pytester.path / "gates.toml").write_text(GATES.replace("subspecialty", "question_type"))
    refused = run_suite(*run)
    assert refused.ret == 4
    told = refused.stdout.str() + refused.stderr.str()
    assert "found by 'question_type', which no item of the data names" in told
