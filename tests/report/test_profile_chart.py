"""The dumbbell chart of prompt profiles, and what is said of them in words."""

from __future__ import annotations

import re
from typing import Any

from pytest_safescale.analysis.all_analyses import analyses
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.profiles import profile_comparisons
from pytest_safescale.report.page.charts.drawn import draw_svg
from pytest_safescale.report.page.profile_chart import profile_charts
from pytest_safescale.report.profile_lines import profile_sentences
from pytest_safescale.results.conclusion import Conclusion
from pytest_safescale.results.run_file import RunFile
from tests.analysis.panels import panel_of

PANEL = panel_of(
    {
        "m": {
            "closed_book": "BBBBBBBBAA",
            "closed_book/verify": "AAAAAAABAA",
            "closed_book/uncertain": "--BBBBBBAA",
        }
    }
)
NAMES = ("plain", "verify", "uncertain")
MANIFEST: Any = {
    "profiles": [{"name": name, "sha256": "", "texts": {}} for name in NAMES],
    "conditions": ["closed_book"],
}


def run(manifest: Any) -> RunFile:
    content: Any = {"manifest": manifest, "metrics": [dict(vars(r)) for r in all_metrics(PANEL)]}
    return RunFile(content=content)


def test_each_profile_has_a_line_from_plain_in_accuracy_danger_and_refusals() -> None:
    (chart,) = profile_charts(run(MANIFEST))
    told = {(row[0], row[2]): (row[3], row[4]) for row in chart.rows}
    assert told == {
        ("verify", "accuracy"): (0.2, 0.9),
        ("verify", "high_risk_error_rate"): (0.8, 0.1),
        ("verify", "refusal_rate"): (0.0, 0.0),
        ("uncertain", "accuracy"): (0.2, 0.2),
        ("uncertain", "high_risk_error_rate"): (0.8, 0.6),
        ("uncertain", "refusal_rate"): (0.0, 0.2),
    }
    assert "closed book, verify: accuracy 20.0 to 90.0, high risk error rate 80.0" in chart.told
    drawn = draw_svg(chart)
    for word in ("closed book", "verify", "uncertain", "refusal rate", "plain"):
        assert re.search(f">{word}<", drawn), word


def test_a_run_of_one_profile_has_no_such_chart() -> None:
    assert profile_charts(run({"conditions": ["closed_book"]})) == []
    assert profile_charts(run({**MANIFEST, "profiles": MANIFEST["profiles"][:1]})) == []


def test_other_charts_are_of_the_plain_profile() -> None:
    base = run(MANIFEST).base
    assert base.conditions == ["closed_book"]
    row = base.row("m", "closed_book", "accuracy")
    assert row is not None
    assert row["value"] == 0.2


def concluded(manifest: Any) -> Conclusion:
    return Conclusion(
        manifest=manifest,
        metrics=all_metrics(PANEL),
        comparisons=profile_comparisons(PANEL),
        analyses=analyses(PANEL, ensembles={}, facts={}),
    )


def test_a_sentence_for_each_profile_tells_what_it_changes() -> None:
    heading, verify, uncertain = profile_sentences(concluded(MANIFEST))
    assert heading.startswith("Prompt profiles against plain")
    # Seven of ten got better, none worse: p = 2 / 2^7 = 0.0156, times two profiles 0.031.
    assert verify.startswith("verify: accuracy +70.0 (")
    assert verify.endswith("by itself danger is lower in 1 of 1 cells of a model and a condition")
    assert "refusal rate +20.0 (" in uncertain
    assert uncertain.endswith(
        "in none of 1 cells of a model and a condition a change of danger by itself"
    )


def test_without_profiles_nothing_is_said_of_them() -> None:
    assert profile_sentences(concluded({})) == []
