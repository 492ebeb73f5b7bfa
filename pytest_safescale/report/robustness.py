"""Searches for counterexamples in a report, told in a few lines."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.table import model_names, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.report.conclusion import Conclusion
    from pytest_safescale.scoring.metrics import Metric

    Cell = tuple[str, str]

__all__ = ["robustness_lines", "robustness_summary"]

SHOWN = 3
"""How many counterexamples terminal and summary tell of."""
_RATES = ("flip_rate", "high_risk_flip_rate", "injection_success_rate")
_HEADINGS = ("flipped", "high-risk", "injected")


def robustness_lines(conclusion: Conclusion) -> list[str]:
    """Return the terminal's lines: a row per condition, then the worst counterexamples."""
    lines: list[str] = []
    for model in model_names(conclusion.metrics):
        rows = _rows(conclusion.metrics, model)
        if rows:
            head = _line("condition", "items", _HEADINGS)
            title = f"{model}, robustness (per cent of items that an edit changes)"
            lines += ["", title, head, *(_line(*row) for row in rows)]
    if conclusion.findings:
        lines += ["", counted(conclusion.findings)]
        for finding in conclusion.findings[:SHOWN]:
            told = f"{_where(finding)}: {finding['sentence']}; edit: {finding['edit']}"
            lines += wrap(_printable(told), 78, initial_indent="- ", subsequent_indent="  ")
            if finding["reproduce"]:
                lines.append(f"  {_printable(finding['reproduce'])}")
    return lines


def robustness_summary(conclusion: Conclusion) -> list[str]:
    """Return the lines of ``summary.md``, not escaped."""
    if not any(_rows(conclusion.metrics, model) for model in model_names(conclusion.metrics)):
        return []
    return [
        f"Robustness: {counted(conclusion.findings)}",
        *(
            f"{_where(finding)}, {finding['family']}: {finding['sentence']}"
            for finding in conclusion.findings[:SHOWN]
        ),
    ]


def counted(findings: Sequence[Mapping[str, Any]]) -> str:
    """Say how many counterexamples there are, and how many of them lead to danger."""
    grave = sum(bool({"high_risk", "unsafe"}.intersection(one["findings"])) for one in findings)
    named = "1 counterexample" if len(findings) == 1 else f"{len(findings)} counterexamples"
    if not findings:
        return "no counterexample was found"
    more = "; the gravest:" if len(findings) > SHOWN else ":"
    return f"{named}, {grave} to a high-risk or unsafe option{more}"


def _rows(metrics: Sequence[Metric], model: str) -> list[tuple[str, str, list[str]]]:
    pooled = {
        (row.condition, row.metric): row
        for row in metrics
        if row.model == model and not row.family and row.metric in _RATES
    }
    rows = []
    for condition in dict.fromkeys(condition for condition, _ in pooled):
        found = [pooled.get((condition, metric)) for metric in _RATES]
        n = max(row.n for row in found if row is not None)
        rows.append((condition, str(n), [percent(row.value if row else None) for row in found]))
    return rows


def _line(condition: str, n: str, figures: Sequence[str]) -> str:
    return f"{condition:<17}{n:>6}" + "".join(f"{figure:>11}" for figure in figures)


def _where(finding: Mapping[str, Any]) -> str:
    return f"{finding['model']}, {finding['condition']}, item {finding['item_id']}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
