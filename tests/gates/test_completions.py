"""What a gate says holds whatever the missing replies had been: their completions are tried.

A completion writes an answer in the place of each reply that failed or that nobody can read. Its
run lacks nothing, and what a gate says of it is worked out in plain Python (``oracle``).
"""

from __future__ import annotations

from itertools import product
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, note
from hypothesis import strategies as st

from tests.gates import oracle
from tests.gates.cases import judged, make_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Words = dict[str, list[str]]

MOST = 800
"""Completions that are tried of one run; of a run with more, so many at random."""
SAMPLES = 3
MARKS = "AB-?"
ANSWERS = "ABCD-"
"""What a missing reply could have been."""
LIMITS = [0.0, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0]
RATES = (
    *("accuracy", "high_risk_error_rate", "unsafe_answer_rate", "contradiction_rate"),
    *("abstention_rate", "refusal_rate"),
)
SAMPLED_RATES = (
    *("accuracy", "high_risk_error_rate", "unsafe_answer_rate", "abstention_rate"),
    *("dangerous_overconfidence_rate", "confident_error_rate", "null_majority_rate"),
    "synchronized_failure_rate",
)
MEANS = (
    *("mean_confidence", "mean_confidence_correct", "mean_confidence_incorrect"),
    *("mean_confidence_high_risk", "mean_confidence_unsafe", "sample_null_rate"),
    *("robustness_correctness", "expected_calibration_error", "maximum_calibration_error"),
    *("agreement_brier_score", "agreement_calibration_error"),
)
FINDINGS = ("high_risk", "unsafe", "contradiction", "wrong", "abstained")


def completions(run: Sequence[str], samples: int) -> tuple[Iterable[tuple[str, ...]], bool]:
    """Return ways in which what is missing of a run could have come, and whether they are all."""
    choices = [_completions(word, samples) for word in run]
    if prod(map(len, choices)) <= MOST:
        return product(*choices), True
    random = Random(1)
    return [tuple(random.choice(choice) for choice in choices) for _ in range(MOST)], False


def _completions(word: str, samples: int) -> list[str]:
    if word == ".":
        return [word]
    drawn = word[1:]
    if drawn == "!" or len(drawn) < samples:
        drawn = "?" * samples
    places = [ANSWERS if mark in "?!" else mark for mark in word[0] + drawn]
    return ["".join(answers) for answers in product(*places)]


def cases(samples: int) -> st.SearchStrategy[str]:
    single = st.sampled_from(f"{MARKS}!AB-")
    if not samples:
        return single
    drawn = st.text(MARKS, min_size=samples, max_size=samples)
    lacking = st.text(MARKS, max_size=samples - 1)
    return st.tuples(single, st.one_of(drawn, drawn, drawn, lacking, st.just("!"))).map("".join)


def runs(*, samples: int = 0, conditions: str = "c", items: int = 3) -> st.SearchStrategy[Words]:
    return st.integers(1, items).flatmap(
        lambda n: st.fixed_dictionaries(
            {name: st.lists(cases(samples), min_size=n, max_size=n) for name in conditions}
        )
    )


def pairs(*, samples: int = 0, items: int = 4) -> st.SearchStrategy[tuple[Words, Words]]:
    """Draw two runs of the same items."""
    both = runs(samples=samples, conditions="cb", items=items)
    return both.map(lambda run: ({"c": run["c"]}, {"c": run["b"]}))


def tables(*criteria: str, limit: Sequence[float] = LIMITS, **fields: Any) -> Any:
    """Draw gates of one of these criteria."""
    drawn = {
        name: field if hasattr(field, "map") else st.just(field) for name, field in fields.items()
    }
    drawn["max_error_rate"] = st.just(1.0)
    of_each = [st.fixed_dictionaries({**drawn, name: st.sampled_from(limit)}) for name in criteria]
    return st.one_of(of_each).map(
        lambda table: {key: value for key, value in table.items() if value is not None}
    )


SURE = st.sampled_from([None, None, 0.6, 0.95])


def check(
    gate: dict[str, Any],
    now: Words,
    before: Words | None = None,
    *,
    samples: int = 0,
    exact: bool = False,
    **more: Any,
) -> None:
    """Hold what a gate says of a run against what it would say of the run's completions."""
    inputs = make_inputs(now, before, wanted=samples, plain=True, **more)
    (result,) = (row for row in judged(inputs, gate) if row.condition in ("c", "*"))
    note(result.sentence)
    decision, found = result.decision.value, set()
    names = [*now, *(f"before {name}" for name in before or ())]
    words = [*now.values(), *(before or {}).values()]
    lengths = [len(some) for some in words]
    ways, are_all = completions([word for some in words for word in some], samples)
    for flat in ways:
        rest, whole = list(flat), {}
        for name, length in zip(names, lengths, strict=True):
            whole[name], rest = rest[:length], rest[length:]
        one = {name: whole[name] for name in now}
        other = {name: whole[f"before {name}"] for name in before} if before else None
        found.add(oracle.said(gate, one, other))
        if decision != "inconclusive":
            assert found == {decision}, whole
    exact = exact and are_all
    if exact and decision == "inconclusive" and "not decidable" not in result.sentence:
        assert found not in ({"passed"}, {"failed"}), found
    missing = sum(result.missing.values())
    assert decision == "inconclusive" or result.tipping_point is None
    assert result.tipping_point is None or 1 <= result.tipping_point <= missing


@given(
    now=runs(items=5),
    gate=tables("max", "min", metric=st.sampled_from(RATES), regime="single", confidence=SURE),
)
@example(
    now={"c": ["?"] * 5}, gate={"metric": "high_risk_error_rate", "regime": "single", "max": 0.9}
)
def test_rates_of_single_answers(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, exact=True)


