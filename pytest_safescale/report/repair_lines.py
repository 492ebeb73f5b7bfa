"""What a repaired corpus changes, in words: for the summary and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.cells import cell_condition, is_repaired, split_condition, unrepaired
from pytest_safescale.report.table import signed_points
from pytest_safescale.results.label_words import metric_word
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.results.manifest import Manifest

__all__ = ["repair_rows", "repair_sentences"]

_TOLD = ("high_risk_error_rate", "accuracy")
"""The figure that is told: the first that the run has."""
_MOST_TOLD = 4


def repair_rows(comparisons: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the comparisons of the repaired corpus with the old one."""
    return [row for row in comparisons if _is_of_repair(row)]


def _is_of_repair(row: Mapping[str, Any]) -> bool:
    condition, profile = split_condition(row["left"])
    return (
        row["kind"] == "condition"
        and is_repaired(condition)
        and row["right"] == cell_condition(unrepaired(condition), profile)
    )


def repair_sentences(manifest: Manifest, comparisons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the plan did to the corpus, and what came of it; nothing without a plan.

    A sentence for each model and condition, those that changed most first, at most four.
    """
    repair = manifest.get("corpus_repair")
    if not repair:
        return []
    rows = [row for row in repair_rows(comparisons) if row["regime"] == "single"]
    metric = next((one for one in _TOLD if any(row["metric"] == one for row in rows)), None)
    told = sorted(
        (row for row in rows if row["metric"] == metric), key=lambda row: -abs(row["delta"])
    )
    actions = ", ".join(f"{name} {count}" for name, count in repair["actions"].items() if count)
    more = len(told) - _MOST_TOLD
    return [
        f"Repaired corpus: {actions or 'no action'} by {repair['name']}; {repair['passages']} of "
        f"{manifest['corpus']['passages']} passages left.",
        *(_sentence(manifest, row) for row in told[:_MOST_TOLD]),
        *([f"{more} more with the repaired corpus are in run.json."] if more > 0 else []),
    ]


def _sentence(manifest: Manifest, row: Mapping[str, Any]) -> str:
    ends = f"{signed_points(row['ci_low'])} to {signed_points(row['ci_high'])}"
    return (
        f"{row['model']}, {words(row['left'])}: {metric_word(manifest, row['metric'])} "
        f"{signed_points(row['delta'])} points ({ends}) against {words(row['right'])} over "
        f"{row['n']} items: {row['c']} with the old corpus alone, {row['b']} with the repaired one "
        f"alone (McNemar's exact p = {row['p_value']:.2g})."
    )
