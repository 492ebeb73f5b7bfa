"""The reader of replies: an explicit letter, or an abstention with its reason."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_safescale.scoring.answer import Answer, AnswerForm, read_answer
from pytest_safescale.scoring.hidden import visible_text
from tests.scoring.replies import ANSWERED, OPTIONS, UNANSWERED


def rows(groups: dict[str, list[tuple[str, object]]]) -> list[object]:
    return [
        pytest.param(reply, expected, id=f"{group}: {ascii(reply)[:60]}")
        for group, replies in groups.items()
        for reply, expected in replies
    ]


@pytest.mark.parametrize(("reply", "letter"), rows(ANSWERED))  # type: ignore[arg-type]
def test_an_explicit_letter_is_read(reply: str, letter: str) -> None:
    assert read_answer(reply, OPTIONS).letter == letter


@pytest.mark.parametrize(("reply", "form"), rows(UNANSWERED))  # type: ignore[arg-type]
def test_without_one_there_is_no_answer_and_the_reason_is_told(
    reply: str, form: AnswerForm
) -> None:
    assert read_answer(reply, OPTIONS) == Answer(letter=None, form=form)


BY_TEXT_ALONE = {"B tension pneumothorax", "A Chest radiograph"}
"""Bare words after a letter: only the item's options tell them from a name."""


@pytest.mark.parametrize(("reply", "letter"), rows(ANSWERED))  # type: ignore[arg-type]
def test_a_reply_is_read_without_knowing_the_options(reply: str, letter: str) -> None:
    expected = None if reply in BY_TEXT_ALONE else letter
    assert read_answer(reply).letter == expected


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


def test_a_number_that_an_option_holds_is_no_position() -> None:
    grades = {"A": "BI-RADS 2", "B": "BI-RADS 3", "C": "BI-RADS 4A", "D": "Recall in 6 months"}
    assert read_answer("2", grades).letter is None
    assert read_answer("Answer: 3", grades).letter is None
    assert read_answer("Answer: 1", grades).letter == "A"
    assert (
        read_answer("Answer: 4", {"A": "4.5 cm", "B": "14 cm", "C": "0.4", "D": "x"}).letter == "D"
    )


def test_an_article_before_an_option_s_words_is_no_letter() -> None:
    options = {"A": "tension pneumothorax", "B": "needle decompression"}
    assert read_answer("A tension pneumothorax", options).letter is None
    assert read_answer("A. tension pneumothorax", options).letter == "A"
    assert read_answer("B needle decompression", options).letter == "B"


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


PROSE = "The trachea is deviated to the left and the pressure rises with every breath. " * 640


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        (PROSE, None),
        (PROSE + "\nAnswer: C", "C"),
        (PROSE + "\n\nC", "C"),
        ("B. " + PROSE, "B"),
        ("Answer: B. " + PROSE, "B"),
        (f"<think>{'Answer: A. ' * 4_500}</think>D", "D"),
    ],
    ids=["no letter", "declared last", "alone last", "leading", "declared first", "hidden"],
)
def test_fifty_thousand_characters_are_read_like_fifty(reply: str, letter: str | None) -> None:
    assert len(reply) > 45_000
    assert read_answer(reply, OPTIONS).letter == letter


HOSTILE = [
    "answer is ", "answer:\n", "answer ", "the ", "(", "[(", "*", "_", " ", "\n", "\t \n", "\\",
    "\\boxed{", "\\boxed{\\text{", "<think>", "</think>", "<|channel|>", "<|channel|>final",
    "<", "</", "is ", "A ", "A", "A\n", "A. x\n", "A) ", "a.", "B, ", "B or ", "or B ", "not ",
    "not B ", "B is the ", "B is correct. ", "I ", "I choose ", "I would", "so B. ", "best ",
    "best a-b ", "best option is ", "which ", "\u53ef", "\u662f", "\u7b54\u6848\u662f",
    "\u9009", "\ufdfa", "\u0301", "'", "{\"answer\": ", "1", "1 ", "answer 1,", "cannot ",
    "wait ", ":", "=", "but ", "but a", "if I had to ", "if I had to choose ", "A [1]", "A[1-",
    "A if ",     "<|im_end|>", "<|im_start|>", "correction ", "answer (only",
    "answer (A, ", "B 95", "\\(",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_a_hostile_reply_takes_no_longer_than_its_length_asks_for(piece: str) -> None:
    reply = "answer " + piece * (50_000 // len(piece))
    start = time.process_time()
    read_answer(reply, OPTIONS)
    # Read in linear time it takes well under a second; a pattern gone wild takes minutes.
    assert time.process_time() - start < 5


ANY_TEXT = st.text(st.characters(), max_size=200) | st.lists(
    st.sampled_from([*HOSTILE, "B", " C ", "Answer:", ".", "\ud800"]), max_size=30
).map("".join)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
@example("\ud800 Answer: B")
@example("\\boxed{")
@example("<b></b>")
@example("<|channel|>final")
def test_no_text_makes_the_reader_fail(reply: str) -> None:
    answer = read_answer(reply, OPTIONS)
    assert answer.letter in {None, *"ABCDE"}
    visible_text(reply)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_a_letter_that_is_not_in_the_text_is_never_the_answer(reply: str) -> None:
    import unicodedata

    from pytest_safescale.scoring.reply_forms import LOOK_ALIKES

    answer = read_answer(reply, OPTIONS)
    plain = unicodedata.normalize("NFKC", reply).translate(LOOK_ALIKES)
    digits = {"ABCDE"[n - 1] for c in plain if 1 <= (n := unicodedata.digit(c, 0)) <= 5}
    assert answer.letter is None or answer.letter in plain.upper() or answer.letter in digits


@given(st.sampled_from("ABCDE"), st.text(alphabet=" \n*_`#()[]", max_size=6))
def test_decoration_around_a_letter_changes_nothing(letter: str, decoration: str) -> None:
    assert read_answer(f"{decoration} {letter} {decoration}", OPTIONS).letter == letter
