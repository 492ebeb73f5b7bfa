"""The test that holds at any stop: its level by exact enumeration, and what it costs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import beta

from pytest_safescale.statistics.anytime import (
    anytime_p,
    first_pass,
    items_to_stop,
    log_martingale,
    most_events,
    predicted_pass,
    stopped_runs,
)

ALPHA = 0.05


@pytest.mark.parametrize(("events", "n"), [(0, 1), (0, 60), (3, 40), (9, 30)])
@pytest.mark.parametrize("threshold", [0.05, 0.3])
def test_the_martingale_is_the_averaged_likelihood_ratio(
    events: int, n: int, threshold: float
) -> None:
    prior = beta(0.5, 0.5)

    def integrand(rate: float) -> float:
        ratio = (rate / threshold) ** events * ((1 - rate) / (1 - threshold)) ** (n - events)
        return float(ratio * prior.pdf(rate) / prior.cdf(threshold))

    expected = quad(integrand, 0, threshold, limit=200)[0]
    assert np.exp(log_martingale(events, n, threshold)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.9])
def test_its_expectation_is_one_at_the_threshold_and_falls_above_it(rate: float) -> None:
    before = log_martingale(1, 5, 0.2)
    after = [np.exp(log_martingale(1 + event, 6, 0.2) - before) for event in (0, 1)]
    expected = (1 - rate) * after[0] + rate * after[1]
    assert expected == pytest.approx(1.0) if rate == 0.2 else expected < 1


def test_p_is_of_the_best_moment_and_of_no_order_but_the_given_one() -> None:
    early, late = np.array([[0] * 40 + [1] * 10]), np.array([[1] * 10 + [0] * 40])
    n = np.arange(1, 51)[None, :]
    found = [float(anytime_p(np.cumsum(one, axis=1), n, 0.1)[0]) for one in (early, late)]
    assert found[0] == pytest.approx(float(np.exp(-log_martingale(0, 40, 0.1))))
    assert found[0] < ALPHA
    assert found[1] == 1.0


def test_the_chance_to_pass_is_that_of_every_sequence() -> None:
    items, threshold, rate = 10, 0.5, 0.45
    passed = asked = failed = 0.0
    most = most_events(items, threshold, ALPHA)
    for answers in product((0, 1), repeat=items):
        events = np.cumsum(answers)
        chance = rate ** sum(answers) * (1 - rate) ** (items - sum(answers))
        shown = events <= most
        ended = shown | (events > threshold * items)
        asked += chance * (int(np.argmax(ended)) + 1 if ended.any() else items)
        by_then = shown.any() and bool(shown[np.argmax(ended)])
        passed += chance * by_then
        failed += chance * (not by_then and sum(answers) > threshold * items)
    assert passed > 0
    assert failed > 0
    assert stopped_runs(items, threshold, rate, ALPHA) == pytest.approx((passed, asked, failed))


def test_the_items_by_which_most_runs_have_shown_it_are_the_first() -> None:
    items = items_to_stop(0.2, 0.05, ALPHA, power=0.8, most=200)
    assert items is not None
    fewer, enough = (stopped_runs(n, 0.2, 0.05, ALPHA).passed for n in (items - 1, items))
    assert fewer < 0.8 <= enough
    assert items_to_stop(0.2, 0.19, ALPHA, power=0.8, most=50) is None


@pytest.mark.parametrize(
    ("threshold", "looks", "level"),
    [
        # 141 looks, after every item from the 60th to the 200th.
        (0.12, (60, 200), 0.0161),
        (0.05, (60, 200), 0.0297),
        (0.02, (60, 200), 0.0224),
        # A look after each of 1,000 items.
        (0.12, (1, 1000), 0.0420),
        (0.05, (1, 1000), 0.0404),
        (0.2, (1, 1000), 0.0433),
    ],
)
def test_the_level_is_kept_by_exact_enumeration(
    threshold: float, looks: tuple[int, int], level: float
) -> None:
    first, items = looks
    found = stopped_runs(items, threshold, threshold, ALPHA, first=first).passed
    assert found == pytest.approx(level, abs=5e-5)
    assert found <= ALPHA


def test_so_many_items_without_an_event_pass() -> None:
    needed = first_pass(0.05, ALPHA)
    assert needed is not None
    assert most_events(needed, 0.05, ALPHA)[-2:].tolist() == [-1, 0]
    assert first_pass(0.0, ALPHA) is None


@pytest.mark.parametrize(("count", "items", "threshold"), [(0, 10, 0.4), (3, 11, 0.5)])
def test_a_new_run_is_predicted_over_the_rates_that_the_data_leave(
    count: int, items: int, threshold: float
) -> None:
    most, expected = most_events(items, threshold, ALPHA), 0.0
    for answers in product((0, 1), repeat=items):
        events = np.cumsum(answers)
        if (events <= most).any() and events[-1] <= threshold * items:
            beyond = items - events[-1]
            logs = betaln(count + 0.5 + events[-1], items - count + 0.5 + beyond)
            expected += np.exp(logs - betaln(count + 0.5, items - count + 0.5))
    assert 0 < expected < 1
    assert predicted_pass(count, items, threshold, ALPHA) == pytest.approx(expected)
