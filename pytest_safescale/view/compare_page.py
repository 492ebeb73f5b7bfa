"""Two runs, compared as a run is with its baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.earlier_runs import earlier_runs
from pytest_safescale.report.page.item_texts import item_texts
from pytest_safescale.report.upgrade_lines import upgrade_sentences
from pytest_safescale.report.wording import model_label
from pytest_safescale.results.baseline import read_baseline
from pytest_safescale.results.conclusion import CHANGES_SINCE
from pytest_safescale.results.run_file import RunFile, read_cases, read_run
from pytest_safescale.results.severity_facts import severity_in
from pytest_safescale.runs.compare import compare_runs_of
from pytest_safescale.text.escaping import plain
from pytest_safescale.view.trend_page import notices_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.conclusion import Against
    from pytest_safescale.view.folders import Found

__all__ = ["compare_page"]

_OPTION = "compare"


def compare_page(before: Found, now: Found) -> dict[str, Any]:
    """Return what the template takes of the run ``now`` against the run ``before``.

    Raises SettingsError where the two have nothing in common or rest on the same replies, and
    DatasetError for a file that cannot be read.
    """
    earlier = read_baseline(before.folder, option=_OPTION)
    later = read_baseline(now.folder, option=_OPTION)
    against = compare_runs_of(later, earlier)
    run = _as_compared(read_run(now.folder), against)
    return {
        "before": before,
        "now": now,
        "differs": [notice.rstrip(".") for notice in against.manifest["notices"]],
        **notices_of([before, now]),
        "sentences": upgrade_sentences(against.manifest, against.changes, against.comparisons),
        "earlier": earlier_runs(run, _texts(now, run), later.said),
        "models": [model_label(name) for name in run.models],
    }


def _as_compared(run: RunFile, against: Against) -> RunFile:
    """Return the run as if it had been run with the other as its baseline."""
    content: Any = {
        **run.content,
        "comparisons": list(against.comparisons),
        "analyses": {CHANGES_SINCE["baseline"]: list(against.changes)},
    }
    return RunFile(content=content)


def _texts(now: Found, run: RunFile) -> Mapping[str, Mapping[str, Any]]:
    """Return the texts of the items that a list of changes names, by id."""
    wanted = {
        case["item_id"]
        for row in run.analyses[CHANGES_SINCE["baseline"]]
        for key in ("newly_dangerous", "newly_safe")
        for case in row[key] or ()
    }
    severity = severity_in(run.manifest)
    return {
        plain(record["item_id"]): item_texts(record, severity)
        for record in read_cases(now.folder, run)
        if record["item_id"] in wanted
    }
