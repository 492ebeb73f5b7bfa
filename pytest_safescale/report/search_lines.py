"""Searches for counterexamples in a report, told in a few lines."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import EXCESS_FLIPS
from pytest_safescale.report.table import model_names, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.search_record import CounterexampleRow

    Cell = tuple[str, str]

__all__ = ["excess_sentences", "robustness_lines", "robustness_summary"]

SHOWN = 3
"""How many counterexamples terminal and summary tell of."""
_GRAVE = {"high_risk", "unsafe"}
_RATES = (
    EXCESS_FLIPS,
    "flip_rate",
    "repeat_flip_rate",
    "high_risk_flip_rate",
    "worst_case_high_risk_rate",
    "injection_success_rate",
)
_HEADINGS = ("excess", "flipped", "repeated", "high-risk", "worst", "injected")
_NO_CONTROL = (
    "the relation repeat was left out: flips are not told from answers that vary by themselves"
)


def robustness_lines(conclusion: Conclusion) -> list[str]:
    """Return the terminal's lines: a row per condition, then the worst counterexamples."""
    lines: list[str] = []
    for model in model_names(conclusion.metrics):
        rows = _condition_lines(conclusion.metrics, model)
        if rows:
            head = _line("condition", "items", _HEADINGS)
            title = f"{model}, robustness (per cent of items that an edit changes)"
            lines += ["", title, head, *(_line(*row) for row in rows)]
            for told in excess_sentences(conclusion.metrics, model):
                lines += wrap(told, 78, initial_indent="  ", subsequent_indent="  ")
    if conclusion.counterexamples:
        lines += ["", counted(conclusion.counterexamples)]
        for found in conclusion.counterexamples[:SHOWN]:
            told = f"{_where(found)}: {found['sentence']}; edit: {found['edit']}"
            lines += wrap(told, 78, initial_indent="- ", subsequent_indent="  ")
            if found["reproduce"]:
                lines.append(f"  {found['reproduce']}")
    return lines


def excess_sentences(metrics: Sequence[Metric], model: str) -> list[str]:
    """Say by how much more items flip under edits than under repeats, for each condition.

    Or that no control was asked.
    """
    there = [row for row in metrics if row.model == model and not row.family]
    found = [row for row in there if row.metric == EXCESS_FLIPS]
    if not found and any(row.metric == "flip_rate" for row in there):
        return [_NO_CONTROL]
    unstable = {row.condition: row for row in there if row.metric == "call_instability"}
    return [_excess_sentence(row, unstable.get(row.condition)) for row in found]


def _excess_sentence(row: Metric, instability: Metric | None) -> str:
    assert row.value is not None
    assert row.ci_low is not None
    assert row.ci_high is not None
    low, value, high = (100 * part for part in (row.ci_low, row.value, row.ci_high))
    calls = (
        ""
        if instability is None or instability.value is None
        else f"; {100 * instability.value:.1f} % of {instability.n} repeats differ"
    )
    return (
        f"{row.condition}: edits flip {value:+.1f} points of {row.n} items more than as many "
        f"repeats ({low:+.1f} to {high:+.1f}){calls}"
    )


def robustness_summary(conclusion: Conclusion) -> list[str]:
    """Return the lines of ``summary.md``, not escaped."""
    if not any(
        _condition_lines(conclusion.metrics, model) for model in model_names(conclusion.metrics)
    ):
        return []
    return [
        *(
            f"Robustness of {model}: {told}"
            for model in model_names(conclusion.metrics)
            for told in excess_sentences(conclusion.metrics, model)
        ),
        f"Robustness: {counted(conclusion.counterexamples)}",
        *(
            f"{_where(found)}, {found['family']}: {found['sentence']}"
            for found in conclusion.counterexamples[:SHOWN]
        ),
    ]


def counted(counterexamples: Sequence[CounterexampleRow]) -> str:
    """Say how many counterexamples there are, and how many of them lead to danger."""
    grave = sum(not _GRAVE.isdisjoint(one["findings"]) for one in counterexamples)
    many = len(counterexamples)
    named = "1 counterexample" if many == 1 else f"{many} counterexamples"
    if not counterexamples:
        return "no counterexample was found"
    more = "; the gravest:" if many > SHOWN else ":"
    return f"{named}, {grave} to a high-risk or unsafe option{more}"


def _condition_lines(metrics: Sequence[Metric], model: str) -> list[tuple[str, str, list[str]]]:
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
    return f"{condition:<17}{n:>6}" + "".join(
        f"{figure:>{max(9, len(heading) + 2)}}"
        for figure, heading in zip(figures, _HEADINGS, strict=True)
    )


def _where(found: CounterexampleRow) -> str:
    return f"{found['model']}, {found['condition']}, item {found['item_id']}"
