"""Replies that are one letter: read at once, as the whole reader would read them."""

from __future__ import annotations

from string import ascii_uppercase

import pytest

from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.answers.reader.decided import read_text

PLAIN = dict(zip(ascii_uppercase, (f"finding number {n}" for n in range(26)), strict=True))
OPTIONS = [
    {},
    *({letter: PLAIN[letter] for letter in ascii_uppercase[:count]} for count in (2, 5, 26)),
    {"A": "B", "B": "A", "C": "D", "D": "C"},
    {"A": "B.", "B": " a ", "C": "(D)", "D": "**C**"},
    {"A": "Type B", "B": "vitamin A", "C": "hepatitis B", "D": "A or B"},
    {"A": "", "B": "1", "C": "2", "D": "iii"},
    {"A": "option B", "B": "answer A", "C": "none", "D": "I cannot say"},
]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("written", ["{}", "{}.", "\n\n{}.\n", "\t{} ", "{}\u00a0"])
@pytest.mark.parametrize("options", OPTIONS, ids=len)
def test_a_letter_alone_is_what_the_whole_reader_says(
    options: dict[str, str], written: str, cut: bool
) -> None:
    reason = "length" if cut else "stop"
    for letter in "ABEFZ":
        text = written.format(letter)
        whole = read_text(text, options, cut=cut)
        found = read_answer(text, options, finish_reason=reason)
        if whole.letter is not None or not cut:
            assert found == whole, text
