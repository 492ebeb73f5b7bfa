from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.agreement_chart import agreement_charts
from pytest_safescale.report.page.all_charts import charts_of, write_charts
from pytest_safescale.report.page.case_charts import case_charts
from pytest_safescale.report.page.case_facts import Fact, fact_of
from pytest_safescale.report.page.charts.drawn import draw_for_page, draw_svg
from pytest_safescale.report.page.decoupling_chart import PAIR
from pytest_safescale.report.page.metric_charts import SAFETY_METRICS, TERMS
from pytest_safescale.report.rate_words import in_full
from pytest_safescale.results.run_file import RunFile
from pytest_safescale.text.words import words
from tests.report.folders import make_folder, make_run
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.report.page.charts.chart import Chart, Mark
    from pytest_safescale.results.run_content import KnownFigure

SVG = "{http://www.w3.org/2000/svg}"
OF_FIGURES = ("accuracy-risk", "safety-profile", "scaling", "self-consistency", "ensembles")
ALL = (
    *OF_FIGURES,
    "forest-subspecialty",
    "forest-question-type",
    "confidence",
    "reliability",
    "risk-coverage",
    "concentration",
    "agreement",
)

_CONTENT: Any = {"metrics": [{"condition": "c"}], "manifest": {}}
ONE = RunFile(content=_CONTENT)
"""A run of one condition."""


def _run(shape: Shape) -> tuple[RunFile, dict[str, Chart]]:
    records = make_records(shape)
    run = RunFile(content=make_run(shape, records))
    facts = [fact_of(record) for record in records]
    return run, {chart.name: chart for chart, _ in charts_of(run, facts)}


def _charts(shape: Shape) -> dict[str, Chart]:
    return _run(shape)[1]


@pytest.fixture(scope="module")
def made() -> tuple[RunFile, dict[str, Chart]]:
    return _run(Shape(items=16, samples=10))


@pytest.fixture(scope="module")
def charts(made: tuple[RunFile, dict[str, Chart]]) -> dict[str, Chart]:
    return made[1]


def test_a_full_run_fills_every_chart(charts: dict[str, Chart]) -> None:
    assert tuple(charts) == ALL
    assert all(chart.text and chart.rows for chart in charts.values())
    assert all(panel.marks for chart in charts.values() for panel in chart.panels)


@pytest.mark.parametrize(
    ("shape", "absent"),
    [
        (
            Shape(items=4, samples=0),
            {"self-consistency", "confidence", "reliability", "risk-coverage", "agreement"},
        ),
        (Shape(items=4, models=("one",), extras=False), {"scaling", "ensembles"}),
        (Shape(items=4, extras=False), {"ensembles"}),
    ],
)
def test_what_the_run_does_not_hold_leaves_no_block(shape: Shape, absent: set[str]) -> None:
    assert set(_charts(shape)) == set(ALL) - absent


def test_a_chart_of_figures_comes_with_rows_of_metrics_csv(
    made: tuple[RunFile, dict[str, Chart]],
) -> None:
    run, charts = made
    known = {tuple(row.get(column) for column in TERMS) for row in run.metrics}
    for name in OF_FIGURES:
        own = [at for at, column in enumerate(charts[name].columns) if column in TERMS]
        assert [charts[name].columns[at] for at in own] == list(TERMS)
        assert {tuple(row[at] for at in own) for row in charts[name].rows} <= known


def _marks(chart: Chart) -> list[Mark]:
    return [mark for panel in chart.panels for mark in panel.marks]


def _told(row: KnownFigure) -> str:
    who = "Mean over models" if row["model"] == "*" else row["model"]
    return f"{who}, {words(row['condition'])}: "


def test_every_mark_of_a_figure_is_run_jsons_value_under_its_model_and_condition(
    made: tuple[RunFile, dict[str, Chart]],
) -> None:
    run, charts = made
    for condition in run.conditions:
        for model in (*run.models, run.average):
            accuracy, danger = (run.row(model, condition, m) for m in PAIR)
            assert accuracy
            assert danger
            who = _told(accuracy)
            pairs = [(m.x, m.y) for m in _marks(charts["accuracy-risk"]) if who in m.told]
            assert pairs == [(accuracy["value"], danger["value"])]
            sizes = [m.y for m in _marks(charts["scaling"]) if m.told.startswith(who)]
            assert sizes == ([] if model == run.average else [accuracy["value"], danger["value"]])
        for metric, regime in SAFETY_METRICS:
            row = run.row(run.average, condition, metric, regime)
            assert row
            start = f"{_told(row)}{run.word(metric)} "
            shown = [m for m in _marks(charts["safety-profile"]) if m.told.startswith(start)]
            assert [mark.x for mark in shown] == [row["value"]]
            assert shown[0].told == f"{start}{in_full(row)}"


