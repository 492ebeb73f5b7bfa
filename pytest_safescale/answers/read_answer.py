"""What a reply comes to: the answer it commits itself to, or why there is none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import Answer, AnswerForm, AnswerState
from pytest_safescale.answers.reader.clauses import TURN
from pytest_safescale.answers.reader.commitments import commitments, lone_text
from pytest_safescale.answers.reader.context import CORRECTION, RETRACTED
from pytest_safescale.answers.reader.ends import MOST_SIGNS, ends
from pytest_safescale.answers.reader.own_turn import first_question, plain_text
from pytest_safescale.answers.reader.refusals import NONE_FITS, REFUSAL
from pytest_safescale.answers.reader.reply import Reply
from pytest_safescale.text.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.answers.reader.commitment import Commitment
    from pytest_safescale.answers.reader.ends import Ends

__all__ = ["read_answer"]

CUT_AT_LIMIT = ("length", "max_tokens", "max_length", "model_length", "max_output_tokens")
"""Reasons to finish with which servers say that a reply reached its limit."""
FILTERED = (
    "content_filter",
    "content_filtered",
    "guardrail_intervened",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
)
"""Reasons to finish with which servers say that they withhold a reply."""
_STANDS = re.compile(
    r"[:.;!?–—\n]\s?[*_(]{0,3}(?P<letter>[A-Z])[*_)]{0,3}"
    r"(?:[.!]?[*_]{0,3}\s?(?:$|\n)|,?\s(?:in my|for me|to me)(?!\w))"
)
"""A letter that is all of its clause."""
_SHORT = 200
"""Characters of a reply worth remembering."""


def read_answer(
    text: str,
    options: Mapping[str, str] | None = None,
    *,
    finish_reason: str = "",
    refusal: str = "",
    reasoning: str = "",
) -> Answer:
    """Return the answer a reply commits itself to; ``options`` are the item's texts by letter.

    ``finish_reason``, ``refusal`` and ``reasoning`` are what the server gave beside the text; they
    tell why a text without an answer has none. Never raises, and takes time linear in the length
    of the text.
    """
    beside = (finish_reason, refusal, reasoning)
    read = _read_short if len(text) <= _SHORT else _read
    return read(text, tuple((options or {}).items()), beside)


def _read(text: str, options: tuple[tuple[str, str], ...], beside: tuple[str, str, str]) -> Answer:
    finish_reason, refusal, reasoning = beside
    ended = finish_reason.lower()
    cut = ended in CUT_AT_LIMIT
    answer = _read_text(text, dict(options), cut=cut)
    says_something = answer.letter is not None or answer.form is AnswerForm.MISMATCH
    reasons = (
        (AnswerForm.CONTENT_FILTER, ended in FILTERED),
        (answer.form, answer.state is AnswerState.ABSTAINED),
        (AnswerForm.REFUSAL, bool(refusal.strip())),
        (AnswerForm.CUT, cut),
        (AnswerForm.HIDDEN_ONLY, answer.form is AnswerForm.EMPTY and bool(reasoning.strip())),
    )
    why = next((form for form, holds in reasons if holds), answer.form)
    return answer if says_something else _none(why)


_read_short = lru_cache(maxsize=2**15)(_read)
"""Short replies come by the thousand, and most of them are alike."""


def _none(form: AnswerForm) -> Answer:
    return Answer(letter=None, form=form)


def _read_text(text: str, options: Mapping[str, str], *, cut: bool) -> Answer:
    if len(text) > MOST_SIGNS:
        return _none(AnswerForm.TOO_LONG)
    if not text.strip():
        return _none(AnswerForm.EMPTY)
    shown = visible_text(text)
    if not shown.strip():
        return _none(AnswerForm.HIDDEN_ONLY)
    whole = plain_text(shown)
    first = first_question(whole)
    for part in map(ends, dict.fromkeys((first, whole))):
        reply = Reply(part.head + part.tail, options, cut=cut)
        found = commitments(reply)
        if cut and found and _may_go_on(found[-1], reply.text):
            found.pop()
        if found:
            return _of_ends(_decided(found, reply), part, reply, found)
    return _of_ends(_none(_why_none(reply)), part, reply, [])


def _of_ends(answer: Answer, part: Ends, reply: Reply, found: list[Commitment]) -> Answer:
    """Return what the ends of a reply come to, unless what stands between may be its answer."""
    at_end = any(one.letter == answer.letter and one.at >= len(part.head) for one in found)
    if at_end or not part.may_name_another(answer.letter, reply.letters):
        return answer
    return _none(AnswerForm.TOO_LONG)


def _may_go_on(last: Commitment, text: str) -> bool:
    """Say whether a reply that was cut ends in what may be an article: "the answer is A"."""
    before = text[: last.at].rstrip(" ")
    begins = before[-1:].isalnum() or before[-1:] in tuple(".!?;")
    return last.letter == "A" and last.at + 1 == len(text) and begins


def _decided(found: list[Commitment], reply: Reply) -> Answer:
    """Return what commitments come to, given in the order in which they were made."""
    seconds = {commitment.shared for commitment in found}
    firm = [commitment for commitment in found if commitment.firm]
    last = firm[-1] if firm else None
    together = last is not None and (last.shared is not None or last.at in seconds)
    if last and not together and not RETRACTED.search(reply.text, last.at):
        return _answer(last, found, reply)
    # Two letters named together ("A or B"), or one taken back, are settled by what is said after.
    since = max(last.at, last.shared or 0) if last else -1
    rest = [commitment for commitment in found if commitment.at > since]
    if last is None:  # what a source says counts where the reply has nothing of its own
        rest = [commitment for commitment in rest if not commitment.of_others] or rest
    letters = {commitment.letter for commitment in rest}
    if rest and all(commitment.of_others for commitment in rest):
        letters |= _said_after(rest[-1], reply)
    if len(letters) != 1 or rest[-1].shared is not None or rest[-1].at in seconds:
        return _none(AnswerForm.SEVERAL)
    return _answer(rest[-1], found, reply)


def _said_after(last: Commitment, reply: Reply) -> set[str]:
    """Return the letters that stand alone behind a source's: "... A. Reality: C." may choose C."""
    return {match["letter"] for match in _STANDS.finditer(reply.text, last.at + 1)} & {
        *reply.letters
    }


