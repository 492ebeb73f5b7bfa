"""The words of the user's own data set for the three labels, where a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.table import COLUMNS
from pytest_safescale.report.text import words

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["finding_word", "headings", "label_sentence", "label_words", "metric_word"]

_METRIC_OF_LABEL = {
    "high_risk": "high_risk_error_rate",
    "unsafe": "unsafe_answer_rate",
    "contradicts": "contradiction_rate",
}
_FINDING_OF_LABEL = {"contradicts": "contradiction"}


def label_words(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the user's words by label and by the finding it makes; empty where there are none."""
    given: Mapping[str, str] = manifest.get("labels") or {}
    found = {_FINDING_OF_LABEL.get(label, label): word for label, word in given.items()}
    return {**given, **found}


def finding_word(named: Mapping[str, str], finding: str) -> str:
    """Return what a reader calls a finding or a label."""
    return named.get(finding) or words(finding)


def metric_word(manifest: Mapping[str, Any], metric: str) -> str:
    """Return what a reader calls a metric: the user's word for its label, else its own words."""
    return _own_words(manifest).get(metric) or words(metric)


def headings(manifest: Mapping[str, Any]) -> list[str]:
    """Return the headings of COLUMNS, the user's words in place of ours."""
    own = _own_words(manifest)
    return [own.get(metric, name) for name, _, metric in COLUMNS]


def _own_words(manifest: Mapping[str, Any]) -> dict[str, str]:
    given: Mapping[str, str] = manifest.get("labels") or {}
    return {_METRIC_OF_LABEL[label]: word for label, word in given.items()}


def label_sentence(manifest: Mapping[str, Any]) -> str:
    """Say which words stand for which labels, as metrics and gates keep their names; or nothing."""
    told = [f"{word} is {metric}" for metric, word in _own_words(manifest).items()]
    return f"Labels of this data: {', '.join(told)}." if told else ""
