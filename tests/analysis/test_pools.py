"""Public items against sealed ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from scipy.stats import binom

from pytest_safescale.analysis.pools import pool_gaps
from pytest_safescale.report.page.analysis_tables import analysis_tables
from pytest_safescale.report.pool_lines import pool_sentences
from pytest_safescale.statistics.two_samples import newcombe
from tests.gates.cases import make_panel

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel


@pytest.mark.parametrize(
    ("left", "right", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 1998; 17: 873-890, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_is_the_published_one(
    left: tuple[int, int], right: tuple[int, int], low: float, high: float
) -> None:
    assert newcombe(left, right) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_covers_the_difference_nearly_as_often_as_it_says() -> None:
    n, m = 30, 20
    intervals = {(x, y): newcombe((x, n), (y, m)) for x, y in product(range(n + 1), range(m + 1))}
    covered = []
    for one, other in product((0.05, 0.2, 0.5, 0.9), repeat=2):
        covered.append(
            sum(
                binom.pmf(x, n, one) * binom.pmf(y, m, other)
                for (x, y), (low, high) in intervals.items()
                if low <= one - other <= high
            )
        )
    assert min(covered) > 0.93
    assert sum(covered) / len(covered) == pytest.approx(0.95, abs=0.02)


def pooled(answers: str, sealed: int, clusters: tuple[str, ...] = ()) -> Panel:
    """Return a panel whose last items are sealed."""
    panel = make_panel({"closed_book": list(answers)}, clusters=clusters)
    items = tuple(
        replace(item, pool="sealed") if place >= len(answers) - sealed else item
        for place, item in enumerate(panel.items)
    )
    return replace(panel, items=items)


def test_each_rate_is_taken_over_both_pools() -> None:
    gaps = {gap.metric: gap for gap in pool_gaps(pooled("A" * 40 + "A" * 10 + "B" * 10, 20))}
    accuracy, danger = gaps["accuracy"], gaps["high_risk_error_rate"]
    assert (accuracy.public.count, accuracy.public.n) == (40, 40)
    assert (accuracy.sealed.count, accuracy.sealed.n) == (10, 20)
    assert accuracy.delta == 0.5
    assert (accuracy.ci_low, accuracy.ci_high) == newcombe((40, 40), (10, 20))
    assert danger.delta == -0.5
    assert "dangerous_overconfidence_rate" not in gaps  # there are no samples


def test_items_of_one_pool_are_held_against_nothing() -> None:
    assert pool_gaps(pooled("AAAB", 0)) == []
    assert pool_gaps(pooled("AAAB", 4)) == []


def test_clusters_widen_the_interval() -> None:
    answers = "A" * 20 + "B" * 20
    alone = pool_gaps(pooled(answers, 10))[0]
    names = tuple(f"c{place // 5}" for place in range(40))
    together = pool_gaps(pooled(answers, 10, names))[0]
    assert together.public.effective_n < together.public.n == 30
    assert together.ci_high - together.ci_low > alone.ci_high - alone.ci_low


def test_the_gap_is_told_in_sentences_and_a_table() -> None:
    gaps: list[dict[str, Any]] = [
        {
            **vars(gap),
            "public": vars(gap.public),
            "sealed": vars(gap.sealed),
        }
        for gap in pool_gaps(pooled("A" * 50 + "B" * 10, 20))
    ]
    told = pool_sentences({"pools": gaps})
    assert told[0] == (
        "m, closed book: accuracy 100.0 % of 40 public items and 50.0 % of 20 sealed ones, "
        "+50.0 points (+28.1 to +70.1)."
    )
    assert told[-1].startswith("m: better on the public items than on the sealed ones")
    assert pool_sentences({}) == []
    (table,) = analysis_tables({"pools": gaps}, {})
    assert table.title == "Public and sealed items"
    assert [str(cell) if isinstance(cell, str) else cell.text for cell in table.rows[0]] == [
        "m",
        "closed book",
        "accuracy",
        "40 of 40",
        "10 of 20",
        "+50.0 points",
    ]
