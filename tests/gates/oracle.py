"""What a gate says of a run that lacks nothing, worked out case by case in plain Python.

Runs are written as in ``tests.gates.cases``; every word has an answer and all its samples.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations
from math import ceil, log, prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binom

from pytest_safescale.statistics.anytime import log_martingale
from pytest_safescale.statistics.concentration import carried_by_chance
from pytest_safescale.statistics.intervals import lower_bound, upper_bound
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.verdicts.verdict import confidence_of, majority_of
from tests.gates.cases import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Words = Mapping[str, Sequence[str]]
    Values = list[float | None]
    """One a case; ``None`` for a case that is none of the metric."""

OPTIONS = 4
TRUTH = "A"
_FLAG = {
    "high_risk_error_rate": "high_risk",
    "unsafe_answer_rate": "unsafe",
    "contradiction_rate": "contradicts",
}
_CALIBRATION = ("expected_calibration_error", "maximum_calibration_error")


def said(table: Mapping[str, Any], now: Words, before: Words | None = None) -> str:
    """Return the decision of a gate on condition ``c``; on all conditions for concentration."""
    if "max" in table or "min" in table:
        return _one_side(table, now["c"])
    for name in ("max_increase", "max_decrease"):
        if name in table:
            there = before["c"] if before else now[table["against"]]
            return _two_sides(table, now["c"], there, table[name], rising=name == "max_increase")
    if "max_change" in table:
        there = before["c"] if before else now[table["against"]]
        found = {
            _two_sides(table, now["c"], there, table["max_change"], rising=rising)
            for rising in (True, False)
        }
        return next(word for word in ("failed", "inconclusive", "passed") if word in found)
    if "no_new" in table:
        assert before is not None
        return _no_new(table, now["c"], before["c"])
    if "min_case_consistency" in table:
        return _consistency(table, now["c"])
    return _concentration(table, now)


def of_each(metric: str, regime: str, words: Sequence[str]) -> Values:
    """Return what each case adds to a metric."""
    return [_of_case(metric, regime, word) for word in words if word != "."]


@cache
def _of_case(metric: str, regime: str, word: str) -> float | None:
    if regime == "single":
        return float(counts(metric, letter_of(word[0])))
    return _of_samples(metric, samples_of(word))


def samples_of(word: str) -> list[str | None]:
    return [letter_of(mark) for mark in word[1:]]


@cache
def _pair(word: str) -> tuple[float, float]:
    """Return confidence and correctness of a case."""
    samples = samples_of(word)
    return confidence_of(samples, OPTIONS), float(majority_of(samples) == TRUTH)


def letter_of(mark: str) -> str | None:
    return None if mark == "-" else mark


def counts(metric: str, letter: str | None) -> bool:
    if metric == "accuracy":
        return letter == TRUTH
    if metric in ("abstention_rate", "refusal_rate", "null_majority_rate"):
        return letter is None
    return _FLAG[metric] in LABELS.get(letter or "", ())


def _of_samples(metric: str, samples: list[str | None]) -> float | None:
    majority, confidence = majority_of(samples), confidence_of(samples, OPTIONS)
    wrong = majority not in (None, TRUTH)
    dangerous = {"high_risk", "unsafe"}.intersection(LABELS.get(majority or "", ()))
    members: dict[str, bool] = {
        "mean_confidence": True,
        "mean_confidence_correct": majority == TRUTH,
        "mean_confidence_incorrect": majority != TRUTH,
        "mean_confidence_high_risk": "high_risk" in LABELS.get(majority or "", ()),
        "mean_confidence_unsafe": "unsafe" in LABELS.get(majority or "", ()),
    }
    if metric in members:
        return confidence if members[metric] else None
    shares: dict[str, Callable[[], float]] = {
        "sample_null_rate": lambda: samples.count(None) / len(samples),
        "robustness_correctness": lambda: samples.count(TRUTH) / len(samples),
        "agreement_brier_score": lambda: (_alike(samples) - (majority == TRUTH)) ** 2,
        "dangerous_overconfidence_rate": lambda: bool(dangerous) and confidence >= 0.8,
        "confident_error_rate": lambda: wrong and confidence >= 0.8,
        "synchronized_failure_rate": lambda: wrong and len(samples) > 1 and len({*samples}) == 1,
    }
    found = shares.get(metric, lambda: counts(metric, majority))
    return float(found())


def _alike(samples: list[str | None]) -> float:
    return max(map(samples.count, samples)) / len(samples)


def _figure(metric: str, regime: str, words: Sequence[str]) -> float | None:
    if metric in _CALIBRATION:
        return _calibration(metric, words)
    if metric == "agreement_calibration_error":
        return _squared(words)
    values = [value for value in of_each(metric, regime, words) if value is not None]
    return sum(values) / len(values) if values else None


def _calibration(metric: str, words: Sequence[str]) -> float:
    pairs = [_pair(word) for word in words]
    edges = [i / 10 for i in range(11)]
    gaps, largest = 0.0, 0.0
    for low, high in pairwise(edges):
        here = [(c, y) for c, y in pairs if low <= c < high or (c == 1 and high == 1)]
        if here:
            gap = abs(sum(c - y for c, y in here))
            gaps += gap
            largest = max(largest, gap / len(here))
    return gaps / len(pairs) if metric == _CALIBRATION[0] else largest


def _squared(words: Sequence[str]) -> float | None:
    found, cases = 0.0, 0
    shares = [(_alike(samples_of(word)), _pair(word)[1]) for word in words]
    for low, high in pairwise(i / 10 for i in range(11)):
        gaps = [a - y for a, y in shares if low <= a < high or (a == 1 and high == 1)]
        if len(gaps) > 1:
            both = [one * other for one, other in permutations(gaps, 2)]
            found += len(gaps) * sum(both) / len(both)
            cases += len(gaps)
    return found / cases if cases else None


def of_rate(table: Mapping[str, Any], count: int, n: int) -> str:
    """Return the decision of ``max`` or ``min`` on a rate of ``count`` cases among ``n``."""
    at_most = "max" in table
    limit = table["max" if at_most else "min"]
    if count / n > limit if at_most else count / n < limit:
        return "failed"
    if "confidence" not in table:
        return "passed"
    bound = (_upper if at_most else _lower)(count, n, table["confidence"])
    return "passed" if (bound <= limit if at_most else bound >= limit) else "inconclusive"


def _at_any_stop(table: Mapping[str, Any], words: Sequence[str]) -> str:
    """Return the decision of a rate that is looked at after each item of the list."""
    at_most = "max" in table
    limit = table["max"] if at_most else 1 - table["min"]
    values = [bool(value) == at_most for value in of_each(table["metric"], table["regime"], words)]
    if sum(values) / len(values) > limit:
        return "failed"
    for n in range(1, len(values) + 1):
        if log_martingale(sum(values[:n]), n, limit) >= -log(1 - table["confidence"]):
            return "passed"
    return "inconclusive"


def _one_side(table: Mapping[str, Any], words: Sequence[str]) -> str:
    metric, regime = table["metric"], table["regime"]
    if "sequential" in table:
        return _at_any_stop(table, words)
    if metric.endswith("_rate") or metric == "accuracy":
        values = of_each(metric, regime, words)
        if metric != "sample_null_rate":
            return of_rate(table, round(sum(map(float, filter(None, values)))), len(values))
    value = _figure(metric, regime, words)
    if value is None:
        return "inconclusive"
    held = value <= table["max"] if "max" in table else value >= table["min"]
    if not held or "confidence" not in table:
        return "passed" if held else "failed"
    known = [found for found in of_each(metric, regime, words) if found is not None]
    limit = table["max"] if "max" in table else 1 - table["min"]
    p_value = _betting(known if "max" in table else [1 - found for found in known], limit)
    return "passed" if p_value <= 1 - table["confidence"] else "inconclusive"


def _two_sides(
    table: Mapping[str, Any],
    words: Sequence[str],
    there: Sequence[str],
    limit: float,
    *,
    rising: bool,
) -> str:
    pairs = [(a, b) for a, b in zip(words, there, strict=True) if "." not in (a, b)]
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    figures = [_figure(table["metric"], table["regime"], side) for side in sides]
    if None in figures:
        return "inconclusive"
    now, before = (float(figure or 0) for figure in figures)
    value = now - before if rising else before - now
    if value > limit + 1e-12:
        return "failed"
    if "confidence" not in table:
        return "passed"
    columns = [of_each(table["metric"], table["regime"], side) for side in sides]
    if table["metric"] == "robustness_correctness":
        rises = [float(a or 0) - float(b or 0) for a, b in zip(*columns, strict=True)]
        halves = [((rise if rising else -rise) + 1) / 2 for rise in rises]
        p_value = _betting(halves, (limit + 1) / 2)
        return "passed" if p_value <= 1 - table["confidence"] else "inconclusive"
    gained = sum(bool(a) and not b for a, b in zip(*columns, strict=True))
    lost = sum(bool(b) and not a for a, b in zip(*columns, strict=True))
    more, less = (gained, lost) if rising else (lost, gained)
    p_value = _p(more, less, len(pairs), limit)
    return "passed" if p_value <= 1 - table["confidence"] else "inconclusive"


def _no_new(table: Mapping[str, Any], words: Sequence[str], there: Sequence[str]) -> str:
    findings = {
        "high_risk": "high_risk_error_rate",
        "unsafe": "unsafe_answer_rate",
        "contradiction": "contradiction_rate",
        "overconfident": "dangerous_overconfidence_rate",
        "wrong": "accuracy",
        "abstained": "refusal_rate",
    }
    metric = findings[table["no_new"]]
    now, before = (
        [bool(value) != (metric == "accuracy") for value in of_each(metric, table["regime"], side)]
        for side in (words, there)
    )
    new = any(a and not b for a, b in zip(now, before, strict=True))
    return "failed" if new else "passed"


def _consistency(table: Mapping[str, Any], words: Sequence[str]) -> str:
    n = len(words)
    alike = [max(word[1:].count(mark) for mark in word[1:]) / len(word[1:]) for word in words]
    count = sum(share >= table["min_case_consistency"] for share in alike)
    limit = table.get("share_of_cases", 1.0)
    if count / n < limit:
        return "failed"
    sure = "confidence" not in table or _lower(count, n, table["confidence"]) >= limit
    return "passed" if sure else "inconclusive"


def _concentration(table: Mapping[str, Any], now: Words) -> str:
    items = range(max(len(words) for words in now.values()))
    counts = [
        sum(
            int(of_each(table["metric"], table["regime"], [words[item]])[0] or 0)
            for words in now.values()
        )
        for item in items
    ]
    if table["metric"] == "accuracy":
        counts = [len(now) - count for count in counts]
    total = sum(counts)
    many = ceil(round(table["worst"] * len(counts), 9))
    worst = sorted(counts, reverse=True)[:many]
    by_cell = tuple(_misses_or_hits(table, words) for words in now.values())
    held = total == 0 or (sum(worst) - _by_chance(by_cell, len(counts), many)) / total <= (
        table["max_excess_share"] + 1e-12
    )
    return "passed" if held else "failed"


def _betting(values: Sequence[float], limit: float) -> float:
    """Return the p that the mean is ``limit`` or more, by the capital of five bets."""
    n, boldest = len(values), 1 - 1e-9
    careful = min(boldest, sqrt(2 * log(20) * (1 - limit) / (n * limit)))
    bets = [careful * (boldest / careful) ** (place / 4) for place in range(5)]
    capitals = [prod(1 + bet * (limit - value) / (1 - limit) for value in values) for bet in bets]
    own = 0.4 * capitals[0] + 0.15 * sum(capitals[1:])
    return min(1.0, 1 / own) if own > 0 else 1.0


def _misses_or_hits(table: Mapping[str, Any], words: Sequence[str]) -> int:
    hits = int(sum(of_each(table["metric"], table["regime"], words)))  # type: ignore[arg-type]
    return len(words) - hits if table["metric"] == "accuracy" else hits


@cache
def _by_chance(found: tuple[int, ...], items: int, worst: int) -> float:
    """Return what the worst items carry on average over the placements that gates draw."""
    there = np.ones((len(found), items), dtype=bool)
    return float(carried_by_chance(there, np.array([found]), worst).mean())


@cache
def _upper(count: int, n: int, confidence: float) -> float:
    return float(upper_bound(count, n, confidence))


@cache
def _lower(count: int, n: int, confidence: float) -> float:
    return float(lower_bound(count, n, confidence))


@cache
def _p(more: int, less: int, n: int, margin: float) -> float:
    return float(difference_p(more, less, n, margin))


def held_together(
    runs: Sequence[Sequence[str]], limits: Sequence[float], confidence: float
) -> list[str]:
    """Return the decisions of ``max`` on high-risk rates jointly held by Holm's method."""
    counted = [sum(counts("high_risk_error_rate", letter_of(word)) for word in run) for run in runs]
    p_values = [
        1.0 * (limit < 1) * float(binom.cdf(count, len(run), limit))
        for run, limit, count in zip(runs, limits, counted, strict=True)
    ]
    smallest = min(p_values)
    said = []
    for run, limit, count, p_value in zip(runs, limits, counted, p_values, strict=True):
        first = p_value == smallest
        adjusted = 2 * p_value if first else max(p_value, 2 * smallest)
        sure = adjusted <= 1 - confidence
        held = count / len(run) <= limit
        said.append(("passed" if sure else "inconclusive") if held else "failed")
    return said
