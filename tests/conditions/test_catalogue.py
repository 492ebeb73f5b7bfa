from __future__ import annotations

import pytest

from pytest_safescale.conditions.catalogue import CONDITIONS, RELEASE_NAMES, SIX, conditions_named
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
