"""How one figure went over the runs of one data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.chart_words import figures_are_of
from pytest_safescale.report.page.charts.drawn import draw_for_page
from pytest_safescale.report.page.trends import RunInOrder, by_name, followed, trend_chart, trends
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.report.wording import model_label
from pytest_safescale.results.manifest_facts import differing
from pytest_safescale.view.run_list import data_sets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.report.page.trends import Followed
    from pytest_safescale.view.folders import Found, Look

    Kind = tuple[str, str]
    """Decoding mode and metric."""

__all__ = ["trend_page"]

_MOST = 8
"""Models that a chart shows unless more are asked for: as many as there are colours."""
_PAIR, _NAMED = 2, 3
_ALIKE = (
    *("number of items", "conditions", "corpus", "corpus repair", "ranker", "prompt"),
    *("prompt profiles", "agent's prompt", "decoding", "severities", "pytest-safescale version"),
)
"""What should be alike for a figure to change by the model alone, beside the data set."""


def trend_page(look: Look, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template takes: a figure of all runs of a data set, the first to end first.

    ``query`` has ``data``, ``figure`` (decoding mode and metric with a colon between) and
    ``model``; what it does not name is the data set of the last run, its first figure, and all
    models.
    """
    sets = data_sets(look.runs)
    key = query.get("data") if query.get("data") in sets else next(iter(sets), "")
    found = [run for run in reversed(look.runs) if run.data_key == key]
    runs = [RunInOrder(number=at, folder=f.name, file=f.file) for at, f in enumerate(found, 1)]
    kinds = _kinds(runs)
    kind = next((one for one in kinds if ":".join(one) == query.get("figure")), None)
    regime, metric = kind or next(iter(kinds), ("", ""))
    every = by_name(runs)
    name = _model(runs, every, query)
    lines = [one for one in every if one[1][0] == name] if name else followed(runs)
    group = trends(runs, lines, metric, regime)
    # A model has the same colour alone as beside the others.
    chart = trend_chart(runs, every if name else lines, group) if group["rows"] else None
    return {
        "data_sets": sets,
        "data": key,
        "kinds": [(":".join(one), one) for one in kinds],
        "kind": (regime, metric),
        "models": [(model[0], label) for label, model in every],
        "model": name,
        "conditions": list(dict.fromkeys(row["condition"] for row in group["rows"])),
        "rows": list(_table(runs, found, group)),
        "changed": [row for row in group["rows"] if len(list(_known(row))) > 1],
        "first": found[0] if found else None,
        "last": found[-1] if found else None,
        **notices_of(found),
        "chart": chart
        and draw_for_page(
            chart,
            source="rows of each metrics.csv",
            label=figures_are_of(run.manifest for run in found),
        ),
    }


def notices_of(runs: Sequence[Found]) -> dict[str, list[str]]:
    """Return the runs' own notices, each once, for the head of a page.

    Those of all runs, or of one of two, come as ``notices``; those of some of many come with the
    names of these as ``some_notices``, which the page folds: each row says what its run is.
    """
    said: dict[str, list[str]] = {}
    for run in runs:
        for notice in run.manifest.get("notices", ()):
            said.setdefault(notice.rstrip("."), []).append(run.name)
    every = [notice for notice, names in said.items() if len(names) == len(runs)]
    some = [f"{_some(names)}: {one}" for one, names in said.items() if len(names) < len(runs)]
    folded = len(runs) > _PAIR
    return {
        "notices": every if folded else [*every, *some],
        "some_notices": some if folded else [],
    }


def _some(names: Sequence[str]) -> str:
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _kinds(runs: Sequence[RunInOrder]) -> list[Kind]:
    """Return the figures that some run has: those of the tables first."""
    measured = dict.fromkeys(
        (row["regime"], row["metric"])
        for run in runs
        for row in run.file.metrics
        if not row.get("family") and row["value"] is not None
    )
    first = [(regime, metric) for _, regime, metric in COLUMNS if (regime, metric) in measured]
    return list(dict.fromkeys([*first, *measured]))


def _model(runs: Sequence[RunInOrder], every: Sequence[Followed], query: Mapping[str, str]) -> str:
    """Return the one model that is shown; empty for all."""
    names = [models[0] for _, models in every]
    asked = query.get("model")
    if asked in names:
        return str(asked)
    return runs[-1].file.average if asked is None and len(names) > _MOST else ""


def _table(
    runs: Sequence[RunInOrder], found: Sequence[Found], group: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Give a row per run and model, the last run first, with the figure under each condition."""
    cells: dict[tuple[int, str], dict[str, Any]] = {}
    for row in group["rows"]:
        for number, figure in row["figures"]:
            if figure:
                cells.setdefault((number, figure["model"]), {})[row["condition"]] = figure
    for run, one in zip(reversed(runs), reversed(found), strict=True):
        before = found[run.number - 2].manifest if run.number > 1 else None
        changed = differing(one.manifest, before, _ALIKE) if before is not None else []
        for name in run.file.all_names:
            if figures := cells.get((run.number, name)):
                yield {
                    "run": one,
                    "number": run.number,
                    "model": model_label(name),
                    "figures": figures,
                    "changed": changed,
                }


def _known(row: Mapping[str, Any]) -> Iterator[Any]:
    """Give the figures of a row that some run has."""
    return (figure for _, figure in row["figures"] if figure)
