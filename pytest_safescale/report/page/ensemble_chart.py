"""Ensembles against their members, a panel a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import ENSEMBLE
from pytest_safescale.report.page.chart_words import mark_told
from pytest_safescale.report.page.charts.chart import Chart, Entry, Mark, Panel, series_entry
from pytest_safescale.report.page.charts.scales import per_cent_axis
from pytest_safescale.report.page.decoupling_chart import PAIR
from pytest_safescale.report.page.metric_charts import TERMS, terms
from pytest_safescale.report.wording import figure as written
from pytest_safescale.report.wording import label
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["ensemble_charts"]

_TOGETHER = "synchronized_failure_rate"


def ensemble_charts(run: RunFile) -> list[Chart]:
    """Return the chart of a run with an ensemble of three models or more."""
    found = [
        (ensemble, row)
        for metric in (*PAIR, _TOGETHER)
        for condition in run.conditions
        for ensemble in run.ensembles
        for name in (ensemble, *(_members(run, ensemble) if metric in PAIR else ()))
        if (row := run.row(name, condition, metric) or _any_regime(run, name, condition, metric))
    ]
    if not found:
        return []
    rows = list({id(row): row for _, row in found}.values())
    entries = [
        series_entry(at + 1, label(name.removeprefix(ENSEMBLE)))
        for at, name in enumerate(run.ensembles)
    ]
    return [
        Chart(
            name="ensembles",
            title="Ensembles against their members",
            text="Full marks are the ensembles' votes, empty ones their members. Synchronised "
            "failure is the share of items on which all members give the same wrong letter.",
            told=f"Synchronised failure: {'; '.join(_together(rows))}.",
            columns=TERMS,
            rows=terms(rows),
            panels=[
                _panel(run, metric, [pair for pair in found if pair[1]["metric"] == metric])
                for metric in (*PAIR, _TOGETHER)
                if any(row["metric"] == metric for row in rows)
            ],
            entries=[*entries, Entry(name="member", hollow=True)],
        )
    ]


def _members(run: RunFile, ensemble: str) -> Sequence[str]:
    """Return the ensemble's models as the manifest states them, else every model of the run."""
    for stated in run.manifest.get("ensembles", ()):
        if f"{ENSEMBLE}{stated['name']}" == ensemble:
            return [name for name in stated["models"] if name in run.models]
    return run.models


def _any_regime(run: RunFile, name: str, condition: str, metric: str) -> KnownFigure | None:
    if not name.startswith(ENSEMBLE):
        return None
    return run.row(name, condition, metric, "self_consistency")


def _together(rows: Sequence[KnownFigure]) -> list[str]:
    return [
        f"{row['model'].removeprefix(ENSEMBLE)}, {words(row['condition'])} "
        f"{written(row['metric'], row['value'])} per cent"
        for row in rows
        if row["metric"] == _TOGETHER
    ] or ["not measured"]


def _panel(run: RunFile, metric: str, found: Sequence[tuple[str, KnownFigure]]) -> Panel:
    conditions = [name for name in run.conditions if any(r["condition"] == name for _, r in found)]
    lanes = len(run.ensembles)
    marks = []
    for ensemble, row in sorted(found, key=lambda pair: pair[1]["model"] in run.ensembles):
        lane = run.ensembles.index(ensemble)
        vote = row["model"] == ensemble
        marks.append(
            Mark(
                x=row["value"],
                y=float(conditions.index(row["condition"]) * lanes + lane),
                told=mark_told(run, row).replace(ENSEMBLE, "ensemble ", 1),
                series=(lane,) if vote else (lanes,),
                strong=vote,
            )
        )
    return Panel(
        title=run.word(metric),
        x=per_cent_axis(run.word(metric), [row["value"] for _, row in found]),
        rows=[words(name) for name in conditions],
        lanes=lanes,
        marks=marks,
    )