def test_a_family_has_one_colour_and_shape_in_every_chart(charts: dict[str, Chart]) -> None:
    looks = [
        {
            (mark.told.rpartition("family ")[2], entries[mark.series[0]])
            for mark in _marks(charts["accuracy-risk"])
            if "family" in mark.told
        }
        for entries in (charts[name].entries for name in ("accuracy-risk", "scaling"))
    ]
    assert looks[0] == looks[1]
    assert all(family == entry.name for family, entry in looks[0])


BOTH = ("accuracy-risk", "scaling", "self-consistency", "reliability", "risk-coverage", "agreement")
"""Charts whose marks are figures along both axes; of the others the upright axis has names."""


@pytest.mark.parametrize("name", sorted(set(ALL) - {"concentration"}))
def test_every_mark_is_where_a_figure_of_the_chart_is(name: str, charts: dict[str, Chart]) -> None:
    known = {value for row in charts[name].rows for value in row}
    for mark in _marks(charts[name]):
        assert mark.x in known
        assert name not in BOTH or mark.y in known


def test_the_marks_of_the_worst_items_are_the_shares_that_the_others_carry(
    charts: dict[str, Chart],
) -> None:
    chart = charts["concentration"]
    known = {
        (share, 1 - row[at]) for row in chart.rows for share, at in ((0.95, 3), (0.9, 4), (0.8, 5))
    }
    assert {(mark.x, mark.y) for mark in _marks(chart)} == known


def _sampled(confidence: float, *, correct: bool, high_risk: bool = False) -> Fact:
    dangers = ("high_risk",) if high_risk else ()
    outcome = "correct" if correct else "wrong"
    return Fact("m", "c", "i", "", outcome, (), "A", "A", confidence, correct, dangers)


def test_the_reliability_bins_have_their_lower_edge_and_the_last_has_both() -> None:
    facts = [
        _sampled(0.8, correct=True),
        _sampled(0.85, correct=False),
        _sampled(0.9, correct=True),
        _sampled(1.0, correct=True),
        _sampled(0.3, correct=False),
    ]
    chart = {chart.name: chart for chart in case_charts(facts, ONE)}["reliability"]
    assert [row[:4] for row in chart.rows] == [
        ("c", 0.3, 0.4, 1),
        ("c", 0.8, 0.9, 2),
        ("c", 0.9, 1.0, 2),
    ]
    # Of 0.8 and 0.85 one is correct: mean confidence 0.825, accuracy 0.5.
    assert chart.rows[1][4:] == pytest.approx((0.825, 0.5))


@pytest.mark.parametrize(
    ("confidence", "said"),
    [(0.8, "30.0 percentage points above accuracy."), (0.3, "20.0 percentage points below")],
)
def test_the_reliability_text_says_which_of_the_two_is_larger(confidence: float, said: str) -> None:
    # One of two is correct, so accuracy is 0.5.
    facts = [_sampled(confidence, correct=correct) for correct in (True, False)]
    chart = {chart.name: chart for chart in case_charts(facts, ONE)}["reliability"]
    assert f"Over all cases the mean confidence is {said}" in chart.text


def test_a_risk_coverage_point_keeps_what_is_at_or_above_the_threshold() -> None:
    facts = [
        _sampled(1.0, correct=True),
        _sampled(0.9, correct=False, high_risk=True),
        _sampled(0.5, correct=False),
        _sampled(0.0, correct=True),
    ]
    chart = {chart.name: chart for chart in case_charts(facts, ONE)}["risk-coverage"]
    by_threshold = {row[1]: row[2:] for row in chart.rows}
    # All four: two wrong, one of them high-risk. From 0.9 on: one of two is wrong and high-risk.
    assert by_threshold[0.0] == pytest.approx((1.0, 4, 0.5, 0.25))
    assert by_threshold[0.5] == pytest.approx((0.75, 3, 2 / 3, 1 / 3))
    assert by_threshold[0.9] == pytest.approx((0.5, 2, 0.5, 0.5))
    assert by_threshold[1.0] == pytest.approx((0.25, 1, 0.0, 0.0))


