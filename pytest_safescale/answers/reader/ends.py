"""What is read of a long reply: its beginning and its end, and what may stand between them.

The last commitment counts, so an answer in the end stands whatever is left out. One in the
beginning stands only where nothing that is left out may name another.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pytest_safescale.answers.reader.letters import WORDLY
from pytest_safescale.text.pattern import Pattern

__all__ = ["MOST_SIGNS", "Ends", "ends"]

MOST_SIGNS = 2_000_000
"""Characters of a reply, above which none of it is read: some 500,000 tokens."""
_HEAD, _TAIL = 8_000, 24_000
"""Characters of a plain text that are read, where it has more than both."""
_NEAR = 400
"""Characters within which a cut looks for the end of a sentence."""
_SENTENCE_END = Pattern(r"[.!?]\s|[\n。]")


class Ends(NamedTuple):
    """A plain text in three parts."""

    head: str
    between: str
    """What is not read; empty for a text of ordinary length."""
    tail: str

    def may_name_another(self, letter: str | None, letters: str) -> bool:
        """Say whether what is not read has a letter or number that may name another option."""
        if not self.between:
            return False
        named = rf"(?:[b-{letters[-1].lower()}1-9]|(?-i:A))"
        sign = re.compile(rf"(?<![{WORDLY}'’]){named}(?![{WORDLY}])", re.IGNORECASE)
        return any(found[0].upper() != letter for found in sign.finditer(self.between))


def ends(text: str) -> Ends:
    """Return a plain text's parts, cut between sentences where one ends near the cut."""
    if len(text) <= _HEAD + _TAIL:
        return Ends(text, "", "")
    first = list(_SENTENCE_END.finditer(text, _HEAD - _NEAR, _HEAD))
    last = _SENTENCE_END.search(text, len(text) - _TAIL, len(text) - _TAIL + _NEAR)
    begin = first[-1].end() if first else _HEAD
    end = last.end() if last else len(text) - _TAIL
    return Ends(text[:begin].rstrip() + "\n", text[begin:end], text[end:])
