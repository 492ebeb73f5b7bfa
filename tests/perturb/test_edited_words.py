"""Families that edit words, numbers and sides: what they make of them, and what they spare."""

from __future__ import annotations

import pytest

from pytest_safescale.perturb.edits.edit import Patch
from pytest_safescale.perturb.families.catalogue import (
    FAMILIES,
    Material,
    NotApplicable,
    typos,
    units,
)
from tests.perturb.draws import drawn, lines
from tests.perturb.planted import BARE


@pytest.mark.parametrize(
    ("question", "fact", "numbers"),
    [
        # Beyond 3 months: 4.5; in weeks that is 13.04 weeks, and so 20 beyond it.
        ("It has been there for 3 months.", "Up to 1 month is watched.", {"4.5"}),
        ("It has been there for 3 months.", "Up to 6 weeks is watched.", {"20"}),
        # 52 mm are 5.2 cm, below the limit: half of them.
        ("It measures 52 mm.", "5.5 cm or more is treated.", {"2.6"}),
        ("The dose was 0.02 mSv.", "The limit is 0.01 mSv.", {"0.03"}),
        ("It was 2 ml.", "More than 1.5 mL is drained.", {"3"}),
        # Nothing of its kind is asked: halved, doubled, or by a factor of ten.
        ("A patient of 60 kg.", "6 mm or more is treated.", {"12", "3", "60", "0.6"}),
        # Beyond what is 0 there is nothing.
        ("It was 0 mm.", "0 mm is normal.", set()),
    ],
)
def test_a_threshold_passes_the_value_in_question_in_its_own_unit(
    question: str, fact: str, numbers: set[str]
) -> None:
    item = BARE.model_copy(update={"question": question, "key_fact": fact})
    strategy = FAMILIES["threshold"].on(Material.of(item, fact))
    if isinstance(strategy, NotApplicable):
        found = set()
    else:
        found = {edit.new for some in drawn(strategy) for edit in some if isinstance(edit, Patch)}
    assert found == numbers


def test_a_side_in_capitals_turns_to_the_other_in_capitals() -> None:
    text = "The LEFT kidney is absent. Right KIDNEY. The left-sided one too."
    found = lines(FAMILIES["laterality"], BARE.model_copy(update={"clean_evidence": text}))
    assert found == {
        "sentence 1: 'LEFT' becomes 'RIGHT'",
        "sentence 2: 'Right' becomes 'Left'",
        "sentence 3: 'left-sided' becomes 'right-sided'",
    }


def test_typing_errors_spare_terms_of_the_question_guarded_words_and_other_words() -> None:
    # "modern" misread is "modem", which the text holds: then it is no typing error any more.
    text = "Two is right. A modern modem stands between this nodule and another without clarity."
    item = BARE.model_copy(update={"question": "Which nodule is meant?"})
    found = lines(typos, item.model_copy(update={"clean_evidence": text}))
    words = {line.split("'")[1] for line in found}
    assert words.isdisjoint({"nodule", "without", "between"})
    assert not any("becomes 'modem'" in line for line in found)
    assert "clarity" in words


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("15 mm", {"1.5 cm", "15mm"}),
        ("1.5 cm", {"15 mm", "1.5cm"}),
        ("0.5 g", {"500 mg"}),
        ("48 hours", {"2 days"}),
        ("24 hours", set()),  # one day would want another grammar
        ("2 hours", {"120 minutes", "two hours"}),
        ("4 weeks", {"28 days", "four weeks"}),
        ("30 percent", {"30%"}),
        ("6mm", {"6 mm", "six mm", "0.6 cm"}),
    ],
)
def test_units_keep_the_value(text: str, forms: set[str]) -> None:
    strategy = units.on(Material.of(BARE, f"Two is right. It was {text} then."))
    if isinstance(strategy, NotApplicable):
        found = set()
    else:
        patches = [edit for edits in drawn(strategy) for edit in edits]
        found = {edit.new for edit in patches if isinstance(edit, Patch)}
    assert found == forms
