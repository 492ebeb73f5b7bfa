"""What prompt profiles change, as one dumbbell chart: from the plain prompt to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.cells import base_profile, cell_condition, split_condition
from pytest_safescale.report.page.chart_words import mark_told
from pytest_safescale.report.page.charts.chart import (
    Chart,
    Entry,
    Line,
    Mark,
    Panel,
    interval_lines,
    series_entry,
)
from pytest_safescale.report.page.charts.scales import per_cent_axis
from pytest_safescale.report.wording import figure as written
from pytest_safescale.results.profile_rows import profile_names
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    if not found:
        return []
    rows = list(dict.fromkeys((one.condition, one.profile) for one in found))
    whose = "Mean over models" if len(run.models) > 1 else run.models[0]
    return [
        Chart(
            name="prompt-profiles",
            title=f"Prompt profiles against {words(base)}",
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
            panels=[
                _panel(run, metric, own)
                for metric in SHOWN
                if (own := [one for one in found if one.metric == metric])
            ],
            entries=[
                Entry(name=words(base), hollow=True),
                *(series_entry(at, words(name)) for at, name in enumerate(_profiles(found), 1)),
            ],
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


def _profiles(found: Sequence[_Dumbbell]) -> list[str]:
    return list(dict.fromkeys(one.profile for one in found))


def _panel(run: RunFile, metric: str, found: Sequence[_Dumbbell]) -> Panel:
    profiles = _profiles(found)
    conditions = list(dict.fromkeys(one.condition for one in found))
    marks: list[Mark] = []
    lines: list[Line] = []
    for one in found:
        lane = profiles.index(one.profile)
        y = float(conditions.index(one.condition) * len(profiles) + lane)
        before, after = one.base["value"], one.other["value"]
        series = (lane + 1,)
        lines.append(
            Line(points=((before, y), (after, y)), series=(0, lane + 1), width=4, opacity=0.4)
        )
        x = (after, one.other["ci_low"], one.other["ci_high"])
        lines += interval_lines(series, x=x, y=(y, None, None))
        marks += [
            Mark(x=before, y=y, told=mark_told(run, one.base), series=(0,)),
            Mark(x=after, y=y, told=mark_told(run, one.other), series=series),
        ]
    rows = [row for one in found for row in (one.base, one.other)]
    ends = [end for one in found for end in (one.other["ci_low"], one.other["ci_high"])]
    return Panel(
        title=run.word(metric),
        x=per_cent_axis(run.word(metric), [*(row["value"] for row in rows), *ends]),
        rows=[words(name) for name in conditions],
        lanes=len(profiles),
        marks=marks,
        lines=lines,
    )
