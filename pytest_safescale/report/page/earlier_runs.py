"""What the page shows of each earlier run that this one is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.page.changed_items import ChangedList, changed_lists
from pytest_safescale.report.page.figure_changes import FigureChanges, figure_changes
from pytest_safescale.results.conclusion import CHANGES_SINCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.report.page.changed_items import Said, Texts
    from pytest_safescale.results.run_file import RunFile

__all__ = ["EarlierRunShown", "earlier_runs"]


class EarlierRunShown(NamedTuple):
    """An earlier run."""

    called: str
    twins: Mapping[str, str]
    """The model of that run by the model of this one, where the names differ."""
    lists: Sequence[ChangedList]
    changed: Sequence[Mapping[str, Any]]
    """The rows of ``changes``, for all answers that are another letter."""
    unchanged: int
    """Cases whose answer is the same letter."""
    figures: Sequence[FigureChanges]


def earlier_runs(run: RunFile, texts: Texts, said: Said) -> list[EarlierRunShown]:
    """Return the earlier runs; parameters as of ``changed_lists``."""
    shown = []
    for called, key in CHANGES_SINCE.items():
        if figures := figure_changes(run, called):
            rows = run.analyses.get(key) or ()
            changed = sum(len(row["changed_answer"]) for row in rows)
            shown.append(
                EarlierRunShown(
                    called=called,
                    twins={r["model"]: r["twin"] for r in rows if r["twin"] != r["model"]},
                    lists=changed_lists(run, key, texts, said),
                    changed=[row for row in rows if row["changed_answer"]],
                    unchanged=sum(row["n"] for row in rows) - changed,
                    figures=figures,
                )
            )
    return shown
