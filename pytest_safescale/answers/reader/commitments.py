"""Everything a reply commits to: each option that it names as its answer, and how."""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from functools import cache, partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerForm
from pytest_safescale.answers.reader import context, sources
from pytest_safescale.answers.reader.attached import PRAISED
from pytest_safescale.answers.reader.commitment import Commitment, commitment_of
from pytest_safescale.answers.reader.contrasts import is_a_name, turns_from_a_name
from pytest_safescale.answers.reader.first_and_last import closing, leading
from pytest_safescale.answers.reader.letters import CHOICE
from pytest_safescale.answers.reader.marks import marked_options
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.answers.reader.cues import Cue
    from pytest_safescale.answers.reader.judgements import Judgement
    from pytest_safescale.answers.reader.option_texts import Found
    from pytest_safescale.answers.reader.reply import Announced, Named, Reply

__all__ = ["commitments", "lone_text"]

_NO_WORD = string.ascii_uppercase + "bcdfghjk"
"""Letters that are no article or word of any language the wordings are in."""
_SENTENCE_END = Pattern(r"[*_`\"'”)]{0,4}[.!]\s")
_UNIT = Pattern(r"\s?\}[\s$]{0,3}[^\W\d_]")
"""What makes a boxed number an amount: ``\\boxed{3} ml``."""
_NUMBERED = Pattern(
    rf"(?<!\w)(?:{CHOICE}|answer)(?:\s(?:number|no\.))?[\s$*:(]{{1,6}}$", re.IGNORECASE
)
"""What makes a boxed number an option's: ``Option \\boxed{3}``."""
_NOUN = 40
"""Characters before a box in which a word for an option may stand."""
_TABLE_RULE = Pattern(r"\|\s?:?-{2,}")
"""What stands under a table's head."""
_FURTHER = Pattern(
    r"\s?(?:[,/&]|or|and|oder|und|ou|et|o|y|或|または|또는)\s?(?:the\s|an?\s)?", re.IGNORECASE
)
"""What joins a second text to one."""


def lone_text(reply: Reply) -> Commitment | None:
    """Return what a reply would commit to by the text of an option that stands alone in it.

    As its only such line, or as its first words: "Pleural effusion. ...", "... is the answer".
    """
    first = reply.texts.at(reply.text, 0) if reply.options else None
    begins = first is not None and (
        _SENTENCE_END.match(reply.text, first.end) or PRAISED.match(reply.text, first.end)
    )
    opening = _text_commitment(first, firm=False) if first is not None and begins else ()
    return next(chain(_lone_texts(reply), opening), None)


def commitments(reply: Reply) -> list[Commitment]:
    """Return what a reply commits to, in its order; of two at one place the better described."""
    if (only := _only_letter(reply)) is not None:
        return [only]
    boxed = [one for one in reply.announced if one.cue.form is AnswerForm.BOXED]
    told = [one for one in reply.announced if one.cue.form is not AnswerForm.BOXED]
    made: dict[int, Commitment] = {}
    for commitment in chain(
        _announced(reply, boxed),
        _alone(reply),
        _announced(reply, told),
        _judged(reply),
        leading(reply),
        closing(reply),
        _beside_text(reply),
        _announced_texts(reply),
        _marked(reply),
    ):
        made.setdefault(commitment.at, commitment)
    if all(one.by_text for one in made.values()):
        # A text that is a line says something only where no letter is named.
        for commitment in _lone_texts(reply):
            made.setdefault(commitment.at, commitment)
    return [made[at] for at in sorted(made)]


def _only_letter(reply: Reply) -> Commitment | None:
    """Return what a reply of one letter commits to: most replies are, and need no more reading."""
    if len(reply.lines) > 1 or "\\" in reply.text:
        return None
    return next(_alone(reply), None)