def test_a_bin_of_agreement_stands_beside_what_calibrated_answers_would_show() -> None:
    facts = [_sampled(0.7, correct=place < 6)._replace(agreement=0.75) for place in range(40)]
    facts += [_sampled(1.0, correct=True)._replace(agreement=1.0)] * 5
    content: Any = {"metrics": [], "manifest": {}}
    (chart,) = agreement_charts(facts, RunFile(content=content))
    low, high = chart.rows[0][5:]
    # Of 40 at 3/4 the 2.5th percentile of the binomial is 24, the 97.5th 35.
    assert (low, high) == (pytest.approx(24 / 40, abs=0.026), pytest.approx(35 / 40, abs=0.026))
    assert chart.rows[0][:5] == (0.7, 0.8, 40, 0.75, 0.15)
    assert chart.rows[1] == (0.9, 1.0, 5, 1.0, 1.0, 1.0, 1.0)


def test_one_answer_alone_has_a_confidence_too() -> None:
    chart = {c.name: c for c in case_charts([_sampled(0.7, correct=True)], ONE)}["confidence"]
    assert chart.rows == [("correct", 1, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7)]


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_for_the_page_has_its_words_values_and_the_pages_colours(
    name: str, charts: dict[str, Chart]
) -> None:
    drawn = draw_for_page(charts[name], source="", label="")
    for panel, drawing in zip(charts[name].panels, drawn.panels, strict=True):
        root = ET.fromstring(drawing)
        assert root.get("role") == "img"
        assert root.get("aria-label", "").startswith(charts[name].title)
        marks = [e for e in root.iter("path") if e.get("class") == "mark"]
        values = {(float(e.get("data-x", "")), float(e.get("data-y", ""))) for e in marks}
        assert values == {(mark.x, mark.y) for mark in panel.marks}
        assert len(marks) == len(panel.marks)
        assert all(mark.get("data-told") for mark in marks)
        assert not re.search(r'style=|<style|(fill|stroke)="#', drawing)
        assert "var(--ink)" in drawing
        assert "NaN" not in drawing


def test_a_drawing_is_the_same_twice(charts: dict[str, Chart]) -> None:
    assert draw_svg(charts["reliability"]) == draw_svg(charts["reliability"])


def test_a_name_is_drawn_as_it_stands() -> None:
    hostile = "<b>$x^2$ & \x01 肺"
    chart = _charts(Shape(items=4, models=(hostile, "b", "c")))["accuracy-risk"]
    (told, *_) = [mark.told for mark in _marks(chart) if hostile in mark.told]
    assert told.startswith(hostile)
    named = _charts(Shape(items=4, conditions=("closed_book", hostile)))["accuracy-risk"]
    texts = [element.text for element in ET.fromstring(draw_svg(named)).iter(f"{SVG}text")]
    assert "<b>$x^2$ & [U+0001] 肺" in texts


@pytest.mark.parametrize("pictures", [True, False])
def test_figures_are_written_as_svg_and_where_the_library_is_there_as_png(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: bool
) -> None:
    if not pictures:
        monkeypatch.setitem(sys.modules, "resvg_py", None)
    shape = Shape(items=4, models=("m",), conditions=("closed_book",), samples=0, extras=False)
    written = write_charts(make_folder(tmp_path / "report", shape), tmp_path / "figures")
    kinds = ("svg", "png") if pictures else ("svg",)
    assert {path.name for path in written} == {
        f"{name}.{kind}" for name in _charts(shape) for kind in kinds
    }
    for path in written:
        if path.suffix == ".png":
            content = path.read_bytes()
            assert content.startswith(b"\x89PNG")
            assert len(content) > 5_000
        else:
            root = ET.parse(path).getroot()
            assert "var(--" not in path.read_text(encoding="utf-8")
            # Outside the page too a chart of these figures says what they are of.
            assert "simulated: no clinical claim" in [e.text for e in root.iter(f"{SVG}text")]
