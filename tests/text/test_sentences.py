from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.dataset.item import Option
from pytest_safescale.perturb.deciding_sentences import carriers
from pytest_safescale.text.sentences import content_words, split
from tests.perturb.planted import BARE, NODULE, evidence, sample


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("A size of 1.5 cm counts. So does 2 cm.", ["A size of 1.5 cm counts.", "So does 2 cm."]),
        ("See e.g. Smith vs. Jones. Next.", ["See e.g. Smith vs. Jones.", "Next."]),
        ("Title\nBody of it. More.", ["Title", "Body of it.", "More."]),
        ("He said (twice.) Then left.", ["He said (twice.)", "Then left."]),
        ("no full stop", ["no full stop"]),
        ("\n\n  First.  ", ["\n\n  First."]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_a_text_is_split_at_the_ends_of_sentences_and_lines(text: str, bodies: list[str]) -> None:
    assert [part.body for part in split(text)] == bodies


@given(st.text(alphabet="ab. \n!?)AB1"))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    parts = split(text)
    assert "".join(part.text for part in parts) == (text if text.strip() else "")
    assert [part.number for part in parts] == list(range(len(parts)))


def test_titles_paragraphs_and_sentences_that_lean_are_known() -> None:
    parts = split("Title\nA tube ends high. Such a tube is moved.\n\nThis begins a paragraph.")
    assert [part.paragraph for part in parts] == [0, 1, 1, 2]
    assert [part.heading for part in parts] == [True, False, False, False]
    assert [part.leans for part in parts] == [False, False, True, False]


def test_the_key_fact_is_found_however_it_is_spaced() -> None:
    spaced = evidence(NODULE).replace("is controlled by", "is controlled\nby")
    # A line break inside the fact makes two sentences of it: both carry it.
    assert carriers(NODULE, evidence(NODULE)) == (frozenset({2}), True)
    assert carriers(NODULE, spaced) == (frozenset({2, 3}), True)


def test_without_the_key_fact_whatever_speaks_of_an_option_may_decide() -> None:
    text = "The weather was fine. Further imaging was done. Resection is rare."
    assert carriers(NODULE, text) == (frozenset({1, 2}), False)
    # Where nothing speaks of an option, everything may decide.
    assert carriers(BARE, text) == (frozenset({0, 1, 2}), False)
    assert carriers(BARE, "") == (frozenset(), False)


@pytest.mark.parametrize(
    ("options", "deciding"),
    [
        (("MRI", "CT"), {1}),
        (("8 mm", "5 cm"), {2}),
        (("No", "Yes"), {3}),
        (("T2 mapping", "nothing"), {4}),
    ],
)
def test_short_options_are_known_by_abbreviations_numbers_or_any_word(
    options: tuple[str, ...], deciding: set[int]
) -> None:
    text = (
        "Masses are found by chance. MRI is done next. The cut-off is 8 mm. "
        "There is no need to wait. A T2 map helps."
    )
    item = BARE.model_copy(
        update={
            "options": tuple(
                Option(letter=letter, text=one) for letter, one in zip("AB", options, strict=True)
            )
        }
    )
    assert carriers(item, text) == (frozenset(deciding), False)


def test_every_key_fact_of_the_sample_is_found_in_one_sentence() -> None:
    found = [carriers(item, evidence(item)) for item in sample()]
    assert all(known and len(numbers) == 1 for numbers, known in found)


def test_content_words_leave_out_function_words_and_plural_endings() -> None:
    assert content_words("The nodules with a loss of mass") == {"nodule", "loss", "mass"}
