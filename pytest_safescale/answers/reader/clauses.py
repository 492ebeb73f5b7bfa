"""Where the clause and the sentence began in which an answer stands, and what turns them."""

from __future__ import annotations

import re

from pytest_safescale.text.pattern import Pattern

__all__ = [
    "CLAUSE",
    "CLAUSE_END",
    "SENTENCE",
    "TURN",
    "TURNS",
    "clause_before",
    "sentence_before",
]

TURNS = r"(?<!\w)(?:but|so|however|though|although|therefore|thus|hence)(?!\w)"
TURN = Pattern(TURNS, re.IGNORECASE)
"""What leads from what was considered to what is concluded."""
CLAUSE = 60
"""Characters before a commitment that are looked at: about a clause."""
CLAUSE_END = Pattern(
    r"[,.;:!?\n]|(?<!\w)(?:so|because|but|thus|therefore|hence|and|then|"
    r"since|sino|sondern)(?!\w)",
    re.IGNORECASE,
)
SENTENCE = 160
"""Characters before a commitment in which its sentence may have begun."""


def clause_before(text: str, at: int) -> str:
    """Return what of the clause stands before a place."""
    return CLAUSE_END.split(text[max(0, at - CLAUSE) : at])[-1]


def sentence_before(text: str, at: int, *, ends: str = ".;!?\n—") -> str:
    """Return what of the sentence stands before a place."""
    # After a comma a sentence goes on in the next line.
    before = text[max(0, at - SENTENCE) : at].replace(",\n", ", ")
    return before[max(map(before.rfind, ends)) + 1 :]
