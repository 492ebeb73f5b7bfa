"""The reader of replies: an explicit letter, or an abstention with its reason."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.answers.answer import Answer, AnswerForm, AnswerState
from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.text.hidden import visible_text
from tests.answers.attacking_replies import ATTACKS
from tests.answers.attacks_in_languages import ATTACKS_IN_LANGUAGES
from tests.answers.attributed_replies import ATTRIBUTED
from tests.answers.elsewhere_replies import ELSEWHERE
from tests.answers.option_replies import BY_TEXT
from tests.answers.overruled_replies import OVERRULED
from tests.answers.read_prose import READ_PROSE
from tests.answers.read_refusals import READ_REFUSALS
from tests.answers.read_replies import READ
from tests.answers.replies import ANSWERED, OPTIONS
from tests.answers.replies_in_languages import ANSWERED_IN_LANGUAGES
from tests.answers.unanswered_replies import ABSTAINED, UNANSWERED, UNREADABLE
from tests.answers.worded_in_languages import WORDED_IN_LANGUAGES
from tests.answers.worded_replies import WORDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def rows(*tables: Mapping[str, Sequence[tuple[str, object]]]) -> list[object]:
    return [
        pytest.param(reply, expected, id=f"{group}: {ascii(reply)[:60]}")
        for groups in tables
        for group, replies in groups.items()
        for reply, expected in replies
    ]


@pytest.mark.parametrize(("reply", "letter"), rows(ANSWERED, ANSWERED_IN_LANGUAGES))
def test_an_explicit_letter_is_read(reply: str, letter: str) -> None:
    assert read_answer(reply, OPTIONS).letter == letter


@pytest.mark.parametrize(("reply", "form"), rows(UNANSWERED))
def test_without_one_there_is_no_answer_and_the_reason_is_told(
    reply: str, form: AnswerForm
) -> None:
    assert read_answer(reply, OPTIONS) == Answer(letter=None, form=form)


@pytest.mark.parametrize(("reply", "comes_to"), rows(READ, READ_REFUSALS, READ_PROSE))
def test_a_reply_comes_to_one_letter_or_one_state(reply: str, comes_to: str) -> None:
    answer = read_answer(reply, OPTIONS)
    answered = answer.state is AnswerState.ANSWERED
    assert (answer.letter if answered else answer.state.value) == comes_to


BY_TEXT_ALONE = {"B tension pneumothorax", "A Chest radiograph"}
"""Bare words after a letter: only the item's options tell them from a name."""


@pytest.mark.parametrize(("reply", "letter"), rows(ANSWERED, ANSWERED_IN_LANGUAGES))
def test_a_reply_is_read_without_knowing_the_options(reply: str, letter: str) -> None:
    expected = None if reply in BY_TEXT_ALONE else letter
    assert read_answer(reply).letter == expected


COLLECTED = [
    json.loads(line)
    for line in (Path(__file__).parent / "replies.jsonl").read_text(encoding="utf-8").splitlines()
]
IMAGING = {
    "A": "CT angiography",
    "B": "Ultrasound of the abdomen",
    "C": "MRI without contrast",
    "D": "Plain radiograph",
}


@pytest.mark.parametrize("reply", COLLECTED, ids=lambda reply: reply["name"])
def test_a_collected_reply_is_read_as_a_careful_person_reads_it(reply: dict[str, str]) -> None:
    assert read_answer(reply["reply"], IMAGING).letter == reply["letter"]


@pytest.mark.parametrize(
    ("reply", "letter"), rows(ATTACKS, ATTACKS_IN_LANGUAGES, OVERRULED, ATTRIBUTED, ELSEWHERE)
)
def test_a_letter_counts_only_where_the_reply_stands_by_it(reply: str, letter: str | None) -> None:
    answer = read_answer(reply, OPTIONS)
    assert (answer.letter if answer.state is AnswerState.ANSWERED else None) == letter


@pytest.mark.parametrize(("reply", "letter"), rows(WORDED, WORDED_IN_LANGUAGES))
def test_an_answer_is_read_in_whatever_words_it_stands(reply: str, letter: str | None) -> None:
    answer = read_answer(reply, OPTIONS)
    assert answer.letter == letter
    assert (answer.state is AnswerState.ANSWERED) == (letter is not None)


@pytest.mark.parametrize(("reply", "form"), ABSTAINED)
def test_what_says_that_it_does_not_answer_is_an_abstention(reply: str, form: AnswerForm) -> None:
    answer = read_answer(reply, OPTIONS)
    assert (answer.state, answer.form) == (AnswerState.ABSTAINED, form)


