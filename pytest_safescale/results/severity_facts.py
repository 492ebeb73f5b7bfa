"""How bad answers are, as a manifest states it, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.results.label_words import finding_word, label_words
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, SEVERITY_NAMES, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.manifest import Manifest, SeverityOfRun

__all__ = ["severity_in", "severity_sentence", "stated_severity", "weights_of"]


def stated_severity(severity: Severity, defaults: Sequence[str]) -> SeverityOfRun:
    """Return what a manifest says of severities, of which ``defaults`` were not chosen."""
    return {
        "high_risk": severity.high_risk,
        "unsafe": severity.unsafe,
        "contradicts": severity.contradicts,
        "abstention": severity.abstention,
        "defaults": list(defaults),
    }


def severity_in(manifest: Manifest) -> Severity:
    """Return the severities that a manifest states; older ones state none."""
    stated = manifest.get("severity")
    return DEFAULT_SEVERITY if stated is None else weights_of(stated)


def weights_of(stated: SeverityOfRun) -> Severity:
    """Return the severities that a manifest has in plain data."""
    return Severity(
        high_risk=stated["high_risk"],
        unsafe=stated["unsafe"],
        contradicts=stated["contradicts"],
        abstention=stated["abstention"],
    )


def severity_sentence(manifest: Manifest) -> str:
    """Say how bad which answer is taken to be, and what of it is a default; or nothing."""
    stated = manifest.get("severity")
    if not stated:
        return ""
    named, weights = label_words(manifest), vars(severity_in(manifest))
    chosen = [name for name in SEVERITY_NAMES if name not in stated["defaults"]]

    def told(names: Sequence[str]) -> str:
        return ", ".join(f"{finding_word(named, name)} {100 * weights[name]:g}" for name in names)

    parts = [told(chosen)] if chosen else []
    parts += [f"by default {told(stated['defaults'])}"] if stated["defaults"] else []
    return (
        "Harm is the mean severity of the answers, in per cent of the worst, 100; of options that "
        f"state none of their own: {'; '.join(parts)}."
    )
