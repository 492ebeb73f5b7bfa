"""A run against an earlier one, told in lines: what moved, and which items are concerned."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.interval_lines import FIRST_FIGURES
from pytest_safescale.report.table import COLUMNS, headings, row_names, signed_points
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.conclusion import Against

__all__ = [
    "LISTS",
    "change_intervals",
    "change_lines",
    "change_summary",
    "full_lines",
    "listed_items",
]

Row = dict[str, Any]

LISTS = (
    ("newly_dangerous", "newly dangerous"),
    ("newly_safe", "newly safe"),
    ("changed_answer", "changed answer"),
)
"""Key and words of each list of items."""
_COMPARED = COLUMNS[:5]
_WIDTHS = (9, 10, 7, 8, 10)
_CONDITION_WIDTH = 17
_SHOWN_LISTS = 4
_SHOWN_ITEMS = 12
_SHOWN_INTERVALS = 10
_LINE = 78


def change_lines(against: Against) -> list[str]:
    """Return the terminal's lines: a row per condition, and the items that became dangerous."""
    lines: list[str] = []
    names = headings(against.manifest)[: len(_COMPARED)]
    widths = [max(width, len(name) + 1) for name, width in zip(names, _WIDTHS, strict=True)]
    for model in dict.fromkeys(row["model"] for row in against.comparisons):
        rows = [row for row in against.comparisons if row["model"] == model]
        lines += [
            "",
            f"{model} against the {rows[0]['right']}",
            "(change in points; * p < 0.05 after Holm over the conditions of one metric)",
            _line("condition", "n", names, widths),
        ]
        conditions = list(dict.fromkeys(row["condition"] for row in rows))
        for condition, (above, name) in zip(conditions, row_names(conditions), strict=True):
            cells, n = _cells([row for row in rows if row["condition"] == condition])
            lines += [*([above] if above else []), _line(name, n, cells, widths)]
        lines += [part for one in _intervals(rows, names) for part in wrap(one, _LINE)]
    told = change_summary(against)
    return [*lines, *([""] if told else []), *(part for one in told for part in _wrapped(one))]


def change_intervals(against: Against) -> list[str]:
    """Return the intervals of how accuracy and danger changed, a sentence for each of the two."""
    return _intervals(against.comparisons, headings(against.manifest), of_models=True)


def _intervals(rows: Sequence[Row], names: Sequence[str], *, of_models: bool = False) -> list[str]:
    """Return a sentence for each of the first figures; ``of_models`` names the model of each."""
    sentences = []
    for name, (_, regime, metric) in zip(names, COLUMNS[:FIRST_FIGURES], strict=False):
        told = [
            f"{row['condition']}{', ' + row['model'] if of_models else ''} {_interval(row)}"
            for row in rows
            if (row["regime"], row["metric"]) == (regime, metric) and row["ci_low"] is not None
        ]
        left = len(told) - _SHOWN_INTERVALS
        if left > 0:
            told = [*told[:_SHOWN_INTERVALS], f"and {left} more in run.json"]
        if told:
            sentences.append(f"95 % intervals of the change, {name}: {'; '.join(told)}.")
    return sentences


def _interval(row: Row) -> str:
    return f"{signed_points(row['ci_low'])} to {signed_points(row['ci_high'])}"


def _cells(rows: Sequence[Row]) -> tuple[list[str], str]:
    found = {(row["regime"], row["metric"]): row for row in rows}
    cells = []
    for _, regime, metric in _COMPARED:
        row = found.get((regime, metric))
        sure = "*" if row and (row["p_holm"] or 0.0) < 0.05 and row["p_holm"] is not None else ""
        cells.append("-" if row is None else f"{signed_points(row['delta'])}{sure}")
    single = [row["n"] for row in rows if row["regime"] == "single"]
    return cells, str(max(single, default=0))


