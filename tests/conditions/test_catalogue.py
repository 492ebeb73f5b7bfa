from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from pytest_safescale.conditions.catalogue import (
    CONDITIONS,
    RELEASE_NAMES,
    SIX,
    conditions_named,
    known_conditions,
)
from pytest_safescale.conditions.from_item import ClosedBook, EvidenceCondition
from pytest_safescale.errors import SettingsError

MINE = EvidenceCondition(name="mine", summary="Mine.", evidence=lambda item: item.source)


def test_the_six_stand_in_the_protocols_order() -> None:
    assert SIX == (
        "closed_book",
        "clean_evidence",
        "conflict_evidence",
        "standard_rag",
        "agentic_rag",
        "max_context",
    )


def test_every_condition_is_found_under_its_own_name_and_says_what_it_shows() -> None:
    for name, condition in CONDITIONS.items():
        assert condition.name == name
        assert condition.summary.endswith(".")


def test_every_name_of_the_release_is_one_of_ours() -> None:
    assert set(RELEASE_NAMES.values()) <= set(CONDITIONS)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["closed_book"], ["closed_book"]),
        (["top_10"], ["standard_rag"]),
        (
            ["zero_shot", "context_max", "deep_research"],
            ["closed_book", "max_context", "agentic_rag"],
        ),
        (["top_5", "standard_rag", "top_5", "top_10"], ["top_5", "standard_rag"]),
        (["mine", "top_1"], ["mine", "top_1"]),
        ([], []),
    ],
)
def test_conditions_are_chosen_by_either_name_once_and_in_order(
    names: list[str], chosen: list[str]
) -> None:
    assert [condition.name for condition in conditions_named(names, [MINE])] == chosen


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("closd_book", " (did you mean 'closed_book'?)"),
        ("zero-shot", " (did you mean 'zero_shot'?)"),
        ("xyz", ""),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_the_allowed(name: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        conditions_named([name])
    assert (
        str(caught.value) == f"unknown condition {name!r}{hint}; allowed: {', '.join(CONDITIONS)}"
    )


@pytest.mark.parametrize("taken", ["top_1", "top_10", "zero_shot"])
def test_a_condition_of_ones_own_cannot_take_a_built_in_name(taken: str) -> None:
    twin = EvidenceCondition(name=taken, summary="", evidence=lambda item: item.source)
    with pytest.raises(SettingsError, match=f"condition '{taken}' is defined already"):
        conditions_named([], [twin])


def test_a_condition_of_ones_own_cannot_be_taken_for_one_with_a_prompt_profile() -> None:
    named = ClosedBook(name="mine/verify")
    with pytest.raises(SettingsError, match="condition 'mine/verify'; allowed: a name without /"):
        conditions_named([], [named])


@dataclass(frozen=True, kw_only=True)
class Searching(ClosedBook):
    """A condition of the user's own that tells that it searches."""

    name: str = "searching"
    retrieves: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["closed_book", "clean_evidence", "mine"], ["closed_book", "clean_evidence", "mine"]),
        (["top_10", "mine"], ["standard_rag", "standard_rag_repaired", "mine"]),
        (["standard_rag_repaired"], ["standard_rag_repaired"]),
        (
            ["standard_rag_repaired", "closed_book", "standard_rag"],
            ["standard_rag_repaired", "closed_book", "standard_rag"],
        ),
        (["searching", "top_1_repaired"], ["searching", "searching_repaired", "top_1_repaired"]),
    ],
)
def test_with_a_plan_what_retrieves_has_its_repaired_one_behind_it(
    names: list[str], chosen: list[str]
) -> None:
    found = conditions_named(names, [MINE, Searching()], with_repaired=True)
    assert [condition.name for condition in found] == chosen


def test_the_conditions_that_retrieve_are_those_that_have_a_repaired_one() -> None:
    beside = {*known_conditions(with_repaired=True)} - {*CONDITIONS}
    without = {"closed_book", "clean_evidence", "conflict_evidence"}
    assert beside == {f"{name}_repaired" for name in CONDITIONS if name not in without}


def test_repaired_conditions_are_known_with_a_plan_alone() -> None:
    with pytest.raises(
        SettingsError, match=r"allowed with a plan of repairs \(--safescale-corpus-"
    ):
        conditions_named(["standard_rag_repaired"])
    with pytest.raises(SettingsError, match="unknown condition 'closed_book_repaired'"):
        conditions_named(["closed_book_repaired"], with_repaired=True)


@pytest.mark.parametrize("with_repaired", [False, True])
def test_no_condition_of_ones_own_has_such_a_name(with_repaired: bool) -> None:
    own = EvidenceCondition(name="mine_repaired", summary="M.", evidence=lambda item: item.source)
    with pytest.raises(SettingsError, match="the name of one over a repaired corpus; rename yours"):
        conditions_named(["closed_book"], [own], with_repaired=with_repaired)
