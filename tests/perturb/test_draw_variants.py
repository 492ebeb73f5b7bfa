from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from pytest_safescale.perturb.edits.edit import InsertText, Variant
from pytest_safescale.perturb.families.catalogue import FAMILIES, Edits, Material, NotApplicable
from pytest_safescale.perturb.search.draw_variants import MOST_IN_A_CASE, draw_variants
from tests.perturb.planted import NO_DATABASE, NODULE, evidence

MATERIAL = Material.of(NODULE, evidence(NODULE))


def drawn(strategy: st.SearchStrategy[Edits], wanted: int = 20, number: int = 1) -> list[Variant]:
    return draw_variants(
        strategy, MATERIAL.variant, wanted=wanted, number=number, hypothesis_settings=NO_DATABASE
    )


def on_material(family: str, *, whole: bool = False) -> st.SearchStrategy[Edits]:
    strategy = FAMILIES[family].on(Material.of(NODULE, evidence(NODULE), whole=whole))
    assert not isinstance(strategy, NotApplicable)
    return strategy


@pytest.mark.parametrize("family", ["typos", "contradiction", "irrelevant_around", "layout"])
@pytest.mark.parametrize("wanted", [1, 7, 20, 100])
def test_as_many_variants_are_drawn_as_are_wanted_all_different_and_none_cut(
    family: str, wanted: int
) -> None:
    variants = drawn(on_material(family), wanted)
    assert len({variant.key for variant in variants}) == len(variants) == wanted
    assert not any(edit.cut for variant in variants for edit in variant.edits)


def test_a_small_family_is_drawn_to_its_end() -> None:
    # Four options can be lettered on by one, two and three places.
    for number in range(20):
        assert len(drawn(on_material("option_letters"), number=number)) == 3


@pytest.mark.parametrize(
    "nothing", [st.nothing(), on_material("typos").filter(lambda edits: not edits)]
)
def test_a_strategy_that_draws_nothing_gives_no_variant(nothing: st.SearchStrategy[Edits]) -> None:
    assert drawn(nothing) == []


def test_variants_of_very_many_choices_are_drawn_though_few_fit_a_test_case_and_no_more() -> None:
    numbers = st.lists(st.integers(0, 9), min_size=1500, max_size=1500)
    made: list[int] = []

    def insert(some: list[int]) -> Edits:
        made.append(1)
        return (InsertText(family="long", at=0, words=tuple(map(str, some)), of=1500),)

    assert len(drawn(numbers.map(insert), wanted=12)) == 12
    assert len(made) < 12 + MOST_IN_A_CASE


def test_texts_are_put_in_whole_for_a_search_and_may_be_cut_elsewhere() -> None:
    cuts = {
        whole: any(
            edit.cut
            for variant in _every(on_material("contradiction", whole=whole))
            for edit in variant
        )
        for whole in (True, False)
    }
    assert cuts == {True: False, False: True}


def _every(strategy: st.SearchStrategy[Edits]) -> list[Edits]:
    """Return all that a search would draw, before cut edits are passed over."""
    seen: list[Edits] = []

    def note(edits: Edits) -> bool:
        seen.append(edits)
        return True

    drawn(strategy.filter(note), wanted=60)
    return seen


def test_what_a_profile_says_of_examples_and_phases_changes_nothing() -> None:
    strategy = on_material("typos")
    odd = settings(NO_DATABASE, max_examples=1, phases=[], derandomize=True)
    variants = draw_variants(
        strategy, MATERIAL.variant, wanted=20, number=1, hypothesis_settings=odd
    )
    assert variants == drawn(strategy)
