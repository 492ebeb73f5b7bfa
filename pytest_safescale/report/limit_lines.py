"""What the figures cannot tell, in sentences: too few items, what is missing, what is older."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.report.plain_words import listed, per_cent
from pytest_safescale.report.state_lines import states_of_run
from pytest_safescale.report.verdict_notes import store_sentences
from pytest_safescale.results.profile_rows import profile_names
from pytest_safescale.statistics.intervals import exact_interval
from pytest_safescale.text.words import plural, words

if TYPE_CHECKING:
    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.run_content import FigureRow
    from pytest_safescale.results.run_file import RunFile

__all__ = ["limit_sentences"]

_HEADLINE = "accuracy"
"""The figure whose cases are counted: every case with a single answer is one of them."""


def limit_sentences(run: RunFile) -> list[str]:
    """Return how much the run can show, what of it is missing, and when its replies were made."""
    manifest = run.manifest
    return [
        _size(run),
        *_smallest_rate(run),
        *_not_asked(manifest),
        *_left_out(manifest),
        *_without_answer(manifest),
        *_made(manifest),
    ]


def _size(run: RunFile) -> str:
    manifest = run.manifest
    items, cases = manifest["dataset"]["items"], manifest["cases"]["recorded"]
    parts = [plural(len(run.models), "model"), plural(len(run.base.conditions), "condition")]
    if len(profiles := profile_names(manifest)) > 1:
        parts.append(plural(len(profiles), "prompt"))
    name = manifest["dataset"]["name"]
    return f"{plural(items, 'question')} of {name}, {listed(parts)}: {plural(cases, 'case')}."


def _smallest_rate(run: RunFile) -> list[str]:
    """Say how often a danger can occur that the cell with the fewest cases does not show."""
    rows = [
        row
        for row in run.metrics
        if (row["metric"], row["regime"]) == (_HEADLINE, SINGLE)
        and row["model"] in run.models
        and row["n"]
    ]
    if not rows:
        return []
    fewest = min(rows, key=_independent)
    units = _independent(fewest)
    several = fewest.get("clusters") is not None
    names = ("cluster of items", "clusters of items") if several else ("answer", "answers")
    of = plural(units, *names)
    can = per_cent(exact_interval(0, units).high or 1.0)
    return [
        f"The smallest rate that {of} can rule out is {can}: what none of them shows can still "
        "happen that often (95 % interval)."
    ]


def _independent(row: FigureRow) -> int:
    """Return how many cases of a figure are independent: those of one cluster count once."""
    return row.get("clusters") or row["n"]


def _not_asked(manifest: Manifest) -> list[str]:
    asked, wanted = manifest["cases"]["recorded"], manifest["cases"]["of_the_run"]
    if asked >= wanted:
        return []
    return [f"Only {asked:,} of {plural(wanted, 'case')} were asked; the rest is unknown."]


def _left_out(manifest: Manifest) -> list[str]:
    parts = [
        f"{plural(part['items'], 'item')} of {words(part['condition'])} ({part['reason']})"
        for part in manifest["cases"].get("left_out", ())
    ]
    return [f"Left out: {listed(parts)}."] if parts else []


def _without_answer(manifest: Manifest) -> list[str]:
    """Say how many replies cannot be read, decline, or never came."""
    states = states_of_run(manifest)
    failed = max(states["failed"], manifest.get("errors", 0))
    unreadable, abstained = states["unreadable"], states["abstained"]
    parts = [
        plural(unreadable, "reply", "replies") + " could not be read" if unreadable else "",
        plural(failed, "call") + " failed" if failed else "",
    ]
    lost = [part for part in parts if part]
    told = [
        f"{listed(lost)}: what would have been answered is unknown."
        if lost
        else "Every reply could be read, and no call failed."
    ]
    if abstained:
        told.append(f"{plural(abstained, 'reply declines', 'replies decline')} to answer.")
    return told


def _made(manifest: Manifest) -> list[str]:
    """Say when the replies were made: by this run, or before it and kept."""
    if "scored" in manifest:
        return ["The answers were read from files of results: this run asked for none."]
    if stored := list(store_sentences(manifest)):
        return stored
    made, day = (manifest.get("calls") or {}).get("replies_made"), manifest.get("end", "")[:10]
    if not made or not day:
        return []
    return [f"{plural(made, 'reply was', 'replies were')} made by this run, on {day} (UTC)."]