def _line(condition: str, n: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    told = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{condition:<{_CONDITION_WIDTH}}{n:>5}{told}"


def _wrapped(text: str) -> list[str]:
    return wrap(text, _LINE, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def change_summary(against: Against) -> list[str]:
    """Return a sentence of counts, then the lists of newly dangerous items, the longest first."""
    rows = against.changes
    if not rows:
        return []
    counts = [_count(rows, key, told) for key, told in LISTS]
    lines = [f"{', '.join(counts)} (cases of {sum(row['n'] for row in rows)})"]
    grave = sorted(
        (row for row in rows if row["newly_dangerous"]),
        key=lambda row: -len(row["newly_dangerous"]),
    )
    lines += [
        f"newly dangerous, {row['condition']}, {row['model']}: "
        f"{listed_items(row['newly_dangerous'], most=_SHOWN_ITEMS)}"
        for row in grave[:_SHOWN_LISTS]
    ]
    if len(grave) > _SHOWN_LISTS:
        lines.append(f"and in {len(grave) - _SHOWN_LISTS} more cells, see run.json")
    return lines


def _count(rows: Sequence[Row], key: str, told: str) -> str:
    known = [row[key] for row in rows if row[key] is not None]
    # Without labels nobody knows what is dangerous: that is not the same as none.
    return f"{told} {sum(map(len, known))}" if known else f"{told} unknown"


def listed_items(cases: Sequence[Row], *, most: int | None = None) -> str:
    """Name the items with the letters before and now; those beyond ``most`` are counted."""
    told = [
        f"{case['item_id']} ({case['before'] or case.get('state_before') or 'none'} to "
        f"{case['now'] or case.get('state') or 'none'})"
        for case in cases[:most]
    ]
    left = len(cases) - len(told)
    return ", ".join([*told, f"and {left} more"] if left else told)


def full_lines(against: Against) -> list[str]:
    """Return every comparison with interval and p, and every list of items in full."""
    lines: list[str] = []
    for model in dict.fromkeys(row["model"] for row in against.comparisons):
        rows = [row for row in against.comparisons if row["model"] == model]
        lines += ["", f"{model} against the {rows[0]['right']}", *_LEGEND, _HEAD]
        for name in dict.fromkeys(row["condition"] for row in rows):
            lines.append(name)
            lines += [part for row in rows if row["condition"] == name for part in _full(row)]
    for row in against.changes:
        cell = f"{row['condition']}, {row['model']}, {row['n']} items"
        lines += ["", cell]
        for key, told in LISTS:
            cases = row[key]
            named = "unknown" if cases is None else listed_items(cases) or "none"
            count = "" if not cases else f" ({len(cases)})"
            lines += _wrapped(f"{told}{count}: {named}")
    return lines


_METRIC_WIDTH = 30
_LEGEND = (
    "(change in points; b items count now and did not before, c the reverse;",
    "p of the exact paired test; Holm: adjusted over the conditions of one metric)",
)
_HEAD = (
    f"{'condition, metric':<{_METRIC_WIDTH}} {'change':>7} {'95 % interval':>16} "
    f"{'b':>4} {'c':>4} {'p':>6} {'Holm':>6}"
)


def _full(row: Row) -> list[str]:
    """Return a comparison in 80 columns; a metric whose name is longer has a line of its own."""
    name = f"  {_metric(row)}"
    above = [name] if len(name) > _METRIC_WIDTH else []
    figures = (
        f"{signed_points(row['delta']):>7} {_interval(row):>16} {row['b']:>4} {row['c']:>4} "
        f"{_p(row['p_value'])} {_p(row['p_holm'])}"
    )
    return [*above, f"{'' if above else name:<{_METRIC_WIDTH}} {figures}"]


def _metric(row: Row) -> str:
    name = words(row["metric"]).removesuffix(" rate")
    return name if row["regime"] == "single" else f"{name}, sampled"


def _p(value: float | None) -> str:
    if value is None:
        return f"{'-':>6}"
    return f"{'<0.001':>6}" if value < 0.001 else f"{value:>6.3f}"
