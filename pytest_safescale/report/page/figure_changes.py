"""How each figure moved since an earlier run: before, now, and the difference with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.report.page.page_tables import Entry, indexed_comparisons
from pytest_safescale.report.plain_words import counted, in_words
from pytest_safescale.report.rate_words import value_words
from pytest_safescale.report.wording import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.results.run_content import ComparisonRow
    from pytest_safescale.results.run_file import RunFile

__all__ = ["FigureChange", "FigureChanges", "figure_changes"]


class FigureChange(NamedTuple):
    """One figure of a model under a condition in both runs."""

    entry: Entry[ComparisonRow]
    word: str
    """What the figure is called, in the data set's words."""
    condition: str
    """In words; a dash where the row names none."""
    before: str
    now: str
    """A dash where the figure of ``run.json`` is over other items than those compared."""


class FigureChanges(NamedTuple):
    """Rows that stand together."""

    title: str
    folded: bool
    rows: Sequence[FigureChange]


def figure_changes(run: RunFile, called: str) -> list[FigureChanges]:
    """Return what moved, of single answers and then of the samples, and what did not.

    ``called`` is the earlier run. Rows come by model and condition, in the run's order.
    """
    entries = sorted(indexed_comparisons(run, called), key=_place(run))
    moved = [entry for entry in entries if entry.row["b"] or entry.row["c"]]
    still = [entry for entry in entries if not (entry.row["b"] or entry.row["c"])]
    single = [entry for entry in moved if entry.row["regime"] == SINGLE]
    sampled = [entry for entry in moved if entry.row["regime"] != SINGLE]
    groups = (
        ("Single answers", False, single),
        ("Majority of the samples", True, sampled),
        ("What did not change for any item", True, still),
    )
    return [
        FigureChanges(title, folded, [_change(run, entry) for entry in found])
        for title, folded, found in groups
        if found
    ]


def _place(run: RunFile) -> Callable[[Entry[ComparisonRow]], tuple[int, int]]:
    """Return where a row stands, by its model and its condition."""
    conditions = {name: place for place, name in enumerate(run.conditions)}
    models = {name: place for place, name in enumerate(run.models)}

    def place(entry: Entry[ComparisonRow]) -> tuple[int, int]:
        condition = entry.row.get("condition") or ""
        return models.get(entry.row["model"], len(models)), conditions.get(condition, -1)

    return place


def _change(run: RunFile, entry: Entry[ComparisonRow]) -> FigureChange:
    row = entry.row
    before, now = _both(run, row)
    condition = row.get("condition")
    where = in_words(condition) if condition else NOTHING
    return FigureChange(entry, run.word(row["metric"]), where, before, now)


def _both(run: RunFile, row: ComparisonRow) -> tuple[str, str]:
    """Return the figure before and now, where ``run.json`` has it over the items compared."""
    found = run.row(row["model"], row.get("condition") or "", row["metric"], row["regime"])
    if found is None or found["n"] != row["n"]:
        return NOTHING, NOTHING
    n, count = row["n"], found.get("count")
    if count is not None:
        return counted(count - row["b"] + row["c"], n), counted(count, n)
    metric, value = row["metric"], found["value"]
    return value_words(metric, value - row["delta"]), value_words(metric, value)
