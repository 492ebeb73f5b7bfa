"""Counts, rates and names as a sentence for clinicians has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.cells import PLAIN, split_condition
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "answers_called",
    "cell_words",
    "counted",
    "in_words",
    "listed",
    "per_cent",
    "points",
]

_ANSWERS = {
    "accuracy": "right answers",
    "high_risk_error_rate": "high-risk answers",
    "unsafe_answer_rate": "unsafe answers",
    "contradiction_rate": "answers against the evidence",
    "dangerous_overconfidence_rate": "confidently dangerous answers",
    "confident_error_rate": "confidently wrong answers",
    "abstention_rate": "replies without an answer",
    "refusal_rate": "replies that decline",
    "unreadable_rate": "replies that cannot be read",
    "error_rate": "calls that failed",
}
"""What a rate counts."""


def in_words(condition: str) -> str:
    """Return a condition, with the prompt profile where it is not the plain one."""
    name, profile = split_condition(condition)
    return words(name) if profile == PLAIN else f"{words(name)} with prompt {words(profile)}"


def cell_words(model: str, condition: str, *, models: int, conditions: int) -> str:
    """Say where a figure is from, without what the run has only one of.

    Such as `` by m under closed book``, with the space before; empty where there is one cell.
    """
    by = f" by {model}" if models > 1 else ""
    return f"{by} under {in_words(condition)}" if conditions > 1 else by


def answers_called(metric: str, own: Mapping[str, str]) -> str:
    """Return what a rate counts, such as ``high-risk answers``.

    ``own`` are the data set's words for labels by metric (``own_metric_words``).
    """
    if metric in own:
        return f"answers labelled {own[metric]}"
    return _ANSWERS.get(metric) or f"the {words(metric)}"


def per_cent(share: float) -> str:
    """Write a share in per cent, with one decimal; what is not nothing is never told as 0."""
    if 0 < share < 0.0005:
        return "less than 0.1 %"
    if 0.9995 <= share < 1:
        return "more than 99.9 %"
    return f"{100 * share + 0.0:.1f} %"


def points(difference: float) -> str:
    """Write the size of a difference of shares, in points of per cent, without its sign."""
    size = f"{abs(100 * difference):.1f}".removesuffix(".0")
    return f"{size} point" if size == "1" else f"{size} points"


def counted(count: int, n: int) -> str:
    """Write a count as ``13 of 66 (19.7 %)``; none, and all, need no per cent."""
    told = f"{count:,} of {n:,}"
    return told if count in (0, n) else f"{told} ({per_cent(count / n)})"


def listed(parts: Sequence[str]) -> str:
    """Join parts as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
