"""Paired tests by docs/metrics.md, "Part B", worked by hand beside part A."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.analysis.comparisons import condition_comparisons
from pytest_safescale.analysis.panel import Panel, PanelBuilder
from pytest_safescale.published.released_definitions import release_comparisons
from pytest_safescale.statistics.paired import mcnemar
from tests.analysis.panels import item
from tests.published.released_panels import SAMPLED, Record, case_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def paired(left: Sequence[Record], right: Sequence[Record]) -> Panel:
    builder = PanelBuilder()
    for n, (one, other) in enumerate(zip(left, right, strict=True), start=1):
        builder.add_item(item(str(n)))
        builder.add_record("m", str(n))
        for condition, row in (("clean_evidence", one), ("closed_book", other)):
            if not row.absent:
                builder.add(case_of("m", condition, str(n), row))
    return builder.build()


def test_paired_tests_are_over_all_records() -> None:
    # Left right four times; right: wrong, an empty block, no condition, right. By part A two items
    # have both answers (b = 1); by the release all four (b = 3).
    right = [Record("B"), Record(failed=True), Record(absent=True), Record("A")]
    panel = paired([Record("A")] * 4, right)
    (ours,) = (
        row
        for row in condition_comparisons(panel)
        if (row.metric, row.regime) == ("accuracy", "single")
    )
    theirs = next(row for row in release_comparisons(panel) if row.regime == "single")
    assert (ours.b, ours.c, ours.n) == (1, 0, 2)
    assert (theirs.b, theirs.c, theirs.n) == (3, 0, 4)
    assert theirs.p_value == 0.25  # 2 x (1/2)^3


def test_paired_tests_of_samples_take_the_first_of_a_tie() -> None:
    # BA: right by the alphabet, wrong by the first given; so it is discordant the other way.
    panel = paired([Record("A", "BA")], [Record("A", "AA")])
    theirs = next(row for row in release_comparisons(panel) if row.regime == SAMPLED)
    assert (theirs.b, theirs.c) == (0, 1)


def test_p_values_are_rounded_to_six_decimals() -> None:
    # b = 11, c = 1: 2 (1 + 12) / 2^12 = 0.00634765625.
    left = [Record("A")] * 11 + [Record("B")]
    panel = paired(left, [Record("B")] * 11 + [Record("A")])
    theirs = next(row for row in release_comparisons(panel) if row.regime == "single")
    assert mcnemar(11, 1) == pytest.approx(0.00634765625, abs=1e-12)
    assert theirs.p_value == 0.006348


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        # 2 (1 + 8 + 28 + 56) / 2^8 = 0.7265625, a tie at the sixth decimal: to the even 2.
        (3, 5, 0.726562),
        # 2 (1 + 11 + 55 + 165) / 2^11 = 0.2265625.
        (3, 8, 0.226562),
    ],
)
def test_p_values_that_are_a_tie_at_the_sixth_decimal(b: int, c: int, p: float) -> None:
    left = [Record("A")] * b + [Record("B")] * c
    panel = paired(left, [Record("B")] * b + [Record("A")] * c)
    theirs = next(row for row in release_comparisons(panel) if row.regime == "single")
    assert (theirs.b, theirs.c, theirs.p_value) == (b, c, p)


def test_a_regime_without_samples_is_not_compared() -> None:
    panel = paired([Record("A")], [Record("B")])
    assert {row.regime for row in release_comparisons(panel)} == {"single"}
