"""The repaired corpus against the old one, in the section "Why" of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.analysis_tables import Cell, Table, points_cell
from pytest_safescale.report.repair_lines import repair_rows
from pytest_safescale.report.wording import NOTHING
from pytest_safescale.results.label_words import metric_word
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.results.manifest import Manifest

__all__ = ["repair_tables"]


def repair_tables(manifest: Manifest, comparisons: Iterable[Mapping[str, Any]]) -> list[Table]:
    """Return the table of what the repaired corpus changes; none without a plan of repairs."""
    rows = repair_rows(comparisons) if manifest.get("corpus_repair") else []
    if not rows:
        return []
    table = Table(
        title="What the repaired corpus changes",
        text="Each figure with the repaired corpus less that with the corpus as it is, over the "
        "same items, in percentage points with 95 % intervals; items that count with one of the "
        "two alone; McNemar's exact p, and Holm's over the conditions.",
        columns=(
            "model", "condition", "figure", "items", "points", "old alone", "repaired alone",
            "p", "Holm's p",
        ),
        rows=[_line(manifest, row) for row in rows],
    )  # fmt: skip
    return [table]


def _line(manifest: Manifest, row: Mapping[str, Any]) -> list[str | Cell]:
    return [
        row["model"],
        words(row["right"]),
        f"{metric_word(manifest, row['metric'])}, {words(row['regime'])}",
        Cell(row["n"], str(row["n"])),
        points_cell(row, "delta"),
        Cell(row["c"], str(row["c"])),
        Cell(row["b"], str(row["b"])),
        _p(row["p_value"]),
        _p(row["p_holm"]),
    ]


def _p(value: float | None) -> Cell:
    return Cell(value, NOTHING if value is None else f"{value:.2g}")
