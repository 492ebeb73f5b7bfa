"""A run against its baseline: what stands in terminal, summary and page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.baseline_lines import (
    change_intervals,
    change_lines,
    change_summary,
    full_lines,
    listed_items,
)
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.table import signed_points
from pytest_safescale.results.conclusion import Against
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path


def comparison(metric: str, delta: float, **more: Any) -> dict[str, Any]:
    return {
        "kind": "baseline",
        "model": "new",
        "regime": "single",
        "metric": metric,
        "left": "this run",
        "right": "baseline, old",
        "delta": delta,
        "ci_low": delta - 0.1,
        "ci_high": delta + 0.1,
        "b": 12,
        "c": 5,
        "p_value": 0.143,
        "p_holm": 0.286,
        "n": 60,
        "condition": "closed_book",
        **more,
    }


def case(item: str, before: str | None, now: str | None) -> dict[str, Any]:
    return {"item_id": item, "before": before, "now": now, "findings_before": [], "findings": []}


CHANGES = {
    "model": "new",
    "condition": "closed_book",
    "twin": "old",
    "n": 60,
    "newly_dangerous": [case("i1", "A", "B")],
    "newly_safe": [],
    "changed_answer": [case("i1", "A", "B"), case("i2", None, "A")],
}
AGAINST = Against(
    {},
    [
        comparison("accuracy", 0.1),
        comparison("high_risk_error_rate", 0.05, p_value=0.0001, p_holm=0.0002),
        comparison("unsafe_answer_rate", 0.0, condition="standard_rag", n=40),
    ],
    [CHANGES],
)


def test_the_terminal_has_a_row_for_each_condition_and_names_the_newly_dangerous() -> None:
    assert change_lines(AGAINST) == [
        "",
        "new against the baseline, old",
        "(change in points; * p < 0.05 after Holm over the conditions of one metric)",
        "condition            n accuracy high-risk unsafe contra. overconf.",
        "closed_book         60    +10.0     +5.0*      -       -         -",
        "standard_rag        40        -         -   +0.0       -         -",
        "95 % intervals of the change, accuracy: closed_book +0.0 to +20.0.",
        "95 % intervals of the change, high-risk: closed_book -5.0 to +15.0.",
        "",
        "- newly dangerous 1, newly safe 0, changed answer 2 (cases of 60)",
        "- newly dangerous, closed_book, new: i1 (A to B)",
    ]


def test_the_summary_has_the_intervals_of_the_first_cells_and_counts_the_rest() -> None:
    rows = [comparison("accuracy", 0.1, condition=f"c{place}") for place in range(12)]
    (told,) = change_intervals(AGAINST._replace(comparisons=rows))
    assert told.startswith("95 % intervals of the change, accuracy: c0, new +0.0 to +20.0; c1, new")
    assert told.endswith("c9, new +0.0 to +20.0; and 2 more in run.json.")


def test_prompt_profiles_stand_below_their_condition_and_keep_the_columns() -> None:
    names = ("closed_book", "closed_book/verify", "clean_evidence/abstain_shuffled")
    rows = [comparison("accuracy", 0.1, condition=name) for name in names]
    against = AGAINST._replace(comparisons=rows)
    assert change_lines(against)[4:8] == [
        "closed_book         60    +10.0         -      -       -         -",
        "  verify            60    +10.0         -      -       -         -",
        "clean_evidence",
        "  abstain_shuffled   60    +10.0         -      -       -         -",
    ]
    told = full_lines(against)[5:11]
    assert told[::2] == list(names)
    assert {line.index("+10.0") for line in told[1::2]} == {33}


def test_the_whole_comparison_has_interval_and_p_of_every_figure_and_every_item() -> None:
    lines = full_lines(AGAINST)
    assert lines[4:8] == [
        "condition, metric               change    95 % interval    b    c      p   Holm",
        "closed_book",
        "  accuracy                       +10.0    +0.0 to +20.0   12    5  0.143  0.286",
        "  high risk error                 +5.0    -5.0 to +15.0   12    5 <0.001 <0.001",
    ]
    assert max(map(len, lines)) <= 80
    assert lines[10:] == [
        "",
        "closed_book, new, 60 items",
        "- newly dangerous (1): i1 (A to B)",
        "- newly safe: none",
        "- changed answer (2): i1 (A to B), i2 (none to A)",
    ]


def test_a_metric_with_a_long_name_stands_above_its_figures_within_80_columns() -> None:
    row = comparison(
        "dangerous_overconfidence_of_a_kind_of_ours", -1.0, ci_high=0.1, b=1000, c=1000
    )
    lines = full_lines(AGAINST._replace(comparisons=[row]))
    assert lines[6] == "  dangerous overconfidence of a kind of ours"
    assert lines[7].split()[0] == "-100.0"
    assert max(map(len, lines)) <= 80


def test_without_labels_danger_is_unknown_and_not_none() -> None:
    row = {**CHANGES, "newly_dangerous": None, "newly_safe": None}
    (told,) = change_summary(AGAINST._replace(changes=[row]))
    assert told.startswith("newly dangerous unknown, newly safe unknown, changed answer 2")
    assert "- newly dangerous: unknown" in full_lines(AGAINST._replace(changes=[row]))


def test_no_change_is_never_a_minus() -> None:
    assert [signed_points(value) for value in (-1e-17, -0.0004, -0.0006)] == [
        "+0.0",
        "+0.0",
        "-0.1",
    ]


def test_without_a_baseline_there_is_nothing_to_tell() -> None:
    against = Against.of({}, [comparison("accuracy", 0.1, kind="condition")], {})
    assert change_lines(against) == []
    assert change_summary(against) == []


@pytest.mark.parametrize(
    ("most", "told"),
    [(None, "i1 (A to B), i2 (none to A)"), (1, "i1 (A to B), and 1 more")],
)
def test_a_long_list_is_cut_with_a_count(most: int | None, told: str) -> None:
    assert listed_items(CHANGES["changed_answer"], most=most) == told  # type: ignore[arg-type]


def test_many_cells_take_few_lines() -> None:
    rows = [{**CHANGES, "condition": f"c{number}"} for number in range(9)]
    told = change_summary(AGAINST._replace(changes=rows))
    assert len(told) == 6
    assert told[-1] == "and in 5 more cells, see run.json"


def test_the_page_lists_the_items_by_cell_with_their_letters(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=4, models=("m",)))
    page = Page(write_html(folder).read_text(encoding="utf-8"))
    rows = json.loads((folder / "run.json").read_text(encoding="utf-8"))["analyses"]["changes"]
    cases = [case for row in rows for case in row["changed_answer"]]
    assert cases
    buttons = [a["data-item"] for a in page.attributes("button") if "data-item" in a]
    for case in cases:
        assert case["item_id"] in buttons
        told = f"{case['before'] or case['state_before']} to {case['now'] or case['state']}"
        assert f"{case['item_id']} {told}" in page.words
    assert f"{sum(row['n'] for row in rows) - len(cases)} answers are the same" in page.words
