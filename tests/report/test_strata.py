"""Subgroups and clusters on the page and in the summary."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.report.page.charts.drawn import draw_svg
from pytest_safescale.report.page.strata_chart import (
    MOST_DRAWN,
    MOST_ROWS,
    strata_charts,
    strata_tables,
)
from pytest_safescale.report.strata_lines import cluster_sentences, strata_sentences
from pytest_safescale.results.run_file import RunFile


def _row(subgroup: str, count: int, n: int, **more: Any) -> dict[str, Any]:
    return {
        "field": "subspecialty",
        "subgroup": subgroup,
        "model": "m",
        "condition": "closed_book",
        "regime": "single",
        "metric": "high_risk_error_rate",
        "value": count / n,
        "n": n,
        "count": count,
        "ci_low": 0.0,
        "ci_high": 0.4,
        "clusters": None,
        "effective_n": None,
        **more,
    }


def _run(rows: list[dict[str, Any]]) -> RunFile:
    figure = {"condition": "closed_book", "model": "m", "metric": "accuracy", "regime": "single"}
    content: Any = {"metrics": [figure], "manifest": {}, "analyses": {"strata": rows}}
    return RunFile(content=content)


ROWS = [_row("bone", 2, 40), _row("brain", 5, 25), _row("odd", 3, 3)]


def test_the_worst_subgroup_with_enough_cases_is_told() -> None:
    manifest: Any = {}
    (told,) = strata_sentences(manifest, {"strata": ROWS})
    assert told == (
        "By subspecialty: of 3 rates, the highest high risk error rate is 20.0 % (5 of 25; "
        "95 % interval 0.0 to 40.0 %) in brain (m, closed book)."
    )
    assert strata_sentences(manifest, {}) == []


def test_the_forest_plot_shows_the_worst_first_and_its_figures_as_data() -> None:
    (chart,) = strata_charts(_run(ROWS))
    assert chart.name == "forest-subspecialty"
    assert chart.told.startswith("brain, closed book: 20.0 per cent, 5 of 25; bone")
    assert [row[1] for row in chart.rows] == ["bone", "brain", "odd"]
    drawn = draw_svg(chart)
    assert drawn.index("brain (25)") < drawn.index("bone (40)") < drawn.index("odd (3)")
    assert strata_charts(_run([])) == []


def test_of_many_subgroups_the_worst_are_drawn_and_the_rest_is_counted() -> None:
    rows = [_row(f"s{place:02}", place, 100) for place in range(50)]
    (chart,) = strata_charts(_run(rows))
    assert f"The {50 - MOST_DRAWN} further subgroups are in run.json" in chart.text
    (table,) = strata_tables(_run(rows))
    assert len(table.rows) == MOST_ROWS
    assert table.rows[0][0] == "s49"


def test_the_table_tells_clusters_where_there_are_some() -> None:
    (table,) = strata_tables(_run([_row("chest", 4, 20, clusters=6, effective_n=4.25)]))
    assert table.columns[-2:] == ("clusters", "effective n")
    assert [cell.text for cell in table.rows[0][-2:] if not isinstance(cell, str)] == ["6", "4.2"]
    assert strata_tables(_run(ROWS))[0].columns[-1] == "rate"


@pytest.mark.parametrize("icc", [None, 0.417])
def test_the_summary_says_what_clusters_leave_of_the_cases(icc: float | None) -> None:
    manifest: Any = {}
    row = {
        **_row("", 10, 200, clusters=52, effective_n=61.25),
        "icc": icc,
    }
    other = {**row, "model": "n", "effective_n": 190.0}
    (told,) = cluster_sentences(manifest, [other, row])
    start = (
        "Items come in clusters: for the high risk error rate of m under closed book, 200 cases in "
        "52 clusters say as much as 61.2 independent ones"
    )
    assert told == start + ("." if icc is None else ", intraclass correlation 0.42.")
    assert cluster_sentences(manifest, [{**row, "effective_n": None}]) == []


def test_a_subgroup_is_drawn_as_it_is_named() -> None:
    (chart,) = strata_charts(_run([_row("<b>\ud800 & \x01", 1, 20), *ROWS]))
    drawn = draw_svg(chart)
    assert "&lt;b&gt;[U+D800] &amp; [U+0001] (20)" in drawn
