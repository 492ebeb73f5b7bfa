"""From a figure of the page to the section of docs/methods.md that tells how it is taken.

The page works offline and beside no documentation: it names page and section, and links nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import (
    AGREEMENT_METRICS,
    CALIBRATION_METRICS,
    OPTION_CALIBRATION_METRICS,
)
from pytest_safescale.statistics.betting import BETTING
from pytest_safescale.statistics.intervals import BOOTSTRAP, CLOPPER_PEARSON, WILSON
from pytest_safescale.statistics.paired import TANGO
from pytest_safescale.statistics.two_samples import NEWCOMBE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.run_file import RunFile

__all__ = ["SECTION_OF_INTERVAL", "Definition", "definitions", "reference"]

PAGE = "docs/methods.md"
CALIBRATION = "Calibration"
SECTION_OF_INTERVAL = {
    CLOPPER_PEARSON: "Exact bounds of a rate",
    WILSON: "Wilson interval",
    TANGO: "Paired difference of two rates",
    NEWCOMBE: "Difference of two samples",
    BETTING: "Bounds by betting",
    BOOTSTRAP: "Bootstrap",
}
"""The section of each interval, by its ``ci_method``."""
_CALIBRATED = (*CALIBRATION_METRICS, *OPTION_CALIBRATION_METRICS, *AGREEMENT_METRICS)

Definition = tuple[str, str, str]
"""Name of a figure, what it is, and the reference to its method."""


def reference(*sections: str) -> str:
    """Return where the method is told, as a sentence; empty without a section."""
    named = ", ".join(f'"{one}"' for one in sections)
    return f"Method: {PAGE}, {named}." if sections else ""


def definitions(run: RunFile) -> list[Definition]:
    """Return every figure of the run with its definition and the methods of its intervals."""
    measured = dict.fromkeys(row["metric"] for row in run.metrics)
    told = {name: spec.definition for name, spec in METRICS.items() if name in measured}
    told |= {one["name"]: one["definition"] for one in run.manifest.get("custom_metrics", ())}
    return [(name, text, reference(*_sections(run, name))) for name, text in told.items()]


def _sections(run: RunFile, metric: str) -> Iterator[str]:
    if metric in _CALIBRATED:
        yield CALIBRATION
    methods = dict.fromkeys(row.get("ci_method") for row in run.metrics if row["metric"] == metric)
    yield from (SECTION_OF_INTERVAL[one] for one in methods if one in SECTION_OF_INTERVAL)