def _announced(reply: Reply, places: list[Announced]) -> Iterator[Commitment]:
    """Yield the letters and positions that follow an announcement."""
    for cue, start, end in places:
        named = reply.named_at(reply.gaps.end(end), positions=cue.positions)
        if named is None or _is_amount(reply, cue, start, named):
            continue
        if cue.guarded and (
            context.is_taken_back(reply.text, start, named.at, named.end)
            or not (named.by_position or reply.stands(named.at))
        ):
            continue
        if _is_heading(reply, start, named):
            continue
        if not sources.is_overruled(reply.text, start, named.end):
            anothers = sources.is_anothers(reply.text, start, named.end)
            yield commitment_of(reply, named, cue.form, of_others=anothers)


def _is_heading(reply: Reply, start: int, named: Named) -> bool:
    """Say whether what announces an answer stands in a row of its own, above or behind an option.

    In a table's head, or at the end of an option's line: the next line's letter begins another.
    """
    between = reply.text[start : named.at]
    if "\n" not in between:
        return False
    rows = (bisect_right(reply.line_starts, place) - 1 for place in (start, named.at))
    return bool(_TABLE_RULE.search(between) or all(reply.listed[row] for row in rows))


def _is_amount(reply: Reply, cue: Cue, start: int, named: Named) -> bool:
    """Say whether a boxed number is a result or a dose, not a position.

    It is, unless an answer or an option is announced before it or nothing stands there.
    """
    if not named.by_position or cue.form is not AnswerForm.BOXED:
        return False
    first = reply.first_word is None or reply.first_word >= start
    told = first or named.at in reply.positions_announced
    told = told or _NUMBERED.search(reply.text[max(0, start - _NOUN) : start]) is not None
    return not told or _UNIT.match(reply.text, named.end) is not None


def _alone(reply: Reply) -> Iterator[Commitment]:
    """Yield letters that are a line of their own; lines of several letters are a list."""
    lone = list(reply.lone_lines())
    for (first, one), (second, other) in pairwise(lone):
        if second == first + 1 and one.letter != other.letter:
            return
    for _, named in lone:
        if not named.by_position or len(reply.lines) == 1:
            yield Commitment(
                at=named.at,
                letter=named.letter,
                form=AnswerForm.ALONE,
                attached=reply.attached(named),
            )


def _judged(reply: Reply) -> Iterator[Commitment]:
    """Yield the letters of which a sentence says that they are right."""
    for judgement, match, behind in _judgements(reply):
        at, end = match.span("letter")
        # Of "not A but C" only what stands before and behind takes C back.
        cue_end = match.start() if judgement.denies else at
        # A lower-case letter may be an article.
        clear = match["letter"] in _NO_WORD or reply.text[at - 1 : at] in ("(", "[", "*")
        if (
            not clear
            or _is_of_a_name(reply, match, judgement)
            or context.is_taken_back(reply.text, match.start(), cue_end, end)
            or context.CONDITIONAL.match(reply.text, behind)
            or context.adds(reply.text, match.start())
            or sources.is_overruled(reply.text, match.start(), behind)
        ):
            continue
        before = reply.text[max(0, match.start() - 30) : at]
        corrects = context.CORRECTION.search(before) is not None
        anothers = not corrects and sources.is_anothers(reply.text, match.start(), behind)
        named = reply.named_at(at, positions=False)
        if named is not None:
            firm = judgement.firm or corrects
            yield commitment_of(reply, named, AnswerForm.DECLARED, firm=firm, of_others=anothers)


def _is_of_a_name(reply: Reply, match: re.Match[str], judgement: Judgement) -> bool:
    """Say whether a letter is chosen instead of one in a name: ``not hepatitis A but C``."""
    if judgement.denies:
        return is_a_name(match.groupdict().get("name"))
    return turns_from_a_name(reply.text, match.start())


def _judgements(reply: Reply) -> Iterator[tuple[Judgement, re.Match[str], int]]:
    """Yield each sentence around a letter, from where it begins, and where it ends."""
    clauses = list(reply.wordings.clause.finditer(reply.text))
    for judgement in reply.wordings.said_of:
        for clause in clauses:
            said = judgement.pattern.match(reply.text, clause.end("letter"))
            if said is not None:
                yield judgement, clause, said.end()
    for judgement in reply.wordings.judgements:
        for match in judgement.pattern.finditer(reply.text):
            yield judgement, match, match.end()


