"""Where a run is worst among subgroups of the items, and what clusters leave of n, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS, SINGLE
from pytest_safescale.analysis.panel_item import SUBGROUP_FIELDS
from pytest_safescale.report.wording import figure, interval
from pytest_safescale.results.label_words import metric_word
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest

__all__ = ["FEWEST_TOLD", "cluster_sentences", "strata_sentences", "worst_first"]

FEWEST_TOLD = 10
"""Cases below which a subgroup is not named as the worst."""
_CLUSTERED = ("high_risk_error_rate", "accuracy")
"""The figure that clusters are told of: the first that the run has."""


def worst_first(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows of ``strata`` from the worst on; those with few cases come last."""

    def rank(row: Mapping[str, Any]) -> tuple[bool, float, int]:
        sign = 1 if row["metric"] == "accuracy" else -1
        return row["n"] < FEWEST_TOLD, sign * row["value"], -row["n"]

    return sorted(rows, key=rank)


def strata_sentences(manifest: Manifest, analyses: Mapping[str, Any]) -> list[str]:
    """Return which subgroup is worst, a sentence for each field that parts the items."""
    rows: Sequence[Mapping[str, Any]] = analyses.get("strata") or ()
    parted = [(field, [row for row in rows if row["field"] == field]) for field in SUBGROUP_FIELDS]
    return [_sentence(manifest, field, own) for field, own in parted if own]


def _sentence(manifest: Manifest, field: str, rows: Sequence[Mapping[str, Any]]) -> str:
    worst = worst_first(rows)[0]
    metric = worst["metric"]
    end = "lowest" if metric == "accuracy" else "highest"
    known: Any = {**worst, "ci_reason": None}
    return (
        f"By {words(field)}: of {len(rows)} rates, the {end} {metric_word(manifest, metric)} is "
        f"{figure(metric, worst['value'])} % ({worst['count']} of {worst['n']}; 95 % interval "
        f"{interval(known)} %) in {worst['subgroup']} "
        f"({worst['model']}, {words(worst['condition'])})."
    )


def cluster_sentences(manifest: Manifest, metrics: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return how few independent cases the figures are worth; nothing without clusters.

    Of the cell in which they are worth least, by the first of the headline figures.
    """
    rows = [
        row
        for row in metrics
        if row["regime"] == SINGLE
        and row["model"] != MEAN_OVER_MODELS
        and row.get("effective_n") is not None
    ]
    metric = next((one for one in _CLUSTERED if any(row["metric"] == one for row in rows)), None)
    told = [row for row in rows if row["metric"] == metric]
    if not told:
        return []
    least = min(told, key=lambda row: row["effective_n"] / max(row["n"], 1))
    icc = "" if least["icc"] is None else f", intraclass correlation {least['icc']:.2f}"
    return [
        f"Items come in clusters: for the {metric_word(manifest, least['metric'])} of "
        f"{least['model']} under {words(least['condition'])}, {least['n']} cases in "
        f"{least['clusters']} clusters say as much as {least['effective_n']:.1f} independent "
        f"ones{icc}."
    ]
