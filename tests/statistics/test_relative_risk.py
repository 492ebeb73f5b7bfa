"""The ratio of two rates with Katz's interval."""

from __future__ import annotations

import pytest

from pytest_safescale.statistics.relative_risk import relative_risk


def test_a_ratio_has_an_interval_on_the_log_scale() -> None:
    # ratio (15/50) / (5/50) = 3; se of its log is sqrt(1/15 - 1/50 + 1/5 - 1/50) = 0.476095;
    # 3 exp(-1.959964 * 0.476095) = 1.17996 and 3 exp(+...) = 7.62736.
    found = relative_risk(15, 50, 5, 50)
    assert found == pytest.approx((3.0, 1.17996, 7.62736), abs=1e-5)


@pytest.mark.parametrize(
    ("counts", "ratio"),
    [((0, 10, 5, 10), 0.0), ((3, 10, 0, 10), None), ((0, 0, 5, 10), None), ((1, 2, 0, 0), None)],
)
def test_what_cannot_be_known_is_none(counts: tuple[int, ...], ratio: float | None) -> None:
    assert relative_risk(*counts) == (ratio, None, None)
