"""Every chart that a run can fill: drawn for its page, or written as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.cells import base_profile, split_condition
from pytest_safescale.report.page.agreement_chart import agreement_charts
from pytest_safescale.report.page.case_charts import case_charts
from pytest_safescale.report.page.case_facts import fact_of
from pytest_safescale.report.page.chart_words import figures_are_of
from pytest_safescale.report.page.charts.drawn import Drawn, draw_for_page, draw_png, draw_svg
from pytest_safescale.report.page.decoupling_chart import decoupling_charts
from pytest_safescale.report.page.ensemble_chart import ensemble_charts
from pytest_safescale.report.page.layer_chart import layer_charts
from pytest_safescale.report.page.metric_charts import metric_charts
from pytest_safescale.report.page.profile_chart import profile_charts
from pytest_safescale.report.page.strata_chart import strata_charts
from pytest_safescale.results.profile_rows import profile_names
from pytest_safescale.results.run_file import read_cases, read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.report.page.charts.chart import Chart
    from pytest_safescale.results.run_file import RunFile

__all__ = ["FIRST", "charts_of", "drawn_charts", "write_charts"]

FIRST = ("accuracy-risk", "layers", "prompt-profiles", "safety-profile", "concentration")
"""The charts that stand open on the page; the others are a click away."""
_METRICS, _CASES = "rows of metrics.csv", "taken from cases.jsonl"


def charts_of(run: RunFile, facts: Sequence[Fact]) -> list[tuple[Chart, str]]:
    """Return the charts that the run can fill, each with where its figures come from."""
    base = run.base
    of_base = _of_base(facts, run)
    found = [
        ([*decoupling_charts(run), *metric_charts(base)], _METRICS),
        (layer_charts(run), "analyses of run.json"),
        ([*profile_charts(run), *ensemble_charts(base)], _METRICS),
        (strata_charts(base), "strata of run.json"),
        ([*case_charts(of_base, base), *agreement_charts(of_base, base)], _CASES),
    ]
    return [(chart, source) for charts, source in found for chart in charts]


def drawn_charts(run: RunFile, facts: Sequence[Fact]) -> list[Drawn]:
    """Draw the charts for the page."""
    label = figures_are_of([run.manifest])
    return [
        draw_for_page(chart, source=source, label=label) for chart, source in charts_of(run, facts)
    ]


def write_charts(folder: Path, target: Path, *, own: bool = False) -> list[Path]:
    """Write each chart the run can fill as SVG into ``target``; returns the files.

    As PNG too, where the library that makes them is installed (the extra ``png``).
    """
    run = read_run(folder, own=own)
    facts = [fact_of(record) for record in read_cases(folder, run, own=own)]
    label = figures_are_of([run.manifest])
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for chart, _ in charts_of(run, facts):
        vector, raster = target / f"{chart.name}.svg", target / f"{chart.name}.png"
        drawing = draw_svg(chart, label=label)
        vector.write_text(drawing + "\n", encoding="utf-8", newline="\n")
        written.append(vector)
        if (picture := draw_png(drawing)) is not None:
            raster.write_bytes(picture)
            written.append(raster)
    return written


def _of_base(facts: Sequence[Fact], run: RunFile) -> Sequence[Fact]:
    """Return the cases of the base profile, under their conditions' own names."""
    base = base_profile(profile_names(run.manifest))
    named = {name: split_condition(name) for name in {fact.condition for fact in facts}}
    if all(own == (name, base) for name, own in named.items()):
        return facts
    return [
        fact._replace(condition=named[fact.condition][0])
        for fact in facts
        if named[fact.condition][1] == base
    ]
