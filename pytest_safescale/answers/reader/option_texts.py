"""The texts of an item's options, found in a reply: whole, and whichever is the longest.

Texts are compared word by word, whatever their case, white space and punctuation. Where that makes
two options alike ("mGy" and "MGy", "AA" and "aa"), or where an option is written as it stands, the
very characters decide. Signs that carry meaning are words of their own: "<5 mm" is not ">5 mm".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Found", "OptionTexts", "Token", "tokens"]

Token = tuple[str, int]
"""A word as texts are compared by, and where it stands."""

UNSPACED_SIGNS = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Signs of which each is a word: Thai, Japanese, Chinese, Korean."""
_TOKEN = Pattern(
    rf"\d{{1,20}}(?:[.,]\d{{1,20}}){{0,3}}|[{UNSPACED_SIGNS}]"
    rf"|(?:(?![{UNSPACED_SIGNS}])[^\W\d_]){{1,60}}|[<>≤≥±%/=°^~]|\+"
    r"|(?<![^\W_])[-−](?=\d)|(?<=\d)[-–](?=\d)|(?<=[^\W_])[-−](?![^\W_])"
)
_SIGN = Pattern(r"[+%°^]|[-−](?![\w\s])")
_BETWEEN = Pattern(r"[^\n\w<>≤≥±%/=°^~+]{0,8}")
"""What may stand between two words of a text: spaces, commas, markdown, brackets."""
_ARTICLE = Pattern(
    r"\A(?:an?|the|der|die|das|ein|eine|le|la|les|un|une|el|los|las|una|il|lo|o|os|het|de) ",
    re.IGNORECASE,
)
_DRESSING = " .,;:!*_`\"'“”‘’()[]#|–—✅"
_QUOTED = Pattern(r"\A[\s>*-]{0,6}[>*-]\s")
"""What makes a line a quotation or one of a list."""
_ENOUGH = 2
"""Words that tell which text was begun."""
_DRESS = 40
"""Characters that a reply may dress a text with."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A text of an option, where it stands in a reply."""

    letters: tuple[str, ...]
    """Of the option; of several where their texts differ in nothing that the reply shows."""
    start: int
    end: int
    words: int
    """How many the text has."""

    @property
    def letter(self) -> str | None:
        """The option's letter, where it is one."""
        return self.letters[0] if len(self.letters) == 1 else None

    def stands_for(self, letter: str) -> str:
        """Return this letter if the text is its option's, else the letter of the text."""
        return letter if letter in self.letters else self.letters[0]


@dataclass
class _Node:
    after: dict[str, _Node] = field(default_factory=dict)
    letters: tuple[str, ...] = ()
    """The options whose text ends here."""


