"""What prompt profiles change, as one dumbbell chart: from the plain prompt to each of them."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.cells import base_profile, cell_condition, split_condition
from pytest_safescale.report.page.drawing import (
    GROUND,
    INK,
    MUTED,
    Chart,
    legend,
    panels,
    per_cent_axis,
    series_style,
)
from pytest_safescale.report.wording import figure as written
from pytest_safescale.report.wording import label
from pytest_safescale.results.profile_rows import profile_names
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["profile_charts"]

SHOWN = ("accuracy", "high_risk_error_rate", "refusal_rate")
"""What profiles are compared in: accuracy, danger, and what that costs in answers."""
TERMS = ("profile", "condition", "metric", "plain", "value", "ci_low", "ci_high", "n")


class _Dumbbell(NamedTuple):
    """A figure under the base profile and under another one."""

    condition: str
    profile: str
    metric: str
    base: KnownFigure
    other: KnownFigure


def profile_charts(run: RunFile) -> list[Chart]:
    """Return the chart of a run with several prompt profiles; none of any other run."""
    names = profile_names(run.manifest)
    if len(names) < 2:
        return []
    base = base_profile(names)
    found = _dumbbells(run, base)
    title = f"Prompt profiles against {words(base)}"
    if not found:
        text = "Not drawn: no case was asked both ways."
        return [Chart(name="prompt-profiles", title=title, text=text)]
    rows = list(dict.fromkeys((one.condition, one.profile) for one in found))
    whose = "Mean over models" if len(run.models) > 1 else run.models[0]
    return [
        Chart(
            name="prompt-profiles",
            title=title,
            text=f"{whose}: the empty mark is the {words(base)} prompt, the full one the profile, "
            "with its 95 % interval; the line between is what the profile changes. Better is a "
            "mark further to the right in accuracy, and to the left in danger; refusals are the "
            "price.",
            told=f"In per cent: {'; '.join(_sentence(run, row, found) for row in rows)}.",
            columns=TERMS,
            rows=[
                (
                    one.profile,
                    one.condition,
                    one.metric,
                    one.base["value"],
                    *(one.other[name] for name in ("value", "ci_low", "ci_high", "n")),
                )
                for one in found
            ],
            draw=partial(_draw, run=run, found=found, rows=rows, base=base),
            size=(9.6, 1.6 + 0.27 * len(rows)),
        )
    ]


def _dumbbells(run: RunFile, base: str) -> list[_Dumbbell]:
    found = []
    for name in run.conditions:
        condition, profile = split_condition(name)
        for metric in SHOWN:
            plain = run.row(run.average, cell_condition(condition, base), metric)
            other = run.row(run.average, name, metric)
            if profile != base and plain is not None and other is not None:
                found.append(_Dumbbell(condition, profile, metric, plain, other))
    return found


def _sentence(run: RunFile, row: tuple[str, str], found: Sequence[_Dumbbell]) -> str:
    parts = [
        f"{run.word(one.metric)} {written(one.metric, one.base['value'])} to "
        f"{written(one.metric, one.other['value'])}"
        for one in found
        if (one.condition, one.profile) == row
    ]
    return f"{words(row[0])}, {words(row[1])}: {', '.join(parts)}"


def _draw(
    figure: Figure,
    *,
    run: RunFile,
    found: Sequence[_Dumbbell],
    rows: Sequence[tuple[str, str]],
    base: str,
) -> None:
    shown = [metric for metric in SHOWN if any(one.metric == metric for one in found)]
    profiles = list(dict.fromkeys(profile for _, profile in rows))
    styles = {profile: series_style(number + 1) for number, profile in enumerate(profiles)}
    grid = list(panels(figure, 1, len(shown), sharey=True))
    for metric, axes in zip(shown, grid, strict=True):
        for one in (one for one in found if one.metric == metric):
            y, style = rows.index((one.condition, one.profile)), styles[one.profile]
            before, after = one.base["value"], one.other["value"]
            low, high = one.other["ci_low"], one.other["ci_high"]
            if low is not None and high is not None:
                axes.hlines(y, low, high, colors=style["color"], linewidth=0.8, alpha=0.6)
            axes.hlines(y, min(before, after), max(before, after), colors=MUTED, linewidth=2.4)
            axes.plot(before, y, **_plain(), zorder=3)
            axes.plot(after, y, linestyle="", **style, zorder=4)
        axes.set_title(run.word(metric))
        axes.grid(axis="y", visible=False)
        per_cent_axis(axes.xaxis)
        for y, (one_row, next_row) in enumerate(pairwise(rows)):
            if one_row[0] != next_row[0]:
                axes.axhline(y + 0.5, color=MUTED, linewidth=0.5)
    grid[0].set_yticks(range(len(rows)), [_row_label(rows, place) for place in range(len(rows))])
    grid[0].set_ylim(len(rows) - 0.4, -0.6)
    entries = [(label(words(profile)), style) for profile, style in styles.items()]
    legend(figure, [(label(words(base)), _plain()), *entries], columns=4)


def _plain() -> dict[str, Any]:
    return {"marker": "o", "color": GROUND, "markeredgecolor": INK, "linestyle": ""}


def _row_label(rows: Sequence[tuple[str, str]], place: int) -> str:
    """Return the profile, behind its condition where that begins."""
    condition, profile = rows[place]
    begins = place == 0 or rows[place - 1][0] != condition
    return f"{label(words(condition))}: {words(profile)}" if begins else words(profile)
