"""Rates of two independent samples held against each other."""

from __future__ import annotations

from math import sqrt

from pytest_safescale.statistics.intervals import WILSON_Z, wilson

__all__ = ["NEWCOMBE", "newcombe"]

NEWCOMBE = "newcombe"


def newcombe(left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of the 95 % interval of the rate on the left less that on the right.

    Each side is (count, cases), at least one case. From the Wilson interval of each: Newcombe's
    hybrid score interval (Statistics in Medicine 1998; 17: 873-890, method 10).
    """
    (x, n), (y, m) = left, right
    one, other = x / n, y / m
    (low, high), (other_low, other_high) = (
        tuple(map(float, wilson(*sample, z=WILSON_Z))) for sample in (left, right)
    )
    below = sqrt((one - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - one) ** 2 + (other - other_low) ** 2)
    return one - other - below, one - other + above
