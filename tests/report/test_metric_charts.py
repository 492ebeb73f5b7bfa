from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.agreement_chart import agreement_charts
from pytest_safescale.report.page.case_charts import case_charts
from pytest_safescale.report.page.case_facts import Fact, fact_of
from pytest_safescale.report.page.drawing import Chart, draw_png, draw_svg
from pytest_safescale.report.page.metric_charts import TERMS, metric_charts
from pytest_safescale.report.page.run_page import write_charts
from pytest_safescale.results.run_file import RunFile
from tests.report.folders import make_folder, make_run
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
ALL = (
    "accuracy-risk",
    "safety-profile",
    "scaling",
    "self-consistency",
    "ensembles",
    "confidence",
    "reliability",
    "concentration",
    "risk-coverage",
    "agreement",
)

_CONTENT: Any = {"metrics": [{"condition": "c"}], "manifest": {}}
ONE = RunFile(content=_CONTENT)
"""A run of one condition."""


def _charts(shape: Shape) -> dict[str, Chart]:
    records = make_records(shape)
    run = RunFile(content=make_run(shape, records))
    facts = [fact_of(record) for record in records]
    charts = [*metric_charts(run), *case_charts(facts, run), *agreement_charts(facts, run)]
    return {chart.name: chart for chart in charts}


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return _charts(Shape(items=30))


def test_a_full_run_fills_every_chart(charts: dict[str, Chart]) -> None:
    assert tuple(charts) == ALL
    assert all(chart.draw and chart.rows for chart in charts.values())


@pytest.mark.parametrize(
    ("shape", "name", "reason"),
    [
        (Shape(items=4, samples=0), "self-consistency", "the run drew no samples"),
        (Shape(items=4, samples=0), "confidence", "the run drew no samples"),
        (Shape(items=4, samples=0), "reliability", "the run drew no samples"),
        (Shape(items=4, samples=0), "risk-coverage", "the run drew no samples"),
        (Shape(items=4, samples=0), "agreement", "the run drew no samples"),
        (Shape(items=4, models=("one",)), "scaling", "fewer than two sizes"),
        (Shape(items=4, extras=False), "ensembles", "no ensemble of three models"),
    ],
)
def test_what_the_run_does_not_hold_is_said(shape: Shape, name: str, reason: str) -> None:
    chart = _charts(shape)[name]
    assert chart.draw is None
    assert chart.text.startswith("Not drawn: ")
    assert reason in chart.text


def test_a_chart_of_figures_comes_with_rows_of_metrics_csv(charts: dict[str, Chart]) -> None:
    for name in ALL[:5]:
        assert tuple(charts[name].columns)[-len(TERMS) :] == TERMS
    run = make_run(Shape(items=30), make_records(Shape(items=30)))
    known = {tuple(row[name] for name in TERMS) for row in run["metrics"]}
    for name in ALL[:5]:
        assert {tuple(row)[-len(TERMS) :] for row in charts[name].rows} <= known


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
def test_a_drawing_for_the_page_has_words_and_the_pages_colours(
    name: str, charts: dict[str, Chart]
) -> None:
    drawing = draw_svg(charts[name])
    root = ET.fromstring(drawing)
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root[:2]}
    assert named[f"{name}-title"] == charts[name].title
    assert charts[name].text in (named[f"{name}-text"] or "")
    assert "style=" not in drawing
    assert "<style" not in drawing
    assert "xlink" not in drawing
    assert not re.search(r'(fill|stroke)="#', drawing)
    assert "var(--ink)" in drawing


def test_ids_of_two_drawings_do_not_meet_and_references_hold(charts: dict[str, Chart]) -> None:
    drawings = [draw_svg(charts[name]) for name in ALL]
    ids = [found for drawing in drawings for found in re.findall(r'\bid="([^"]+)"', drawing)]
    assert len(ids) == len(set(ids))
    for drawing in drawings:
        used = re.findall(r'(?:href="#|url\(#)([^")]+)', drawing)
        assert set(used) <= set(re.findall(r'\bid="([^"]+)"', drawing))


def test_a_drawing_is_the_same_twice(charts: dict[str, Chart]) -> None:
    assert draw_svg(charts["reliability"]) == draw_svg(charts["reliability"])


def test_a_name_is_drawn_as_it_stands() -> None:
    hostile = "<b>$x^2$</b> & \x01 肺"
    chart = _charts(Shape(items=4, models=(hostile, "b", "c")))["safety-profile"]
    assert draw_svg(chart)
    named = _charts(Shape(items=4, conditions=("closed_book", hostile)))["accuracy-risk"]
    texts = [element.text for element in ET.fromstring(draw_svg(named)).iter(f"{SVG}text")]
    assert "<b>$x^2$</b> & [U+0001] 肺" in texts


def test_figures_are_written_as_svg_and_png(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "report", Shape(items=4))
    written = write_charts(folder, tmp_path / "figures")
    names = (*ALL, "forest-subspecialty", "forest-question-type")
    assert {path.name for path in written} == {
        f"{n}.{kind}" for n in names for kind in ("svg", "png")
    }
    for path in written:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
        else:
            assert "var(--" not in path.read_text(encoding="utf-8")
            ET.parse(path)


def test_a_png_is_a_picture(charts: dict[str, Chart]) -> None:
    assert len(draw_png(charts["confidence"])) > 5_000
