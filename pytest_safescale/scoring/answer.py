"""Reading a reply: an explicit letter, or an abstention and why (protocol.md, "Decoding").

Nothing is guessed: a diagnosis named in prose is no answer, a letter that does not stand in the
text is none either, and hidden reasoning does not count. The last commitment a reply makes is its
answer. A lower-case letter or a number counts only where nothing else can be meant: after a
declaration ("answer: b", "Answer: 2") or standing alone; a number is the option's position.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_safescale.items.item import LETTERS
from pytest_safescale.scoring import reply_forms as forms

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

__all__ = ["Answer", "AnswerForm", "read_answer", "visible_text"]


class AnswerForm(str, Enum):
    """How an answer was read, or why there is none."""

    ALONE = "alone"
    BOXED = "boxed"
    DECLARED = "declared"
    LEADING = "leading"
    EMPTY = "empty"
    HIDDEN_ONLY = "hidden_only"
    REFUSAL = "refusal"
    SEVERAL = "several"
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
    end: int
    letter: str
    form: AnswerForm


def read_answer(text: str, options: Mapping[str, str] | None = None) -> Answer:
    """Return the answer a reply commits itself to; ``options`` are the item's, by letter.

    Never raises, and takes time linear in the length of the text.
    """
    if not text.strip():
        return Answer(letter=None, form=AnswerForm.EMPTY)
    shown = visible_text(text)
    if not shown.strip():
        return Answer(letter=None, form=AnswerForm.HIDDEN_ONLY)
    # Full-width and circled letters become plain ones.
    plain = unicodedata.normalize("NFKC", shown)
    count = len(options) if options else len(LETTERS)
    commitments = sorted(_commitments(plain, count), key=lambda found: (found.at, found.end))
    if not commitments:
        return Answer(letter=None, form=_why_none(plain))
    last = commitments[-1]
    if _is_one_of_several(plain, last, commitments):
        return Answer(letter=None, form=AnswerForm.SEVERAL)
    return Answer(letter=last.letter, form=last.form)


def visible_text(text: str) -> str:
    """Return a reply without its hidden reasoning; a tag never closed hides all that follows."""
    channels = list(forms.CHANNEL.finditer(text))
    if channels:
        final = [match for match in channels if match["name"].lower() == "final"]
        text = text[final[-1].end() :].split("<|", 1)[0] if final else ""
    shown: list[str] = []
    start, hidden = 0, False
    for tag in forms.HIDDEN_TAG.finditer(text):
        closes = any(tag[name] for name in ("close", "close2", "close3", "end"))
        if closes:
            # A closing tag alone: the server's template opened it before the reply began.
            shown = shown if hidden else []
            start, hidden = tag.end(), False
        else:
            if not hidden:
                shown.append(text[start : tag.start()])
            hidden = True
    if not hidden:
        shown.append(text[start:])
    return "".join(shown)


def _commitments(text: str, count: int) -> Iterator[_Commitment]:
    for pattern, form in (
        (forms.BOXED, AnswerForm.BOXED),
        (forms.JSON_ANSWER, AnswerForm.DECLARED),
        (forms.DECLARED, AnswerForm.DECLARED),
        (forms.CHOSEN, AnswerForm.DECLARED),
        (forms.PRAISED, AnswerForm.DECLARED),
    ):
        for match in pattern.finditer(text):
            letter = _letter(match, count)
            if letter and not _is_article(match, text) and not _is_negated(match, text):
                yield _found(match, letter, form)
    yield from _lines(text, count)


def _lines(text: str, count: int) -> Iterator[_Commitment]:
    """Yield letters that are a line of their own, and the one the whole reply begins with."""
    lines = text.splitlines(keepends=True)
    listed = {match["letter"].upper() for line in lines if (match := forms.LINE_OPTION.match(line))}
    if len(listed) > 1:
        return  # the options are restated: their letters commit to nothing
    at = 0
    filled = [line for line in lines if line.strip()]
    for line in lines:
        core = line.strip().strip("_")  # a word character, but here a mark of emphasis
        match = forms.ALONE.fullmatch(core)
        if match is not None and (match["letter"] or len(filled) == 1):
            letter = _letter(match, count)
            if letter:
                begin = (
                    at + line.index(core) + match.start("letter" if match["letter"] else "digit")
                )
                yield _Commitment(at=begin, end=begin + 1, letter=letter, form=AnswerForm.ALONE)
        at += len(line)
    leading = forms.LEADING.match(text)
    if (
        leading is not None
        and not _begins_a_sentence(leading)
        and not forms.NEGATION.search(forms.CLAUSE_END.split(leading["after"].lstrip(" .:)"))[0])
    ):
        yield _found(leading, _letter(leading, count) or "", AnswerForm.LEADING)


def _found(match: re.Match[str], letter: str, form: AnswerForm) -> _Commitment:
    group = "letter" if match["letter"] else "digit"
    return _Commitment(at=match.start(group), end=match.end(group), letter=letter, form=form)


def _letter(match: re.Match[str], count: int) -> str | None:
    if match["letter"]:
        return match["letter"].translate(forms.LOOK_ALIKES).upper()
    number = unicodedata.digit(match["digit"], -1)
    return LETTERS[number - 1] if 1 <= number <= min(count, len(LETTERS)) else None


def _is_article(match: re.Match[str], text: str) -> bool:
    """Say whether a lower-case letter is a word of the sentence: ``the answer is a cyst``."""
    letter = match["letter"]
    return bool(letter and letter.islower() and forms.FOLLOWED.match(text, match.end("letter")))


def _is_negated(match: re.Match[str], text: str) -> bool:
    """Say whether the words before or within take the commitment back: ``cannot choose B``."""
    before = text[max(0, match.start() - 12) : match.start()]
    clause = forms.CLAUSE_END.split(before)[-1] + match[0]
    return forms.NEGATION.search(clause) is not None


def _begins_a_sentence(match: re.Match[str]) -> bool:
    """Say whether the first letter is a word: ``A cyst is ...``, or one of several."""
    after = match["after"]
    if match["letter"] in "AАΑ" and forms.FOLLOWED.match(after):
        return not after.lower().startswith((" because", " is the", " since", " as the", " -"))
    first = after.split()[:1]
    # A letter that goes on as a phrase names a thing, as in "C difficile"; one that argues answers.
    return bool(
        after.startswith(" ")
        and first
        and first[0][0].isalpha()
        and first[0].lower()
        not in ("because", "is", "since", "as", "due", "for", "based", "or", "and", "given", "with")
    )


def _is_one_of_several(text: str, last: _Commitment, commitments: list[_Commitment]) -> bool:
    """Say whether the last commitment names another letter with it: ``Answer: A or B``."""
    joined = forms.COORDINATED.match(text, last.end)
    if joined is None:
        # "A or B" leaves the commitment on A, and the reader at B if it was found as well.
        return any(
            (other := forms.COORDINATED.match(text, found.end)) is not None
            and other.start("other") == last.at
            for found in commitments[:-1]
        )
    return joined["other"].upper() != last.letter


def _why_none(text: str) -> AnswerForm:
    if forms.REFUSALS.search(text):
        return AnswerForm.REFUSAL
    return AnswerForm.NO_LETTER
