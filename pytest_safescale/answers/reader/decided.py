"""What all commitments of a reply come to: one answer, or none and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import Answer, AnswerForm
from pytest_safescale.answers.reader.clauses import TURN
from pytest_safescale.answers.reader.commitments import commitments, lone_text
from pytest_safescale.answers.reader.context import CORRECTION, RETRACTED
from pytest_safescale.answers.reader.ends import MOST_SIGNS, ends
from pytest_safescale.answers.reader.own_turn import first_question, plain_text
from pytest_safescale.answers.reader.refusals import NONE_FITS, REFUSAL
from pytest_safescale.answers.reader.reply import Reply
from pytest_safescale.text.hidden import visible_text
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.answers.reader.commitment import Commitment
    from pytest_safescale.answers.reader.ends import Ends

__all__ = ["read_text"]

_STANDS = Pattern(
    r"[:.;!?–—\n]\s?[*_(]{0,3}(?P<letter>[A-Z])[*_)]{0,3}"
    r"(?:[.!]?[*_]{0,3}\s?(?:$|\n)|,?\s(?:in my|for me|to me)(?!\w))"
)
"""A letter that is all of its clause."""


def _none(form: AnswerForm) -> Answer:
    return Answer(letter=None, form=form)


def read_text(text: str, options: Mapping[str, str], *, cut: bool) -> Answer:
    """Return the answer a text commits itself to, or why there is none.

    ``options`` are the item's texts by letter; ``cut`` tells that the text ended at a limit.
    """
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
