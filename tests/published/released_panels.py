"""Small panels of released records, and their figures by part A and part B of docs/metrics.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from pytest_safescale.published.released_definitions import release_metrics
from tests.analysis.panels import item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.metrics import Metric

SAMPLED = "self_consistency"


class Record(NamedTuple):
    """One record of a model; ``None`` for a condition it does not hold, ``{}`` an empty block."""

    letter: str | None = None
    samples: str = ""
    fallback: str | None = None
    latency_s: float | None = None
    failed: bool = False
    """Whether the block is empty or its request failed."""
    absent: bool = False
    """Whether the record lacks the condition."""


def panel_of(
    records: Mapping[str, Sequence[Record]], *, condition: str = "x", strangers: int = 0
) -> Panel:
    """One condition; item n is the n-th record of a model, the last ones not in the data set."""
    most = max(map(len, records.values()))
    builder = PanelBuilder()
    for n in range(1, most + 1):
        known = n <= most - strangers
        builder.add_item(item(str(n)) if known else item(str(n), letters="", labels={}))
    for model, rows in records.items():
        for n, row in enumerate(rows, start=1):
            builder.add_record(model, str(n))
            if not row.absent:
                builder.add(case_of(model, condition, str(n), row))
    return builder.build(labelled=True)


def case_of(model: str, condition: str, item_id: str, row: Record) -> CaseAnswers:
    return CaseAnswers(
        model=model,
        condition=condition,
        item_id=item_id,
        letter=row.letter,
        error=row.failed,
        samples=[None if mark == "-" else mark for mark in row.samples],
        samples_error=row.failed,
        latency_s=row.latency_s,
        fallback=row.fallback,
    )


def figure(rows: Sequence[Metric], metric: str, regime: str = SAMPLED, model: str = "m") -> Metric:
    (found,) = (
        row for row in rows if (row.metric, row.regime, row.model) == (metric, regime, model)
    )
    return found


def both(panel: Panel, metric: str, regime: str = SAMPLED) -> tuple[Metric, Metric]:
    """Return the figure by part A and by part B."""
    return (
        figure(all_metrics(panel), metric, regime),
        figure(release_metrics(panel), metric, regime),
    )


def samples(*texts: str) -> Panel:
    return panel_of({"m": [Record("A", text) for text in texts]})
