"""Long replies, hostile ones and any text: read to the end, and no letter that is not there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_safescale.answers.answer import Answer, AnswerForm
from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.answers.reader.ends import ends
from pytest_safescale.text.hidden import visible_text
from tests.answers.hostile_replies import HOSTILE, hostile_reply
from tests.answers.replies import OPTIONS

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


@pytest.mark.parametrize(
    ("reply", "letter", "form"),
    [
        (PROSE * 20 + "\nAnswer: C", "C", AnswerForm.DECLARED),
        ("Answer: A. " + PROSE * 20 + "\nNo, the answer is C.", "C", AnswerForm.DECLARED),
        ("Answer: B. " + PROSE * 20, "B", AnswerForm.DECLARED),
        ("Answer: B. " + PROSE + "Answer: C. " + PROSE, None, AnswerForm.TOO_LONG),
        (PROSE + "Answer: C. " + PROSE, None, AnswerForm.TOO_LONG),
        (PROSE + "It is (c). " + PROSE + "\nI cannot answer.", None, AnswerForm.TOO_LONG),
        (PROSE * 20, None, AnswerForm.NO_LETTER),
        (PROSE * 41 + "\nAnswer: C", None, AnswerForm.TOO_LONG),
        (f"<think>{PROSE * 20}</think>D", "D", AnswerForm.ALONE),
    ],
    ids=[
        "in the end", "beginning and end", "in the beginning", "another between", "between",
        "between, and declined", "nowhere", "far too long", "hidden",
    ],
)  # fmt: skip
def test_of_a_long_reply_the_ends_are_read(
    reply: str, letter: str | None, form: AnswerForm
) -> None:
    assert read_answer(reply, OPTIONS) == Answer(letter=letter, form=form)


@pytest.mark.parametrize("length", [1, 20_000, 32_000, 32_001, 1_000_000])
@pytest.mark.parametrize("piece", ["x", "The answer is A. ", "A\n", "\u9009"])
def test_no_more_than_the_ends_of_a_reply_are_looked_at(piece: str, length: int) -> None:
    text = (piece * length)[:length]
    head, between, tail = ends(text)
    assert len(head) + len(tail) <= 32_001  # with the line's end between them
    assert (between == "") == (length <= 32_000)
    assert text.endswith(tail)
    assert text.startswith(head.rstrip())


@pytest.mark.parametrize("length", [10_000, pytest.param(50_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
@pytest.mark.slow
def test_a_hostile_reply_is_read_to_its_end(piece: str, length: int) -> None:
    # A pattern gone wild takes hours; benchmarks/hostile_replies.py holds how long it takes.
    answer = read_answer(hostile_reply(piece, length), OPTIONS)
    assert answer.letter in {None, *OPTIONS}


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
    from pytest_safescale.answers.reader.letters import LOOK_ALIKES

    answer = read_answer(reply, OPTIONS)
    plain = unicodedata.normalize("NFKC", reply).translate(LOOK_ALIKES)
    digits = {"ABCDE"[n - 1] for c in plain if 1 <= (n := unicodedata.digit(c, 0)) <= 5}
    named = answer.letter is None or answer.letter in plain.upper() or answer.letter in digits
    assert named or answer.form is AnswerForm.OPTION_TEXT


@given(st.sampled_from("ABCDE"), st.text(alphabet=" \n*_`#()[]", max_size=6))
def test_decoration_around_a_letter_changes_nothing(letter: str, decoration: str) -> None:
    assert read_answer(f"{decoration} {letter} {decoration}", OPTIONS).letter == letter