def _beside_text(reply: Reply) -> Iterator[Commitment]:
    """Yield letters in brackets after their option's text, alone or declared; a list is neither."""
    made = list(_bracketed(reply))
    alone = {one.letter for one in made if one.form is AnswerForm.LEADING}
    yield from (one for one in made if one.form is not AnswerForm.LEADING or len(alone) == 1)


def _bracketed(reply: Reply) -> Iterator[Commitment]:
    for match in reply.wordings.bracketed.finditer(reply.text):
        named = reply.named_at(match.start("letter"), positions=False)
        line = reply.text.rfind("\n", 0, match.start()) + 1
        found = reply.text_before(match.start())
        start = line if found is None else found.start
        declared = reply.announcement_before(match.start(), start)
        alone = found is not None and not reply.text[line:start].strip("*_`\"'“( -•")
        if (
            named is None
            or (declared is None and not alone)
            or not context.ENDS.match(reply.text, match.end())
        ):
            continue
        begin = start if declared is None else declared
        if not context.is_taken_back(reply.text, begin, start, match.end()):
            form = AnswerForm.LEADING if declared is None else AnswerForm.DECLARED
            attached = found.stands_for(named.letter) if found else None
            yield Commitment(at=named.at, letter=named.letter, form=form, attached=attached)


def _announced_texts(reply: Reply) -> Iterator[Commitment]:
    """Yield options that are declared by their whole text."""
    if not reply.options:
        return
    text_at = cache(partial(_text_at, reply))  # the gaps of announcements may overlap
    for _, start, end in reply.announced:
        found = next(filter(None, map(text_at, reply.gaps.places(end))), None)
        if found is not None and not (
            context.is_taken_back(reply.text, start, found.start, found.end)
            or sources.is_overruled(reply.text, start, found.end)
        ):
            firm = not sources.is_anothers(reply.text, start, found.end)
            yield from _text_commitment(found, firm=firm, shared=_names_further(reply, found))


def _text_at(reply: Reply, at: int) -> Found | None:
    found = reply.texts.at(reply.text, at)
    if found is None or context.ends_text(reply.text, found.end):
        return found
    return found if _names_further(reply, found) is not None else None


def _names_further(reply: Reply, found: Found) -> int | None:
    joined = _FURTHER.match(reply.text, found.end)
    other = reply.texts.at(reply.text, joined.end()) if joined else None
    ends = other is not None and context.ends_text(reply.text, other.end)
    return other.start if other is not None and ends else None


def _lone_texts(reply: Reply) -> Iterator[Commitment]:
    """Yield the option whose text is the first or the last line; texts of several are a list."""
    if not reply.options:
        return
    whole = [
        (start, found)
        for line, start, letter in zip(reply.lines, reply.line_starts, reply.listed, strict=True)
        if letter is None and (found := reply.texts.whole(line)) is not None
    ]
    if len(whole) == 1 and whole[0][0] in (0, reply.line_starts[-1]):
        start, found = whole[0]
        yield from _text_commitment(found, firm=False, at=start)


def _text_commitment(
    found: Found, *, firm: bool, shared: int | None = None, at: int | None = None
) -> Iterator[Commitment]:
    if found.letter is not None:
        yield Commitment(
            at=found.start if at is None else at,
            letter=found.letter,
            form=AnswerForm.OPTION_TEXT,
            firm=firm,
            shared=shared,
        )


def _marked(reply: Reply) -> Iterator[Commitment]:
    """Yield the option that alone is marked as right in a list or a table."""
    marked = [
        one
        for one in marked_options(reply.text, reply.letters)
        if reply.texts.whole(one.word) is None
    ]
    right = [one for one in marked if one.right]
    chosen = {one.letter for one in right}
    if len(chosen) == 1 and (len(marked) > 1 or not right[0].word):
        letter, at = right[0].letter, right[0].at
        yield Commitment(at=at, letter=letter, form=AnswerForm.MARKED, firm=False)
