"""The analyses of run.json as the report's tables: what moved what, and where the risk is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.concentration_lines import concentration_rows
from pytest_safescale.report.rate_words import rate_reach, rate_words
from pytest_safescale.report.table import signed_points
from pytest_safescale.report.wording import NOTHING
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.text.words import words
from pytest_safescale.verdicts.labels import METRIC_OF_SAFETY_FINDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Cell", "Table", "analysis_tables", "points_cell", "rate_cell"]

_EVERY = "*"
_MOVED = (
    ("accuracy", "accuracy"),
    ("high_risk_error_rate", "high-risk"),
    ("unsafe_answer_rate", "unsafe"),
    ("contradiction_rate", "contradiction"),
    ("dangerous_overconfidence_rate", "overconfident"),
)
_DIRECTIONS = {
    ("evidence_misread", "lost"): "right in closed book, wrong under clean evidence",
    ("evidence_misread", "gained"): "wrong in closed book, right under clean evidence",
    ("reasoning_drift", "lost"): "right at an earlier step, wrong at the end",
    ("reasoning_drift", "gained"): "wrong at an earlier step, right at the end",
}
_ITEMS = 12
"""Items that a row names."""
_MOST_ROWS = 40
"""From here on only the rows over all models are shown."""


class Cell(NamedTuple):
    """A number of run.json, as it is shown."""

    value: float | int | None
    text: str
    interval: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One analysis."""

    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    """The first of each row names it."""
    methods: Sequence[str] = ()
    """The sections of docs/methods.md that tell how its figures are taken."""


def analysis_tables(analyses: Mapping[str, Any], named: Mapping[str, str]) -> list[Table]:
    """Return the tables that a run's analyses fill; ``named`` are its own words for findings."""
    scaling = analyses.get("scaling") or {}
    mechanisms = analyses.get("mechanisms") or {}
    filters = mechanisms.get("confident_errors") or ()
    turned = [*mechanisms.get("evidence_misread", ()), *mechanisms.get("reasoning_drift", ())]
    tables = (
        _pools(analyses.get("pools") or (), named),
        _decoupling(scaling.get("decoupling") or (), named),
        _slopes(scaling.get("slopes") or (), named),
        _variance(scaling.get("variance") or (), named),
        _against_chance(concentration_rows(analyses), named),
        _confidence(filters),
        _risk_coverage_table(filters),
        _turned(turned),
        _ensembles(analyses.get("ensembles") or ()),
    )
    return [table for table in tables if table.rows]


def _pools(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Table:
    heads = _heads(named)
    return Table(
        title="Public and sealed items",
        methods=("Difference of two samples",),
        text="Rates over the items that every run asks about, and over those that are opened once "
        "under a lock; the difference, sealed less public, with Newcombe's interval "
        "of two independent samples at 95 %, each by itself. Who was fitted to the public items "
        "is better on them.",
        columns=("model", "condition", "figure", "public", "sealed", "difference"),
        rows=[
            [
                row["model"],
                _name_in_words(row["condition"]),
                heads[row["metric"]],
                rate_cell(row["public"]),
                rate_cell(row["sealed"]),
                points_cell(row, "delta"),
            ]
            for row in rows
        ],
    )


def _heads(named: Mapping[str, str]) -> dict[str, str]:
    own = {metric: named.get(finding) for finding, metric in METRIC_OF_SAFETY_FINDING.items()}
    return {metric: own.get(metric) or name for metric, name in _MOVED}


def rate_cell(row: Mapping[str, Any], name: str = "value", *, counted: bool = True) -> Cell:
    """Return a rate as how many of how many, or in per cent, with its interval."""
    count, n = (row.get("count"), row.get("n")) if counted else (None, None)
    told = rate_reach(row[name], (row.get("ci_low"), row.get("ci_high")), count=count, n=n)
    without = "no interval" if row.get("ci_reason") else ""
    interval = ", ".join(filter(None, (told, without)))
    return Cell(row[name], rate_words(row[name], count, n), interval)


def points_cell(
    row: Mapping[str, Any], name: str, ends: tuple[str, str] = ("ci_low", "ci_high")
) -> Cell:
    """Return a difference of rates in points with its interval, whose keys ``ends`` names."""
    known = [signed_points(row[end]) for end in ends if row.get(end) is not None]
    without = "no interval" if row.get("ci_reason") else ""
    interval = " to ".join(known) if len(known) > 1 else without
    return Cell(row[name], f"{signed_points(row[name])} points", interval)


def _three(value: float | None, low: float | None = None, high: float | None = None) -> Cell:
    interval = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
    return Cell(value, NOTHING if value is None else f"{value:.3f}", interval)


def _wide(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str], name: str
) -> Iterator[list[str | Cell]]:
    """Give a line for each combination of the keys, with a cell for each of the moved metrics.

    Of a metric's two decoding modes the single answers are shown.
    """
    found: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        cells = found.setdefault(tuple(row[key] for key in keys), {})
        if row["regime"] == "single" or row["metric"] not in cells:
            cells[row["metric"]] = row
    for place, cells in found.items():
        figures = [
            points_cell(cells[metric], name) if metric in cells else Cell(None, NOTHING)
            for metric, _ in _MOVED
        ]
        yield [*map(_name_in_words, place), *figures]


def _name_in_words(name: str) -> str:
    return "all" if name == _EVERY else " ".join(map(words, name.split(" ")))


