"""Whether few items carry most of the danger, in words and on the page."""

from __future__ import annotations

from typing import Any

from pytest_safescale.analysis.all_analyses import analyses
from pytest_safescale.report.concentration_lines import concentration_rows, concentration_sentences
from pytest_safescale.report.page.analysis_tables import Cell, analysis_tables
from tests.analysis.panels import panel_of


def found(**conditions: str) -> dict[str, Any]:
    return analyses(panel_of({"m": conditions}), ensembles={}, facts={})


def test_the_gravest_finding_is_told_beside_what_chance_makes_of_it() -> None:
    # Item 1 alone is high-risk, under both conditions. By chance the two meet in a tenth of the
    # placements: (2 + 9) / 20 of the findings are on the worst item.
    both = found(x="BAAAAAAAAA", y="BAAAAAAAAA")
    (told,) = concentration_sentences(both, {"high_risk": "grave"})
    head, _, rest = told.partition("; by chance they would carry ")
    assert head == "The worst 10 % of 10 items carry 100.0 % of 2 grave answers"
    expected, _, p = rest.partition(" % (p ")
    assert abs(float(expected) - 55) < 3
    assert abs(float(p.removesuffix(").")) - 0.1) < 0.03


def test_one_model_under_one_condition_tells_nothing_of_chance() -> None:
    one = found(x="BBAAAAAAAA")
    assert concentration_sentences(one, {}) == []
    assert concentration_sentences({}, {}) == []
    assert "chance" not in " ".join(table.title for table in analysis_tables(one, {}))


def test_the_page_has_each_finding_with_its_excess() -> None:
    both = found(x="BAAAAAAAAA", y="BAAAAAAAAA")
    (table,) = (one for one in analysis_tables(both, {}) if "beyond chance" in one.title)
    # B is high-risk and unsafe, and so wrong.
    assert [row[0] for row in table.rows] == ["high risk", "unsafe", "wrong"]
    row = {row["finding"]: row for row in concentration_rows(both)}["high_risk"]
    _, items, findings, share, by_chance, excess, p_value = table.rows[0]
    assert (items, findings, share) == (Cell(10, "10"), Cell(2, "2"), Cell(1.0, "100.0 %"))
    assert isinstance(excess, Cell)
    assert isinstance(by_chance, Cell)
    assert isinstance(p_value, Cell)
    assert (by_chance.value, p_value.value) == (row["expected_share"], row["p_value"])
    assert excess.value == row["excess_share"]
    assert excess.text.startswith("+4")
