"""Confidence by the probabilities of the options, worked by hand."""

from __future__ import annotations

import math

import pytest

from pytest_safescale.models.model import AnswerToken
from pytest_safescale.verdicts.option_probabilities import (
    OptionProbabilities,
    option_probabilities,
)
from pytest_safescale.verdicts.verdict import confidence_of

LETTERS = ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("letters", "outside", "confidence"),
    [
        ({"B": 1.0}, 0.0, 1.0),
        # H = ln 2 of ln 5: 1 - 0.693147 / 1.609438.
        ({"B": 0.5, "C": 0.5}, 0.0, 0.569323),
        ({"B": 0.5}, 0.5, 0.569323),
        # H = -(0.9 ln 0.9 + 0.05 ln 0.05 + 0.05 ln 0.05) = 0.394398.
        ({"B": 0.9, "C": 0.05}, 0.05, 0.754947),
        ({"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.2}, 0.2, 0.0),
        ({}, 1.0, 1.0),
        # Rounded by the server to more than 1 in all: the halves of it.
        ({"B": 0.51, "C": 0.51}, 0.0, 0.569323),
    ],
)
def test_what_lies_outside_the_letters_is_one_more_answer(
    letters: dict[str, float], outside: float, confidence: float
) -> None:
    found = OptionProbabilities(letters=letters, options=4)
    assert found.outside == pytest.approx(outside)
    assert found.confidence == pytest.approx(confidence, abs=1e-6)
    assert found.record()["letters"] == letters


def test_many_samples_at_these_probabilities_have_the_same_confidence() -> None:
    samples = [*"B" * 90, *"C" * 5, *[None] * 5]
    found = OptionProbabilities(letters={"B": 0.9, "C": 0.05}, options=4)
    assert found.confidence == pytest.approx(confidence_of(samples, 4))
    assert math.isclose(found.outside, 0.05)


def token(letter: str, chance: float, *, article: bool = False) -> AnswerToken:
    return AnswerToken(letter=letter, chances={letter: chance, "Z": 0.01}, article=article)


@pytest.mark.parametrize(
    ("tokens", "letter", "letters"),
    [
        ([token("B", 0.9)], "B", {"B": 0.9}),
        ([token("B", 0.6), token("B", 0.99)], "B", {"B": 0.6}),
        ([token("C", 0.6), token("B", 0.7)], "B", {"B": 0.7}),
        # "A chest film ... so the answer is A": the first is an article.
        ([token("A", 0.3, article=True), token("A", 0.8)], "A", {"A": 0.8}),
        ([token("A", 0.3, article=True)], "A", {"A": 0.3}),
        ([token("C", 0.6)], "B", None),
        ([token("B", 0.9)], None, None),
        ([token("Z", 0.9)], "Z", None),
        ([], "B", None),
        (None, "B", None),
    ],
)
def test_the_first_token_that_is_the_answer_counts(
    tokens: list[AnswerToken] | None, letter: str | None, letters: dict[str, float] | None
) -> None:
    found = option_probabilities(tokens, letter, {one: one for one in LETTERS})
    assert (None if found is None else found.letters) == letters
