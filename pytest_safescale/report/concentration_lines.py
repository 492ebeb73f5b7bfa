"""Whether few items carry most of the danger, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.table import percent
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ["concentration_rows", "concentration_sentences"]

_OVER_ALL = "*"


def concentration_rows(analyses: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings over all conditions that are held against chance.

    None of a run of one model under one condition: there the worst items carry what chance gives
    them, whichever they are.
    """
    found: Sequence[Mapping[str, Any]] = analyses.get("concentration", {}).get("findings") or ()
    rows = [row for row in found if row["condition"] == _OVER_ALL]
    known = [row for row in rows if row.get("expected_share") is not None]
    return known if any(row["p_value"] < 1 for row in known) else []


def concentration_sentences(analyses: Mapping[str, Any], named: Mapping[str, str]) -> list[str]:
    """Return a sentence on the gravest finding that was made; ``named`` are the run's words."""
    rows = {row["finding"]: row for row in concentration_rows(analyses)}
    gravest = next((rows[finding] for finding in SAFETY_FINDINGS if finding in rows), None)
    if gravest is None:
        return []
    return [
        f"The worst 10 % of {gravest['items']} items carry {percent(gravest['worst_10'])} % of "
        f"{gravest['total']} {finding_word(named, gravest['finding'])} answers; by chance they "
        f"would carry {percent(gravest['expected_share'])} % (p {gravest['p_value']:.3g})."
    ]
