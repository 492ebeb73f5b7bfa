"""Two runs that exist, compared as a run is with its baseline."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from pytest_safescale.results.baseline import check_comparable, item_marks
from pytest_safescale.results.conclusion import Against
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.results.same_replies import replies_by_case
from pytest_safescale.results.severity_facts import severity_in
from pytest_safescale.runs.conclude import against, earlier_run

if TYPE_CHECKING:
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.manifest import Manifest

__all__ = ["compare_runs_of"]


def compare_runs_of(now: Baseline, before: Baseline) -> Against:
    """Compare a run with an earlier one; its manifest holds what differs between them.

    Raises SettingsError where they have no item, condition or model in common, or rest on the same
    replies.
    """
    panel = panel_from_records(now.records, severity=severity_in(now.manifest))
    check_comparable(
        before,
        items=item_marks(now.records),
        conditions=panel.conditions,
        models=panel.models,
    )
    manifest: Manifest = {**now.manifest, "notices": []}
    replies = partial(replies_by_case, now.records)
    rows, changed = against(before, earlier_run(before, panel), replies, panel, manifest)
    return Against.of(manifest, map(asdict, rows), {"changes": [asdict(row) for row in changed]})
