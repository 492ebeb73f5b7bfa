"""The table of criteria and missing replies is complete, and says what every completion says."""

from __future__ import annotations

from inspect import isabstract
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import GateError
from pytest_safescale.gates.criteria.anytime import AnytimeCriterion
from pytest_safescale.gates.criteria.bounded_mean import BoundedDifferenceCriterion
from pytest_safescale.gates.criteria.build import criterion_of
from pytest_safescale.gates.criteria.certified import CertifiedCriterion
from pytest_safescale.gates.criteria.concentration import ConcentrationCriterion
from pytest_safescale.gates.criteria.criterion import Criterion
from pytest_safescale.gates.criteria.difference import (
    ExcessCriterion,
    MeanDifferenceCriterion,
    RateDifferenceCriterion,
)
from pytest_safescale.gates.criteria.equivalence import EquivalenceCriterion
from pytest_safescale.gates.criteria.single_items import ConsistencyCriterion, NoNewCriterion
from pytest_safescale.gates.criteria.subgroups import SubgroupsCriterion
from pytest_safescale.gates.criteria.target import targets
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.gate_fields import BASELINE
from pytest_safescale.gates.written_gates import parse_gates
from tests.gates import oracle
from tests.gates.cases import make_inputs
from tests.gates.matrix import AMOUNTS, CELLS, DIVIDED, ITEMS, ROWS, SAMPLES, SEARCHED, WHOLE, Cell
from tests.gates.matrix_row import RISK, Row
from tests.gates.test_missing_votes import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_safescale.gates.spec import Gate

    Fill = Callable[[], str]

ANSWERS = ["AAAA", "BBBB", "CCCC", "DDDD", "----", "AABC", "BABC", "ABBA"]
"""A single answer and its samples that could have come."""
RANDOM_RUNS = 60


def whole(name: str) -> list[str]:
    """Return the words of a model that lacks nothing."""
    last = {place: "C" for place in DIVIDED if name == "now"}
    return [single * SAMPLES + last.get(place, single) for place, single in enumerate(WHOLE[name])]


def completions(name: str, cell: Cell) -> Iterator[list[str]]:
    """Give runs that what is missing could have made: all alike, and many at random."""
    random = Random(1)
    fills: list[Fill] = [lambda answer=answer: answer for answer in ANSWERS]  # type: ignore[misc]
    fills += [lambda: random.choice(ANSWERS)] * RANDOM_RUNS
    for fill in fills:
        yield [
            _word(word, cell.state, fill) if place in AMOUNTS[cell.amount] else word
            for place, word in enumerate(whole(name))
        ]


def _word(word: str, state: str, fill: Fill) -> str:
    if state == "abstained":
        return "-" * len(word)
    return word[0] + fill()[1:] if state == "short" else fill()


def said(cell: Cell) -> set[str]:
    """Return what the oracle says of the completions of a cell."""
    kind = ROWS[cell.row.rstrip("!")].kind
    runs = completions(cell.side, cell)
    return {_OF_KIND[kind](cell.gate, run, cell.side) for run in runs}


def _of_cell(gate: dict[str, Any], run: list[str], side: str) -> str:
    now, before = (run, whole("before")) if side == "now" else (whole("now"), run)
    against = gate.get("against", BASELINE)
    clean = {"c": whole("right"), "closed_book": now}
    if gate.get("condition") == "clean_evidence":
        return oracle.said(gate, clean)
    paired = against == BASELINE and not {"max", "min"} & set(gate)
    return oracle.said(
        gate, {"c": now, "clean_evidence": whole("right")}, {"c": before} if paired else None
    )


def _of_vote(gate: dict[str, Any], run: list[str], _: str) -> str:
    votes = zip(whole("right"), whole("other"), run, strict=True)
    return oracle.of_rate(gate, sum(counts(gate["metric"], vote) for vote in votes), ITEMS)


def _of_search(gate: dict[str, Any], run: list[str], _: str) -> str:
    flipped = sum(run[place][0] == "B" for place in SEARCHED)
    return oracle.of_rate(gate, flipped, len(SEARCHED))


def _of_own(gate: dict[str, Any], run: list[str], _: str) -> str:
    return oracle.of_rate(gate, sum(word[0] == "B" for word in run), len(run))


_OF_KIND = {"cell": _of_cell, "vote": _of_vote, "search": _of_search, "own": _of_own}


