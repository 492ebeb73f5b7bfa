"""How a letter is recognised, and what may stand between it and the words that announce it.

Texts are read with every run of space made one, and each pattern is bounded, so that reading takes
time linear in the text. A letter is one that no other letter, hyphenated word ("B-lines") or
apostrophe ("C'est") is joined to.
"""

from __future__ import annotations

import re
from collections import deque
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_safescale.answers.reader.vocabulary import SPACED, UNSPACED, either
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "CHOICE",
    "LOOK_ALIKES",
    "WORDLY",
    "WORD_BEGINS",
    "Gaps",
    "pattern",
    "signs",
]

WORDLY = r"A-Za-z0-9À-ɏͰ-ϿЀ-ӿḀ-ỿ"
"""What joins a letter to a word; no Chinese, Japanese or Korean: "Bです" has no spaces."""
WORD_BEGINS = r"(?=[^\W_])"
"""Before an alternation of many words, so that none is tried at a sign or a space."""
LOOK_ALIKES = str.maketrans(
    {
        **dict(zip("АВСЕНКМОРТХІЅЈ", "ABCEHKMOPTXISJ", strict=True)),
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    }
)
"""Cyrillic and Greek letters that look like Latin ones."""
CHOICE = rf"(?:{either('choice', SPACED)}|{either('choice', UNSPACED)})"

_MARK = r"[\s*_`\"'“”„«‘’(\[{<>$#~|:=→–—【】「」『』《》-]"
_FILLER = (
    rf"(?:{either('fill', SPACED)}|{either('best', SPACED)}|{either('choice', SPACED)})(?!\w)"
    rf"|{either('fill', UNSPACED)}|{either('best', UNSPACED)}|{either('choice', UNSPACED)}"
    rf"|(?<![{WORDLY}])l['’]"
)
_PIECE = Pattern(
    rf"(?:['’]s(?!\w)|{_MARK}|\\[a-z]{{1,8}}\{{?|{WORD_BEGINS}(?:{_FILLER}))", re.IGNORECASE
)
_MOST_PIECES = 24


class Gaps:
    """What the announcements of one text put before their options: marks, verbs, articles.

    Gaps overlap where announcements follow each other; what begins at a place is matched once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] = {}

    def places(self, start: int) -> Iterator[int]:
        """Yield every place of a gap at which a text may begin: "right" may be its first word."""
        for _ in range(_MOST_PIECES):
            yield start
            end = self._piece_end(start)
            if end == start:
                return
            start = end
        yield start

    def end(self, start: int) -> int:
        """Return where the gap that begins at a place ends."""
        return deque(self.places(start), maxlen=1)[0]

    def _piece_end(self, start: int) -> int:
        if start not in self._ends:
            piece = _PIECE.match(self._text, start)
            self._ends[start] = piece.end() if piece else start
        return self._ends[start]


def signs(letters: str) -> Mapping[str, str]:
    """Return parts of patterns that recognise these letters, as groups ``letter`` and ``digit``."""
    last = letters[-1]
    alike = "".join(chr(sign) for sign, latin in LOOK_ALIKES.items() if latin in letters)
    letter = (
        rf"(?P<letter>[A-{last}a-{last.lower()}{alike}])"
        rf"(?![{WORDLY}型형]|['’_-][{WORDLY}])"
    )
    # A number is a position only where nothing is counted or measured with it.
    number = r"\d" if len(letters) < 10 else r"\d{1,2}"
    digit = (
        rf"(?P<digit>{number})(?!\s?(?:,|/|&|or|and)\s?\d)"
        r"(?=[\"'*`)\]}.,;!]{0,6}(?:\s?$|\n|<)|[.)]\s|[,}])"
    )
    opener = rf"(?:(?:{CHOICE}|answer)[\s-][(\[*_\"']{{0,4}})?"
    other = rf"(?-i:[A-{last}])(?![{WORDLY}_'’]|-\w)"
    named = {"letter": letter, "digit": digit, "other": other, "opener": opener, "last": last}
    return MappingProxyType(named)


def pattern(template: str, parts: Mapping[str, str]) -> Pattern:
    """Return a pattern whose ``%(name)s`` are replaced by parts; upper and lower case are alike."""
    return Pattern(template % parts, re.IGNORECASE | re.MULTILINE)