def _decoupling(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Table:
    return Table(
        title="How far accuracy and safety moved",
        methods=("Bootstrap",),
        text="For each scaling step the change of the mean over models, in percentage points with "
        "95 % intervals over items. Where accuracy rises and the rates beside it do not fall, the "
        "two are decoupled. Of single answers, but for steps of samples and for overconfidence.",
        columns=("step", "dimension", *_heads(named).values()),
        rows=[
            [line[1], line[0], *line[2:]] for line in _wide(rows, ("dimension", "step"), "delta")
        ],
    )


def _slopes(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Table:
    chosen = [row for row in rows if row["condition"] == _EVERY]
    return Table(
        title="Change for a tenfold",
        methods=("Slopes", "Bootstrap"),
        text="Least-squares slopes in percentage points for ten times the parameters, context, "
        "passages or samples, over all conditions; intervals over items, for these models. Those "
        "of each condition and the t intervals over models are in run.json.",
        columns=("dimension", "family", *_heads(named).values()),
        rows=list(_wide(chosen, ("dimension", "family"), "slope")),
    )


def _variance(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Table:
    return Table(
        title="What the figures vary with",
        methods=("Shares of variance",),
        text="Share of each metric's variance over models and conditions, in per cent, as it is in "
        "this run; noise is what other items alone would change. No resampling gives these shares "
        "an interval that holds.",
        columns=("source", "over", *_heads(named).values()),
        rows=[
            [line[1], line[0], *line[2:]] for line in _wide(rows, ("dimension", "source"), "share")
        ],
    )


def _against_chance(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Table:
    return Table(
        title="How far risk is concentrated beyond chance",
        methods=("Concentration against chance",),
        text="Over all models and conditions: the share of each finding that the "
        "worst tenth of the items carries, the share it would carry if chance placed the findings "
        "of each model and condition on its items, and how far the one lies above the other. The "
        "last column is the share of random placements in which it is as large.",
        columns=("finding", "items", "findings", "worst tenth", "by chance", "excess", "p"),
        rows=[
            [
                finding_word(named, row["finding"]),
                Cell(row["items"], str(row["items"])),
                Cell(row["total"], str(row["total"])),
                *(rate_cell(row, name, counted=False) for name in ("worst_10", "expected_share")),
                points_cell(row, "excess_share"),
                Cell(row["p_value"], f"{row['p_value']:.3g}"),
            ]
            for row in rows
        ],
    )


def _confidence(rows: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        title="Confidence as a safety filter",
        methods=("Confidence as a filter", "Bootstrap"),
        text="All models together. The area is the chance that a correct answer is surer than a "
        "dangerous one: 1 is a perfect filter, 0.5 is none. It needs 10 dangerous cases.",
        columns=("condition", "cases", "confidence if correct", "if high-risk", "gap", "area"),
        rows=[
            [
                _name_in_words(row["condition"]),
                Cell(row["n"], str(row["n"])),
                _three(row["mean_confidence_correct"]),
                _three(row["mean_confidence_high_risk"]),
                _three(row["gap"], row["gap_low"], row["gap_high"]),
                _three(row["auc"], row["auc_low"], row["auc_high"]),
            ]
            for row in rows
            if row["model"] == _EVERY
        ],
    )


def _risk_coverage_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    over_all = [row for row in rows if (row["model"], row["condition"]) == (_EVERY, _EVERY)]
    names = ("coverage", "accuracy", "high_risk_rate", "dangerous_rate", "dangerous_left")
    return Table(
        title="What abstaining costs and gains",
        methods=("Confidence as a filter",),
        text="All models and conditions together: answers below the confidence are "
        "handed over. The last column is the share of all dangerous answers that is still given.",
        columns=("from confidence", *map(words, names)),
        rows=[
            [
                f"{line['threshold']:g}",
                *(Cell(line[name], rate_words(line[name], None, None)) for name in names),
            ]
            for row in over_all
            for line in row["abstaining"]
        ],
    )


def _turned(rows: Sequence[Mapping[str, Any]]) -> Table:
    told = "How many of the items with both answers, and which they are."
    if len(rows) > _MOST_ROWS:
        rows = [row for row in rows if row["model"] == _EVERY]
        told += " Each model's own shares are in run.json."
    return Table(
        title="Evidence misread and reasoning drift",
        methods=("Exact bounds of a rate", "Bootstrap"),
        text=told,
        columns=("model", "condition", "what happened", "how often", "items"),
        rows=[
            [
                "all models" if row["model"] == _EVERY else row["model"],
                words(row["condition"]),
                _happened(row["mechanism"], row["direction"]),
                rate_cell(row, "share"),
                _listed([item["item_id"] for item in row["items"]]),
            ]
            for row in rows
        ],
    )


def _happened(mechanism: str, direction: str) -> str:
    return _DIRECTIONS.get((mechanism, direction)) or words(f"{mechanism}: {direction}")


def _ensembles(rows: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        title="Ensembles that fail in unison",
        methods=("Exact bounds of a rate",),
        text="Items to which all members give the same wrong letter.",
        columns=("ensemble", "members", "condition", "cases", "items"),
        rows=[
            [
                row["name"],
                ", ".join(row["models"]),
                words(condition),
                Cell(len(items), str(len(items))),
                _listed(items),
            ]
            for row in rows
            for condition, items in row["failed_alike"].items()
        ],
    )


def _listed(ids: Sequence[str]) -> str:
    some = list(dict.fromkeys(ids))
    more = f" and {len(some) - _ITEMS} more" if len(some) > _ITEMS else ""
    return ", ".join(some[:_ITEMS]) + more if some else NOTHING
