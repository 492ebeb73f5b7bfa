"""A reply of one word: which it says, and when it is none."""

from __future__ import annotations

import pytest

from pytest_safescale.layers.one_word import word_alone

WORDS = ("contradict", "compatible")


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ("COMPATIBLE", "compatible"),
        ("**Contradict.**", "contradict"),
        ("Answer: COMPATIBLE", "compatible"),
        ("CONTRADICT: the first says 6 mm", "contradict"),
        ("<think>COMPATIBLE</think>\nCONTRADICT", "contradict"),
        ("COMPATIBLE?\nThey differ.\nCONTRADICT", "contradict"),
        ("CONTRADICT\n\nThe sizes differ.", "contradict"),
        # A sentence may deny the word that it holds.
        ("They are not compatible.", ""),
        ("CONTRADICT: COMPATIBLE", ""),
        ("CONTRADICT\nCOMPATIBLE\nor not", ""),
        ("contradict or compatible", ""),
        ("incompatible", ""),
        ("<think>COMPATIBLE", ""),
        ("", ""),
    ],
)
def test_a_word_counts_where_it_stands_alone(reply: str, word: str) -> None:
    assert word_alone(reply, WORDS) == word
