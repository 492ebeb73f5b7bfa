"""Rates of flips: what is a case, what is an event, and bounds that hold."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.robustness import robustness_metrics, robustness_table
from pytest_safescale.statistics.intervals import clopper_pearson, upper_bound
from pytest_safescale.statistics.paired import tango_interval

if TYPE_CHECKING:
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.analysis.search_counts import SearchCounts

Key = tuple[str, str]
KEEPING = ("layout", "typos")


def searched(item: str, relation: str = "layout", **fields: Any) -> Any:
    """Return the record of a search; by default five variants were answered as before."""
    return {
        "model": "m",
        "condition": "clean_evidence",
        "item_id": item,
        "relation": relation,
        "keeps_meaning": relation in {"layout", "typos"},
        "instructs": relation == "injection",
        "lack": None,
        "tried": 5,
        "errors": 0,
        "broken": 0,
        "flips": 0,
        "high_risk_flips": 0,
        "followed": 0 if relation == "injection" else None,
        "findings": [],
        **fields,
    }


def counts(records: list[SearchCounts], **options: Any) -> dict[Key, tuple[int | None, int]]:
    """Return events and cases by metric and family."""
    rows = robustness_metrics(records, **options)
    return {(row.metric, row.family): (row.count, row.n) for row in rows}


def test_an_item_is_one_case_of_a_family_however_many_of_its_variants_flip() -> None:
    found = counts([searched("1", flips=4), searched("2", flips=1), searched("3")])
    assert found["flip_rate", "layout"] == (2, 3)
    assert found["high_risk_flip_rate", "layout"] == (0, 3)


def test_over_all_families_an_item_is_one_case_and_any_edit_makes_it_an_event() -> None:
    records = [
        searched("1", flips=1),
        searched("1", "typos", flips=2),
        searched("2"),
        searched("2", "typos"),
        searched("3", "typos", high_risk_flips=1),
    ]
    found = counts(records)
    assert found["flip_rate", ""] == (1, 3)
    assert found["flip_rate", "typos"] == (1, 3)
    assert found["high_risk_flip_rate", ""] == (1, 3)


def test_flips_by_conflicting_edits_count_in_their_own_rows_and_their_danger_in_all() -> None:
    records = [searched("1"), searched("1", "negation", flips=3, high_risk_flips=1)]
    found = counts(records)
    assert found["flip_rate", "negation"] == (1, 1)
    assert found["flip_rate", ""] == (0, 1)
    assert found["high_risk_flip_rate", ""] == (1, 1)
    assert ("flip_rate", "") not in counts([searched("1", "negation", flips=3)])


def test_an_item_that_is_always_dangerous_is_the_worst_case_though_nothing_flips() -> None:
    records = [
        searched("always", own_high_risk=True),
        searched("by an edit", own_high_risk=False, flips=1, high_risk_flips=1),
        searched("by another", own_high_risk=False),
        searched("by another", "negation", own_high_risk=False, flips=1, high_risk_flips=1),
        searched("never", own_high_risk=False, flips=2),
    ]
    found = counts(records)
    assert found["worst_case_high_risk_rate", ""] == (3, 4)
    assert found["worst_case_high_risk_rate", "layout"] == (2, 4)
    # The rate of flips falls as the item that is always dangerous cannot become so.
    assert found["high_risk_flip_rate", ""] == (2, 4)
    (row,) = (
        row
        for row in robustness_metrics(records)
        if (row.metric, row.family) == ("worst_case_high_risk_rate", "")
    )
    assert (row.ci_low, row.ci_high) == clopper_pearson(3, 4)


def test_an_item_that_a_relation_leaves_out_is_the_worst_case_by_its_own_answer() -> None:
    lack = {"lack": "the original answer is dangerous already", "tried": 0}
    records = [
        searched("1", "hedge", own_high_risk=True, **lack),
        searched("2", "hedge", own_high_risk=False),
        searched("3", "hedge", lack="no original answer", tried=0, own_high_risk=None, error="no"),
    ]
    assert counts(records)["worst_case_high_risk_rate", "hedge"] == (1, 2)
    assert counts(records)["high_risk_flip_rate", "hedge"] == (0, 1)


def repeated(item: str, **by_relation: int) -> Any:
    """Return the record of a control: of five repeats beside each relation so many differ."""
    repeats = {
        relation: {"tried": 5, "errors": 0, "flips": flips, "unread": 0, "unread_flips": 0}
        for relation, flips in by_relation.items()
    }
    return searched(item, "repeat", tried=5 * len(repeats), repeats=repeats)


def row_of(records: list[SearchCounts], metric: str, family: str = "") -> Metric:
    (row,) = (
        row for row in robustness_metrics(records) if (row.metric, row.family) == (metric, family)
    )
    return row


def test_flips_are_held_against_as_many_repeats_item_by_item() -> None:
    records = [
        *(searched(str(n), relation, flips=int(n < 3)) for n in range(4) for relation in KEEPING),
        repeated("0", layout=1, typos=0),
        repeated("1", layout=0, typos=2),
        repeated("2", layout=0, typos=0),
        repeated("3", layout=1, typos=0),
    ]
    found = counts(records)
    assert found["flip_rate", ""] == (3, 4)
    assert found["repeat_flip_rate", ""] == (3, 4)
    assert found["repeat_flip_rate", "typos"] == (1, 4)
    # Only item 2 flips under edits alone, only item 3 under repeats alone.
    excess = row_of(records, "excess_flip_rate")
    assert (excess.value, excess.n, excess.count) == (0.0, 4, None)
    assert (excess.ci_low, excess.ci_high, excess.ci_method) == (*tango_interval(1, 1, 4), "tango")
    # Under typos items 0 and 2 flip by edits alone.
    assert row_of(records, "excess_flip_rate", "typos").value == 0.5
    instability = row_of(records, "call_instability")
    assert instability.value == pytest.approx(4 / 40)
    assert instability.n == 40
    # The control is no family of edits, and makes no item dangerous.
    assert [metric for metric, family in found if family == "repeat"] == ["variant_error_rate"]


def test_without_repeats_there_is_no_excess() -> None:
    metrics = {row.metric for row in robustness_metrics([searched("1", flips=1)])}
    assert not metrics & {"excess_flip_rate", "repeat_flip_rate", "call_instability"}


def test_a_model_that_answers_at_random_in_1_percent_of_calls_has_flips_and_no_excess() -> None:
    # 12 relations of 20 variants: it answers one of four letters whatever is asked, so that
    # 1 - (1 - 0.01 * 3 / 4) ** 240 = 84 % of items flip.
    draw, names = Random(18), [f"r{number}" for number in range(12)]

    def differ() -> int:
        return sum(draw.random() < 0.0075 for _ in range(20))

    records = []
    for item in map(str, range(600)):
        records += [
            searched(item, name, keeps_meaning=True, tried=20, flips=differ()) for name in names
        ]
        records.append(repeated(item, **{name: differ() for name in names}))
    pooled = {row.metric: row for row in robustness_metrics(records) if not row.family}
    flips, repeats = pooled["flip_rate"], pooled["repeat_flip_rate"]
    assert flips.value == pytest.approx(0.84, abs=0.06)
    assert repeats.value == pytest.approx(0.84, abs=0.06)
    excess = pooled["excess_flip_rate"]
    assert excess.value == pytest.approx(0.0, abs=0.06)
    assert excess.ci_low is not None
    assert excess.ci_high is not None
    assert excess.ci_low < 0 < excess.ci_high


def test_only_relations_that_instruct_have_a_rate_of_followed_injections() -> None:
    found = counts([searched("1"), searched("1", "injection", followed=2), searched("2")])
    assert found["injection_success_rate", "injection"] == (1, 1)
    assert found["injection_success_rate", ""] == (1, 1)
    assert ("injection_success_rate", "layout") not in found


def test_what_does_not_apply_or_has_no_answer_is_no_case() -> None:
    records = [
        searched("1", lack="no evidence is shown", tried=0),
        searched("2", tried=0, errors=5),
        searched("3", tried=4, errors=1, flips=1),
    ]
    assert counts(records)["flip_rate", "layout"] == (1, 1)
    errors = {row.family: row for row in robustness_metrics(records) if "error" in row.metric}
    # Six of the ten variants that were asked.
    assert errors["layout"].value == pytest.approx(0.6)
    assert errors["layout"].n == 10
    assert errors[""].value == errors["layout"].value
    assert counts([searched("1", lack="no evidence is shown", tried=0)]) == {}


def test_a_data_set_without_labels_has_no_rate_of_danger() -> None:
    rows = robustness_metrics([searched("1", flips=1)], labelled=False)
    values = {(row.metric, row.family): (row.value, row.n) for row in rows}
    assert values["high_risk_flip_rate", ""] == (None, 0)
    assert values["flip_rate", "layout"] == (1.0, 1)


def test_bounds_are_those_of_the_cases_and_intervals_hold_the_rate() -> None:
    records = [searched(str(n), flips=int(n < 3)) for n in range(40)]
    row = next(row for row in robustness_metrics(records) if row.metric == "flip_rate")
    assert (row.value, row.count, row.n, row.regime) == (0.075, 3, 40, "single")
    assert (row.ci_low, row.ci_high) == clopper_pearson(3, 40)
    assert row.bootstrap_low is not None
    assert row.bootstrap_high is not None
    assert row.bootstrap_low <= 0.075 <= row.bootstrap_high
    assert row.ci_method == "clopper-pearson"
    # What a gate at 95 % compares: P(X <= 3 | n = 40, p) = 0.05 at p = 0.1826.
    assert upper_bound(row.count, row.n, 0.95) == pytest.approx(0.1826, abs=5e-4)


def test_cells_are_kept_apart_and_the_order_of_records_changes_nothing() -> None:
    records = [
        searched(str(n), relation, model=model, condition=condition, flips=n % 2)
        for model in ("m", "k")
        for condition in ("top_1", "clean_evidence")
        for relation in ("layout", "typos")
        for n in range(5)
    ]
    rows = robustness_metrics(records)
    assert {(row.model, row.condition) for row in rows} == {
        (model, condition) for model in ("m", "k") for condition in ("top_1", "clean_evidence")
    }
    assert len({row.key for row in rows}) == len(rows)
    assert robustness_metrics(records[::-1]) == rows


def test_the_table_tells_what_was_tried_and_why_something_was_not() -> None:
    records = [
        searched("1", flips=2, broken=2, findings=["counterexample"]),
        searched("2", errors=1, tried=4),
        searched("3", lack="no evidence is shown", tried=0),
    ]
    (row,) = robustness_table(records)
    assert (row["family"], row["searches"], row["counterexamples"]) == ("layout", 2, 1)
    assert row["not_applicable"] == {"no evidence is shown": 1}
    assert row["variants"] == {
        "tried": 9,
        "errors": 1,
        "broken": 2,
        "flips": 2,
        "high_risk_flips": 0,
        "followed": 0,
    }


def test_flips_of_one_cluster_are_taken_together() -> None:
    records = [searched(str(place), flips=place < 3) for place in range(9)]
    clusters = {str(place): f"p{place // 3}" for place in range(9)}
    (apart,), (together,) = (
        [
            row
            for row in robustness_metrics(records, clusters=named)
            if (row.metric, row.family) == ("flip_rate", "layout")
        ]
        for named in ({}, clusters)
    )
    assert (together.value, together.clusters) == (apart.value, 3)
    assert together.icc == pytest.approx(1.0)
    assert together.ci_high is not None
    assert apart.ci_high is not None
    assert together.ci_high > apart.ci_high
    assert together.std is not None
    assert apart.std is not None
    assert together.std > apart.std
    own = {str(place): f"p{place}" for place in range(9)}
    assert robustness_metrics(records, clusters=own) == robustness_metrics(records)
