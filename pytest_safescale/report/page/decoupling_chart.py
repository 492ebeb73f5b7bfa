"""Accuracy against danger, a panel a condition: whether the one says anything of the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.cells import cell_condition
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
from pytest_safescale.report.wording import label
from pytest_safescale.results.profile_rows import profile_names
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.report.page.charts.scales import Axis
    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["PAIR", "decoupling_charts", "families_of", "family_entries", "family_names"]

PAIR = ("accuracy", "high_risk_error_rate")
TERMS = (
    *("model", "family", "condition", "profile", "regime", "metric"),
    *("value", "n", "ci_low", "ci_high"),
)
_NO_FAMILY = "no family stated"
_MEAN = "mean over models"


class _Point(NamedTuple):
    """One model under one condition and profile."""

    model: str
    family: str
    condition: str
    profile: str
    accuracy: KnownFigure
    danger: KnownFigure


def families_of(run: RunFile) -> dict[str, str]:
    """Return the family of each model; of one that states none, that it does not."""
    return {
        model["name"]: model.get("family") or _NO_FAMILY for model in run.manifest.get("models", ())
    }


def family_names(run: RunFile) -> list[str]:
    """Return the families in the order of the models."""
    families = families_of(run)
    return list(dict.fromkeys(families.get(model, _NO_FAMILY) for model in run.models))


def family_entries(run: RunFile) -> list[Entry]:
    """Return the series of ``family_names``, each with one colour and shape in every chart."""
    names = family_names(run)
    return [series_entry(at, _family_name(name, names)) for at, name in enumerate(names, 1)]


def decoupling_charts(run: RunFile) -> list[Chart]:
    """Return the chart of accuracy against high-risk errors; none where a run has no such rate."""
    points = _points(run)
    if not points:
        return []
    profiles = list(dict.fromkeys(point.profile for point in points))
    entries = _entries(run, points, profiles)
    several = len(profiles) > 1
    shapes = ", its shape the prompt profile" if several else ""
    colours = f" A mark's colour is the model family{shapes}." if len(entries) > 2 else ""
    mean = "the large, outlined one is the mean over models" if len(run.models) > 1 else "it stands"
    return [
        Chart(
            name="accuracy-risk",
            title=f"Accuracy against {run.word(PAIR[1])}",
            text=f"Each mark is a model, each panel a condition; {mean} with its 95 % intervals. "
            f"Down and to the right is better.{colours}",
            told=_told(run, points),
            columns=TERMS,
            rows=[row for point in points for row in _rows(point)],
            panels=_panels(run, points, entries),
            entries=entries,
        )
    ]


def _points(run: RunFile) -> list[_Point]:
    families = families_of(run)
    profiles = profile_names(run.manifest)
    found = []
    for condition in run.base.conditions:
        for profile in profiles:
            cell = cell_condition(condition, profile)
            for model in dict.fromkeys([*run.models, run.average]):
                accuracy, danger = (run.row(model, cell, metric) for metric in PAIR)
                if accuracy and danger:
                    family = families.get(model, _NO_FAMILY)
                    found.append(_Point(model, family, condition, profile, accuracy, danger))
    return found


def _entries(run: RunFile, points: Sequence[_Point], profiles: Sequence[str]) -> list[Entry]:
    """Return a series for each family, for the mean, and for each of several profiles.

    Of several profiles the shape is theirs, and families have colours alone.
    """
    found = family_entries(run)
    if len(run.models) > 1 and any(point.model == run.average for point in points):
        found.append(Entry(name=_MEAN, colour=0, shape="diamond"))
    if len(profiles) == 1:
        return found
    shapes = [series_entry(at, words(name)).shape for at, name in enumerate(profiles)]
    return [
        *(replace(entry, shape="circle") for entry in found),
        *(Entry(name=words(p), shape=s) for p, s in zip(profiles, shapes, strict=True)),
    ]


def _family_name(name: str, families: Sequence[str]) -> str:
    return "models" if name == _NO_FAMILY and len(families) == 1 else label(name)


def _panels(run: RunFile, points: Sequence[_Point], entries: Sequence[Entry]) -> list[Panel]:
    rows = [(p.accuracy, p.danger, p.model == run.average) for p in points]
    x = per_cent_axis(run.word(PAIR[0]), [v for a, _, mean in rows for v in _shown(a, mean)])
    y = per_cent_axis(
        run.word(PAIR[1]), [v for _, b, mean in rows for v in _shown(b, mean)], zero=True
    )
    names = [entry.name for entry in entries]
    return [
        _panel(run, words(name), (x, y), [p for p in points if p.condition == name], names)
        for name in dict.fromkeys(point.condition for point in points)
    ]


def _panel(
    run: RunFile,
    title: str,
    axes: tuple[Axis, Axis],
    points: Sequence[_Point],
    names: Sequence[str],
) -> Panel:
    lines: list[Line] = []
    marks = []
    for point in points:
        series, mean = _series(run, point, names), point.model == run.average
        if mean:
            lines += _intervals(point, series)
        marks.append(
            Mark(
                x=point.accuracy["value"],
                y=point.danger["value"],
                told=_mark_told(run, point),
                series=series,
                strong=mean,
            )
        )
    return Panel(title=title, x=axes[0], y=axes[1], marks=marks, lines=lines)


def _series(run: RunFile, point: _Point, names: Sequence[str]) -> tuple[int, ...]:
    """Return the places of a point's family, or of the mean, and of its profile in the legend."""
    if point.model == run.average and len(run.models) > 1:
        first = names.index(_MEAN)
    else:
        family = label(point.family)
        first = names.index(family) if family in names else 0
    profile = words(point.profile)
    # Profiles come last: a family may go by the same name.
    return (first, len(names) - 1 - names[::-1].index(profile)) if profile in names else (first,)


def _shown(row: KnownFigure, mean: bool) -> list[float | None]:
    """Return what of a figure is drawn: its interval too, where it is the mean."""
    return [row["value"], *((row["ci_low"], row["ci_high"]) if mean else ())]


def _intervals(point: _Point, series: tuple[int, ...]) -> list[Line]:
    x, y = ((row["value"], row["ci_low"], row["ci_high"]) for row in (point.accuracy, point.danger))
    return interval_lines(series, x=x, y=y)


def _mark_told(run: RunFile, point: _Point) -> str:
    told = mark_told(run, point.accuracy, point.danger)
    return told if point.family == _NO_FAMILY else f"{told}; family {point.family}"


def _rows(point: _Point) -> list[tuple[object, ...]]:
    who = (point.model, point.family, point.condition, point.profile)
    return [
        (*who, *(row.get(name) for name in TERMS[4:])) for row in (point.accuracy, point.danger)
    ]


def _told(run: RunFile, points: Sequence[_Point]) -> str:
    means = [
        f"{words(point.accuracy['condition'])} {written(PAIR[0], point.accuracy['value'])} and "
        f"{written(PAIR[1], point.danger['value'])}"
        for point in points
        if point.model == run.average
    ]
    return f"Mean accuracy and {run.word(PAIR[1])} in per cent: {'; '.join(means)}."