def _answer(last: Commitment, found: list[Commitment], reply: Reply) -> Answer:
    if last.letter not in reply.options and reply.options:
        return Answer(letter=last.letter, form=AnswerForm.NOT_AN_OPTION)
    elsewhere = any(one.contradicts and one.letter == last.letter for one in found)
    listed = last.attached is None and last.letter in reply.contradictions()
    unclear = last.contradicts or (last.attached is None and elsewhere) or listed
    if unclear or _says_otherwise(last, found, reply):
        return _none(AnswerForm.MISMATCH)
    return Answer(letter=last.letter, form=last.form)


def _says_otherwise(last: Commitment, found: list[Commitment], reply: Reply) -> bool:
    """Say whether one option is committed to by letter and another by text, and none corrected."""
    text = lone_text(reply) if last.attached is None and not last.by_text else None
    for one in (*found, *filter(None, [text])):
        told = one is text or (one.firm and one.shared is None)
        if told and one.by_text != last.by_text and one.letter != last.letter:
            between = reply.text[min(one.at, last.at) : max(one.at, last.at)]
            return not (CORRECTION.search(between) or TURN.search(between))
    return False


def _why_none(reply: Reply) -> AnswerForm:
    """Say why there is no answer in a reply without a commitment."""
    if NONE_FITS.search(reply.text):
        return AnswerForm.NONE_FITS
    if REFUSAL.search(reply.text):
        return AnswerForm.REFUSAL
    return AnswerForm.SEVERAL if reply.names_several() else AnswerForm.NO_LETTER
