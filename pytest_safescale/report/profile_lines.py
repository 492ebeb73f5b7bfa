"""What prompt profiles change, in words: for the terminal and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.table import signed_points
from pytest_safescale.results.label_words import metric_word
from pytest_safescale.results.profile_rows import has_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.conclusion import Conclusion

__all__ = ["profile_sentences"]

_TOLD = ("accuracy", "high_risk_error_rate", "refusal_rate")
SURE = 0.05
"""The adjusted p from which on a comparison says nothing."""


def profile_sentences(conclusion: Conclusion) -> list[str]:
    """Return a heading and a sentence for each profile that is compared; none without profiles."""
    if not has_profiles(conclusion.manifest):
        return []
    rows = (conclusion.analyses.get("scaling") or {}).get("decoupling") or ()
    moved = [row for row in rows if row["dimension"] == "prompt" and row["regime"] == "single"]
    if not moved:
        return []
    steps = dict.fromkeys(row["step"] for row in moved)
    base = next(iter(steps)).partition(" to ")[0]
    heading = f"Prompt profiles against {base}, mean over models and conditions, in points:"
    return [heading, *(_sentence(conclusion, step, moved) for step in steps)]


def _sentence(conclusion: Conclusion, step: str, moved: Sequence[Mapping[str, Any]]) -> str:
    profile = step.partition(" to ")[2]
    told = {row["metric"]: row for row in moved if row["step"] == step}
    parts = [
        f"{metric_word(conclusion.manifest, metric)} {_points(told[metric])}"
        for metric in _TOLD
        if metric in told
    ]
    return f"{profile}: {', '.join(parts)}; {_sure(conclusion, profile)}"


def _points(row: Mapping[str, Any]) -> str:
    value = signed_points(row["delta"])
    if row["ci_low"] is None or row["ci_high"] is None:
        return value
    return f"{value} ({signed_points(row['ci_low'])} to {signed_points(row['ci_high'])})"


def _sure(conclusion: Conclusion, profile: str) -> str:
    """Say in how many cells danger fell or rose beyond chance, by Holm's p over profiles."""
    danger = [
        row
        for row in conclusion.comparisons
        if (row.kind, row.left, row.regime, row.metric)
        == ("profile", profile, "single", "high_risk_error_rate")
    ]
    sure = [row for row in danger if row.p_holm is not None and row.p_holm < SURE]
    lower = sum(row.delta < 0 for row in sure)
    higher = len(sure) - lower
    cells = f"{len(danger)} cells of a model and a condition"
    if not sure:
        return f"in none of {cells} a change of danger by itself"
    told = [f"lower in {lower}"] if lower else []
    told += [f"higher in {higher}"] if higher else []
    return f"by itself danger is {' and '.join(told)} of {cells}"
