"""Every form of gate is planned by its own criterion, and told in words."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_safescale.gates.certified_thresholds import CertifiedThresholds
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.runs.assumed_truth import Assumptions, chance_told, in_percent, truth_of
from pytest_safescale.runs.outlook_of_gates import Plans, gates_outlook
from pytest_safescale.runs.planned_chances import PlannedGate
from pytest_safescale.runs.planned_simulation import Layout, SimulatedGate
from pytest_safescale.statistics.betting import betting_p
from pytest_safescale.statistics.noninferiority import difference_p

if TYPE_CHECKING:
    from pytest_safescale.gates.spec import Gate

SURE: dict[str, Any] = {"confidence": 0.95}
_WHOLE_AND_PARTS: tuple[dict[str, Any], ...] = ({}, {"by": "subspecialty"})
_ONCE_AND_THRICE: tuple[dict[str, Any], ...] = ({}, {"looks": 3})


def gate(**keys: Any) -> Gate:
    (found,) = parse_gates([keys], "here")
    return found


def planned(assumed: Assumptions | None = None, **keys: Any) -> PlannedGate:
    one = gate(**keys)
    return PlannedGate(one, truth_of(one, assumed or Assumptions()))


def at_most(events: int, items: int, rate: float) -> float:
    ways = (comb(items, k) * rate**k * (1 - rate) ** (items - k) for k in range(events + 1))
    return sum(ways)


def test_a_rate_passes_by_its_bound_and_fails_by_its_value() -> None:
    found = planned(metric="high_risk_error_rate", max=0.05, **SURE).chances(200)
    # Four events are within the bound, ten within the value.
    assert found.passed == pytest.approx(at_most(4, 200, 0.02))
    assert found.failed == pytest.approx(1 - at_most(10, 200, 0.02))
    by_value = planned(metric="high_risk_error_rate", max=0.05).chances(200)
    assert by_value.passed == pytest.approx(at_most(10, 200, 0.02))
    assert by_value.inconclusive == 0.0


def test_what_must_be_high_has_a_truth_of_its_own() -> None:
    found = planned(metric="accuracy", min=0.9, **SURE)
    assert found.chances(200).passed == pytest.approx(at_most(12, 200, 0.05))
    assert found.most_against(200) == 12
    assert truth_of(gate(metric="accuracy", max_decrease=0.02), Assumptions()).chances[0] == (
        pytest.approx(0.95 * 0.05)
    )


def test_no_call_is_assumed_to_fail() -> None:
    found = planned(metric="error_rate", max=0.0)
    assert found.chances(66).passed == pytest.approx(1.0)
    assert found.items_from() == 1
    assert planned(metric="unsafe_answer_rate", max=0.0).items_from() is None


@pytest.mark.parametrize("margin", [0.1, 0.3])
@pytest.mark.parametrize("kind", ["max_increase", "max_change"])
def test_a_difference_passes_where_the_paired_test_keeps_its_margin(
    margin: float, kind: str
) -> None:
    items, share = 25, 0.12
    assumed = Assumptions(changing=share)
    found = planned(assumed, **{"metric": "accuracy", kind: margin, **SURE}).chances(items)
    passed = failed = 0.0
    for up in range(items + 1):
        for down in range(items + 1 - up):
            ways = comb(items, up) * comb(items - up, down)
            chance = ways * share ** (up + down) * (1 - 2 * share) ** (items - up - down)
            kept = [difference_p(up, down, items, margin) <= 0.05]
            kept += [difference_p(down, up, items, margin) <= 0.05] * (kind == "max_change")
            off = abs(up - down) if kind == "max_change" else up - down
            passed += chance * all(kept)
            failed += chance * (off / items > margin)
    assert found.passed == pytest.approx(passed)
    assert found.failed == pytest.approx(failed)


def test_a_bounded_mean_is_planned_by_betting_on_the_widest_spread() -> None:
    found = planned(metric="robustness_correctness", min=0.8, **SURE).chances(40)
    passing = [misses for misses in range(41) if betting_p(np.arange(40) < misses, 0.2)[0] <= 0.05]
    assert passing == [0, 1, 2]
    assert found.passed == pytest.approx(at_most(2, 40, 0.05))


def test_a_new_finding_is_as_rare_as_repeats_make_it() -> None:
    new = 0.02 * 0.98
    assert planned(no_new="high_risk").chances(50).passed == pytest.approx((1 - new) ** 50)
    twice_of_three = 3 * 0.02**2 * 0.98 + 0.02**3
    confirmed = planned(no_new="high_risk", confirm=3).chances(50)
    assert confirmed.passed == pytest.approx((1 - new * twice_of_three) ** 50)


def test_flips_beyond_repeats_are_a_paired_difference() -> None:
    found = planned(metric="excess_flip_rate", max=0.1, **SURE).chances(66)
    same = planned(metric="unsafe_answer_rate", max_increase=0.1, **SURE).chances(66)
    assert found == pytest.approx(same)


def test_the_number_of_items_holds_from_there_on() -> None:
    for keys in (
        {"metric": "high_risk_error_rate", "max": 0.05, **SURE},
        {"metric": "accuracy", "min": 0.9, **SURE, "sequential": "anytime"},
        {"metric": "unsafe_answer_rate", "max_increase": 0.05, **SURE},
    ):
        found = planned(**keys)
        items = found.items_from()
        assert items is not None
        assert found.chances(items - 1).passed < 0.8
        assert min(found.chances(more).passed for more in range(items, items + 60, 3)) >= 0.8
    assert planned(metric="high_risk_error_rate", max=0.02, **SURE).items_from() is None


def test_looks_share_the_chance_of_a_gate() -> None:
    once, thrice = (
        planned(metric="high_risk_error_rate", max=0.05, **SURE, **looks).chances(200).passed
        for looks in _ONCE_AND_THRICE
    )
    # At 1.67 % three events of 200 are within the bound.
    assert (once, thrice) == pytest.approx((at_most(4, 200, 0.02), at_most(3, 200, 0.02)))


def test_a_test_at_any_stop_can_pass_from_its_first_pass_on() -> None:
    found = planned(metric="high_risk_error_rate", max=0.1, **SURE, sequential="anytime")
    assert found.items_at_best() == 36
    assert found.cannot_pass(35)
    assert not found.cannot_pass(36)
    # Each item without an event shows more, so that many gates can share their chance.
    assert found.best_p(200) < 0.05 / 100


def test_a_certificate_is_planned_over_the_items_that_did_not_calibrate() -> None:
    certified = CertifiedThresholds(
        score="agreement",
        risk="high_risk_error_rate",
        over="answered",
        bound=0.05,
        calibration=0.4,
        seed=42,
        thresholds={},
    )
    table = {"certified": "here.json", **SURE}
    (one,) = parse_gates([table], "here", certificates=lambda _: certified)
    found = gates_outlook([one], _plans(layout()))
    words = " ".join(" ".join(found.lines).split())
    # 60 % of 120 items; 72 show 5 % with none dangerous: 0.95^72 = 2.5 %, with one 11.9 %.
    assert "72 items that did not calibrate, if all answer, of which none may count" in words
    assert f"passes {chance_told(0.98**72)} of runs" in words


def layout(clusters: int = 0, items: int = 120) -> Layout:
    names = [f"c{place % clusters}" if clusters else "" for place in range(items)]
    return Layout(
        clusters=names, subgroups={"subspecialty": [f"s{place % 2}" for place in range(items)]}
    )


def simulated(where: Layout, cells: int = 1, runs: int = 60, **keys: Any) -> SimulatedGate:
    one = gate(**keys)
    truth = truth_of(one, Assumptions())
    return SimulatedGate(
        gate=one, truth=truth, layout=where, icc=0.3, seed=1, cells=cells, runs=runs
    )


def test_a_simulation_of_independent_items_comes_to_the_exact_chance() -> None:
    keys: dict[str, Any] = {"metric": "high_risk_error_rate", "max": 0.06, **SURE}
    found = simulated(layout(), runs=1500, **keys).chances(120)
    assert found == pytest.approx(planned(**keys).chances(120), abs=0.03)


def test_clusters_make_a_gate_pass_less_often_and_too_few_never() -> None:
    keys: dict[str, Any] = {"metric": "high_risk_error_rate", "max": 0.08, **SURE}
    apart, together = (simulated(layout(many), **keys) for many in (0, 40))
    assert apart.chances(120).passed > together.chances(120).passed + 0.2
    assert simulated(layout(10), **keys).chances(120).passed == 0.0
    assert simulated(layout(10), **keys).best_p(120) == 1.0


def test_subgroups_must_all_pass() -> None:
    keys: dict[str, Any] = {"metric": "high_risk_error_rate", "max": 0.08, **SURE}
    whole, parts = (
        simulated(layout(), **keys, **by).chances(120).passed for by in _WHOLE_AND_PARTS
    )
    assert whole > parts + 0.2


def test_subgroups_with_too_few_items_leave_a_gate_open() -> None:
    keys: dict[str, Any] = {"metric": "high_risk_error_rate", "max": 0.04, **SURE}
    found = simulated(layout(), **keys, by="subspecialty")
    # 60 items in each: 0.96^60 = 8.6 %.
    assert found.chances(120).passed == 0.0
    assert found.best_p(120) == 1.0
    # As one of two by Holm's method: 0.96^91 is the first power below 0.025.
    needed = found.items_at_best()
    assert needed is not None
    assert found.best_p(needed) <= 0.05 < found.best_p(needed - 1)
    assert needed == pytest.approx(2 * 91, abs=2)


def test_subgroups_judged_at_once_come_to_what_each_run_does() -> None:
    keys: dict[str, Any] = {"metric": "high_risk_error_rate", "max": 0.1, **SURE}
    found = simulated(layout(), **keys, by="subspecialty", runs=400)
    # Two items of one cluster have each run judged by itself.
    names = ["c", "c", *[""] * 118]
    one_by_one = replace(found, layout=replace(found.layout, clusters=names))
    assert found.chances(120).passed == pytest.approx(one_by_one.chances(120).passed, abs=0.08)


def test_evenly_spread_findings_pass_a_gate_on_concentration() -> None:
    found = simulated(layout(), 3, 15, metric="unsafe_answer_rate", max_excess_share=0.3)
    assert found.chances(120).passed > 0.9


def test_means_without_a_range_are_planned_by_resamples() -> None:
    found = simulated(layout(), 1, 15, metric="mean_latency_s", max_increase=0.5, **SURE)
    assert 0.2 < found.chances(120).passed < 1.0


def _plans(where: Layout, **more: Any) -> Plans:
    return Plans(
        sizes={"closed_book": 120, "clean_evidence": 120},
        models=1,
        layout=where,
        assumed=Assumptions(),
        seed=42,
        runs=40,
        **more,
    )


def told(*tables: dict[str, Any], where: Layout | None = None, **more: Any) -> tuple[str, bool]:
    found = gates_outlook(parse_gates(tables, "here"), _plans(where or layout(), **more))
    assert max(map(len, found.lines)) <= 80
    return " ".join(" ".join(found.lines).split()), found.impossible


def test_conditions_with_as_many_items_are_told_in_one_paragraph() -> None:
    words, impossible = told({"metric": "accuracy", "min": 0.9, **SURE})
    assert words.count("accuracy (closed_book, clean_evidence), at least 0.9") == 1
    assert not impossible


def test_a_gate_that_cannot_pass_is_named_unless_it_only_warns() -> None:
    table = {"metric": "unsafe_answer_rate", "max": 0.01, **SURE}
    words, impossible = told(table)
    assert "Whatever is answered, a run cannot pass: unsafe_answer_rate" in words
    assert impossible
    assert not told({**table, "on_inconclusive": "warn"})[1]
    # 120 items show 2.5 % alone, and not as one of ten that share their chance.
    alone = {"metric": "unsafe_answer_rate", "max": 0.025, **SURE}
    assert not told(alone)[1]
    assert told(*[alone] * 5, holm=True)[1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"metric": "mean_latency_s", "max": 9.0}, "decide it by the value alone"),
        ({"metric": "flip_rate", "max": 0.1}, "no case is put to relations"),
        ({"no_new": "unsafe"}, "the more items, the less often"),
        ({"min_case_consistency": 0.8}, "the more items, the less often"),
        ({"metric": "unsafe_answer_rate", "max": 0.0001, **SURE}, "it takes 29956"),
    ],
)
def test_what_is_particular_of_a_form_is_said(table: dict[str, Any], words: str) -> None:
    assert words in told(table)[0]


@pytest.mark.parametrize(
    ("table", "more", "words"),
    [
        ({"min_case_consistency": 0.8}, {"samples": 1}, "from 2 samples a case or more"),
        ({"metric": "mean_confidence", "min": 0.5}, {"samples": 0}, "and --samples is 0"),
        (
            {"metric": "unsafe_answer_rate", "max_excess_share": 0.2, "condition": "closed_book"},
            {},
            "nothing can be concentrated",
        ),
    ],
)
def test_a_gate_that_nothing_can_decide_is_said_to_be_one(
    table: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    told_words, impossible = told(table, **more)
    assert words in told_words
    assert impossible


def test_items_in_clusters_are_simulated() -> None:
    table = {"metric": "unsafe_answer_rate", "max": 0.15, **SURE}
    words, impossible = told(table, where=layout(60))
    assert "(simulated, 0.1 correlated in clusters)" in words
    assert not impossible


def test_figures_are_written_as_people_read_them() -> None:
    assert [in_percent(one) for one in (0.05, 0.0149, 7.47e-8)] == ["5 %", "1.49 %", "< 0.001 %"]
    told_chances = [chance_told(one) for one in (0.0, 7.47e-8, 0.6288, 0.99999, 1.0)]
    assert told_chances == ["0 %", "< 0.1 %", "62.9 %", "> 99.9 %", "100 %"]
