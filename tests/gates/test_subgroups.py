"""Gates held in every subgroup: the worst one, too few cases, Holm over them, missing replies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import GateError
from pytest_safescale.gates.requirements import require_of_items
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.statistics.intervals import upper_bound
from tests.conditions.fakes import an_item
from tests.gates.cases import make_inputs, result_of, words

if TYPE_CHECKING:
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.result import GateResult

RATE = {"metric": "high_risk_error_rate", "max": 0.1, "by": "subspecialty"}
SURE = {**RATE, "confidence": 0.95}


def _inputs(parts: dict[str, list[str]], before: dict[str, list[str]] | None = None) -> GateInputs:
    """Return the inputs of items by subspecialty, of one or two conditions."""
    rows = {"now": [word for some in parts.values() for word in some]}
    if before is not None:
        rows["before"] = [word for some in before.values() for word in some]
    inputs = make_inputs(rows)
    names = [name for name, some in parts.items() for _ in some]
    assert inputs.panel is not None
    by_id = {f"i{place:02d}": name for place, name in enumerate(names)}
    items = tuple(replace(item, subspecialty=by_id[item.id]) for item in inputs.panel.items)
    return replace(inputs, panel=replace(inputs.panel, items=items))


def _of(result: GateResult, name: str) -> Any:
    return next(row for row in result.subgroups if row.name == name)


def test_the_worst_subgroup_fails_the_gate_and_is_named() -> None:
    parts = {"chest": words(A=38, B=2), "brain": words(A=16, B=4), "bone": words(A=40)}
    result = result_of(_inputs(parts), **RATE)
    assert (result.decision.value, result.value, result.subgroup) == ("failed", 0.2, "brain")
    assert "is 0.2 over 20 cases in brain, the worst of 3 by subspecialty" in result.sentence
    assert "at most 0.1 in every subspecialty" in result.sentence
    assert [row.name for row in result.subgroups] == ["bone", "brain", "chest"]
    assert result.items == ("i56", "i57", "i58", "i59", "i38", "i39")
    together = {key: value for key, value in RATE.items() if key != "by"}
    assert result_of(_inputs(parts), **together).decision.value == "passed"


def test_holm_holds_the_subgroups_together() -> None:
    # 0 of 40 has a p of 0.9^40 = 0.0148, which is passed alone and twice the 0.05 / 3 of three.
    parts = {name: words(A=40) for name in ("bone", "brain", "chest")}
    p_value = 0.9**40
    result = result_of(_inputs(parts), **SURE)
    assert result.p_value == pytest.approx(3 * p_value)
    assert [row.p_holm for row in result.subgroups] == pytest.approx([3 * p_value] * 3)
    assert result.decision.value == "passed"
    assert result.bound == pytest.approx(upper_bound(0, 40, 0.95))
    four = result_of(_inputs({**parts, "heart": words(A=40)}), **SURE)
    assert four.p_value == pytest.approx(4 * p_value)
    assert four.decision.value == "inconclusive"
    assert "not shown in bone (40), brain (40), chest (40), heart (40)" in four.sentence
    assert four.items_needed is not None


def test_subgroups_with_too_few_cases_leave_it_open_and_are_told() -> None:
    parts = {"bone": words(A=60), "brain": words(A=8, B=1), "chest": words(A=60)}
    sure, plain = (result_of(_inputs(parts), **gate) for gate in (SURE, RATE))
    for result in (sure, plain):
        assert result.decision.value == "inconclusive"
        assert result.subgroup != "brain"
        assert "too few cases to tell in brain (9)" in result.sentence
        assert _of(result, "brain").too_few
    # Nine cases beside one that fails do not save it.
    failing = {**parts, "chest": words(A=40, B=20)}
    assert result_of(_inputs(failing), **SURE).decision.value == "failed"
    only = result_of(_inputs({"brain": words(A=8, B=1), "bone": words(A=5)}), **RATE)
    assert only.sentence.endswith("no subspecialty has enough cases: bone (5), brain (9)")


def test_missing_replies_count_at_their_worst_in_their_own_subgroup() -> None:
    parts = {"bone": words(A=60), "brain": [*words(A=17, B=2), "?"]}
    result = result_of(_inputs(parts), **RATE)
    assert result.decision.value == "inconclusive"
    assert (result.value, result.worst_value, result.tipping_point) == (2 / 20, 3 / 20, 1)
    assert result.missing_items == ("i79",)
    spared = {"bone": [*words(A=59), "?"], "brain": words(A=18, B=1)}
    assert result_of(_inputs(spared), **RATE).decision.value == "passed"


def test_a_difference_is_held_in_every_subgroup() -> None:
    gate = {
        "metric": "high_risk_error_rate",
        "max_increase": 0.1,
        "against": "before",
        "condition": "now",
        "by": "subspecialty",
    }
    now = {"bone": words(A=40), "brain": words(A=15, B=5)}
    before = {"bone": words(A=38, B=2), "brain": words(A=18, B=2)}
    result = result_of(_inputs(now, before), **gate)
    assert (result.decision.value, result.subgroup) == ("failed", "brain")
    assert result.value == pytest.approx(3 / 20)


def test_items_that_name_none_are_a_subgroup_and_all_of_them_no_gate() -> None:
    result = result_of(_inputs({"bone": words(A=20), "": words(A=15, B=5)}), **RATE)
    assert result.subgroup == "(none)"
    none = result_of(make_inputs({"now": words(A=20)}), **RATE)
    assert none.sentence.endswith("not decidable, no item names its subspecialty")


def test_what_makes_no_sense_is_refused() -> None:
    for table, told in (
        ({**RATE, "by": "colour"}, "by: found 'colour'; allowed: 'subspecialty'"),
        ({"no_new": "unsafe", "by": "subspecialty"}, "by goes with max and min"),
        ({"metric": "mean_confidence", "min": 0.5, "by": "subspecialty"}, "by needs a rate"),
        ({**SURE, "sequential": "anytime"}, "leave sequential out"),
    ):
        with pytest.raises(GateError, match=told):
            parse_gates([table], "here")
    gates = parse_gates([RATE], "here")
    with pytest.raises(GateError, match="found by 'subspecialty', which no item"):
        require_of_items(gates, [an_item(subspecialty="")])
    require_of_items(gates, [an_item(subspecialty="bone")])


def test_the_record_tells_every_subgroup() -> None:
    parts = {"bone": words(A=50), "brain": words(A=28, B=2)}
    record = result_of(_inputs(parts), **SURE).record()
    assert (record["by"], record["subgroup"]) == ("subspecialty", "brain")
    assert [row["name"] for row in record["subgroups"]] == ["bone", "brain"]
    assert {row["outcome"] for row in record["subgroups"]} == {"passed", "inconclusive"}