@pytest.mark.parametrize("reply", UNREADABLE)
def test_what_says_neither_is_unreadable(reply: str) -> None:
    assert read_answer(reply, OPTIONS).state is AnswerState.UNREADABLE


@pytest.mark.parametrize(
    ("options", "reply", "letter", "form"),
    [
        pytest.param(options, *row, id=f"{group}: {ascii(row[0])[:60]}")
        for group, (options, replies) in BY_TEXT.items()
        for row in replies
    ],
)
def test_a_text_of_an_option_counts_as_the_letter_does_and_never_against_it(
    options: dict[str, str], reply: str, letter: str | None, form: AnswerForm | None
) -> None:
    answer = read_answer(reply, options)
    assert answer.letter == letter
    assert form in {None, answer.form}
    assert (answer.state is AnswerState.ANSWERED) == (letter is not None)


@pytest.mark.parametrize("letters", ["ABCDEF", "ABCDEFGHIJ", string.ascii_uppercase])
def test_every_letter_of_an_item_with_many_options_is_read(letters: str) -> None:
    options = {letter: f"Finding number {n} of the list" for n, letter in enumerate(letters, 11)}
    for n, letter in enumerate(letters, 11):
        told = {
            f"Answer: {letter}": AnswerForm.DECLARED,
            f"({letter})": AnswerForm.ALONE,
            f"The correct answer is {letter}.": AnswerForm.DECLARED,
            f"{letter}. Finding number {n} of the list": AnswerForm.LEADING,
            f"So {letter}.": AnswerForm.DECLARED,
            f"Finding number {n} of the list": AnswerForm.OPTION_TEXT,
        }
        for reply, form in told.items():
            assert read_answer(reply, options) == Answer(letter=letter, form=form), reply


@pytest.mark.parametrize(
    "reply", ["I think of a stroke.", "I, too, would wait.", "I", "O", "Type I injury"]
)
def test_words_of_one_letter_are_no_letters_of_an_item_with_many_options(reply: str) -> None:
    options = {letter: f"Finding {letter}{letter}" for letter in string.ascii_uppercase}
    lone = {"I", "O"}
    assert (read_answer(reply, options).letter is None) == (reply not in lone)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        # Cut where an article would stand: nobody knows how it went on.
        ("The answer is A", None),
        ("The best next step is a", None),
        ("I would choose A", None),
        ("The answer is C", "C"),
        ("Answer: A", "A"),
        ("**A**", "A"),
        ("A", "A"),
        ("The answer is A.", "A"),
        ("The meniscus sign tells that the correct answer is A", None),
        ("So I would go with A", None),
        ("In this patient the safest option is A", None),
        ("The meniscus sign tells that the correct answer is D", "D"),
    ],
)
def test_a_reply_cut_at_what_may_be_an_article_has_no_answer(
    reply: str, letter: str | None
) -> None:
    answer = read_answer(reply, OPTIONS, finish_reason="length")
    assert answer.letter == letter
    assert letter or answer.form is AnswerForm.CUT


NODULE = {
    "A": "Follow-up CT",
    "B": "CT angiography of the chest",
    "C": "CT angiography of the abdomen",
    "D": "CT-guided core biopsy",
}


@pytest.mark.parametrize(
    ("reply", "finish_reason", "letter"),
    [
        # A text that was cut can be one option's alone.
        ("A. CT-guided core bi", "length", None),
        ("A. CT angiography of", "length", None),
        ("The answer is A, CT-guided co", "length", None),
        ("A. Follow-up", "length", "A"),
        ("B. CT angiography of", "length", "B"),
        ("C. CT angiography of the ab", "length", "C"),
        ("B. CT angiography of the ab", "length", None),
        # One word tells too little, a paraphrase goes another way, and what ended was not cut.
        ("A. CT", "length", "A"),
        ("A. CT-guided by ultra", "length", "A"),
        ("A. CT-guided core bi", "stop", "A"),
    ],
)
def test_a_letter_with_another_option_s_text_cut_short_has_no_answer(
    reply: str, finish_reason: str, letter: str | None
) -> None:
    answer = read_answer(reply, NODULE, finish_reason=finish_reason)
    assert answer.letter == letter
    assert letter or answer.form is AnswerForm.MISMATCH


