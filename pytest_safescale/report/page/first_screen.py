"""The first screen: the decision and why, old against new, and what the figures cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.gates.gate_fields import EARLIER_RUNS
from pytest_safescale.report.decision_lines import (
    decision_sentences,
    figure_sentences,
    figures_headline,
)
from pytest_safescale.report.layer_lines import layer_sentences
from pytest_safescale.report.limit_lines import limit_sentences
from pytest_safescale.report.page.page_tables import run_verdict
from pytest_safescale.report.pool_lines import pool_sentences
from pytest_safescale.report.strata_lines import cluster_sentences, strata_sentences
from pytest_safescale.report.upgrade_lines import upgrade_sentences
from pytest_safescale.report.verdict_notes import store_sentences, verdict_notes
from pytest_safescale.results.conclusion import Against
from pytest_safescale.settings.shards import shard_in

if TYPE_CHECKING:
    from pytest_safescale.results.run_file import RunFile

__all__ = ["FirstScreen", "first_screen", "verdict_headline"]


class FirstScreen(NamedTuple):
    """What a reader sees before anything else, in sentences."""

    state: str
    """As of ``RunVerdict``."""
    headline: str
    reason: str
    """The heading of what comes next."""
    decision: list[str]
    """Why it is decided so; without gates what the figures show."""
    upgrades: list[tuple[str, list[str]]]
    """Of each earlier run what it is called, and what became of the answers since."""
    limits: list[str]
    notes: list[str]
    """What else stands beside the verdict in terminal and summary."""


def first_screen(run: RunFile) -> FirstScreen:
    """Return the first screen of a run's page; every figure in it stands in ``run.json``."""
    verdict, manifest = run_verdict(run), run.manifest
    stored = set(store_sentences(manifest))
    upgrades = [(called, _since(run, called)) for called in EARLIER_RUNS]
    return FirstScreen(
        state=verdict.state,
        headline=verdict_headline(run),
        reason="Why" if _decided(run) else "What the figures show",
        decision=[*decision_sentences(run), *(() if run.gates else figure_sentences(run))],
        upgrades=[(called, told) for called, told in upgrades if told],
        limits=limit_sentences(run),
        notes=[
            *pool_sentences(run.analyses),
            *layer_sentences(run.analyses),
            *(note for note in verdict_notes(manifest) if note not in stored),
            *cluster_sentences(manifest, run.metrics),
            *strata_sentences(manifest, run.analyses),
        ],
    )


def verdict_headline(run: RunFile) -> str:
    """Return the verdict in a sentence; without gates that there is none, and the worst figure."""
    return run_verdict(run).sentence if _decided(run) else figures_headline(run)


def _decided(run: RunFile) -> bool:
    """Say whether something was demanded of the run, or it is a part that has no verdict."""
    blocked = run_verdict(run).state == "blocked"
    return bool(run.gates) or blocked or shard_in(run.manifest) is not None


def _since(run: RunFile, called: str) -> list[str]:
    rows = [dict(row) for row in run.comparisons]
    against = Against.of(run.manifest, rows, run.analyses, called)
    return upgrade_sentences(run.manifest, against.changes, against.comparisons, called)