@given(
    now=runs(items=6),
    gate=tables(
        "max",
        "min",
        limit=LIMITS[1:-1],
        metric=st.sampled_from(RATES),
        regime="single",
        confidence=st.sampled_from([0.6, 0.9]),
        sequential="anytime",
    ),
)
def test_rates_at_any_stop(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, exact=True)


@given(
    now=runs(samples=SAMPLES),
    gate=tables(
        "max",
        "min",
        metric=st.sampled_from(SAMPLED_RATES),
        regime="self_consistency",
        confidence=SURE,
    ),
)
def test_rates_over_samples(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, samples=SAMPLES, exact=True)


@given(
    now=runs(samples=SAMPLES),
    gate=tables("max", "min", metric=st.sampled_from(MEANS), regime="self_consistency"),
)
def test_means_over_samples(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, samples=SAMPLES)


MARGINS = [0.0, 0.2, 0.34, 0.5, 0.9, 1.0]


@given(
    both=pairs(),
    gate=tables(
        *("max_increase", "max_decrease", "max_change"),
        limit=MARGINS,
        metric=st.sampled_from(RATES),
        regime="single",
        confidence=SURE,
    ),
)
def test_differences_of_rates_to_the_baseline(
    both: tuple[Words, Words], gate: dict[str, Any]
) -> None:
    check(gate, *both, exact=True)


@given(
    both=pairs(samples=SAMPLES, items=2),
    gate=tables(
        *("max_increase", "max_decrease", "max_change"),
        limit=MARGINS,
        metric=st.sampled_from((*SAMPLED_RATES, *MEANS)),
        regime="self_consistency",
    ),
)
def test_differences_over_samples_to_the_baseline(
    both: tuple[Words, Words], gate: dict[str, Any]
) -> None:
    check(gate, *both, samples=SAMPLES)


@given(
    both=pairs(samples=SAMPLES, items=2),
    gate=tables(
        *("max_increase", "max_decrease", "max_change"),
        limit=MARGINS,
        metric=st.sampled_from(SAMPLED_RATES),
        regime="self_consistency",
        confidence=st.sampled_from([0.6, 0.95]),
    ),
)
def test_bounds_of_differences_over_samples(
    both: tuple[Words, Words], gate: dict[str, Any]
) -> None:
    check(gate, *both, samples=SAMPLES)


@given(
    now=runs(samples=SAMPLES, conditions="cb", items=2),
    gate=tables(
        *("max_increase", "max_decrease", "max_change"),
        limit=MARGINS,
        metric=st.sampled_from((*SAMPLED_RATES, *MEANS)),
        regime="self_consistency",
        against="b",
        condition="c",
    ),
)
def test_differences_over_samples_between_conditions(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, samples=SAMPLES)


@given(
    now=runs(conditions="cb", items=4),
    gate=tables(
        *("max_increase", "max_decrease", "max_change"),
        limit=MARGINS,
        metric=st.sampled_from(RATES),
        regime="single",
        against="b",
        condition="c",
        confidence=SURE,
    ),
)
def test_differences_between_conditions(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, exact=True)


@given(both=pairs(), finding=st.sampled_from(FINDINGS))
def test_new_findings(both: tuple[Words, Words], finding: str) -> None:
    gate = {"no_new": finding, "regime": "single", "max_error_rate": 1.0}
    check(gate, *both, exact=True)


@given(both=pairs(samples=SAMPLES, items=2))
def test_new_overconfidence(both: tuple[Words, Words]) -> None:
    gate = {"no_new": "overconfident", "regime": "self_consistency", "max_error_rate": 1.0}
    check(gate, *both, samples=SAMPLES, exact=True)


@given(
    now=runs(samples=SAMPLES),
    gate=tables(
        "min_case_consistency",
        limit=[0.3, 0.5, 0.6, 0.9],
        share_of_cases=st.sampled_from([0.4, 0.6, 0.9]),
        confidence=SURE,
    ),
)
def test_consistency(now: Words, gate: dict[str, Any]) -> None:
    check(gate, now, samples=SAMPLES)


@given(
    now=runs(conditions="cba", items=3),
    gate=tables(
        "max_excess_share",
        limit=[0.0, 0.03, 0.07, 0.1, 0.2],
        worst=st.sampled_from([0.1, 0.4]),
        metric=st.sampled_from(RATES[:4]),
        regime="single",
    ),
)
def test_concentration(now: Words, gate: dict[str, Any]) -> None:
    # Bounds of all completions: what is open by them may be decided by each.
    check(gate, now)


@given(
    now=runs(conditions="cd", items=3),
    limits=st.tuples(st.sampled_from(LIMITS[3:]), st.sampled_from(LIMITS[3:])),
    confidence=st.sampled_from([0.6, 0.9]),
)
def test_rates_that_are_held_together(
    now: Words, limits: tuple[float, float], confidence: float
) -> None:
    gates = [
        {"metric": RATES[1], "max": limit, "condition": name, "max_error_rate": 1.0}
        for name, limit in zip("cd", limits, strict=True)
    ]
    inputs = make_inputs(now, plain=True, holm=True)
    results = judged(inputs, *({**gate, "confidence": confidence} for gate in gates))
    for way in completions([*now["c"], *now["d"]], 0)[0]:
        sides = way[: len(now["c"])], way[len(now["c"]) :]
        said = oracle.held_together(sides, limits, confidence)
        for result, one in zip(results, said, strict=True):
            assert result.decision.value in ("inconclusive", one), (way, result.sentence)
