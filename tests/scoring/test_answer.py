"""Real-world reply forms, and the letter each one commits itself to."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_safescale.scoring.answer import AnswerForm, read_answer, visible_text

OPTIONS = {"A": "x", "B": "Tension pneumothorax", "C": "y", "D": "z"}

NAMED = [
    ("B", "B"),
    ("B.", "B"),
    ("(b)", "B"),
    ("**B**", "B"),
    ("b", "B"),
    ("[B]", "B"),
    ("B)", "B"),
    ("Answer: (B)", "B"),
    ("The correct answer is B.", "B"),
    ("final answer: **B** - text", "B"),
    ("\\boxed{B}", "B"),
    ("\\boxed{\\text{B}}", "B"),
    ("$\\boxed{B}$", "B"),
    ('{"answer": "B"}', "B"),
    ("Option B", "B"),
    ("B. Tension pneumothorax", "B"),
    ("```\nB\n```", "B"),
    ("answer: c", "C"),
    ("Ｂ", "B"),
    ("В", "B"),
    ("Ⓑ", "B"),
    ("Antwort: B", "B"),
    ("Réponse : C", "C"),
    ("Respuesta: D", "D"),
    ("答案：B", "B"),
    ("答案是B", "B"),
    ("Ответ: В", "B"),
    ("الإجابة: B", "B"),
    ("回答: B", "B"),
    ("Answer: 2", "B"),
    ("٢", "B"),
    ("２", "B"),
    ("A or B... final answer: B", "B"),
    ("Answer: A ... no wait, answer: C", "C"),
    ("I would lean towards B", "B"),
    ("E", "E"),
    ("<think>Answer: A</think>B", "B"),
    ("Answer: A</think>C", "C"),
    ("B is the correct answer", "B"),
    ("I think the answer is B because A is wrong", "B"),
    ("B because the film shows it", "B"),
    ("D: z", "D"),
    ("The answer is not A, the answer is B", "B"),
    ("reasoning...\n\nC", "C"),
    ("C\n\nBecause it shows.", "C"),
    ("My choice would be option (D).", "D"),
    ("<|channel|>analysis<|message|>B<|end|><|start|>assistant<|channel|>final<|message|>D", "D"),
    ("a", "A"),
    ("A", "A"),
    ("answer:b", "B"),
    ("ANSWER = C", "C"),
    ("Final Answer: D)", "D"),
    ("**Answer:** B", "B"),
    ("__C__", "C"),
    ("<answer>B</answer>", "B"),
    ("(C).", "C"),
    ("  B  \n", "B"),
    ("C\n", "C"),
    ("The answer is: $C$", "C"),
    ("\\boxed{b}", "B"),
    ("\\boxed{(C)}", "C"),
    ('{"choice": "D", "why": "A is rare"}', "D"),
    ("{'final_answer': 'A'}", "A"),
    ("I choose option B.", "B"),
    ("I would select (D)", "D"),
    ("Going with C.", "C"),
    ("Option C is the best answer.", "C"),
    ("D is the most likely answer.", "D"),
    ("Respuesta correcta: B", "B"),
    ("La bonne réponse est C.", "C"),
    ("Die richtige Antwort ist B", "B"),
    ("Risposta: A", "A"),
    ("Resposta: D", "D"),
    ("Odpowiedź: B", "B"),
    ("정답: C", "C"),
    ("答え：D", "D"),
    ("Answer: ٣", "C"),
    ("Answer: ３", "C"),
    ("3", "C"),
    ("<thinking>B</thinking>\nThe answer is D.", "D"),
    ("[THINK]B[/THINK]C", "C"),
    ("◁think▷A◁/think▷B", "B"),
    ("Α", "A"),
    ("Ответ: С", "C"),
    ("Answer: E", "E"),
    ("The best choice is option (A).", "A"),
    ("Correct answer → B", "B"),
    ("A: x", "A"),
    ("(D) z", "D"),
    ("B) Tension pneumothorax", "B"),
    ("C - y", "C"),
]

UNNAMED = [
    ("the answer is a pneumothorax", AnswerForm.NO_LETTER),
    ("A or B", AnswerForm.NO_LETTER),
    ("Both A and C", AnswerForm.NO_LETTER),
    ("not A", AnswerForm.NO_LETTER),
    ("A is wrong", AnswerForm.NO_LETTER),
    ("A. x\nB. Tension\nC. y\nD. z", AnswerForm.NO_LETTER),
    ("I cannot answer", AnswerForm.REFUSAL),
    ("", AnswerForm.EMPTY),
    ("F", AnswerForm.NO_LETTER),
    ("<think>B", AnswerForm.HIDDEN_ONLY),
    ("Hepatitis B is likely", AnswerForm.NO_LETTER),
    ("Kerley B lines are seen", AnswerForm.NO_LETTER),
    ("A pneumothorax", AnswerForm.NO_LETTER),
    ("B is not the correct answer", AnswerForm.NO_LETTER),
    ("The answer is A and C", AnswerForm.SEVERAL),
    ("Answer: A or B", AnswerForm.SEVERAL),
    ("C difficile colitis", AnswerForm.NO_LETTER),
    ("Answer: B-lines", AnswerForm.NO_LETTER),
    ("The answer is 5 mm", AnswerForm.NO_LETTER),
    ("Type B dissection", AnswerForm.NO_LETTER),
    ("I can't choose B", AnswerForm.REFUSAL),
    ("The answer cannot be B", AnswerForm.REFUSAL),
    ("I", AnswerForm.NO_LETTER),
    ("9", AnswerForm.NO_LETTER),
    ("Answer: 9", AnswerForm.NO_LETTER),
    ("Answer: 2.5 cm", AnswerForm.NO_LETTER),
    ("The mass measures 3 cm", AnswerForm.NO_LETTER),
    ("As an AI language model I cannot give medical advice.", AnswerForm.REFUSAL),
    ("I'm sorry, I can't help with that.", AnswerForm.REFUSAL),
    ("I don't know.", AnswerForm.REFUSAL),
    ("There is not enough information to decide.", AnswerForm.REFUSAL),
    ("   ", AnswerForm.EMPTY),
    ("\n\n", AnswerForm.EMPTY),
    ("<think>I lean to C</think>", AnswerForm.HIDDEN_ONLY),
    ("Answer: C or D", AnswerForm.SEVERAL),
    ("B/C", AnswerForm.SEVERAL),
    ("A and B are both right", AnswerForm.NO_LETTER),
    ("It could be B, C or D.", AnswerForm.NO_LETTER),
    ("Vitamin D deficiency", AnswerForm.NO_LETTER),
    ("Grade 2 injury", AnswerForm.NO_LETTER),
    ("I would image the patient.", AnswerForm.NO_LETTER),
    ("None of the above", AnswerForm.NO_LETTER),
    ("Answer: none", AnswerForm.NO_LETTER),
    ("Answer: F", AnswerForm.NO_LETTER),
]


@pytest.mark.parametrize(("reply", "letter"), NAMED)
def test_an_explicit_letter_is_read(reply: str, letter: str) -> None:
    assert read_answer(reply, OPTIONS).letter == letter


@pytest.mark.parametrize(("reply", "form"), UNNAMED)
def test_without_one_there_is_no_answer_and_the_reason_is_told(
    reply: str, form: AnswerForm
) -> None:
    answer = read_answer(reply, OPTIONS)
    assert (answer.letter, answer.form) == (None, form)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("x" * 50_000, None),
        ("word " * 10_000 + "\nAnswer: C", "C"),
        ("Answer: B. " + "because " * 6_000, "B"),
        ("<think>" + "Answer: A. " * 4_000 + "</think>D", "D"),
    ],
    ids=["no letter", "at the end", "at the beginning", "after hidden reasoning"],
)
def test_a_long_reply_is_read_like_a_short_one(reply: str, letter: str | None) -> None:
    assert read_answer(reply, OPTIONS).letter == letter


HOSTILE = [
    "answer is ",
    "(",
    "<think>",
    "is ",
    "A ",
    "B, ",
    "\\boxed{",
    "a\n",
    "**",
    "not ",
    "or B ",
]


@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_hostile_replies_take_no_longer_than_their_length_asks_for(piece: str) -> None:
    reply = "answer " + piece * (100_000 // len(piece))
    start = time.perf_counter()
    read_answer(reply, OPTIONS)
    # Linear reading takes a tenth of a second; a regular expression gone wild takes minutes.
    assert time.perf_counter() - start < 5


@given(st.text())
@example("\ud800 Answer: B")
@example("\\boxed{")
@example("<|channel|>final")
def test_no_text_makes_the_reader_fail(reply: str) -> None:
    answer = read_answer(reply, OPTIONS)
    assert answer.letter is None or answer.letter in "ABCDE"
    visible_text(reply)


@given(st.sampled_from("ABCDE"), st.text(alphabet=" \n*_`", max_size=6))
def test_decoration_around_a_letter_changes_nothing(letter: str, decoration: str) -> None:
    assert read_answer(f"{decoration} {letter} {decoration}", OPTIONS).letter == letter
