"""Gates on simulated runs of known rates pass wrongly at 5 % at most (a short benchmark)."""

from __future__ import annotations

import pytest

from benchmarks.gate_levels import (
    exact_level,
    mean_level,
    paired_level,
    rate_level,
    score_p,
    wald_p,
    worst_level,
)

NOISE = 0.01
"""Two standard errors of a share of 5 % of 2,000 runs."""


@pytest.mark.parametrize("n", [60, 200, 1000])
@pytest.mark.parametrize("rate", [0.02, 0.05, 0.12])
def test_a_rate_at_its_threshold_passes_at_five_per_cent_at_most(n: int, rate: float) -> None:
    assert rate_level(n, rate).passed <= 0.05 + NOISE


@pytest.mark.parametrize("n", [60, 200, 1000])
@pytest.mark.parametrize("back", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("margin", [0.05, 0.1])
def test_a_difference_at_its_margin_passes_at_five_per_cent_at_most(
    n: int, back: float, margin: float
) -> None:
    assert paired_level(n, margin, back) <= 0.05 + NOISE
    assert exact_level(n, margin, back) <= 0.05
    # What was drawn and what was enumerated are the same test.
    assert paired_level(n, margin, back) == pytest.approx(exact_level(n, margin, back), abs=0.015)


@pytest.mark.parametrize("n", [60, 200, 1000])
def test_no_share_of_changed_items_breaks_the_level(n: int) -> None:
    assert max(worst_level(n, margin, points=12) for margin in (0.0, 0.02, 0.1)) <= 0.05


def test_under_no_change_a_margin_of_nothing_passes_as_rarely_and_a_real_one_often() -> None:
    assert paired_level(200, 0.0, 0.05) <= 0.05 + NOISE
    assert paired_level(200, 0.05, 0.01, difference=0.0) > 0.9


def test_the_simpler_tests_do_not_keep_their_level() -> None:
    assert paired_level(60, 0.05, 0.0, test=wald_p) > 0.15
    assert paired_level(200, 0.1, 0.0, test=score_p) > 0.052


@pytest.mark.parametrize("n", [60, 200])
def test_a_mean_at_its_margin_passes_at_five_per_cent_at_most(n: int) -> None:
    assert mean_level(n, repetitions=600) <= 0.05 + 2 * NOISE
