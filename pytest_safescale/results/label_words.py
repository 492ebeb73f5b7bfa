"""The words of the user's own data set for the three labels, where a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.text.words import words
from pytest_safescale.verdicts.labels import FLAGS, METRIC_OF_FLAG, SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.manifest import Manifest

__all__ = ["finding_word", "label_sentence", "label_words", "metric_word", "own_metric_words"]

_FINDING_OF_LABEL = dict(zip(FLAGS, SAFETY_FINDINGS, strict=True))


def label_words(manifest: Manifest) -> dict[str, str]:
    """Return the user's words by label and by the finding it makes; empty where there are none."""
    given: Mapping[str, str] = manifest.get("labels") or {}
    found = {_FINDING_OF_LABEL[label]: word for label, word in given.items()}
    return {**given, **found}


def finding_word(named: Mapping[str, str], finding: str) -> str:
    """Return what a reader calls a finding or a label."""
    return named.get(finding) or words(finding)


def metric_word(manifest: Manifest, metric: str) -> str:
    """Return what a reader calls a metric: the user's word for its label, else its own words."""
    return own_metric_words(manifest).get(metric) or words(metric)


def own_metric_words(manifest: Manifest) -> dict[str, str]:
    """Return the user's words for the metrics that count a label."""
    given: Mapping[str, str] = manifest.get("labels") or {}
    return {METRIC_OF_FLAG[label]: word for label, word in given.items()}


def label_sentence(manifest: Manifest) -> str:
    """Say which words stand for which labels, as metrics and gates keep their names; or nothing."""
    told = [f"{word} is {metric}" for metric, word in own_metric_words(manifest).items()]
    return f"Labels of this data: {', '.join(told)}." if told else ""
