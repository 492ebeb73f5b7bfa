"""A reply that is a letter is read without the texts of its item's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.answers.reader import option_texts
from pytest_safescale.answers.reader.option_texts import OptionTexts
from pytest_safescale.answers.reader.reply import _option_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = {letter: f"{letter.lower() * 3} and forty more words " * 20 for letter in "ABCDE"}


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each word that texts are compared by."""
    seen: list[str] = []
    real = option_texts.tokens

    def counted(text: str) -> Iterator[option_texts.Token]:
        for word, at in real(text):
            seen.append(word)
            yield word, at

    monkeypatch.setattr(option_texts, "tokens", counted)
    _option_texts.cache_clear()
    return seen


@pytest.mark.parametrize("reply", ["B", "(B)", "**B**.", "Answer: B"])
def test_of_each_option_one_word_is_looked_at(words: list[str], reply: str) -> None:
    assert read_answer(reply, LONG).letter == "B"
    assert len(words) <= 2 * len(LONG)


def test_a_reply_that_begins_as_an_option_has_their_texts_read(words: list[str]) -> None:
    assert read_answer(LONG["C"].strip(), LONG).letter == "C"
    assert len(words) > 100


@pytest.mark.parametrize(
    ("text", "letters"),
    [("MRI", ("A",)), ("the mri.", ("A",)), ("CT", ("B",)), ("x-ray", None), ("mri of", None)],
)
def test_texts_are_found_as_before_they_are_read(text: str, letters: object) -> None:
    found = OptionTexts({"A": "MRI", "B": "CT"}).whole(text)
    assert (found and found.letters) == letters
