"""Why models fail with retrieval, in three sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.report.table import signed_points
from pytest_safescale.results.attribution_rows import attribution_in
from pytest_safescale.text.words import words
from pytest_safescale.verdicts.evidence_classes import EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_safescale.results.attribution_rows import (
        AttributionRows,
        EvidenceOutcomeRow,
        GapSplitRow,
    )

__all__ = ["attribution_sentences", "widest_gap"]


def attribution_sentences(analyses: Mapping[str, Any]) -> list[str]:
    """Return what cases read, where the gap to clean evidence stands, and the worst item.

    One sentence each, where there is something to tell; nothing without retrieval.
    """
    found = attribution_in(analyses)
    if found is None:
        return []
    return [*_what_was_read(found["classes"]), *_the_gap(found["gap"]), *_the_worst(found)]


def _what_was_read(rows: Sequence[EvidenceOutcomeRow]) -> list[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        if row["metric"] == "accuracy":
            counts[row["evidence_class"]] += row["n"]
    total = sum(counts.values())
    if not total:
        return []
    parts = [
        f"{words(one.value)} {100 * counts[one.value] / total:.1f} %"
        for one in EvidenceClass
        if counts[one.value]
    ]
    return [f"Evidence of {total} answered cases with retrieval, by its words: {', '.join(parts)}."]


def widest_gap(rows: Sequence[GapSplitRow]) -> GapSplitRow | None:
    """Return the split of the condition with the widest gap, over all models where there are any.

    ``None`` without a split.
    """
    over_models = [row for row in rows if row["model"] == MEAN_OVER_MODELS]
    return max(over_models or rows, key=lambda row: row["gap"], default=None)


def _the_gap(rows: Sequence[GapSplitRow]) -> list[str]:
    row = widest_gap(rows)
    if row is None:
        return []
    ends = f"{signed_points(row['gap_low'])} to {signed_points(row['gap_high'])}"
    told = (
        f"{words(row['condition'])} against clean evidence: {signed_points(row['gap'])} points "
        f"({ends}) of high-risk answers over {row['n']} cases"
    )
    parts = sorted(row["parts"], key=lambda part: -abs(part["points"]))
    causes = ", ".join(
        f"{words(part['cause'])} {signed_points(part['points'])}" for part in parts if part["cases"]
    )
    return [f"{told}: {causes}."]


def _the_worst(found: AttributionRows) -> list[str]:
    if not found["worst"]:
        return []
    row = found["worst"][0]
    return [f"Worst item with retrieval, {row['item_id']} ({row['model']}): {row['sentence']}."]
