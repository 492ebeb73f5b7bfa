"""Rates by subgroup: who is in which, what has no rows, and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.analysis.strata import MOST_SUBGROUPS, strata
from pytest_safescale.statistics.intervals import clopper_pearson
from tests.analysis.panels import item, panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel


def _panel(answers: str, fields: list[str], clusters: str = "", *, labelled: bool = True) -> Panel:
    items = [
        item(
            f"{place:03}",
            subspecialty=field,
            cluster=clusters[place] if clusters else "",
        )
        for place, field in enumerate(fields)
    ]
    return panel_of({"m": {"closed_book": answers}}, items=items, labelled=labelled)


def test_each_subgroup_has_its_rate_with_an_exact_interval() -> None:
    rows = strata(_panel("BAAABBA!", ["chest"] * 4 + ["brain  stem"] * 2 + [""] * 2))
    assert [(row.subgroup, row.count, row.n) for row in rows] == [
        ("(none)", 0, 1),
        ("brain stem", 2, 2),
        ("chest", 1, 4),
    ]
    chest = rows[-1]
    assert (chest.field, chest.metric, chest.value) == (
        "subspecialty",
        "high_risk_error_rate",
        0.25,
    )
    assert (chest.ci_low, chest.ci_high) == pytest.approx(clopper_pearson(1, 4))
    assert chest.effective_n is None


def test_without_labels_it_is_the_accuracy() -> None:
    rows = strata(_panel("AB", ["chest", "bone"], labelled=False))
    assert [(row.subgroup, row.metric, row.value) for row in rows] == [
        ("bone", "accuracy", 0.0),
        ("chest", "accuracy", 1.0),
    ]


def test_a_field_that_parts_nothing_or_everything_has_no_rows() -> None:
    assert strata(_panel("AB", ["chest", "chest"])) == []
    assert strata(_panel("AB", ["", ""])) == []
    many = MOST_SUBGROUPS + 1
    assert strata(_panel("A" * many, [f"s{place}" for place in range(many)])) == []


def test_clusters_within_a_subgroup_widen_its_interval() -> None:
    fields = ["chest"] * 8 + ["bone"] * 2
    chest = strata(_panel("BBAAAAAAAA", fields, "aabbccddef"))[-1]
    assert (chest.clusters, chest.n, chest.count) == (4, 8, 2)
    assert chest.effective_n is not None
    assert chest.effective_n < 4
    assert chest.ci_high > clopper_pearson(2, 8)[1]
