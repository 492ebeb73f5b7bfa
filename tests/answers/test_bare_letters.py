"""Replies that are one letter: read at once, as the whole reader would read them."""

from __future__ import annotations

import subprocess
import sys
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


def test_what_begins_a_run_and_reads_letters_compiles_no_wordings() -> None:
    program = (
        "import sys, pytest_safescale.runs.run\n"
        "from pytest_safescale.answers.read_answer import read_answer\n"
        "read_answer('B', {'A': 'first', 'B': 'second'})\n"
        "print(*[name for name in sys.modules if '.answers.reader.' in name])\n"
        "read_answer('It is B.', {'A': 'first', 'B': 'second'})\n"
        "print(*[name for name in sys.modules if '.answers.reader.' in name])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    before, after = done.stdout.split("\n")[:2]
    assert before == ""
    assert "pytest_safescale.answers.reader.judgements" in after
