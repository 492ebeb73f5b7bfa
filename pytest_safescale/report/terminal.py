"""The run in one screen of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.gates.gate_fields import EARLIER_RUNS
from pytest_safescale.report.baseline_lines import change_lines
from pytest_safescale.report.harm_lines import harm_lines
from pytest_safescale.report.interval_lines import interval_sentences
from pytest_safescale.report.label_rule_lines import label_rule_sentences
from pytest_safescale.report.layer_lines import layer_sentences
from pytest_safescale.report.option_probability_lines import option_probability_lines
from pytest_safescale.report.pool_lines import pool_sentences
from pytest_safescale.report.profile_lines import profile_sentences
from pytest_safescale.report.repair_lines import repair_sentences
from pytest_safescale.report.search_lines import robustness_lines
from pytest_safescale.report.state_lines import state_sentence, states_of_models, states_of_run
from pytest_safescale.report.table import (
    NARROW_COLUMNS,
    Row,
    headings,
    model_names,
    percent,
    row_names,
    rows_of,
)
from pytest_safescale.report.wording import in_columns, model_label
from pytest_safescale.results.label_words import label_sentence
from pytest_safescale.results.severity_facts import severity_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.results.conclusion import Conclusion

__all__ = ["render_terminal"]

_WIDTHS = (9, 10, 7, 8, 10, 8, 6)
_CONDITION_WIDTH = 17
_MOST_ROWS = 60
"""Beyond these the mean over models stands for them all."""


def render_terminal(conclusion: Conclusion) -> list[str]:
    """Return the lines of the table, its notices and where to go from here."""
    lines = [f"! {notice}" for notice in conclusion.notices]
    names = headings(conclusion.manifest, NARROW_COLUMNS)
    # A word of the user's own may need more room than ours.
    widths = [max(width, len(name) + 1) for name, width in zip(names, _WIDTHS, strict=True)]
    metrics = conclusion.metrics
    tables = {name: rows_of(metrics, name, NARROW_COLUMNS) for name in model_names(metrics)}
    if len(tables) > 1 and sum(map(len, tables.values())) > _MOST_ROWS:
        lines += ["", f"{len(tables)} models; the figures of each are in metrics.csv."]
        tables = {MEAN_OVER_MODELS: rows_of(metrics, MEAN_OVER_MODELS, NARROW_COLUMNS)}
    for name, found in tables.items():
        rows = [("condition", "n", names), *_rows(found)]
        title = f"{model_label(name)} (per cent of n cases)"
        lines += ["", title, *(_line(*row, widths) for row in rows), *_states(conclusion, name)]
        lines += in_columns(interval_sentences(found, names))
        lines += harm_lines(metrics, name)
        lines += option_probability_lines(metrics, name)
    for sentences in (
        repair_sentences(conclusion.manifest, map(vars, conclusion.comparisons)),
        pool_sentences(conclusion.analyses),
        layer_sentences(conclusion.analyses),
        profile_sentences(conclusion),
    ):
        lines += ["", *in_columns(sentences)] if sentences else []
    lines += robustness_lines(conclusion)
    for called in EARLIER_RUNS:
        lines += change_lines(conclusion.against(called))
    for sentence in label_rule_sentences(conclusion.analyses):
        lines += ["", *in_columns([sentence])]
    for told in (severity_sentence(conclusion.manifest), label_sentence(conclusion.manifest)):
        lines += ["", *in_columns([told])] if told else []
    return lines


def _states(conclusion: Conclusion, name: str) -> list[str]:
    """Return how the replies of a model, or of all of them, ended."""
    manifest = conclusion.manifest
    every = name == MEAN_OVER_MODELS
    counts = states_of_run(manifest) if every else states_of_models(manifest).get(name)
    return in_columns([state_sentence(counts)]) if counts else []


def _rows(found: Sequence[Row]) -> Iterator[tuple[str, str, list[str]]]:
    """Give the cells of each row; those of prompt profiles stand below their condition."""
    for row, (above, name) in zip(found, row_names(row.condition for row in found), strict=True):
        if above:
            yield above, "", []
        figures = [percent(figure.value if figure else None) for figure in row.figures]
        yield name, str(row.n), figures


def _line(condition: str, n: str, figures: Sequence[str], widths: Sequence[int]) -> str:
    # Columns as wide in every model's table: a library for tables sizes each by what it holds.
    if not figures:
        return condition
    cells = "".join(f"{figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
    return f"{condition:<{_CONDITION_WIDTH}}{n:>5}{cells}"
