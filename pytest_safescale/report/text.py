"""Text from data sets, models and servers, made fit to be shown; figures made into words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_safescale.scoring.metrics import MEAN_OVER_MODELS, is_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NOTHING",
    "failed_tests",
    "figure",
    "interval",
    "label",
    "model_label",
    "plain",
    "shorten",
    "verdict_sentence",
    "words",
]

NOTHING = "–"
"""Stands where nothing was measured."""

# Control characters, lone halves of surrogate pairs, marks that turn the reading direction,
# invisible characters and the two that are no characters at all.
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ud800-\udfff\ufffe\uffff]"
)


def plain(text: str) -> str:
    """Return the text with every character that would not be seen written as ``[U+XXXX]``.

    Line feeds and tabs stay; a carriage return before a line feed goes.
    """
    if not _UNSHOWABLE.search(text):
        return text
    return _UNSHOWABLE.sub(lambda match: f"[U+{ord(match[0]):04X}]", text.replace("\r\n", "\n"))


def shorten(text: str, limit: int) -> str:
    """Return one line of at most ``limit`` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def label(name: str) -> str:
    """Return a name as a chart shows it."""
    return shorten(name, 28)


def model_label(name: str) -> str:
    """Return a model's name; the row of means has no model."""
    return "Mean over models" if name == MEAN_OVER_MODELS else name


def words(name: str) -> str:
    """Return ``high_risk_error_rate`` as ``high risk error rate``."""
    return " ".join("RAG" if word == "rag" else word for word in name.split("_"))


def figure(metric: str, value: float | None) -> str:
    """Write a figure: rates of cases in per cent, seconds with two decimals, the rest with three.

    Nothing measured is a dash, never a zero.
    """
    if value is None:
        return NOTHING
    if is_rate(metric):
        return f"{100 * value:.1f}"
    return f"{value:.2f}" if metric.endswith("_s") else f"{value:.3f}"


def interval(row: Mapping[str, Any]) -> str:
    """Write a row's interval, or nothing where it has none."""
    if row.get("ci_low") is None or row.get("ci_high") is None:
        return ""
    return f"{figure(row['metric'], row['ci_low'])} to {figure(row['metric'], row['ci_high'])}"


def failed_tests(manifest: Mapping[str, Any]) -> int:
    """Return how many tests of a run failed beside its gates, such as strict findings."""
    return int((manifest.get("failed_tests") or {}).get("tests", 0))


def verdict_sentence(gates: int, *, failing: int, undecided: int, failed: int = 0) -> str:
    """Say in one line whether a run passes; the same wherever it is told.

    ``failed`` counts tests that are no gates: whatever gates say, the run fails by them.
    """
    reasons = [f"{failing} of {gates} gates do not hold"] if failing else []
    if failed:
        reasons.append("1 test failed" if failed == 1 else f"{failed} tests failed")
    if reasons:
        return f"Blocked: {', '.join(reasons)}."
    if not gates:
        return "No gates are configured: these figures block nothing."
    warned = f", {undecided} of them undecided and set to warn" if undecided else ""
    return f"Passed: {gates} {'gate' if gates == 1 else 'gates'}{warned}."
