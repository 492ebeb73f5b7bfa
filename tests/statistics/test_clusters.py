"""Clusters: by hand, by other routes, and one item a cluster as without."""

from __future__ import annotations

from itertools import product as every

import numpy as np
import pytest

from benchmarks.cluster_levels import rate_passes, subgroup_passes
from pytest_safescale.statistics.clusters import (
    RATE_ENDS,
    ClusterSums,
    cluster_sums,
    design_effects,
    effective_sizes,
    intraclass_correlation,
    sign_flip_p,
)
from pytest_safescale.statistics.intervals import bootstrap, upper_bound
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.paired import mcnemar


def _parts(*clusters: str) -> ClusterSums:
    """Return the sums of 0/1 cases that are written by cluster, such as ``110``."""
    values = np.array([int(one) for cluster in clusters for one in cluster])
    codes = np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters])
    return ClusterSums.of(values, np.ones(len(values), dtype=bool), codes)


def test_sums_are_by_cluster_in_any_order_of_items() -> None:
    sums = cluster_sums(np.array([[1, 2, 3, 4], [0, 1, 0, 1]]), np.array([1, 0, 1, 2]))
    assert sums.tolist() == [[2, 4, 4], [1, 0, 1]]


def test_whole_clusters_that_are_alike_count_as_one_case_each() -> None:
    # p = 1/2: sum (s - p m)^2 = 4 * 1, so 4/3 * 4 / 64 over (1/4) / 7 is 7/3.
    effect = design_effects(_parts("11", "00", "11", "00"), np.ones((1, 4)), added=None)
    assert effect[0] == pytest.approx(7 / 3)
    assert intraclass_correlation(_parts("11", "00", "11", "00")) == pytest.approx(1.0)


def test_the_added_cluster_is_of_mean_size_and_has_the_event() -> None:
    # Without an event: 0, 0, 0 and one of 2; p = 1/4, sum (s - p m)^2 = 3/4 + 9/4 = 3;
    # 4/3 * 3 / 64 over (3/16) / 7 is 7/3.
    effect = design_effects(_parts("00", "00", "00"), np.ones((1, 3)), added=1.0)
    assert effect[0] == pytest.approx(7 / 3)
    both = design_effects(_parts("00", "00", "00", "11"), np.ones((1, 4)), added=None)
    assert effect[0] == pytest.approx(both[0])


def test_the_intraclass_correlation_is_that_of_analysis_of_variance() -> None:
    # Clusters 110, 100, 000: MSB = (5/3 - 1) / 2 = 1/3 and MSW = (3 - 5/3) / 6 = 2/9.
    found = intraclass_correlation(_parts("110", "100", "000"))
    assert found == pytest.approx((1 / 3 - 2 / 9) / (1 / 3 + 2 * 2 / 9))
    assert intraclass_correlation(_parts("1", "0", "1")) is None
    assert intraclass_correlation(_parts("00", "00")) is None


def test_clusters_of_one_are_as_many_independent_cases_exactly() -> None:
    parts = _parts(*"0100010")
    weights = np.array([[1.0] * 7, [2.0, 0, 1, 3, 0, 1, 0]])
    assert effective_sizes(parts, weights, RATE_ENDS).tolist() == [7.0, 7.0]


def test_effective_sizes_are_adjusted_for_the_clusters() -> None:
    # Quantiles of t at 0.975: 2.364624 with 7 and 3.182446 with 3 degrees of freedom.
    found = effective_sizes(_parts("11", "00", "11", "00"), np.ones((1, 4)), ())
    assert found[0] == pytest.approx(8 / (7 / 3) * (2.364624 / 3.182446) ** 2, rel=1e-6)
    assert effective_sizes(_parts("1100"), np.ones((1, 1)), RATE_ENDS).tolist() == [1.0]


def test_a_cluster_counts_as_often_as_its_weight() -> None:
    twice = effective_sizes(_parts("110", "0", "01"), np.array([[2.0, 1, 1]]), RATE_ENDS)
    written = effective_sizes(_parts("110", "110", "0", "01"), np.ones((1, 4)), RATE_ENDS)
    assert twice[0] == pytest.approx(written[0])


@pytest.mark.parametrize("sums", [(3, -1, 0, 2), (1, 1, -2), (2, 2, 2), (0, 0), (5, -1, -1, -1)])
def test_the_paired_p_is_the_share_of_swaps(sums: tuple[int, ...]) -> None:
    signs = every((1, -1), repeat=len(sums))
    swaps = [sum(s * one for s, one in zip(sign, sums, strict=True)) for sign in signs]
    share = np.mean([abs(total) >= abs(sum(sums)) for total in swaps])
    assert sign_flip_p(np.array(sums)) == pytest.approx(share)


def test_the_paired_p_of_clusters_of_one_is_mcnemars() -> None:
    for b, c in ((0, 0), (4, 0), (7, 2), (3, 3)):
        found = sign_flip_p(np.array([1] * b + [-1] * c + [0] * 5))
        assert found == pytest.approx(float(mcnemar(b, c)), abs=1e-15)


def test_the_bootstrap_draws_whole_clusters() -> None:
    values = np.array([[1, 1, 1, 0, 0, 0, 1, 0]])
    over = np.ones((1, 8), dtype=bool)
    codes = np.array([0, 0, 0, 1, 1, 1, 2, 3])
    whole = bootstrap(values, over, codes=codes)
    alone = bootstrap(values, over)
    assert whole.std[0] > 1.2 * alone.std[0]
    own = bootstrap(values, over, codes=np.arange(8))
    assert [own.low, own.high, own.std] == [alone.low, alone.high, alone.std]


def test_fewer_independent_cases_never_bring_a_bound_nearer() -> None:
    # What missing replies are judged by: the largest design effect gives the largest p.
    sizes = np.linspace(1.0, 300.0, 600)
    for rate in (0.0, 0.01, 0.2, 0.9):
        assert (np.diff(upper_bound(rate * sizes, sizes, 0.95)) <= 1e-9).all()
    for more, less in ((0.0, 0.0), (0.05, 0.02), (0.2, 0.15)):
        p_values = difference_p(more * sizes, less * sizes, sizes, 0.1)
        assert (np.diff(p_values) <= 1e-9).all()


def test_gates_keep_their_level_over_clusters_where_items_taken_singly_do_not() -> None:
    gate, independent, _ = rate_passes(200, 0.1, 0.1, 0.5, runs=300)
    assert gate <= 0.06
    assert independent > 0.1
    level, _ = subgroup_passes(60, 3, 0.1, 0.02, runs=10)
    # One event of 60 has a p of 0.0138, two of 0.053: a subgroup passes with one, at 0.05 / 3.
    assert level == pytest.approx(1 - (1 - 0.9**60 - 60 * 0.1 * 0.9**59) ** 3)
