"""What the reader found in replies against what a person found, for 80 columns of a terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.answers.judged_reply import Comparison
from pytest_safescale.statistics.intervals import clopper_pearson
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.answers.answer import AnswerForm
    from pytest_safescale.answers.judged_reply import JudgedReply

__all__ = ["interval_text", "reading_lines"]

NONE = "none"
"""Heads the column, and the row, of replies without an answer."""
_COLUMNS = 12
"""Letters side by side: more go into a further block."""
_LISTED = 20
"""Lines of the file at most that are named where reader and person differ."""


def reading_lines(replies: Sequence[JudgedReply]) -> list[str]:
    """Return how replies were read, and how that compares with a person where one has read them."""
    judged = [one for one in replies if one.is_judged]
    lines = [f"{len(replies)} replies", *_by_form(replies)]
    if not judged:
        return [*lines, "", "No line says what a person reads: nothing is compared."]
    return [*lines, "", *_agreement(judged), "", *_confusion(judged), *_differing(judged)]


def interval_text(count: int, n: int) -> str:
    """Return a share in per cent with its exact 95 % interval; ``n`` is at least 1."""
    low, high = clopper_pearson(count, n)
    share = f"{100 * count / n:.1f} %, exact 95 % interval"
    return f"{count} of {n} ({share} {100 * low:.1f} to {100 * high:.1f} %)"


def _by_form(replies: Sequence[JudgedReply]) -> Iterator[str]:
    """Yield a row for each form: how many replies, how many judged, and how many read alike."""
    yield f"  {'state':<12}{'form':<18}{'replies':>9}{'judged':>9}{'as a person':>13}"
    groups: defaultdict[AnswerForm, list[JudgedReply]] = defaultdict(list)
    for one in replies:
        groups[one.answer.form].append(one)
    states = list(AnswerState)
    for form, group in sorted(
        groups.items(), key=lambda row: (states.index(row[0].state), -len(row[1]), row[0].value)
    ):
        judged = [one for one in group if one.is_judged]
        alike = sum(one.agrees for one in judged) if judged else "-"
        told = f"  {form.state.value:<12}{words(form.value):<18}"
        yield f"{told}{len(group):>9}{len(judged):>9}{alike:>13}"


def _agreement(judged: Sequence[JudgedReply]) -> Iterator[str]:
    alike = sum(one.agrees for one in judged)
    yield f"read as a person: {interval_text(alike, len(judged))}"
    counts = Counter(one.comparison for one in judged)
    for comparison in Comparison:
        yield f"  {comparison.value:<32}{counts[comparison]:>7}"


def _confusion(judged: Sequence[JudgedReply]) -> Iterator[str]:
    """Yield a row for each letter that a person reads, and a column for each that was read."""
    counts = Counter((one.by_person or NONE, one.letter or NONE) for one in judged)
    rows = _ordered({person for person, _ in counts})
    columns = _ordered({read for _, read in counts})
    for begin in range(0, len(columns), _COLUMNS):
        block = columns[begin : begin + _COLUMNS]
        yield f"{'person / read':<14}" + "".join(f"{letter:>5}" for letter in block)
        for person in rows:
            cells = (counts[person, read] for read in block)
            yield f"{person:>13} " + "".join(f"{n or '.':>5}" for n in cells)


def _ordered(found: set[str]) -> list[str]:
    return sorted(found, key=lambda letter: (letter == NONE, letter))


def _differing(judged: Sequence[JudgedReply]) -> Iterator[str]:
    differing = [one for one in judged if not one.agrees]
    if differing:
        yield ""
    for one in differing[:_LISTED]:
        person, read = one.by_person or NONE, one.letter or NONE
        form = words(one.answer.form.value)
        yield f"line {one.line}: a person reads {person}, read {read} ({form})"
    if len(differing) > _LISTED:
        yield f"and {len(differing) - _LISTED} more lines"