class OptionTexts:
    """Finds the options' texts; each search takes time in proportion to the longest of them."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._texts = {letter: _written(text) for letter, text in options.items()}
        self._reach = _DRESS + max(map(len, options.values()), default=0)
        # Most replies are a letter: what begins no text needs no more of the texts.
        self._first_words = {
            word for text in self._texts.values() for word, _ in islice(tokens(text), 1)
        }

    @cached_property
    def _own(self) -> dict[str, tuple[str, ...]]:
        """The words of each option that has any, by its letter."""
        words = {
            letter: tuple(word for word, _ in tokens(text)) for letter, text in self._texts.items()
        }
        return {letter: own for letter, own in words.items() if own}

    @cached_property
    def _written(self) -> dict[str, tuple[str, ...]]:
        """The letters of each text as it is written."""
        written: dict[str, tuple[str, ...]] = {}
        for letter in self._own:
            text = self._texts[letter]
            written[text] = (*written.get(text, ()), letter)
        return written

    @cached_property
    def _words(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """The letters of each text by its words."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        for letter, words in self._own.items():
            found[words] = (*found.get(words, ()), letter)
        return found

    @cached_property
    def _root(self) -> _Node:
        """The texts word by word."""
        root = _Node()
        for words, letters in self._words.items():
            node = root
            for word in words:
                node = node.after.setdefault(word, _Node())
            node.letters = letters
        return root

    @cached_property
    def _last_words(self) -> set[str]:
        return {words[-1] for words in self._words}

    @cached_property
    def _most_words(self) -> int:
        return max(map(len, self._words), default=0)

    def at(self, text: str, start: int) -> Found | None:
        """Return the longest text that begins at a place, which an article may precede."""
        found = self._from(text, start)
        article = _ARTICLE.match(text[start : start + 6])
        if found is None and article is not None:
            found = self._from(text, start + article.end())
        return found

    def words_of(self, letter: str, text: str, start: int) -> int:
        """Return how many of the first words of an option's text stand at a place."""
        at, count = start, 0
        for word in self._own.get(letter, ()):
            match = _TOKEN.match(text, at)
            if match is None or _word(match[0]) != word:
                break
            at, count = _next_token(text, match.end()), count + 1
        return count

    def begun(self, text: str, start: int) -> tuple[str, ...]:
        """Return the options whose text the rest of a reply begins, two words of it at least."""
        words = [word for word, _ in tokens(text[start : start + self._reach + 1])]
        if len(words) < _ENOUGH or len(text) - start > self._reach:
            return ()
        return tuple(
            letter
            for letter, own in self._own.items()
            if list(own[: len(words) - 1]) == words[:-1]
            and own[len(words) - 1 : len(words)] != ()
            and own[len(words) - 1].startswith(words[-1])
        )

    def before(self, text: str, end: int, of_text: Sequence[Token]) -> Found | None:
        """Return the longest text that ends at a place, on its line; ``of_text`` are its tokens."""
        begin = max(text.rfind("\n", max(0, end - self._reach), end) + 1, end - self._reach, 0)
        count = bisect_left(of_text, end, key=itemgetter(1))
        if not count or of_text[count - 1][0] not in self._last_words:
            return None
        last = of_text[max(0, count - self._most_words) : count]
        for first in range(len(last)):
            words = tuple(word for word, _ in last[first:])
            start = last[first][1]
            if start >= begin and words in self._words:
                return self._found(text, start, end, self._words[words])
        return None

    def whole(self, text: str) -> Found | None:
        """Return the text that these words are and no more."""
        bare = _QUOTED.sub("", text).strip(_DRESSING)
        for part in (bare, _ARTICLE.sub("", bare, count=1)):
            words = tuple(word for word, _ in tokens(part))
            begins = bool(words) and words[0] in self._first_words
            letters = self._words.get(words) if begins else None
            if letters:
                return self._found(part, 0, len(part), letters)
        return None

    def _from(self, text: str, start: int) -> Found | None:
        first = _TOKEN.match(text, start)
        if first is None or _word(first[0]) not in self._first_words:
            return None
        node, at, found = self._root, start, None
        while True:
            match = _TOKEN.match(text, at)
            after = node.after.get(_word(match[0])) if match else None
            if match is None or after is None:
                return found
            node = after
            if node.letters and not _goes_on(text, match.end()):
                found = self._found(text, start, match.end(), node.letters)
            at = _next_token(text, match.end())

    def _found(self, text: str, start: int, end: int, letters: tuple[str, ...]) -> Found:
        """Tell options apart that only their very characters do."""
        exact = self._written.get(_written(text[start:end]))
        words = len(self._own[letters[0]])
        return Found(letters=exact or letters, start=start, end=end, words=words)


def _next_token(text: str, end: int) -> int:
    """Return where the next token can be, which may be a sign right behind the last one."""
    between = _BETWEEN.match(text, end)
    return end if between is None or _TOKEN.match(text, end) else between.end()


def _goes_on(text: str, end: int) -> bool:
    """Say whether a word goes on where it seems to end: "HER2" in "HER2+"."""
    return _SIGN.match(text, end) is not None


def _word(written: str) -> str:
    return "-" if written in "−–" else written.casefold()


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text, and where they stand."""
    for match in _TOKEN.finditer(text):
        yield _word(match[0]), match.start()


def _written(text: str) -> str:
    """Return a text in its own case, without what only dresses it."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    return plain.strip(_DRESSING)
