"""Reading a reply: an explicit letter, or an abstention and why (protocol.md, "Decoding").

Nothing is guessed: a diagnosis named in prose is no answer, a letter that does not stand in the
text is none either, and hidden reasoning does not count. What counts is decided by these rules:

- The last commitment a reply makes is its answer; two letters in it ("A or B") are none.
- A stated preference ("I would lean towards B", "probably B", "if I had to choose, B") is a
  commitment; a possibility ("it could be B"), a question, a condition ("B if he were unstable")
  and a denial are not.
- "A is correct" alone may be said of statements, so it counts only where no answer is declared
  and nothing else is called correct; after "wait" or "actually" it corrects what was declared.
- A number is the option's position, only after a declaration or as the whole reply, and only
  where no option's text holds that number.
- A lower-case letter counts only where no article can be meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_safescale.items.item import LETTERS
from pytest_safescale.scoring import reply_forms as forms
from pytest_safescale.scoring.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Answer", "AnswerForm", "read_answer"]

_HTML = re.compile(r"</?(?:b|strong|em|i|u|p|span|div|br|code)\s?/?>", re.IGNORECASE)
_MATHS = re.compile(r"\\[()\[\]]")
_SINGLE_DIGIT = re.compile(r"(?<![\d.])\d(?!\.?\d)")


class AnswerForm(str, Enum):
    """How an answer was read, or why there is none."""

    ALONE = "alone"
    """The letter is a line, or the whole reply."""
    BOXED = "boxed"
    DECLARED = "declared"
    """Announced in words: an answer, a choice, a judgement."""
    LEADING = "leading"
    """The reply begins, or ends, with the letter and its option's text or a reason."""
    EMPTY = "empty"
    HIDDEN_ONLY = "hidden_only"
    """There is nothing but hidden reasoning."""
    REFUSAL = "refusal"
    SEVERAL = "several"
    """Letters are named, and none is committed to."""
    NO_LETTER = "no_letter"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reply says."""

    letter: str | None
    """``A`` to ``E``, not yet checked against the item's options; ``None`` for an abstention."""
    form: AnswerForm


@dataclass(frozen=True, kw_only=True)
class _Commitment:
    at: int
    letter: str
    form: AnswerForm
    firm: bool = True
    """Whether it stands against judgements like "A is correct" elsewhere in the reply."""
    shared: bool = False
    """Whether a second letter is named with it."""


def read_answer(text: str, options: Mapping[str, str] | None = None) -> Answer:
    """Return the answer a reply commits itself to; ``options`` are the item's texts by letter.

    Never raises, and takes time linear in the length of the text.
    """
    if not text.strip():
        return Answer(letter=None, form=AnswerForm.EMPTY)
    shown = visible_text(text)
    if not shown.strip():
        return Answer(letter=None, form=AnswerForm.HIDDEN_ONLY)
    reply = _Reply(shown, options or {})
    found: dict[int, _Commitment] = {}
    for commitment in reply.commitments():
        found.setdefault(commitment.at, commitment)
    if not found:
        return Answer(letter=None, form=reply.why_none())
    return _decided([found[at] for at in sorted(found)], reply.text)


def _decided(found: list[_Commitment], text: str) -> Answer:
    """Return what commitments come to, given in the order in which they were made."""
    firm = [commitment for commitment in found if commitment.firm]
    if firm and not firm[-1].shared and not forms.RETRACTED.search(text, firm[-1].at):
        return Answer(letter=firm[-1].letter, form=firm[-1].form)
    # Two letters named together ("A or B"), or one taken back, are settled by what is said after.
    since = firm[-1].at if firm else -1
    rest = [commitment for commitment in found if commitment.at > since]
    if len({commitment.letter for commitment in rest}) != 1 or rest[-1].shared:
        return Answer(letter=None, form=AnswerForm.SEVERAL)
    return Answer(letter=rest[-1].letter, form=rest[-1].form)


