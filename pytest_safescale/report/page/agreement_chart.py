"""The share of samples that agree, against accuracy, with what calibrated answers would show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.metrics import AGREEMENT_CALIBRATION, SELF_CONSISTENCY
from pytest_safescale.report.page.drawing import GROUND, MUTED, Chart, panels, series_style
from pytest_safescale.report.wording import figure as written
from pytest_safescale.statistics.calibration import BINS, bins_of
from pytest_safescale.statistics.consistency import CalibratedRuns, band
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.results.run_file import RunFile

__all__ = ["agreement_charts"]

_NAME, _TITLE = "agreement", "Reliability: agreement of the samples against accuracy"
_COLUMNS = ("bin_from", "bin_to", "n", "mean_agreement", "accuracy", "band_low", "band_high")


def agreement_charts(facts: Sequence[Fact], run: RunFile) -> list[Chart]:
    """Return the chart of all cases with samples; without any it says so."""
    sampled = [fact for fact in facts if fact.agreement is not None]
    if not sampled:
        text = "Not drawn: the run drew no samples, so no answers agree or differ."
        return [Chart(name=_NAME, title=_TITLE, text=text)]
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
            draw=partial(_draw, rows=rows),
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


def _draw(figure: Figure, *, rows: Sequence[Any]) -> None:
    (axes,) = panels(figure, 1, 1)
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle="--", zorder=1)
    for _, _, _, share, accuracy, low, high in rows:
        axes.vlines(share, low, high, colors=MUTED, linewidth=5, alpha=0.45, zorder=2)
        axes.plot(share, accuracy, markeredgecolor=GROUND, zorder=4, **series_style(1))
    axes.set(xlabel="mean agreement of the bin", ylabel="accuracy of the bin")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
