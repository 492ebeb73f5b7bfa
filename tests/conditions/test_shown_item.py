"""An item as a prompt profile shows it, and what its letters mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_safescale.answers.answer import Answer, AnswerForm, AnswerState
from pytest_safescale.conditions.profiles import PromptProfile, plain_profile
from pytest_safescale.conditions.prompt import default_prompt
from pytest_safescale.conditions.shown_item import shown_item
from pytest_safescale.dataset.item import Item, Option

ITEM = Item(
    id="1",
    question="What next?",
    options=(
        Option(letter="A", text="Wait", unsafe=True),
        Option(letter="B", text="Drain"),
        Option(letter="C", text="Scan", high_risk=True),
    ),
    answer="B",
)
PLAIN = plain_profile(default_prompt())


def adding(place: str) -> PromptProfile:
    return replace(PLAIN, name="mine", abstain_option="None is safe", abstain_place=place)


def test_the_plain_profile_shows_the_item_itself() -> None:
    shown = shown_item(ITEM, PLAIN, seed=1)
    assert shown.item is ITEM
    assert shown.abstains is None
    answer = Answer(letter="C", form=AnswerForm.ALONE)
    assert shown.in_item(answer) == answer


def test_the_added_option_stands_last_and_abstains() -> None:
    shown = shown_item(ITEM, adding("last"), seed=1)
    assert [option.text for option in shown.item.options][-1] == "None is safe"
    assert shown.item.options[:3] == ITEM.options
    found = shown.in_item(Answer(letter="D", form=AnswerForm.ALONE))
    assert (found.letter, found.form) == (None, AnswerForm.ABSTAIN_OPTION)
    assert found.state is AnswerState.ABSTAINED


def test_shuffled_it_takes_every_place_and_letters_keep_their_meaning() -> None:
    places = set()
    for number in range(60):
        item = ITEM.model_copy(update={"id": str(number)})
        shown = shown_item(item, adding("shuffled"), seed=7)
        places.add(shown.abstains)
        for option in shown.item.options:
            found = shown.in_item(Answer(letter=option.letter, form=AnswerForm.ALONE))
            text = "None is safe" if found.letter is None else item.option(found.letter).text
            assert option.text == text
        assert shown.item.option(shown.item.answer).text == "Drain"
    assert places == set("ABCD")


def test_the_place_depends_on_the_seed_and_is_drawn_again_alike() -> None:
    items = [ITEM.model_copy(update={"id": str(number)}) for number in range(30)]
    drawn = {
        seed: [shown_item(item, adding("shuffled"), seed=seed).abstains for item in items]
        for seed in (1, 2)
    }
    again = [shown_item(item, adding("shuffled"), seed=1).abstains for item in items]
    assert drawn[1] == again != drawn[2]


def test_the_item_with_one_more_option_is_another_item() -> None:
    assert ITEM.content_sha256  # kept in the item once it was computed
    shown = shown_item(ITEM, adding("last"), seed=1)
    assert shown.item.content_sha256 != ITEM.content_sha256


@pytest.mark.parametrize("letter", [None, "E"])
def test_no_letter_and_a_stranger_stay_what_they_are(letter: str | None) -> None:
    answer = Answer(letter=letter, form=AnswerForm.NOT_AN_OPTION)
    assert shown_item(ITEM, adding("shuffled"), seed=1).in_item(answer) == answer