class _Reply:
    """A reply in plain characters, every run of space made one, without empty lines."""

    def __init__(self, shown: str, options: Mapping[str, str]) -> None:
        # Full-width and circled letters and digits become plain ones.
        plain = _MATHS.sub("$", _HTML.sub("", unicodedata.normalize("NFKC", shown)))
        lines = [" ".join(line.split()) for line in plain.splitlines() if line.strip()]
        self.text = forms.FORCED.sub("probably", forms.CITED.sub("", "\n".join(lines)))
        self.lines = self.text.split("\n")
        self.options = options
        texts = " ".join(options.values())
        self.numbers = {unicodedata.digit(word) for word in _SINGLE_DIGIT.findall(texts)}
        self.listed = [forms.LINE_OPTION.match(line) for line in self.lines]

    def commitments(self) -> Iterator[_Commitment]:
        """Yield every commitment; of two at one place the first is the better described."""
        for match in forms.BOXED.finditer(self.text):
            yield from self._commitment(match, AnswerForm.BOXED)
        yield from self._alone()
        for pattern in (forms.DECLARED, forms.ANNOUNCED, forms.CHOSEN, forms.CORRECTED):
            for match in pattern.finditer(self.text):
                if self._is_meant(match):
                    yield from self._commitment(match, AnswerForm.DECLARED)
        yield from self._judged()
        yield from self._with_text()

    def why_none(self) -> AnswerForm:
        """Say why there is no answer in a reply without a commitment."""
        if forms.REFUSAL.search(self.text):
            return AnswerForm.REFUSAL
        named = {match["letter"].upper() for match in self.listed if match}
        named |= {match["letter"] for _, match in self._lone_lines() if match["letter"]}
        joined = forms.COORDINATED.search(self.text) or forms.LISTED.search(self.text)
        if len(named) > 1 or joined:
            return AnswerForm.SEVERAL
        return AnswerForm.NO_LETTER

    def _commitment(
        self, match: re.Match[str], form: AnswerForm, *, firm: bool = True
    ) -> Iterator[_Commitment]:
        group = "letter" if match["letter"] else "digit"
        letter = self._letter(match)
        if letter is None:
            return
        joined = forms.JOINED.match(self.text, match.end(group))
        shared = joined is not None and joined["other"] != letter
        if joined is not None and joined["comma"]:
            # "B, C is wrong" goes on about C; "B, C" and "B, C and D" name both.
            shared = shared and not forms.DENIED.match(self.text, joined.end())
        yield _Commitment(at=match.start(group), letter=letter, form=form, firm=firm, shared=shared)

    def _letter(self, match: re.Match[str]) -> str | None:
        if match["letter"]:
            return match["letter"].translate(forms.LOOK_ALIKES).upper()
        number = unicodedata.digit(match["digit"], 0)
        count = min(len(self.options) or len(LETTERS), len(LETTERS))
        is_position = 1 <= number <= count and number not in self.numbers
        return LETTERS[number - 1] if is_position else None

    def _lone_lines(self) -> Iterator[tuple[int, re.Match[str]]]:
        at = 0
        for line in self.lines:
            if len(line) < 60 and (match := forms.ALONE.fullmatch(line)):
                yield at, match
            at += len(line) + 1

    def _alone(self) -> Iterator[_Commitment]:
        """Yield letters that are a line of their own; lines of several letters are a list."""
        lone = list(self._lone_lines())
        for (at, first), (begin, second) in pairwise(lone):
            if begin == at + len(first[0]) + 1 and self._letter(first) != self._letter(second):
                return
        for at, match in lone:
            letter = self._letter(match)
            if letter and (match["letter"] or len(self.lines) == 1):
                place = at + match.start("letter" if match["letter"] else "digit")
                yield _Commitment(at=place, letter=letter, form=AnswerForm.ALONE)

    def _is_meant(self, match: re.Match[str]) -> bool:
        """Say whether a letter after a cue is an answer, by what stands around it."""
        if self._is_taken_back(match):
            return False
        return match["letter"] is None or self._stands(match["letter"], match.end("letter"))

    def _is_taken_back(self, match: re.Match[str]) -> bool:
        end = match.end("letter" if match["letter"] else "digit")
        before = forms.CLAUSE_END.split(self.text[max(0, match.start() - 30) : match.start()])[-1]
        if forms.CLAUSE_END.match(match[0]):  # "not A but B"
            before = ""
        said = before + match[0]
        asked = forms.QUESTION.match(self.text, end) and re.search(
            r"(?<!\w)(?:is|could|would|might|can)\s", before, re.IGNORECASE
        )
        return bool(
            asked
            or forms.NEGATION.search(said)
            or forms.CONDITION.search(said)
            or forms.DENIED.match(self.text, end)
            or forms.CONDITIONAL.match(self.text, end)
        )

    def _stands(self, letter: str, end: int) -> bool:
        """Say whether a letter is one by what follows: not an article, a name or a list's start."""
        if forms.SPECIES.match(self.text, end) or forms.LISTED.match(self.text, end - 1):
            return False
        if forms.ENDS.match(self.text, end) or forms.MARKED.match(self.text, end):
            return True
        word = forms.WORD.match(self.text, end)
        return word is not None and self._begins_option(letter, word[1])

    def _begins_option(self, letter: str, word: str) -> bool:
        """Say whether a bare word after a letter begins its option's text: ``B Tension ...``."""
        text = self.options.get(letter.translate(forms.LOOK_ALIKES).upper())
        if text is None:
            return letter.isupper() and letter not in "AАΑ" and word[0].isupper()
        first = forms.WORD.match(text)
        alike = first is not None and first[1].casefold() == word.casefold()
        # "A pneumothorax" is an article and a noun, whatever option A says.
        return alike and (letter not in "aAАΑ" or (letter.isupper() and word[0].isupper()))

    def _judged(self) -> Iterator[_Commitment]:
        for pattern in (forms.PRAISED, forms.INFERRED):
            for match in pattern.finditer(self.text):
                before = self.text[max(0, match.start() - 30) : match.start("letter")]
                clear = match["letter"].isupper() or before.endswith(("(", "[", "*"))
                if not clear or self._is_taken_back(match):
                    continue
                whole = pattern is forms.PRAISED and match["whole"] is not None
                firm = whole or forms.CORRECTION.search(before) is not None
                yield from self._commitment(match, AnswerForm.DECLARED, firm=firm)

    def _with_text(self) -> Iterator[_Commitment]:
        """Yield the letter a reply begins with, or closes with, before a text or a reason."""
        first = forms.LEADING.match(self.text)
        if first is not None and not forms.ALONE.fullmatch(self.lines[0]):
            marked = first["letter"].isupper() or first["opener"] or self.listed[0]
            if marked and self._is_meant(first):
                yield from self._commitment(first, AnswerForm.LEADING)
        last = self.listed[-1] if self.listed else None
        if last is None or sum(match is not None for match in self.listed) > 1:
            return
        at = len(self.text) - len(self.lines[-1]) + last.start("letter")
        introduced = len(self.lines) > 1 and self.lines[-2].endswith(":")
        if (
            not introduced
            and self._stands(last["letter"], at + 1)
            and not forms.DENIED.match(self.text, at + 1)
        ):
            letter = last["letter"].upper()
            yield _Commitment(at=at, letter=letter, form=AnswerForm.LEADING, firm=False)
