"""The letter a reply begins with or closes with, beside its option's text or a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerForm
from pytest_safescale.answers.reader import context
from pytest_safescale.answers.reader.commitment import commitment_of
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.answers.reader.commitment import Commitment
    from pytest_safescale.answers.reader.reply import Reply

__all__ = ["closing", "leading"]

_LOWER_LABEL = Pattern(r"[\W_]{0,4}[a-z][).]\s")
_SCORED = Pattern(r"[\"'*_]{0,3}\s?[:=]\s?[\"']?\d")
"""What makes a letter one of several that are given numbers: ``{"A": 0.1, "B": 0.9}``."""
_WORDS = Pattern(r"[^\W_]{2,}")


def leading(reply: Reply) -> Iterator[Commitment]:
    """Yield the letter a reply begins with, before a text or a reason."""
    first = reply.wordings.leading.match(reply.text)
    if first is None or reply.wordings.alone.fullmatch(reply.lines[0]):
        return
    marked = first["letter"].isupper() or first["opener"] or reply.listed[0]
    at, end = first.span("letter")
    named = reply.named(first)
    if (
        named is not None
        and marked
        and reply.stands(at)
        and not _labels_a_part(reply, reply.lines[0], first)
        and not context.QUESTION.match(reply.text, end)
        and not _SCORED.match(reply.text, end)
        and not context.is_taken_back(reply.text, first.start(), at, end)
    ):
        yield commitment_of(reply, named, AnswerForm.LEADING)


def _labels_a_part(reply: Reply, line: str, first: re.Match[str]) -> bool:
    """Say whether a letter that begins a line labels it: "a) We convert ...", "A: C"."""
    rest = line[first.end("letter") :]
    colon = re.match(r"[*_]{0,3}:", rest) is not None
    if colon and reply.wordings.alone.fullmatch(rest.lstrip("*_: ")):
        return True
    text = reply.options.get(first["letter"].upper())
    if colon and first["letter"] == "A" and text is not None:
        return not _shares_a_word(rest, text)  # "A:" is short for "Answer:"
    if _LOWER_LABEL.match(line) is None or context.WORD.match(rest) is None:
        return False
    return len(reply.lines) > 1 if text is None else not _shares_a_word(rest, text)


def _shares_a_word(one: str, other: str) -> bool:
    words = [{word.casefold() for word in _WORDS.findall(text)} for text in (one, other)]
    return not words[0].isdisjoint(words[1])


def closing(reply: Reply) -> Iterator[Commitment]:
    """Yield the letter a reply closes with, before its option's text or a reason."""
    last = reply.listed[-1]
    if last is None or sum(match is not None for match in reply.listed) > 1:
        return
    at = reply.line_starts[-1] + last.start("letter")
    introduced = len(reply.lines) > 1 and reply.lines[-2].endswith(":")
    labels = _labels_a_part(reply, reply.lines[-1], last)
    denied = context.DENIED.match(reply.text, at + 1)
    named = reply.named_at(at, positions=False)
    if named is not None and reply.stands(at) and not (introduced or labels or denied):
        yield commitment_of(reply, named, AnswerForm.LEADING, firm=False)
