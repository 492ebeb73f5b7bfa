"""The share of samples that agree, against accuracy, with what calibrated answers would show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.metrics import AGREEMENT_CALIBRATION, SELF_CONSISTENCY
from pytest_safescale.report.page.charts.chart import Chart, Line, Mark, Panel, series_entry
from pytest_safescale.report.page.charts.scales import shares_axis
from pytest_safescale.report.wording import figure as written
from pytest_safescale.statistics.calibration import BINS, bins_of
from pytest_safescale.statistics.consistency import CalibratedRuns, band
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.results.run_file import RunFile

__all__ = ["agreement_charts"]

_NAME, _TITLE = "agreement", "Reliability: agreement of the samples against accuracy"
_COLUMNS = ("bin_from", "bin_to", "n", "mean_agreement", "accuracy", "band_low", "band_high")


def agreement_charts(facts: Sequence[Fact], run: RunFile) -> list[Chart]:
    """Return the chart of all cases with samples; none without any."""
    sampled = [fact for fact in facts if fact.agreement is not None]
    if not sampled:
        return []
    rows = _bins(sampled, run.manifest.get("seed", 0))
    return [
        Chart(
            name=_NAME,
            title=_TITLE,
            text="Ten bins of the share of samples that give the majority answer, all models and "
            "conditions together. A bar holds 95 % of the accuracies that as many independent "
            "cases would show if each were right with the chance that is its share: a mark below "
            "its bar is surer than right, beyond chance.",
            told=_told(run),
            columns=_COLUMNS,
            rows=rows,
            panels=[_panel(rows)],
            entries=[series_entry(1, "bin of agreement")],
        )
    ]


def _bins(facts: Sequence[Fact], seed: int) -> list[tuple[Any, ...]]:
    """Return a row for each of ten bins that has a case."""
    shares = np.array([fact.agreement for fact in facts], dtype=np.float64)
    correct = np.array([fact.correct for fact in facts], dtype=bool)
    calibrated, places = CalibratedRuns(shares, seed).accuracies, bins_of(shares)
    rows = []
    for at in np.unique(places):
        inside = places == at
        means = float(shares[inside].mean()), float(correct[inside].mean())
        edges = at / BINS, (at + 1) / BINS
        rows.append((*edges, int(inside.sum()), *means, *band(calibrated[:, at])))
    return rows


def _told(run: RunFile) -> str:
    """Say the debiased squared error of each condition, with its band where it is one model's."""
    parts = []
    for condition in run.conditions:
        row = run.row(run.average, condition, AGREEMENT_CALIBRATION, SELF_CONSISTENCY)
        if row is not None:
            low, high = row.get("consistency_low"), row.get("consistency_high")
            ends = "" if low is None or high is None else f" (calibrated: {low:.3f} to {high:.3f})"
            parts.append(f"{words(condition)} {written(row['metric'], row['value'])}{ends}")
    return f"Squared calibration error freed of chance: {'; '.join(parts)}." if parts else ""


def _panel(rows: Sequence[tuple[Any, ...]]) -> Panel:
    lines = [Line(points=((0, 0), (1, 1)), width=1, dashes="4 3")]
    marks = []
    for start, end, n, share, accuracy, low, high in rows:
        lines.append(Line(points=((share, low), (share, high)), width=6, opacity=0.4))
        told = (
            f"agreement {start:.1f} to {end:.1f}, {n} cases: mean agreement {share:.3f}, accuracy "
            f"{accuracy:.3f}; calibrated answers {low:.3f} to {high:.3f}"
        )
        marks.append(Mark(x=share, y=accuracy, told=told, series=(0,)))
    return Panel(
        x=shares_axis("mean agreement of the bin"),
        y=shares_axis("accuracy of the bin"),
        lines=lines,
        marks=marks,
    )