@pytest.mark.parametrize(
    ("reply", "form"),
    [
        ("B", AnswerForm.ALONE),
        ("The film shows it.\n\n(B)", AnswerForm.ALONE),
        ("Answer: B", AnswerForm.DECLARED),
        ("Answer: \\boxed{B}", AnswerForm.BOXED),
        ("I would lean towards B", AnswerForm.DECLARED),
        ("B. Tension pneumothorax", AnswerForm.LEADING),
        ("B because of the film", AnswerForm.LEADING),
        ("The film shows it.\nB. Tension pneumothorax", AnswerForm.LEADING),
    ],
)
def test_how_an_answer_was_read_is_told(reply: str, form: AnswerForm) -> None:
    assert read_answer(reply, OPTIONS) == Answer(letter="B", form=form)


HIDDEN, CUT, FILTERED = AnswerForm.HIDDEN_ONLY, AnswerForm.CUT, AnswerForm.CONTENT_FILTER
BESIDE: list[tuple[str, dict[str, str], AnswerForm]] = [
    ("", {}, AnswerForm.EMPTY),
    ("", {"reasoning": "maybe C"}, HIDDEN),
    ("  ", {"reasoning": "Answer: C"}, HIDDEN),
    ("", {"finish_reason": "length", "reasoning": "maybe C"}, CUT),
    ("", {"finish_reason": "length"}, CUT),
    ("The patient", {"finish_reason": "length"}, CUT),
    ("The patient", {"finish_reason": "max_tokens"}, CUT),
    ("The patient", {"finish_reason": "MAX_TOKENS"}, CUT),
    ("<think>maybe C", {"finish_reason": "length"}, CUT),
    ("A or B", {"finish_reason": "length"}, CUT),
    ("The patient", {"finish_reason": "stop"}, AnswerForm.NO_LETTER),
    ("", {"finish_reason": "content_filter"}, FILTERED),
    ("The patient", {"finish_reason": "content_filter"}, FILTERED),
    ("", {"finish_reason": "SAFETY"}, FILTERED),
    ("", {"refusal": "I cannot help with that."}, AnswerForm.REFUSAL),
    ("", {"refusal": "No.", "reasoning": "unsafe", "finish_reason": "stop"}, AnswerForm.REFUSAL),
    ("I cannot answer", {"finish_reason": "length"}, AnswerForm.REFUSAL),
]


@pytest.mark.parametrize(("text", "beside", "form"), BESIDE)
def test_what_came_beside_a_text_tells_why_it_has_no_answer(
    text: str, beside: dict[str, str], form: AnswerForm
) -> None:
    assert read_answer(text, OPTIONS, **beside) == Answer(letter=None, form=form)


@pytest.mark.parametrize("finish_reason", ["length", "content_filter", "stop"])
def test_an_answer_is_one_whatever_came_after_it(finish_reason: str) -> None:
    answer = read_answer("B because the", OPTIONS, finish_reason=finish_reason, reasoning="C?")
    assert answer == Answer(letter="B", form=AnswerForm.LEADING)


def test_a_number_that_an_option_holds_is_no_position() -> None:
    grades = {"A": "BI-RADS 2", "B": "BI-RADS 3", "C": "BI-RADS 4A", "D": "Recall in 6 months"}
    assert read_answer("2", grades).letter is None
    assert read_answer("Answer: 3", grades).letter is None
    assert read_answer("Answer: 1", grades).letter == "A"
    assert (
        read_answer("Answer: 4", {"A": "4.5 cm", "B": "14 cm", "C": "0.4", "D": "x"}).letter == "D"
    )


def test_an_article_before_an_option_s_words_is_no_letter() -> None:
    options = {"A": "needle decompression", "B": "tension pneumothorax"}
    answer = read_answer("A tension pneumothorax", options)
    assert answer == Answer(letter="B", form=AnswerForm.OPTION_TEXT)
    assert read_answer("A tension pneumothorax of the left side", options).letter is None
    assert read_answer("A. needle decompression", options).letter == "A"
    assert read_answer("B tension pneumothorax", options).letter == "B"


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("B", "B"),
        ("<think>x</think>B", "B"),
        ("x</think>B", "B"),
        ("B<think>x", "B"),
        ("a<think>x</think>b<reasoning>y</reasoning>c", "abc"),
        ("<think>x<think>y</think>z</think>B", "B"),
        ("<|channel|>final<|message|>B<|return|>", "B"),
        ("<|channel|>final<|message|>A<|end|><|channel|>final<|message|>B", "B"),
        ("<|channel|>commentary<|message|>B", ""),
        ("analysis of the film", "analysis of the film"),
        ("I think <thinkers> agree", "I think <thinkers> agree"),
    ],
)
def test_hidden_reasoning_is_taken_away(reply: str, shown: str) -> None:
    assert visible_text(reply) == shown
