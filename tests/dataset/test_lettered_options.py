"""Texts in which options carry their letters."""

from __future__ import annotations

import pytest

from pytest_safescale.dataset.lettered_options import choices_behind, without_letters, without_marks


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("A. CT\nB. US\nC. MRI", ["CT", "US", "MRI"]),
        ("A) CT\nB) US", ["CT", "US"]),
        ("(A) CT (B) US (C) MRI", ["CT", "US", "MRI"]),
        ("A: CT\n B: US", ["CT", "US"]),
        ("a) CT; b) US; c) MRI", ["CT", "US", "MRI"]),
        ("[A] CT [B] US", ["CT", "US"]),
        ("A、腹部CT\nB、超声", ["腹部CT", "超声"]),
        ("A. CT of the\nchest\nB. US", ["CT of the\nchest", "US"]),
        ("A. E. coli\nB. B. fragilis", ["E. coli", "B. fragilis"]),
        (
            "(A) a (B) b (C) c (D) d (E) e (F) f (G) g (H) h (I) i (J) j",
            [*"abcdefghij"],
        ),
    ],
)
def test_a_text_of_lettered_options_is_split_at_its_letters(text: str, options: list[str]) -> None:
    assert without_letters(text) == options


@pytest.mark.parametrize(
    "text", ["A or B", "CT", "B. US\nC. MRI", "A. CT", "A. \nB. US", "A fracture. B. fragilis", ""]
)
def test_a_text_that_is_no_such_list_is_not_split(text: str) -> None:
    assert without_letters(text) is None


@pytest.mark.parametrize(
    ("texts", "bare"),
    [
        (["A. CT", "B. US"], ["CT", "US"]),
        (["(A) CT", "(B) US", "(C) MRI"], ["CT", "US", "MRI"]),
        (["A) CT", "B) US"], ["CT", "US"]),
        (["A. CT", "US"], ["A. CT", "US"]),
        (["B. fragilis", "E. coli"], ["B. fragilis", "E. coli"]),
        (["A.", "B."], ["A.", "B."]),
        (["Anaemia", "Bleeding"], ["Anaemia", "Bleeding"]),
    ],
)
def test_letters_are_taken_off_where_every_option_has_its_own(
    texts: list[str], bare: list[str]
) -> None:
    assert without_marks(texts) == bare


@pytest.mark.parametrize(
    ("question", "stem"),
    [
        ("Which study?\nAnswer Choices: (A) CT (B) US", "Which study?"),
        ("Which study? Options: A) CT B) US", "Which study?"),
        ("Which study?\nThe answer choices are: A. CT B. US", "Which study?"),
        ("Which study?\nA. CT\nB. US", "Which study?"),
        ("Which of these?\n\n(A) CT\n(B) US\n", "Which of these?"),
    ],
)
def test_options_behind_a_question_are_told_from_it(question: str, stem: str) -> None:
    assert choices_behind(question) == (stem, ["CT", "US"])


@pytest.mark.parametrize(
    "question",
    [
        "Which study comes first?",
        "Vitamin A. B. fragilis is found. Which drug?",
        "Options: discuss",
        "A. CT\nB. US",
        "Which option: CT or US?",
        "\n" * 50_000 + "A",
    ],
)
def test_a_question_without_options_behind_it_stays(question: str) -> None:
    assert choices_behind(question) is None