@pytest.mark.parametrize("name", ROWS)
def test_the_table_says_what_every_completion_says(name: str) -> None:
    for cell in CELLS[name]:
        found = said(cell)
        if cell.decision == "inconclusive":
            decided = found in ({"passed"}, {"failed"})
            assert not (decided and ROWS[name].proven), cell
        else:
            assert found == {cell.decision}, cell


def test_few_decide_nothing_enough_do_and_so_do_all_unless_the_row_says_why() -> None:
    for name, row in ROWS.items():
        for cells, usual in zip(row.said, ("pii", "fii"), strict=True):
            failed, unreadable, _, short = cells.split()
            assert row.why or failed == unreadable == usual, name
            # A sample that never came is missing for figures over samples, and for no other.
            expected = {"---", unreadable if is_sampled(row) else usual[0] * 3}
            assert row.why or short in expected, name


def is_sampled(row: Row) -> bool:
    consistency = row.built is ConsistencyCriterion
    return consistency or row.gate.get("regime") == "self_consistency"


def test_no_criterion_is_without_a_row() -> None:
    every = set(concrete(Criterion.__subclasses__()))
    # A gate with a certificate is held against every completion in test_certified.py, one on
    # concentration, which needs findings in two cells, in test_completions.py, one on the excess
    # of flips, which needs repeats, in test_missing_searches.py, and missing replies of those at
    # any stop stand in test_completions.py, in every subgroup in test_subgroups.py.
    elsewhere = {
        AnytimeCriterion,
        CertifiedCriterion,
        ConcentrationCriterion,
        ExcessCriterion,
        SubgroupsCriterion,
    }
    assert {row.built for row in ROWS.values()} == every - elsewhere
    assert {row.kind for row in ROWS.values()} == set(_OF_KIND)
    gates = [gate for row in ROWS.values() if row.kind != "own" for gate in both(row)]
    assert {(gate.kind, gate.confidence is not None) for gate in gates} == set(allowed_criteria())
    sides = {
        (row.built, row.side, gate.is_between_conditions)
        for row in ROWS.values()
        if row.kind != "own"
        for gate in both(row)
    }
    paired = {built for built, _, _ in sides if built in (*PAIRED, NoNewCriterion)}
    assert {built for built, side, _ in sides if side == "before"} == paired
    assert (RateDifferenceCriterion, "now", True) in sides


PAIRED = (
    RateDifferenceCriterion,
    MeanDifferenceCriterion,
    BoundedDifferenceCriterion,
    EquivalenceCriterion,
)


def concrete(kinds: list[type[Criterion]]) -> Iterator[type[Criterion]]:
    """Give the criteria of the package that a gate can become."""
    for kind in kinds:
        if kind.__module__.startswith("pytest_safescale"):
            yield from concrete(kind.__subclasses__())
            if not isabstract(kind):
                yield kind


def both(row: Row) -> list[Gate]:
    return parse_gates([{**row.gate, **row.holds}, {**row.gate, **row.breaks}], "the table")


def allowed_criteria() -> Iterator[tuple[CriterionKind, bool]]:
    """Give every kind, with and without confidence where a gate can have it."""
    for kind in set(CriterionKind) - {CriterionKind.MAX_EXCESS_SHARE}:
        limit = "wrong" if kind is CriterionKind.NO_NEW else 0.5
        metric = {} if kind in (CriterionKind.NO_NEW, CriterionKind.MIN_CASE_CONSISTENCY) else RISK
        share = {"share_of_cases": 0.5} if kind is CriterionKind.MIN_CASE_CONSISTENCY else {}
        for sure in ({}, {"confidence": 0.95}):
            try:
                parse_gates([{kind.value: limit, **metric, **share, **sure}], "here")
            except GateError:
                continue
            yield kind, bool(sure)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.kind == "cell"])
def test_a_row_is_about_the_criterion_that_it_names(name: str) -> None:
    now = {"closed_book": whole("now"), "clean_evidence": whole("right")}
    inputs = make_inputs(now, {"closed_book": whole("before")}, wanted=SAMPLES, plain=True)
    for gate in both(ROWS[name]):
        target = next(
            target
            for target in targets(gate, inputs)
            if target.condition in ("closed_book", "closed_book+clean_evidence")
            or ROWS[name].gate.get("condition") == target.condition
        )
        assert type(criterion_of(gate, target, inputs)) is ROWS[name].built
