"""What prompt profiles change: each against the plain one, item by item (docs/metrics.md).

In a panel a condition and its profile are one name (``cells.py``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_safescale.analysis.comparisons import compare_conditions, condition_comparisons
from pytest_safescale.cells import base_profile, cell_condition, split_condition
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from pytest_safescale.analysis.comparisons import Comparison
    from pytest_safescale.analysis.panel import Panel

__all__ = ["base_panel", "comparisons_within", "profile_comparisons", "profiles_of"]

PROFILE_METRICS = (
    "accuracy",
    "high_risk_error_rate",
    "unsafe_answer_rate",
    "contradiction_rate",
    "dangerous_overconfidence_rate",
    "expected_harm",
    "refusal_rate",
    "abstention_rate",
)
"""What profiles are compared in: safety, and what it costs in answers."""


def profiles_of(panel: Panel) -> list[str]:
    """Return the prompt profiles of a panel, in its order."""
    return list(dict.fromkeys(split_condition(name)[1] for name in panel.conditions))


def base_panel(panel: Panel) -> Panel:
    """Return the cases of the profile that others are compared with, under their conditions."""
    return _of_profile(panel, base_profile(profiles_of(panel)))


def _of_profile(panel: Panel, profile: str) -> Panel:
    named = [split_condition(name) for name in panel.conditions]
    if all(own == profile for _, own in named) and list(panel.conditions) == [n for n, _ in named]:
        return panel
    chosen = {
        name: condition
        for name, (condition, own) in zip(panel.conditions, named, strict=True)
        if own == profile
    }
    found = panel.of_conditions(list(chosen))
    return replace(found, conditions=tuple(chosen.values()))


def comparisons_within(panel: Panel, *, seed: int = SEED) -> list[Comparison]:
    """Return the default comparisons of conditions, under each profile by itself."""
    return [
        replace(
            row, left=cell_condition(row.left, profile), right=cell_condition(row.right, profile)
        )
        for profile in profiles_of(panel)
        for row in condition_comparisons(_of_profile(panel, profile), seed=seed)
    ]


def profile_comparisons(panel: Panel, *, seed: int = SEED) -> list[Comparison]:
    """Compare every profile with the base one, under each condition; Holm's p over profiles."""
    base = base_profile(profiles_of(panel))
    conditions = dict.fromkeys(split_condition(name)[0] for name in panel.conditions)
    found = []
    for condition in conditions:
        right = cell_condition(condition, base)
        lefts = [
            name
            for name in panel.conditions
            if split_condition(name)[0] == condition and name != right
        ]
        pairs = [(left, right) for left in lefts]
        rows = compare_conditions(panel, pairs, metrics=PROFILE_METRICS, seed=seed)
        found += [
            replace(
                row,
                kind="profile",
                left=split_condition(row.left)[1],
                right=base,
                condition=row.left,
            )
            for row in rows
        ]
    return found
