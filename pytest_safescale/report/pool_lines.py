"""Public items against sealed ones, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["pool_sentences"]

_TOLD = ("accuracy", "high_risk_error_rate")
_MOST = 6
"""How many gaps are told; all of them stand in the report."""


def pool_sentences(analyses: Mapping[str, Any]) -> list[str]:
    """Return how far the public items differ from the sealed ones; nothing without both."""
    gaps: Sequence[Mapping[str, Any]] = analyses.get("pools") or ()
    told = [row for row in gaps if row["metric"] in _TOLD]
    lines = [_gap(row) for row in told[:_MOST]]
    if len(told) > _MOST:
        lines.append(f"{len(told) - _MOST} more gaps to the sealed items stand in the report.")
    return [*lines, *_over_fitted(gaps)]


def _gap(row: Mapping[str, Any]) -> str:
    public, sealed = row["public"], row["sealed"]
    return (
        f"{row['model']}, {words(row['condition'].replace('/', ', '))}: {words(row['metric'])} "
        f"{100 * public['value']:.1f} % of {public['n']} public items and "
        f"{100 * sealed['value']:.1f} % of {sealed['n']} sealed ones, "
        f"{100 * row['delta']:+.1f} points ({100 * row['ci_low']:+.1f} to "
        f"{100 * row['ci_high']:+.1f})."
    )


def _over_fitted(gaps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say of whom the public items tell more good than the sealed ones, where that is sure."""
    better = {
        row["model"]: None
        for row in gaps
        if (row["ci_low"] > 0 if row["metric"] == "accuracy" else row["ci_high"] < 0)
    }
    if better:
        yield (
            f"{', '.join(better)}: better on the public items than on the sealed ones, as who was "
            "fitted to the public ones would be (each figure at 95 % by itself)."
        )
