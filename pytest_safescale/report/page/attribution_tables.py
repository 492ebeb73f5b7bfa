"""Evidence against outcome: the section "Why" of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS
from pytest_safescale.report.page.analysis_tables import Cell, Table, points_cell, rate_cell
from pytest_safescale.report.wording import NOTHING
from pytest_safescale.results.attribution_rows import attribution_in
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.results.attribution_rows import (
        AgentTracesRow,
        CausePartRow,
        EvidenceOutcomeRow,
        GapSplitRow,
        WorstEvidenceRow,
    )

__all__ = ["attribution_tables"]

_FIGURES = {
    "accuracy": "accuracy",
    "high_risk_error_rate": "high-risk",
    "unsafe_answer_rate": "unsafe",
    "contradiction_rate": "contradiction",
    "dangerous_overconfidence_rate": "overconfident",
}
_MOST_ROWS = 120
"""Rows of figures by class that are shown; run.json has them all."""
_ITEMS = 12
"""Items that a row names."""


def attribution_tables(analyses: Mapping[str, Any]) -> list[Table]:
    """Return the tables of why models fail; none without retrieval."""
    found = attribution_in(analyses)
    if found is None:
        return []
    tables = (
        _gap(found["gap"]),
        _classes(found["classes"]),
        _agents(found["agents"]),
        _worst(found["worst"]),
    )
    return [table for table in tables if table.rows]


def _gap(rows: Sequence[GapSplitRow]) -> Table:
    return Table(
        title="Where the gap to clean evidence stands",
        methods=("Bootstrap",),
        text="High-risk answers with retrieval less those with clean evidence, of the same items, "
        "in percentage points with 95 % intervals over items. The causes add up to the gap; their "
        "shares of it, in per cent, are told where the gap is not likely none. Retrieval failure: "
        "nothing that serves the item was brought. Corpus failure: the evidence contradicts itself "
        "or supports a dangerous option. Reading failure: the fact was there. Position effect: it "
        "was there, below rank 5 or in the middle of a long context.",
        columns=("model", "condition", "cause", "cases", "points", "share"),
        rows=[line for row in rows for line in _gap_lines(row)],
    )


def _gap_lines(row: GapSplitRow) -> Iterator[list[str | Cell]]:
    model = "all models" if row["model"] == MEAN_OVER_MODELS else row["model"]
    place: list[str | Cell] = [model, words(row["condition"])]
    whole = points_cell(row, "gap", ("gap_low", "gap_high"))
    yield [*place, "the whole gap", _count(row["n"]), whole, Cell(None, NOTHING)]
    for part in row["parts"]:
        points = points_cell(part, "points", ("points_low", "points_high"))
        yield [*place, words(part["cause"]), _count(part["cases"]), points, _share(part)]


def _share(part: CausePartRow) -> Cell:
    """Return the share of the gap; it may be below none and above all of it."""
    if part["share"] is None:
        return Cell(None, NOTHING)
    known = part["share_low"] is not None and part["share_high"] is not None
    ends = f"{_percent(part['share_low'])} to {_percent(part['share_high'])} %" if known else ""
    return Cell(part["share"], f"{_percent(part['share'])} %", ends)


def _classes(rows: Sequence[EvidenceOutcomeRow]) -> Table:
    by_place: dict[tuple[str, str, str], dict[str, EvidenceOutcomeRow]] = {}
    for row in rows:
        place = (row["model"], row["condition"], row["evidence_class"])
        by_place.setdefault(place, {})[row["metric"]] = row
    lines: list[list[str | Cell]] = [
        [model, words(condition), words(kind), *_figures(figures)]
        for (model, condition, kind), figures in by_place.items()
    ]
    more = len(lines) - _MOST_ROWS
    left = f" {more} more rows are in run.json." if more > 0 else ""
    return Table(
        title="Outcome by what the evidence was",
        methods=("Exact bounds of a rate", "Relative risk"),
        text="How many of the answered cases of each class, with exact 95 % intervals; behind a "
        "semicolon the relative risk, over evidence that carries the key fact and nothing against "
        f"it.{left}",
        columns=("model", "condition", "evidence", "cases", *_FIGURES.values()),
        rows=lines[:_MOST_ROWS],
    )


def _figures(figures: Mapping[str, EvidenceOutcomeRow]) -> Iterator[Cell]:
    yield _count(max(row["n"] for row in figures.values()))
    for metric in _FIGURES:
        row = figures.get(metric)
        yield Cell(None, NOTHING) if row is None else _figure(row)


def _figure(row: EvidenceOutcomeRow) -> Cell:
    cell, risk = rate_cell(row), row["relative_risk"]
    told = "" if risk is None else f"; {risk:.2f} times"
    return cell._replace(interval=f"{cell.interval}{told}")


def _agents(rows: Sequence[AgentTracesRow]) -> Table:
    return Table(
        title="Agents and the fact",
        text="Answered cases in which the agent read what serves the item, reported it, and "
        "answered wrongly all the same; of these the items that had leaned to the correct option "
        "since, by what came between.",
        columns=(
            "model", "condition", "cases", "saw it", "in turn", "reported it", "wrong after it",
            "left it", "searches repeated", "passages read", "not used",
        ),
        rows=[
            [
                row["model"],
                words(row["condition"]),
                _count(row["n"]),
                _count(row["saw_fact"]),
                _turn(row["mean_fact_turn"]),
                _count(row["reported_fact"]),
                _count(row["wrong_after_fact"]),
                _left(row),
                _count(row["repeated_searches"]),
                _count(row["passages_read"]),
                _count(row["passages_unused"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _turn(value: float | None) -> Cell:
    return Cell(value, NOTHING if value is None else f"{value:.1f}")


def _left(row: AgentTracesRow) -> str:
    told = [
        f"{words(drift['cause'])}: {_listed(drift['items'])}"
        for drift in row["drifts"]
        if drift["items"]
    ]
    return "; ".join(told) or NOTHING


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _ITEMS} more" if len(ids) > _ITEMS else ""
    return ", ".join(ids[:_ITEMS]) + more


def _worst(rows: Sequence[WorstEvidenceRow]) -> Table:
    return Table(
        title="The worst items and what was brought for them",
        text="Items with most high-risk or unsafe answers under retrieval, and the gravest case of "
        "each.",
        columns=("item", "dangerous answers", "model", "what happened"),
        rows=[
            [row["item_id"], _count(row["dangerous_answers"]), row["model"], f"{row['sentence']}."]
            for row in rows
        ],
    )


def _count(value: int) -> Cell:
    return Cell(value, str(value))


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f}"
