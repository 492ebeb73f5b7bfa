"""The sentences of the first screen, for every kind of run."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from pytest_safescale.report.page.first_screen import first_screen
from pytest_safescale.results.run_file import RunFile

MADE = {"made": 20, "replies": 20, "replies_made": 20, "replies_from_store": 0}


def a_run(
    *,
    models: str = "m",
    conditions: str = "closed_book",
    danger: str = "0",
    n: int = 20,
    clusters: int | None = None,
    gates: Any = (),
    changes: Any = (),
    comparisons: Any = (),
    asked: int | None = None,
    states: Any = None,
    **manifest: Any,
) -> RunFile:
    """Return a run; ``danger`` are the high-risk answers by model and condition, ``-`` unknown."""
    cells = [(model, condition) for model in models.split() for condition in conditions.split()]
    counts = danger.split() * len(cells)
    rows = []
    for (model, condition), count in zip(cells, counts, strict=False):
        rows.append(figure(model, condition, "accuracy", n // 2, n, clusters))
        if count != "-":
            rows.append(figure(model, condition, "high_risk_error_rate", int(count), n, clusters))
    whole = len(cells) * n
    content: Any = {
        "manifest": {
            "dataset": {"name": "d", "items": n},
            "conditions": list(dict.fromkeys(name.split("/")[0] for name in conditions.split())),
            "cases": {
                "of_the_run": whole,
                "recorded": whole if asked is None else asked,
                "left_out": [],
                "states": {"m": {"answered": whole, **NO_STATES, **(states or {})}},
            },
            "calls": MADE,
            "errors": 0,
            "replay": False,
            "models": [],
            "end": "2026-05-02T09:00:00+00:00",
            **manifest,
        },
        "metrics": rows,
        "gates": list(gates),
        "comparisons": list(comparisons),
        "analyses": {"changes": list(changes)},
    }
    return RunFile(content=content)


NO_STATES = {"abstained": 0, "unreadable": 0, "failed": 0, "forms": {}}


def figure(
    model: str, condition: str, metric: str, count: int, n: int, clusters: int | None
) -> dict[str, Any]:
    return {
        "model": model,
        "condition": condition,
        "regime": "single",
        "metric": metric,
        "value": count / n,
        "count": count,
        "n": n,
        "ci_low": 0.0,
        "ci_high": 0.168,
        "clusters": clusters,
        "effective_n": clusters,
        "icc": None,
    }


def gate(outcome: str, rule: str = "at most 0.05", **more: Any) -> dict[str, Any]:
    return {
        "name": "",
        "form": "max",
        "metric": "high_risk_error_rate",
        "rule": rule,
        "threshold": 0.05,
        "regime": "single",
        "model": "m",
        "condition": "closed_book",
        "value": 0.1,
        "bound": None,
        "confidence": None,
        "n": 20,
        "wanted": 20,
        "missing": 0,
        "outcome": outcome,
        "blocks": outcome != "passed",
        "sentence": "So",
        **more,
    }


def change(right: str, danger: str | None, newly: int = 0, gone: int = 0, **more: Any) -> Any:
    """Return a row of changes; ``right`` and ``danger`` are counts before and now of 20."""
    rights = [int(count) for count in right.split()]
    dangers = [None, None] if danger is None else [int(count) for count in danger.split()]
    return {
        "model": "m",
        "twin": "m",
        "condition": "closed_book",
        "n": 20,
        "right_before": rights[0],
        "right": rights[1],
        "dangerous_before": dangers[0],
        "dangerous": dangers[1],
        "newly_dangerous": None if danger is None else [{}] * newly,
        "newly_safe": None if danger is None else [{}] * gone,
        "changed_answer": [],
        **more,
    }


def compared(delta: float, p_holm: float, metric: str = "accuracy", **more: Any) -> dict[str, Any]:
    return {
        "kind": "baseline",
        "model": "m",
        "regime": "single",
        "metric": metric,
        "condition": "closed_book",
        "delta": delta,
        "p_holm": p_holm,
        **more,
    }


FEW = (
    "The smallest rate that 20 answers can rule out is 16.8 %: what none of them shows can still "
    "happen that often (95 % interval)."
)
READ = "Every reply could be read, and no call failed."
NEW = "20 replies were made by this run, on 2026-05-02 (UTC)."
SIZE = "20 questions of d, 1 model and 1 condition: 20 cases."
LIMITS = [SIZE, FEW, READ, NEW]
BY_CHANCE = "With so few questions chance alone can make such differences."


class Told(NamedTuple):
    """What is expected; ``None`` where another row of the table says it."""

    headline: str | None = None
    decision: list[str] | None = None
    """Why, or without gates what the figures show."""
    upgrade: list[str] | None = None
    limits: list[str] | None = None


TABLE: dict[str, tuple[dict[str, Any], Told]] = {
    "no gates, none dangerous": (
        {},
        Told(
            "No gates were set; high-risk answers: 0 of 20, up to 16.8 %.",
            ["Right answers: 10 of 20 (50.0 %).", "High-risk answers: 0 of 20, up to 16.8 %."],
            [],
            LIMITS,
        ),
    ),
    "no gates, several conditions": (
        {"conditions": "closed_book clean_evidence", "danger": "1 2"},
        Told(
            "No gates were set; most high-risk answers under clean evidence: 2 of 20 (10.0 %).",
            [
                "Right answers: 10 of 20 (50.0 %) everywhere.",
                "High-risk answers: fewest under closed book, 1 of 20 (5.0 %); most under clean "
                "evidence, 2 of 20 (10.0 %).",
            ],
            limits=["20 questions of d, 1 model and 2 conditions: 40 cases.", FEW, READ, NEW],
        ),
    ),
    "no gates, several models": (
        {"models": "m other", "danger": "3 1"},
        Told(
            "No gates were set; most high-risk answers by m: 3 of 20 (15.0 %).",
            [
                "Right answers: 10 of 20 (50.0 %) everywhere.",
                "High-risk answers: fewest by other, 1 of 20 (5.0 %); most by m, 3 of 20 (15.0 %).",
            ],
            limits=["20 questions of d, 2 models and 1 condition: 40 cases.", FEW, READ, NEW],
        ),
    ),
    "no gates, several profiles": (
        {"conditions": "closed_book closed_book/verify", "danger": "1 2"},
        Told(
            "No gates were set; most high-risk answers under closed book with prompt verify: 2 of "
            "20 (10.0 %).",
        ),
    ),
    "no gates, models and conditions": (
        {"models": "m other", "conditions": "closed_book max_context", "danger": "1 1 1 20"},
        Told(
            "No gates were set; most high-risk answers by other under max context: 20 of 20.",
        ),
    ),
    "no gates, no labels": (
        {"danger": "-"},
        Told("No gates were set; right answers: 10 of 20 (50.0 %)."),
    ),
    "no gates, words of the data set": (
        {"labels": {"high_risk": "never event"}, "danger": "1"},
        Told(
            "No gates were set; answers labelled never event: 1 of 20 (5.0 %).",
            [
                "Right answers: 10 of 20 (50.0 %).",
                "Answers labelled never event: 1 of 20 (5.0 %).",
            ],
        ),
    ),
    "gates switched off": (
        {"gates_switched_off": True, "danger": "1"},
        Told("Gates were switched off; high-risk answers: 1 of 20 (5.0 %)."),
    ),
    "no gates, a test failed": (
        {"failed_tests": {"tests": 1, "first": [{"test": "test_a.py::test_b", "reason": "r"}]}},
        Told(
            "Blocked: 1 test failed.",
            [
                "Failed beside the gates, 1 test: test_a.py::test_b.",
                "Right answers: 10 of 20 (50.0 %).",
                "High-risk answers: 0 of 20, up to 16.8 %.",
            ],
        ),
    ),
    "passed": (
        {"gates": [gate("passed", value=0.05)]},
        Told("Passed: 1 gate.", ["Every demand is met: high-risk answers at most 5 %."]),
    ),
    "passed, several demands in several cells": (
        {
            "conditions": "closed_book clean_evidence",
            "gates": [
                gate("passed"),
                gate("passed", condition="clean_evidence"),
                gate("passed", "at least 0.6", form="min", metric="accuracy", threshold=0.6),
            ],
        },
        Told(
            "Passed: 3 gates.",
            ["Every demand is met: high-risk answers at most 5 %; right answers at least 60 %."],
        ),
    ),
    "failed": (
        {"gates": [gate("failed")]},
        Told(
            "Blocked: 1 of 1 gates does not hold.",
            ["Not met: high-risk answers at most 5 %. Found: 2 of 20 (10.0 %)."],
        ),
    ),
    "failed in some cells, met in one": (
        {
            "models": "m other",
            "conditions": "closed_book clean_evidence",
            "gates": [
                gate("failed"),
                gate("failed", model="other", condition="clean_evidence", value=0.2),
                gate("passed", model="other", value=0.0),
                gate("passed", "at least 0.6", form="min", metric="accuracy", threshold=0.6),
            ],
        },
        Told(
            "Blocked: 2 of 4 gates do not hold.",
            [
                "Not met: high-risk answers at most 5 %. Found: 4 of 20 (20.0 %) by other under "
                "clean evidence; 2 of 20 (10.0 %) by m under closed book.",
                "Met: right answers at least 60 %.",
            ],
        ),
    ),
    "failed with confidence": (
        {
            "gates": [
                gate("failed", "at most 0.05 with 95 % confidence", confidence=0.95, bound=0.283),
            ]
        },
        Told(
            decision=[
                "Not met: high-risk answers at most 5 % with 95 % confidence. Found: 2 of 20 "
                "(10.0 %), up to 28.3 % not ruled out."
            ]
        ),
    ),
    "failed, more than are told": (
        {
            "conditions": "a b c d",
            "gates": [gate("failed", condition=name, value=0.1) for name in "abcd"],
        },
        Told(
            decision=[
                "Not met: high-risk answers at most 5 %. Found: 2 of 20 (10.0 %) under a; 2 of 20 "
                "(10.0 %) under b; 2 of 20 (10.0 %) under c; and 1 more."
            ]
        ),
    ),
    "failed against the baseline": (
        {
            "gates": [
                gate(
                    "failed",
                    "at most 0.01 above the baseline",
                    form="max_increase",
                    threshold=0.01,
                    value=0.1,
                ),
                gate("failed", "new for no item", form="no_new", threshold=0.0, value=0.05),
                gate(
                    "failed",
                    "at most 0.025 below the baseline",
                    form="max_decrease",
                    metric="accuracy",
                    threshold=0.025,
                    value=0.15,
                ),
            ]
        },
        Told(
            decision=[
                "Not met: high-risk answers at most 1 point above the baseline. Found: 10 points "
                "above.",
                "Not met: high-risk answers new for no item. Found: 1 of 20 (5.0 %).",
                "Not met: right answers at most 2.5 points below the baseline. Found: 15 points "
                "below.",
            ]
        ),
    ),
    "failed on a figure that is no rate": (
        {
            "gates": [
                gate("failed", "at most 0.1", metric="expected_harm", value=0.2121, threshold=0.1)
            ]
        },
        Told(decision=["Not met: the expected harm at most 10 %. Found: 21.2 %."]),
    ),
    "inconclusive, replies are missing": (
        {"gates": [gate("inconclusive", missing=1, tipping_point=1)]},
        Told(
            "Blocked: 1 of 1 gates does not hold.",
            [
                "Not decided: high-risk answers at most 5 %. 1 of 20 replies is missing and could "
                "decide it."
            ],
        ),
    ),
    "inconclusive, too few, set to warn": (
        {
            "conditions": "closed_book clean_evidence",
            "gates": [gate("inconclusive", items_needed=40, blocks=False)],
        },
        Told(
            "Passed: 1 gate, 1 of them undecided and set to warn.",
            [
                "Not decided: high-risk answers at most 5 %. 20 cases under closed book are too "
                "few: about 40 more are needed."
            ],
        ),
    ),
    "inconclusive, nothing to judge by": (
        {"gates": [gate("inconclusive", sentence="x must be y: not decidable, no case was asked")]},
        Told(
            decision=[
                "Not decided: high-risk answers at most 5 %. Not decidable: no case was asked."
            ]
        ),
    ),
    "baseline better": (
        {
            "changes": [change("10 12", "3 1", newly=0, gone=2)],
            "comparisons": [
                compared(0.1, 0.03),
                compared(-0.1, 0.04, "high_risk_error_rate"),
                compared(-0.1, 0.2, "unsafe_answer_rate"),
            ],
        },
        Told(
            upgrade=[
                "Better: against the baseline m is more often right and less often dangerous in "
                "the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 12 of 20 (60.0 %) now, 2 more.",
                "Dangerous (high-risk or unsafe): 3 of 20 (15.0 %) before, 1 of 20 (5.0 %) now, "
                "2 fewer.",
                "Of these cases newly dangerous 0 and no longer dangerous 2.",
                "Beyond chance: more right answers under closed book and fewer high-risk answers "
                "under closed book.",
            ]
        ),
    ),
    "baseline worse, of another name": (
        {
            "changes": [change("10 9", "1 3", newly=2, twin="old")],
            "comparisons": [compared(-0.05, 0.9)],
        },
        Told(
            upgrade=[
                "Worse: against the baseline, old, m is less often right and more often dangerous "
                "in the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 9 of 20 (45.0 %) now, 1 fewer.",
                "Dangerous (high-risk or unsafe): 1 of 20 (5.0 %) before, 3 of 20 (15.0 %) now, "
                "2 more.",
                "Of these cases newly dangerous 2 and no longer dangerous 0.",
                BY_CHANCE,
            ]
        ),
    ),
    "baseline mixed, under several conditions": (
        {
            "conditions": "closed_book clean_evidence",
            "changes": [
                change("10 12", "1 3", newly=3, gone=1),
                change("15 15", "0 1", newly=1, condition="clean_evidence"),
            ],
        },
        Told(
            upgrade=[
                "Mixed: against the baseline m is more often right but more often dangerous in "
                "the same 40 cases under 2 conditions.",
                "Right: 25 of 40 (62.5 %) before, 27 of 40 (67.5 %) now, 2 more.",
                "Dangerous (high-risk or unsafe): 1 of 40 (2.5 %) before, 4 of 40 (10.0 %) now, "
                "3 more.",
                "Of these cases newly dangerous 4 (3 under closed book) and no longer dangerous 1.",
            ]
        ),
    ),
    "baseline mixed the other way, and unreadable now": (
        {"changes": [change("10 8", "4 2", newly=0, gone=1)]},
        Told(
            upgrade=[
                "Mixed: against the baseline m is less often right but less often dangerous in "
                "the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 8 of 20 (40.0 %) now, 2 fewer.",
                "Dangerous (high-risk or unsafe): 4 of 20 (20.0 %) before, 2 of 20 (10.0 %) now, "
                "2 fewer.",
                "Of these cases newly dangerous 0, no longer dangerous 1 and dangerous before and "
                "unreadable now 1.",
            ]
        ),
    ),
    "baseline, as many but others": (
        {"changes": [change("10 10", "2 2", newly=1, gone=1)], "comparisons": [compared(0.0, 1.0)]},
        Told(
            upgrade=[
                "As before in number: against the baseline m is as often right and as often "
                "dangerous in the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 10 of 20 (50.0 %) now, as many.",
                "Dangerous (high-risk or unsafe): 2 of 20 (10.0 %) before, 2 of 20 (10.0 %) now, "
                "as many.",
                "Of these cases newly dangerous 1 and no longer dangerous 1.",
            ]
        ),
    ),
    "baseline, as often right and more dangerous": (
        {"changes": [change("10 10", "2 3", newly=1, n=1)]},
        Told(
            upgrade=[
                "Worse: against the baseline m is as often right and more often dangerous in the "
                "one case that both have.",
            ]
        ),
    ),
    "baseline without labels": (
        {"danger": "-", "changes": [change("10 11", None)]},
        Told(
            upgrade=[
                "Accuracy alone: against the baseline m is more often right in the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 11 of 20 (55.0 %) now, 1 more.",
                "What is dangerous is unknown: the data carries no safety labels.",
            ]
        ),
    ),
    "baseline with words of the data set": (
        {
            "labels": {"high_risk": "never event", "unsafe": "harm"},
            "changes": [change("10 10", "0 0")],
            "comparisons": [compared(0.3, 0.001, "high_risk_error_rate")],
        },
        Told(
            upgrade=[
                "As before in number: against the baseline m is as often right and as often "
                "dangerous in the same 20 cases.",
                "Right: 10 of 20 (50.0 %) before, 10 of 20 (50.0 %) now, as many.",
                "Dangerous (never event or harm): 0 of 20 before, 0 of 20 now, as many.",
                "Of these cases newly dangerous 0 and no longer dangerous 0.",
                "Beyond chance: more answers labelled never event under closed book.",
            ]
        ),
    ),
    "a baseline of before answers were counted": (
        {"changes": [{"model": "m", "condition": "closed_book", "newly_dangerous": []}]},
        Told(upgrade=[]),
    ),
    "partial": (
        {"asked": 4, "gates": [gate("passed")], "reservations": ["4 of 20 cases were asked"]},
        Told(
            "Not a verdict: 4 of 20 cases were asked. On what was asked nothing blocks: 1 gate.",
            limits=[
                "20 questions of d, 1 model and 1 condition: 4 cases.",
                FEW,
                "Only 4 of 20 cases were asked; the rest is unknown.",
                READ,
                NEW,
            ],
        ),
    ),
    "replayed": (
        {
            "replay": True,
            "calls": {
                "made": 0,
                "replies": 20,
                "replies_from_store": 20,
                "from_store_by_day": {"2026-04-30": 20},
            },
        },
        Told(
            limits=[
                SIZE,
                FEW,
                READ,
                "All 20 replies come from the store, of 2026-04-30 (UTC).",
            ]
        ),
    ),
    "partly from the store": (
        {
            "calls": {
                "made": 5,
                "replies": 20,
                "replies_from_store": 15,
                "from_store_by_day": {"2026-04-30": 5, "2026-05-01": 10},
            },
        },
        Told(
            limits=[
                SIZE,
                FEW,
                READ,
                "15 of 20 replies come from the store, of 2026-04-30 to 2026-05-01 (UTC).",
            ]
        ),
    ),
    "unreadable, failed and declined": (
        {"states": {"answered": 16, "unreadable": 1, "failed": 2, "abstained": 1}, "errors": 2},
        Told(
            limits=[
                SIZE,
                FEW,
                "1 reply could not be read and 2 calls failed: what would have been answered is "
                "unknown.",
                "1 reply declines to answer.",
                NEW,
            ]
        ),
    ),
    "items left out, in clusters": (
        {
            "clusters": 10,
            "cases": {
                "of_the_run": 20,
                "recorded": 20,
                "left_out": [{"condition": "max_context", "reason": "no corpus", "items": 1}],
            },
        },
        Told(
            limits=[
                SIZE,
                "The smallest rate that 10 clusters of items can rule out is 30.8 %: what none of "
                "them shows can still happen that often (95 % interval).",
                "Left out: 1 item of max context (no corpus).",
                READ,
                NEW,
            ]
        ),
    ),
    "two prompts": (
        {
            "profiles": [{"name": "plain"}, {"name": "verify"}],
            "conditions": "closed_book closed_book/verify",
            "danger": "1 2",
        },
        Told(
            limits=[
                "20 questions of d, 1 model, 1 condition and 2 prompts: 40 cases.",
                FEW,
                READ,
                NEW,
            ]
        ),
    ),
    "thousands from the store": (
        {
            "calls": {
                "made": 1,
                "replies": 2345,
                "replies_from_store": 1234,
                "from_store_by_day": {"2026-04-30": 1234},
            },
        },
        Told(
            limits=[
                SIZE,
                FEW,
                READ,
                "1,234 of 2,345 replies come from the store, of 2026-04-30 (UTC).",
            ]
        ),
    ),
    "scored from files": (
        {"scored": {"files": {}}},
        Told(
            limits=[
                SIZE,
                FEW,
                READ,
                "The answers were read from files of results: this run asked for none.",
            ]
        ),
    ),
    "one question": (
        {"n": 1, "danger": "1", "calls": {**MADE, "replies_made": 1}},
        Told(
            "No gates were set; high-risk answers: 1 of 1.",
            limits=[
                "1 question of d, 1 model and 1 condition: 1 case.",
                "The smallest rate that 1 answer can rule out is 97.5 %: what none of them shows "
                "can still happen that often (95 % interval).",
                READ,
                "1 reply was made by this run, on 2026-05-02 (UTC).",
            ],
        ),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_first_screen_says(case: str) -> None:
    facts, expected = TABLE[case]
    told = first_screen(a_run(**facts))
    upgrade = [line for _, lines in told.upgrades for line in lines]
    if expected.headline is not None:
        assert told.headline == expected.headline
    if expected.decision is not None:
        assert told.decision == expected.decision
    if expected.upgrade is not None:
        assert upgrade[: len(expected.upgrade) or None] == expected.upgrade
    if expected.limits is not None:
        assert told.limits == expected.limits


def test_three_models_are_told_of_and_the_others_counted() -> None:
    names = [f"m{number}" for number in range(5)]
    changes = [change("10 10", "0 0", model=name, twin=name) for name in names]
    ((called, lines),) = first_screen(a_run(changes=changes)).upgrades
    assert called == "baseline"
    assert len(lines) == 4
    assert lines[1] == (
        "As before in number: against the baseline m1 is as often right and as often dangerous in "
        "the same 20 cases. Right: 10 of 20 (50.0 %) before, 10 of 20 (50.0 %) now, as many. "
        "Dangerous (high-risk or unsafe): 0 of 20 before, 0 of 20 now, as many. Of these cases "
        "newly dangerous 0 and no longer dangerous 0."
    )
    assert lines[-1] == "2 more models: see Baseline."


def test_a_shard_says_that_it_is_one() -> None:
    shard = {"number": 2, "of": 3}
    assert first_screen(a_run(shard=shard)).headline.startswith("Shard 2/3: ")
