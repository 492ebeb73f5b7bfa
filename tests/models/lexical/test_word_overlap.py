from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest

from pytest_safescale.conditions.prompt import build_messages, default_prompt
from pytest_safescale.dataset.item import LETTERS, Option
from pytest_safescale.models.lexical.word_overlap import (
    Prompt,
    best_sentences,
    content_words,
    read_prompt,
    supports,
)
from tests.conditions.fakes import an_item

OPTIONS = (("A", "Chest tube"), ("B", "Needle decompression"))
LONG = (
    "Needle decompression comes first because imaging only delays the care of an unstable patient."
)


def prompt(question: str = "What comes first?", evidence: str = "") -> Prompt:
    return Prompt(question=question, options=OPTIONS, evidence=evidence)


@pytest.mark.parametrize("evidence", ["", "One fact.\n\nA. not an option\nB. nor this"])
def test_the_default_prompt_is_taken_apart(evidence: str) -> None:
    item = an_item()
    text = build_messages(default_prompt(), item, evidence)[1]["content"]
    assert read_prompt(text) == Prompt(
        question=item.question,
        options=tuple((option.letter, option.text) for option in item.options),
        evidence=evidence,
    )


def test_the_options_of_a_prompt_run_on_to_z() -> None:
    texts = [f"option number {n}" for n in range(26)]
    options = tuple(Option(letter=a, text=b) for a, b in zip(LETTERS, texts, strict=True))
    item = an_item(options=options)
    text = build_messages(default_prompt(), item, "")[1]["content"]
    found = read_prompt(text)
    assert found is not None
    assert found.options == tuple(zip(LETTERS, texts, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What comes first?\nA. Chest tube\nB. Needle decompression", prompt()),
        ("What comes first?\n\n(a) Chest tube\n(b) Needle decompression\n\nAnswer:", prompt()),
        ("Q1\n\nWhat comes first?\n- A) Chest tube\n\n- B) Needle decompression", prompt()),
        (
            "**Question:** What comes first?\nChoices:\nA: Chest tube\nB: Needle decompression",
            prompt(),
        ),
        (
            f"Context: {LONG}\n\nWhat comes first?\nA. Chest tube\nB. Needle decompression",
            prompt(evidence=f"Context: {LONG}"),
        ),
        (
            (
                f"Question: What comes first?\n\nEvidence:\n{LONG}\n\n"
                "Options:\nA. Chest tube\nB. Needle decompression\nReply with a letter."
            ),
            prompt(evidence=LONG),
        ),
        (
            f"Question: What comes first?\nA. Chest tube\nB. Needle decompression\n\n{LONG}",
            prompt(evidence=LONG),
        ),
        (
            (
                "<notes>\nShort fact.\n</notes>\nWhat comes first?\nA. Chest tube\n"
                "B. Needle decompression"
            ),
            prompt(evidence="Short fact."),
        ),
        (
            "<notes>\nNever closed.\n\nWhat comes first?\nA. Chest tube\nB. Needle decompression",
            prompt(),
        ),
    ],
)
def test_prompts_of_other_templates_are_taken_apart(text: str, expected: Prompt) -> None:
    assert read_prompt(text) == expected


@pytest.mark.parametrize("text", ["", "Hello.", "A. only one", "B. one\nC. two"])
def test_a_prompt_without_options_is_none(text: str) -> None:
    assert read_prompt(text) is None


def test_supports_are_the_window_score_less_the_distance_score() -> None:
    # Content words: needle decompression first chest tube later, each once, weight ln 2.
    # Asked: "comes", "first". A = {chest, tube} + asked: window of 4 words holds first, chest,
    # tube; its distance is |first - chest| = 1 over 6 - 1. B = {needle, decompression} likewise.
    evidence = "Needle decompression first. Chest tube later."
    expected = 3 * math.log(2) - 1 / 5
    assert supports(prompt(evidence=evidence)) == pytest.approx([expected, expected])


def test_an_option_the_passage_does_not_name_scores_the_question_alone_at_distance_one() -> None:
    # Content words: first needle decompression. "chest" and "tube" are nowhere: ln 2 - 1.
    # B: three words at weight ln 2, distance 1 over 3 - 1.
    expected = [math.log(2) - 1, 3 * math.log(2) - 1 / 2]
    assert supports(prompt(evidence="First needle decompression")) == pytest.approx(expected)


def test_frequent_words_weigh_less() -> None:
    # "tube" and "chest" occur four times each: weight ln(1 + 1/4); the window spans three words.
    question = "Which?"
    evidence = "chest tube chest tube. needle decompression. chest tube chest tube"
    chest, needle = supports(prompt(question, evidence))
    assert (chest, needle) == pytest.approx((2 * math.log(1.25) - 1, 2 * math.log(2) - 1))


def test_without_evidence_every_option_is_supported_alike() -> None:
    one, other = supports(prompt("A tube leaks. What now?"))
    assert one == other


@pytest.mark.parametrize(
    ("question", "negated"),
    [
        ("Which is NOT a sign?", True),
        ("All of these are signs EXCEPT:", True),
        ("All of these are signs except", True),
        ("Which of these is not a sign?", True),
        ("Which is least likely?", True),
        ("He did not faint. Which is a sign?", False),
        ("She is NOT pregnant. What comes next?", False),
        ("What should be done if he is at least 50?", False),
    ],
)
def test_a_negated_question_turns_the_sign(question: str, negated: bool) -> None:
    asked = prompt(question, "Needle decompression.")
    assert asked.negated is negated
    chest, needle = supports(asked)
    assert (chest > needle) is negated


def test_content_words_come_once_in_order_and_without_function_words() -> None:
    text = "The needle is in the chest, a 2.5 cm needle."
    assert content_words(text) == ["needle", "chest", "2.5", "cm"]


def test_plural_and_singular_are_one_word() -> None:
    plural = supports(prompt("Which?", evidence="Tubes lie there."))
    assert plural == supports(prompt("Which?", evidence="Tube lie there."))
    assert plural[0] > plural[1]


def test_the_best_sentences_come_in_text_order_without_titles_or_repeats() -> None:
    text = (
        "Chest needle title\nThe needle goes into the chest. Nothing here is of any use. "
        "A chest tube follows the needle. The needle goes into the chest."
    )
    assert best_sentences(text, ["needle", "chest", "tube"], 2) == [
        "The needle goes into the chest.",
        "A chest tube follows the needle.",
    ]
    assert best_sentences("", ["needle"], 2) == []


def test_the_same_sentences_are_best_in_every_process() -> None:
    program = (
        "import hashlib\n"
        "from pytest_safescale.dataset.load import load_dataset\n"
        "from pytest_safescale.models.lexical.word_overlap import best_sentences, content_words\n"
        "sample = load_dataset('sample')\n"
        "text = '\\n'.join(passage.text for passage in list(sample.corpus)[:60])\n"
        "asked = [item.question + ' ' + ' '.join(o.text for o in item.options)"
        " for item in sample.items]\n"
        "best = [best_sentences(text, content_words(one), 3) for one in asked]\n"
        "print(hashlib.sha256(repr(best).encode()).hexdigest())\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "2", "5")
    }
    assert len(told) == 1
