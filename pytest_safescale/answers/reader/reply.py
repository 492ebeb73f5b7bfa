"""A reply in plain characters, taken apart: its lines, its letters, and what they stand for."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.answers.reader import context
from pytest_safescale.answers.reader.attached import attached_option
from pytest_safescale.answers.reader.cues import CUES
from pytest_safescale.answers.reader.judgements import wordings
from pytest_safescale.answers.reader.letters import LOOK_ALIKES, Gaps
from pytest_safescale.answers.reader.marks import has_wrong_sign
from pytest_safescale.answers.reader.option_texts import OptionTexts, tokens
from pytest_safescale.dataset.item import letters_to_read
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.answers.reader.cues import Cue
    from pytest_safescale.answers.reader.option_texts import Found, Token

__all__ = ["Announced", "Named", "Reply"]

_NUMBER = Pattern(r"(?<![\d.])\d{1,2}(?!\.?\d)")
_SHORT_LINE = 60
_NEAR = 200
"""Characters from an announcement within which its letter may follow a text."""


@lru_cache(maxsize=256)
def _option_texts(options: tuple[tuple[str, str], ...]) -> OptionTexts:
    return OptionTexts(dict(options))


class Named(NamedTuple):
    """An option that is named, by its letter or its position."""

    letter: str
    at: int
    end: int
    by_position: bool


class Announced(NamedTuple):
    """A place where an answer is announced."""

    cue: Cue
    start: int
    end: int
    """Where the words of the cue end; a gap may follow."""


class Reply:
    """One text and the options of its item, which may be unknown."""

    def __init__(self, text: str, options: Mapping[str, str], *, cut: bool = False) -> None:
        """``cut`` tells that the text ended at a limit, whatever it was saying."""
        self.options = options
        self._cut = cut
        self.letters = letters_to_read(len(options))
        self.wordings = wordings(self.letters)
        self.text = self.wordings.cited.sub("", text)
        self.gaps = Gaps(self.text)
        self.lines = self.text.split("\n")
        self.listed = [self.wordings.line_option.match(line) for line in self.lines]

    @property
    def texts(self) -> OptionTexts:
        """What finds the options' texts; made once for the many replies to one item."""
        return _option_texts(tuple(self.options.items()))

    @cached_property
    def _numbers(self) -> set[int]:
        """The numbers that options hold, which are no positions."""
        return {int(word) for text in self.options.values() for word in _NUMBER.findall(text)}

    @cached_property
    def first_word(self) -> int | None:
        """Where the first word or number begins; ``None`` for nowhere."""
        return next((at for at, sign in enumerate(self.text) if sign.isalnum()), None)

    @cached_property
    def tokens(self) -> list[Token]:
        """What options' texts are compared with."""
        return list(tokens(self.text))

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins in the text."""
        starts = [0]
        for line in self.lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    @cached_property
    def announced(self) -> list[Announced]:
        """Every place where an answer is announced, in the order of the cues."""
        return [
            Announced(cue, match.start(), match.end())
            for cue in CUES
            for match in cue.pattern.finditer(self.text)
        ]

    @cached_property
    def _guarded_in_order(self) -> list[tuple[int, int]]:
        """Where announcements begin and their gaps end, as they follow each other in the text."""
        return sorted(
            (one.start, self.gaps.end(one.end)) for one in self.announced if one.cue.guarded
        )

    @cached_property
    def positions_announced(self) -> frozenset[int]:
        """Where the options begin that are announced in words, and may be by their position."""
        return frozenset(
            self.gaps.end(one.end)
            for one in self.announced
            if one.cue.guarded and one.cue.positions
        )

    def named_at(self, at: int, *, positions: bool) -> Named | None:
        """Return the option that is named at a place, if one is."""
        pattern = self.wordings.option if positions else self.wordings.letter
        match = pattern.match(self.text, at)
        return self.named(match) if match else None

    def named(self, match: re.Match[str], offset: int = 0) -> Named | None:
        """Return the option that a match names; ``None`` for a number that is no position.

        ``offset`` is where what was matched begins in the text.
        """
        if match["letter"]:
            letter = match["letter"].translate(LOOK_ALIKES).upper()
            return Named(
                letter, offset + match.start("letter"), offset + match.end("letter"), False
            )
        number = int(match["digit"])
        count = len(self.options) or len(self.letters)
        if not 1 <= number <= count or number in self._numbers:
            return None
        place = match.span("digit")
        return Named(self.letters[number - 1], offset + place[0], offset + place[1], True)

    def lone_lines(self) -> Iterator[tuple[int, Named]]:
        """Yield the lines that are one letter or position, by their number."""
        for number, (line, start) in enumerate(zip(self.lines, self.line_starts, strict=True)):
            short = len(line) < _SHORT_LINE and not has_wrong_sign(line)
            match = self.wordings.alone.fullmatch(line) if short else None
            named = self.named(match, start) if match else None
            if named is not None:
                yield number, named

    def names_another(self, end: int, letter: str) -> int | None:
        """Return where a second letter is named together with one that ends at ``end``."""
        joined = self.wordings.joined.match(self.text, end)
        if joined is None or joined["other"] == letter:
            return None
        # "B, C is wrong" goes on about C; "B, C" and "B, C and D" name both.
        denied = joined["comma"] and context.DENIED.match(self.text, joined.end())
        return None if denied else joined.start("other")

    def attached(self, named: Named) -> str | None:
        """Return the option whose text stands with a letter; ``None`` where there is none."""
        return attached_option(self.text, named.letter, named.end, self.texts, cut=self._cut)

    def text_before(self, end: int) -> Found | None:
        """Return the option's text that ends at a place; ``None`` for none."""
        return self.texts.before(self.text, end, self.tokens) if self.options else None

    def announcement_before(self, at: int, start: int) -> int | None:
        """Return where an answer is announced that a text from ``start`` to ``at`` gives.

        Within one sentence, where the text is not known by its ``start``; ``None`` for nowhere.
        """
        places = self._guarded_in_order
        for begin, end in reversed(places[: bisect_left(places, (at, 0))]):
            if begin < at - _NEAR:
                return None
            if end <= at and (end >= start or not re.search(r"[.;:!?\n]", self.text[end:at])):
                return begin
        return None

    def stands(self, at: int) -> bool:
        """Say whether a letter is one by what follows: not an article, a name or a list's start."""
        written, end = self.text[at], at + 1
        if context.SPECIES.match(self.text, end) or self.wordings.listed.match(self.text, at):
            return False
        if written in "Ii" and not context.is_marked(self.text, end):
            return re.match(r"[.:]|\s?(?:$|\n)", self.text[end : end + 2]) is not None
        if context.ENDS.match(self.text, end) or context.is_marked(self.text, end):
            return True
        word = context.WORD.match(self.text, end)
        return word is not None and self._begins_option(written, word[1])

    def _begins_option(self, written: str, word: str) -> bool:
        """Say whether a bare word after a letter begins its option's text: ``B Tension ...``."""
        text = self.options.get(written.translate(LOOK_ALIKES).upper())
        if text is None:
            return written.isupper() and written not in "AАΑ" and word[0].isupper()
        first = context.WORD.match(text)
        alike = first is not None and first[1].casefold() == word.casefold()
        # "A pneumothorax" is an article and a noun, whatever option A says.
        return alike and (written not in "aAАΑ" or (written.isupper() and word[0].isupper()))

    def names_several(self) -> bool:
        """Say whether more than one letter is named, for a reply that commits to none."""
        named = {match["letter"].upper() for match in self.listed if match}
        named |= {one.letter for _, one in self.lone_lines() if not one.by_position}
        return (
            len(named) > 1
            or self.wordings.coordinated.search(self.text) is not None
            or self.wordings.listed.search(self.text) is not None
        )

    def contradictions(self) -> set[str]:
        """Return the letters under which some line states another option's text."""
        found = set()
        for match, start in zip(self.listed, self.line_starts, strict=True):
            letter = match["letter"].upper() if match else ""
            if match is None or letter not in self.options:
                continue
            end = start + match.end("letter")
            there = attached_option(self.text, letter, end, self.texts)
            if there not in {None, letter}:
                found.add(letter)
        return found
